//! The command line: one file for each subcommand, and what several of them need.

mod arguments;
mod child;
mod data_source;
mod diff;
mod doctor;
mod failure;
mod install;
mod keys;
mod list;
mod login;
mod logout;
mod masked;
mod odbcinst;
mod place;
mod probe;
mod register_app;
mod token;
mod uninstall;
mod upgrade;
mod written;

use arguments::{Arguments, Command, DriverManager};
use child::Probe;
use clap::Parser;
use failure::Failure;
use std::io::{Write, stdout};
use std::process::ExitCode;
use tokenshim::binding::manager_of;
use tokenshim::config::ini::{Environment, Registry};

/// Does what the arguments say.
pub fn run() -> ExitCode {
    // A sign-in that is just being renewed must not be lost.
    tokenshim::hooks::begin();
    std::panic::set_hook(Box::new(|place| {
        let _ = writeln!(std::io::stderr(), "tokenshim: internal error, please report it: {place}");
    }));
    let done = match Probe::asked_for() {
        Some(Probe::Driver { file }) => probe::run(&file),
        Some(Probe::Names { manager, copy, real }) => doctor::probe_names(manager.driver_manager, &copy, &real),
        Some(Probe::Connect { source, seconds }) => doctor::probe_connect(&source, seconds),
        None => command(Arguments::parse().command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { status, words }) => {
            if !words.is_empty() {
                let _ = writeln!(std::io::stderr(), "tokenshim: {words}");
            }
            ExitCode::from(status)
        }
    }
}

fn command(command: Command) -> Result<(), Failure> {
    match command {
        Command::Install(arguments) => install::run(&arguments),
        Command::Uninstall(arguments) => uninstall::run(&arguments),
        Command::Upgrade(arguments) => upgrade::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Login(source) => login::run(&source),
        Command::Logout(source) => logout::run(&source),
        Command::RegisterApp(arguments) => register_app::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
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
