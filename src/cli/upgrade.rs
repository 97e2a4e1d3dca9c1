//! `tokenshim upgrade`: copies of the driver library that an upgrade left behind, made anew.

use super::arguments::Upgrade;
use super::failure::Failure;
use super::{place, registry, say, written};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tokenshim::binding::{found, same_file};
use tokenshim::config::ini::{DriverOf, Registry};

pub fn run(arguments: &Upgrade) -> Result<(), Failure> {
    let (library, bytes) = place::library(arguments.library.as_deref())?;
    let copies = copies(&registry(arguments.manager.driver_manager), &library);
    if copies.is_empty() {
        return Err(Failure::not_there(format!("no driver section names a copy of {}: tokenshim install makes one.", library.display())));
    }
    let mut words = String::new();
    for copy in copies {
        let done = match () {
            () if place::is_copy(&copy, &library, &bytes) => "is as it should be",
            () if arguments.dry_run => "would be made anew",
            () => {
                // What was done before must be heard of.
                written::replace(&copy, &bytes, written::LIBRARY).inspect_err(|_| say(&words))?;
                "was made anew; programs that have the old one loaded go on with it until they are restarted"
            }
        };
        let _ = writeln!(words, "{}: {done}", copy.display());
    }
    say(&words);
    Ok(())
}

/// Every copy that a driver section or a data source names, but no link, and not the library itself.
fn copies(registry: &Registry, library: &Path) -> Vec<PathBuf> {
    let (sections, sources) = (registry.drivers(), registry.data_sources());
    let of_sections = sections.iter().filter_map(|section| registry.file_of(section)).map(|file| found(file, library));
    let of_sources = sources.iter().filter_map(|source| match registry.driver_of(&source.name) {
        Some(DriverOf::File(file)) => Some(file),
        _ => None,
    });
    let mut copies: Vec<PathBuf> = Vec::new();
    for file in of_sections.chain(of_sources) {
        let is_new = !copies.iter().any(|copy| same_file(copy, &file));
        if is_new && place::is_made(&file) && !same_file(&file, library) {
            copies.push(file);
        }
    }
    copies
}
