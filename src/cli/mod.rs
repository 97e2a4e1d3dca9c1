//! The command line: one file for each subcommand, and what several of them need.

mod arguments;
mod child;
mod diff;
mod failure;
mod install;
mod keys;
mod odbcinst;
mod place;
mod probe;
mod uninstall;
mod written;

use arguments::{Arguments, Command, DriverManager};
use clap::Parser;
use failure::Failure;
use std::io::{Write, stdout};
use std::process::ExitCode;
use tokenshim::binding::manager_of;
use tokenshim::config::ini::{Environment, Registry};

/// Does what the arguments say.
pub fn run() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Install(arguments) => install::run(&arguments),
        Command::Uninstall(arguments) => uninstall::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::ProbeDriver { file } => probe::run(&file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { status, words }) => {
            let _ = writeln!(std::io::stderr(), "tokenshim: {words}");
            ExitCode::from(status)
        }
    }
}

/// What this driver manager would read just now, in a program with the environment of this command.
fn registry(manager: DriverManager) -> Registry {
    Registry::read(&manager_of(manager == DriverManager::Iodbc), &Environment::process())
}

/// Prints; to whoever reads no further there is nothing more to say.
fn say(text: &str) {
    let mut stdout = stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
