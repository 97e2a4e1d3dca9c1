//! `tokenshim doctor`: everything between a data source and its connection, looked at in order.

mod connection;
mod driver;
mod provider;
mod report;
mod settings;
mod token;

use super::arguments::{Doctor, DriverManager};
use super::failure::Failure;
use super::{data_source, place, registry, say};
pub use connection::probe as probe_connect;
pub use driver::probe_names;
use report::{Line, State, worst};
use std::path::Path;
use tokenshim::binding::found;
use tokenshim::capi::data_source::DataSource;
use tokenshim::config::ini::Registry;
use tokenshim::config::keys::is_secret;
use tokenshim::delivery::destination;
use tokenshim::error::Error;
use tokenshim::sign_in::{Account, SignIn};

pub fn run(arguments: &Doctor) -> Result<(), Failure> {
    let Doctor { name, json, manager } = arguments;
    let (registry, manager) = (registry(manager.driver_manager), manager.driver_manager);
    let mut lines = vec![settings::files(&registry)];
    let mut status = None;
    match name {
        None => all_drivers(&registry, manager, &mut lines),
        Some(name) => match data_source::read(name, &registry) {
            Ok(source) => one(&source, name, &registry, manager, &mut lines),
            Err(failure) => {
                status = Some(failure.status);
                lines.push(Line::refused("data source", &failure.words));
            }
        },
    }
    say(&if *json { format!("{}\n", report::json(name.as_deref(), &lines)) } else { report::text(&lines) });
    if worst(&lines) == State::Failed { Err(Failure::said(status)) } else { Ok(()) }
}

/// Each driver section that is tokenshim's.
fn all_drivers(registry: &Registry, manager: DriverManager, lines: &mut Vec<Line>) {
    let mut is_any = false;
    for section in registry.drivers() {
        let Some(file) = registry.file_of(&section).map(|file| found(file, Path::new("/"))) else { continue };
        if place::is_tokenshim(&file) {
            is_any = true;
            lines.push(Line::ok("driver section", format!("[{}] of {}", section.name, section.file().display())));
            lines.extend(driver::lines(&file, registry, manager));
        }
    }
    if !is_any {
        lines.push(Line::failed("driver section", "none names tokenshim", "tokenshim install adds one."));
    }
}

fn one(source: &DataSource, name: &str, registry: &Registry, manager: DriverManager, lines: &mut Vec<Line>) {
    lines.push(settings::data_source(source));
    lines.extend(settings::keys(&source.settings));
    let of_driver = driver::lines(&found(&source.driver, Path::new("/")), registry, manager);
    let is_driver_known = worst(&of_driver) != State::Failed;
    lines.extend(of_driver);
    let account = match Account::of(&source.settings, &source.real_driver) {
        Ok(account) => account,
        // That follows from a driver that is not there, and is no second trouble.
        Err(Error::Setting { key: "TokenProfile", .. }) if !is_driver_known => {
            let words = "was not looked at, for it depends on the real driver";
            return lines.push(Line::warning("source", words, "correct what failed above, then run doctor again."));
        }
        Err(error) => return lines.push(Line::refused(of(&error), &error.message())),
    };
    let Some(account) = account else {
        let next = format!("set TokenSource in {}, if one is wanted.", source.settings.home());
        lines.push(Line::warning("source", "nothing asks for a token: connections go through as they are", next));
        return connect(source, name, manager, None, None, lines);
    };
    lines.push(Line::ok("source", format!("{} by {}, handed over as profile {} has it", account.config().source, account.who(), account.profile())));
    let host = destination::host(&source.settings).ok().flatten();
    lines.push(Line::ok("host", format!("a token may go to {}", host.as_deref().unwrap_or("the server of this driver"))));
    lines.extend(provider::lines(&account));
    let (line, signed_in) = token::line(source, name);
    let is_failed = line.state() == State::Failed;
    lines.push(line);
    if is_failed {
        return lines.push(Line::warning("connection", "was not tried, for there is no token", "correct what failed above, then run doctor again."));
    }
    connect(source, name, manager, Some(&account), signed_in.as_ref(), lines);
}

/// Whether it is the token that may not go where it would, or else the source that is wrong.
fn of(error: &Error) -> &'static str {
    use Error::*;
    match error {
        HostNotAllowed { .. } | OptionsNotAllowed { .. } | SecondDataSource { .. } | Unencrypted { .. } | EncryptionUnset { .. } => "host",
        _ => "source",
    }
}

fn connect(source: &DataSource, name: &str, manager: DriverManager, account: Option<&Account>, signed_in: Option<&SignIn>, lines: &mut Vec<Line>) {
    /// Where no token's time says it.
    const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);
    let timeout = account.map_or(TIMEOUT, |account| account.timeout().min(2 * TIMEOUT));
    let sections = source.settings.sections();
    let entries = sections.iter().flatten().flat_map(|section| section.entries());
    let mut secrets: Vec<&str> = entries.filter(|(key, _)| is_secret(key)).map(|(_, value)| value).collect();
    secrets.extend(signed_in.map(|signed_in| signed_in.token.text.expose()));
    lines.push(connection::line(name, manager, timeout, &secrets));
}
