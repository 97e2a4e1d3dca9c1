//! The pages of the command: its own table of arguments, in the forms that others read.

#[allow(dead_code)] // the command's own business
#[path = "../../src/cli/arguments.rs"]
mod arguments;

use arguments::{Arguments, EXIT_STATUSES};
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;
use std::fmt::Write;

const NAME: &str = "tokenshim";

/// Every file, by where it belongs under the root of the sources.
pub fn pages() -> Vec<(String, Vec<u8>)> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut pages = vec![("docs/command.md".to_owned(), page(&command).into_bytes())];
    for command in [&command].into_iter().chain(command.get_subcommands()) {
        let name = command.get_display_name().unwrap_or(NAME);
        pages.push((format!("share/man/man1/{name}.1"), man(command)));
    }
    for (shell, place) in [
        (Shell::Bash, "share/bash-completion/completions/tokenshim"),
        (Shell::Zsh, "share/zsh/site-functions/_tokenshim"),
        (Shell::Fish, "share/fish/vendor_completions.d/tokenshim.fish"),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut text);
        pages.push((place.to_owned(), text));
    }
    pages
}

fn man(command: &Command) -> Vec<u8> {
    let man = clap_mangen::Man::new(command.clone()).source(NAME).manual("tokenshim");
    let mut text = Vec::new();
    // To a vector nothing can fail.
    let _ = man.render_title(&mut text);
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    let _ = man.render_description_section(&mut text);
    let _ = man.render_options_section(&mut text);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut text);
    }
    text.extend_from_slice(b".SH \"EXIT STATUS\"\n");
    for (status, words) in statuses() {
        text.extend_from_slice(format!(".TP\n{status}\n{words}\n").as_bytes());
    }
    text
}

/// The rows of [`EXIT_STATUSES`].
fn statuses() -> impl Iterator<Item = (&'static str, &'static str)> {
    EXIT_STATUSES.lines().skip(1).filter_map(|row| row.trim().split_once("  "))
}

fn page(command: &Command) -> String {
    let mut page = BEGINNING.to_owned();
    for (status, words) in statuses() {
        let _ = writeln!(page, "| {status} | {words} |");
    }
    for command in command.get_subcommands() {
        let _ =
            writeln!(page, "\n## {}\n\n{}.\n", command.get_name(), about(command).replace("\n\n", ".\n\n").trim_end_matches('.').replace("..", "."));
        let _ = writeln!(page, "    {}\n", command.clone().render_usage().to_string().trim_start_matches("Usage: "));
        let arguments: Vec<_> = command.get_arguments().filter(|argument| argument.get_id() != "help").collect();
        if !arguments.is_empty() {
            page += "| | |\n|---|---|\n";
        }
        for argument in arguments {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(page, "| `{}` | {}{} |", word(argument), help.replace('|', "\\|"), values(argument));
        }
    }
    page
}

fn about(command: &Command) -> String {
    command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default()
}

fn word(argument: &Arg) -> String {
    let value = argument.get_value_names().map(|names| format!("{}", names[0])).unwrap_or_default();
    match argument.get_long() {
        Some(long) if argument.get_action().takes_values() => format!("--{long} {value}"),
        Some(long) => format!("--{long}"),
        None => value,
    }
}

/// What it may be, and what it is where nobody says so; the help of a terminal has that of itself.
fn values(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let all: Vec<String> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let default = argument.get_default_values().first().map(|value| format!("by default {}", value.to_string_lossy()));
    let words: Vec<String> = (!all.is_empty()).then(|| all.join(" or ")).into_iter().chain(default).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) }
}

const BEGINNING: &str = "\
# The command

<!-- Written by `make manual`. -->

`tokenshim` puts tokenshim before a driver and takes it away again, signs people in, and finds out what is wrong. An administrator needs two
of its words:

    tokenshim install 'PostgreSQL Unicode' --real psqlodbcw.so --source azure-cli --set TokenScope=https://ossrdbms-aad.database.windows.net/.default
    tokenshim doctor my-dsn

`make install` brings man pages (`man tokenshim-install`) and completions for bash, zsh and fish; `--help` behind any word says the same.

What `install` writes stands between two comments, and a line that it replaces stays as a comment, which is how `uninstall` gives back every byte:

    [PostgreSQL Unicode]
    # >>> tokenshim install
    Driver=/usr/local/lib/tokenshim/libtokenshim_driver-psqlodbcw.so
    RealDriver=/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so
    TokenSource=azure-cli
    TokenScope=https://ossrdbms-aad.database.windows.net/.default
    # <<< tokenshim install
    Description=PostgreSQL ODBC driver (Unicode version)
    # tokenshim replaced: Driver=psqlodbcw.so
    Setup=libodbcpsqlS.so

A program that writes the file without its comments (`odbcinst -i`) takes that knowledge away: then `uninstall` leaves the section, and lets it name
the real driver.

One copy of the driver library serves one real driver, which is why `install` makes one; sections that agree share it. Secrets are not for command
lines, which others may read: `--set` takes none.

| exit status | it says |
|---|---|
";
