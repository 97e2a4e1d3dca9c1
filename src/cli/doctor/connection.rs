//! Doctor: a connection through the driver manager, as a program opens it.

use super::report::Line;
use crate::cli::arguments::{DriverManager, Source};
use crate::cli::data_source::string;
use crate::cli::failure::Failure;
use crate::cli::{child, say};
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};
use tokenshim::binding::{as_program, name_of};
use tokenshim::error::quoted;

/// Drivers do not all heed the login timeout.
const GRACE: Duration = Duration::from_secs(15);

/// Connects in a child. `secrets` are never shown, whatever the driver says.
pub fn line(name: &str, manager: DriverManager, timeout: Duration, secrets: &[&str]) -> Line {
    let dm = if manager == DriverManager::Iodbc { "iodbc" } else { "unixodbc" };
    let seconds = OsString::from(timeout.as_secs().to_string());
    let arguments = [OsStr::new("probe-connect"), OsStr::new("--driver-manager"), OsStr::new(dm), OsStr::new("--"), OsStr::new(name), &seconds];
    let before = Instant::now();
    let said = std::env::current_exe().map_err(|error| error.to_string()).and_then(|this| child::run(&this, &arguments, timeout + GRACE));
    let said = match said {
        Ok(said) => said,
        Err(end) => {
            let next = "try the data source without tokenshim; if that is well, report this with the driver's name and version.";
            return Line::failed("connection", format!("the process that connected {end}"), next);
        }
    };
    let Ok(came) = serde_json::from_str::<Value>(&said) else {
        let words = quoted(&said, secrets);
        let words = if words.is_empty() { "the process that connected ended without a word".to_owned() } else { words };
        return Line::failed(
            "connection",
            words,
            format!("install the driver manager ({}), or name the other with --driver-manager.", name_of(manager == DriverManager::Iodbc)),
        );
    };
    let text = |value: &Value| quoted(value.as_str().unwrap_or_default(), secrets);
    let records = came["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    let details = records.iter().map(|record| format!("{}: {}", text(&record[0]), text(&record[1]))).collect();
    if came["succeeded"].as_bool() == Some(true) {
        let server = came["server"].as_str().map_or_else(String::new, |_| format!(" to {}", text(&came["server"])));
        return Line::ok("connection", format!("opened{server} within {} ms", before.elapsed().as_millis())).with(details);
    }
    let next = "look the SQLSTATE and the words up in docs/troubleshooting.md: what does not begin with [tokenshim] is the driver's or its server's.";
    Line::failed("connection", "cannot be opened", next).with(details)
}

/// In the child: connects, and prints what came of it.
pub fn probe(source: &Source, seconds: usize) -> Result<(), Failure> {
    child::end_within(Duration::from_secs(seconds as u64) + GRACE);
    let string = string(&source.name)?.to_text().decode();
    say(&match as_program::connect(name_of(source.manager.driver_manager == DriverManager::Iodbc), &string, seconds) {
        Ok(came) => json!({"succeeded": came.succeeded, "records": came.records, "server": came.server}).to_string(),
        Err(words) => words,
    });
    Ok(())
}
