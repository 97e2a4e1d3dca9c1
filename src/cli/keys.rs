//! `tokenshim keys`: the table of keys.

use super::arguments::Keys;
use super::failure::Failure;
use super::say;
use std::fmt::Write;
use tokenshim::config::keys::{self, KEYS, Key, Place};
use tokenshim::config::sources;
use tokenshim::delivery::profiles;

pub fn run(arguments: &Keys) -> Result<(), Failure> {
    let mut text = String::new();
    for key in chosen(&arguments.names)? {
        let place = match key.place {
            Place::Section => "driver section or data source",
            Place::Anywhere => "driver section, data source or connection string",
        };
        let words = words(key).map_or_else(String::new, |words| format!("    One of {words}.\n"));
        let _ = writeln!(text, "{}\n    {}\n{words}    Where: {place}.", key.name, key.meaning);
    }
    say(&text);
    Ok(())
}

/// What it may be, where that is a table's to say.
fn words(key: &Key) -> Option<String> {
    match key.name {
        "TokenProfile" => Some(profiles::names()),
        "TokenSource" => Some(format!("{}; or several with commas, of which the first that is set up counts", sources::names())),
        _ => None,
    }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Key>, Failure> {
    if names.is_empty() {
        return Ok(KEYS.iter().collect());
    }
    names.iter().map(|name| keys::find(name).ok_or_else(|| unknown(name))).collect()
}

/// Says what is wrong with a key that is none.
pub fn unknown(name: &str) -> Failure {
    Failure::new(format!("{name} is none of tokenshim's keys: tokenshim keys lists them."))
}
