//! Doctor: the copy of the driver library, the real driver behind it, and what names they give.

use super::report::Line;
use crate::cli::arguments::DriverManager;
use crate::cli::failure::Failure;
use crate::cli::{child, place, probe, say};
use serde_json::{Value, json};
use std::ffi::{CString, OsStr};
use std::path::Path;
use tokenshim::binding::library::{Library, file_of};
use tokenshim::binding::{Located, locate, name_of, same_file};
use tokenshim::config::ini::Registry;

/// The table of names of the driver library, as it stands there.
const TABLE: &str = include_str!("../../../driver/src/names.rs");

/// The copy, and what is behind it.
pub fn lines(file: &Path, registry: &Registry, manager: DriverManager) -> Vec<Line> {
    if !place::is_tokenshim(file) {
        let next = "tokenshim install puts tokenshim before it.";
        return vec![match file.exists() {
            true => Line::failed("driver library", format!("{} is a driver itself: nothing signs in", file.display()), next),
            false => Line::failed("driver library", format!("{} is not there", file.display()), "correct Driver, or run tokenshim install again."),
        }];
    }
    let located = match locate(file, registry) {
        Ok(located) => located,
        Err(error) => return vec![Line::refused("driver library", &error.message())],
    };
    let real = &located.real_driver;
    if place::is_tokenshim(real) {
        let words = format!("{} names {} as RealDriver, which is tokenshim itself", located.named_by, real.display());
        return vec![Line::failed("driver library", words, "set it to the real driver's file, then restart the application.")];
    }
    let mut lines = vec![library(file)];
    if let Err(problem) = probe::check(real) {
        let next = format!("install the driver, or correct RealDriver in {}.", located.named_by);
        lines.push(Line::failed("real driver", format!("{} {problem}", real.display()), next));
        return lines;
    }
    lines.push(Line::ok("real driver", format!("{} loads", real.display())));
    lines.push(names(file, &located, manager));
    lines
}

fn library(file: &Path) -> Line {
    if !place::finds_core(file) {
        let next = "put it beside the copy or one folder up, or install tokenshim again.";
        return Line::warning("driver library", format!("{} has no libtokenshim.so near it, so the loader has to find one", file.display()), next);
    }
    match place::library(None) {
        Ok((library, bytes)) if !same_file(&library, file) && !place::is_copy(file, &library, &bytes) => {
            let words = format!("{} is no copy of {}, of which this command is", file.display(), library.display());
            Line::warning("driver library", words, "after an upgrade run tokenshim upgrade, which makes the copies anew.")
        }
        _ => Line::ok("driver library", format!("{} is tokenshim's", file.display())),
    }
}

/// How many names are the real driver's own, as a driver manager sees it.
fn names(file: &Path, located: &Located, manager: DriverManager) -> Line {
    let failed = |words: String| Line::failed("names", words, "report it, with what this command prints, and the driver's name and version.");
    let dm = OsStr::new(if manager == DriverManager::Iodbc { "iodbc" } else { "unixodbc" });
    let arguments = [OsStr::new("probe-names"), OsStr::new("--driver-manager"), dm, file.as_os_str(), located.real_driver.as_os_str()];
    let said = std::env::current_exe().map_err(|error| error.to_string()).and_then(|this| child::run(&this, &arguments, child::LOADING));
    let said = match said {
        Ok(said) => said,
        Err(end) => return failed(format!("looking them up {end}")),
    };
    let counts: Value = serde_json::from_str(&said).unwrap_or_default();
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let (all, own, hooks, absent) = (count("all"), count("own"), count("hooks"), count("absent"));
    if all == 0 {
        return failed(format!("the driver library cannot be loaded: {}", said.lines().next().unwrap_or_default()));
    }
    let words = format!("of {all} names {own} are the real driver's own, {hooks} have hooks, {absent} are in neither");
    if own + hooks + absent == all && own > 0 {
        Line::ok("names", words)
    } else {
        failed(format!("{words}, and {} are wrong", all - own - hooks - absent))
    }
}

/// In the child: counts the names.
pub fn probe_names(manager: DriverManager, copy: &Path, real: &Path) -> Result<(), Failure> {
    child::end_within(child::LOADING);
    let open = |file: &Path| Library::open(file, manager == DriverManager::Iodbc).map_err(Failure::new);
    // By it tokenshim knows whose rules count; without one, unixODBC's.
    let driver_manager = Library::open(Path::new(name_of(manager == DriverManager::Iodbc)), false);
    let counts = open(copy).and_then(|copy_library| Ok((copy_library, open(real)?))).map(|(ours, real)| {
        let (mut all, mut own, mut hooks, mut absent) = (0, 0, 0, 0);
        for name in table_names() {
            let (at, reals) = (ours.symbol(&name), real.symbol(&name));
            let is_ours = || file_of(at).is_some_and(|file| same_file(&file, copy));
            all += 1;
            match (at.is_null(), reals.is_null()) {
                (true, true) => absent += 1,
                (false, false) if at == reals => own += 1,
                (false, false) if is_ours() => hooks += 1,
                _ => {}
            }
        }
        json!({"all": all, "own": own, "hooks": hooks, "absent": absent}).to_string()
    });
    say(&counts.unwrap_or_else(|failure| failure.words));
    drop(driver_manager);
    Ok(())
}

/// The names of [`TABLE`].
fn table_names() -> impl Iterator<Item = CString> {
    let rows = TABLE.rsplit_once("names! {").map_or("", |(_, rows)| rows);
    let names = rows.lines().map(str::trim).filter(|row| row.ends_with(';')).filter_map(|row| row.trim_end_matches(';').split(' ').next());
    names.filter_map(|name| CString::new(name).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_driver_librarys_table() {
        let names: Vec<String> = table_names().map(|name| name.into_string().expect("a name")).collect();
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')), "{names:?}");
        for name in ["SQLAllocConnect", "SQLDriverConnectW", "SQLCancelHandle", "ConfigDSN", "bcp_writefmtW"] {
            assert!(names.iter().any(|each| each == name), "{name}");
        }
        assert!(names.len() > 153);
    }
}
