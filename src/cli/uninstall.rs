//! `tokenshim uninstall`: what install wrote, taken back.

use super::arguments::Uninstall;
use super::diff::diff;
use super::failure::Failure;
use super::install::{DRIVER, data_sources_of};
use super::written::Locked;
use super::{odbcinst, place, registry, say};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use tokenshim::binding::{found, same_file, sections_of};
use tokenshim::config::ini::{DriverOf, Registry};
use tokenshim::config::keys;

pub fn run(arguments: &Uninstall) -> Result<(), Failure> {
    let name = arguments.name.trim();
    let registry = || registry(arguments.manager.driver_manager);
    let before = registry();
    let file = before.system_drivers().to_owned();
    let (text, locked) = match arguments.dry_run {
        true => (Locked::look(&file)?, None),
        false => Locked::open(&file).map(|locked| (locked.text().to_owned(), Some(locked)))?,
    };
    let section = before.driver(name).filter(|_| odbcinst::has(&text, name));
    let section = section
        .ok_or_else(|| Failure::not_there(format!("there is no section [{name}] in {}: tokenshim list shows those of tokenshim.", file.display())))?;
    let driver = before.file_of(&section).map(|driver| found(driver, Path::new("/"))).unwrap_or_default();
    let (new, is_exact) = match odbcinst::taken_back(&text, name) {
        Some(new) => (new, true),
        None => {
            let real = section.get("RealDriver").filter(|real| !real.is_empty() && place::is_tokenshim(&driver));
            let real = real.ok_or_else(|| Failure::new(format!("section [{name}] is none of tokenshim's: nothing was done.")))?;
            let set = DRIVER.into_iter().filter(|key| section.get(key).is_some_and(|file| same_file(&found(file, &driver), &driver)));
            let set = set.map(|key| (key.to_owned(), real.to_owned())).collect();
            (odbcinst::rewritten(&text, name, &set, |key| keys::find(key).is_some()).unwrap_or_default(), false)
        }
    };
    let after = registry().instead(&file, &new);
    // The other driver manager may read other files.
    let other = super::registry(arguments.manager.driver_manager.other()).instead(&file, &new);
    let is_used = [&after, &other].iter().any(|registry| is_named(&driver, registry));
    // One that somebody made by hand under a name of his own stays.
    let goes = !is_used && place::is_made(&driver) && (is_exact || place::is_named_as_copy(&driver));
    let Some(locked) = locked else {
        let mut text = diff(&file.to_string_lossy(), &text, &new);
        if goes {
            let _ = writeln!(text, "# {} would be removed.", driver.display());
        }
        say(&text);
        return Ok(());
    };
    locked.write(&new)?;
    let mut words = match is_exact {
        true => format!("{}: [{name}] is as it was before install\n", file.display()),
        // Such as odbcinst, which writes a file without its comments.
        false => format!("{}: install's comments are not there, so [{name}] stays, and names the real driver now\n", file.display()),
    };
    if goes {
        match fs::remove_file(&driver) {
            Ok(()) => drop(writeln!(words, "{}: removed", driver.display())),
            Err(error) => drop(writeln!(words, "{}: cannot be removed: {error}", driver.display())),
        }
    }
    let orphans = if after.driver(name).is_none() { data_sources_of(&before, name) } else { Vec::new() };
    if !orphans.is_empty() {
        let _ = writeln!(words, "Next: these data sources name [{name}], which is gone: {}", orphans.join(", "));
    }
    say(&words);
    Ok(())
}

/// Whether somebody names this file as a driver.
fn is_named(driver: &Path, registry: &Registry) -> bool {
    let sources = registry.data_sources();
    let mut drivers = sources.iter().filter_map(|source| registry.driver_of(&source.name));
    !sections_of(driver, registry).is_empty() || drivers.any(|of| matches!(of, DriverOf::File(file) if same_file(&file, driver)))
}
