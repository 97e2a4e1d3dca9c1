//! Which real driver a copy of the driver library stands before: what the sections that name that very file say.

use crate::config::ini::{DriverOf, Registry, Section};
use crate::error::Error;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where distributions keep drivers; unixODBC is built with one of them as its module folder.
const MODULE_FOLDERS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/odbc",
    "/usr/lib/aarch64-linux-gnu/odbc",
    "/usr/lib64/odbc",
    "/usr/lib64",
    "/usr/lib/odbc",
    "/usr/lib",
    "/usr/local/lib",
];

/// How much of a path a message shows.
const SHOWN_MAX_BYTES: usize = 100;

/// What the driver managers' files say about one driver file.
#[derive(Debug)]
pub struct Located {
    /// The real driver: a path, or a bare name for the loader to find.
    pub real_driver: PathBuf,
    /// The section or DSN that names it, for messages.
    pub named_by: String,
    /// All sections of odbcinst.ini whose `Driver` is this file.
    pub sections: Vec<String>,
    /// All data sources of odbc.ini with such a section, or with this file itself.
    pub data_sources: Vec<String>,
}

/// Finds the real driver of `file`.
///
/// # Errors
/// IM003: no section names the file, one lacks `RealDriver`, two disagree, or it names tokenshim itself.
pub fn locate(file: &Path, registry: &Registry) -> Result<Located, Error> {
    let sections = sections_of(file, registry);
    let mut named: Vec<(String, PathBuf)> = Vec::new();
    let mut without: Vec<&str> = Vec::new();
    for section in &sections {
        match real_driver_of(section) {
            Some(value) => named.push((format!("section [{}] of odbcinst.ini", section.name), found(value, file))),
            None => without.push(&section.name),
        }
    }
    let mut source_without = None;
    let mut data_sources = Vec::new();
    for data_source in registry.data_sources().into_iter().chain(registry.default_data_source()) {
        let section = match registry.driver_of(&data_source.name) {
            Some(DriverOf::File(driver)) if same_file(&found(&driver.to_string_lossy(), file), file) => None,
            Some(DriverOf::Section(name)) if sections.iter().any(|section| section.name.eq_ignore_ascii_case(&name)) => Some(name),
            _ => continue,
        };
        data_sources.push(data_source.name.to_string());
        match (real_driver_of(&data_source), section) {
            (Some(value), section) => {
                named.push((format!("DSN [{}] of odbc.ini", data_source.name), found(value, file)));
                // Such a section has a real driver after all.
                without.retain(|name| !section.as_deref().is_some_and(|section| section.eq_ignore_ascii_case(name)));
            }
            (None, None) => source_without = Some(format!("DSN [{}] of odbc.ini", data_source.name)),
            (None, Some(_)) => {}
        }
    }
    let without = without.first().map(|name| format!("section [{name}] of odbcinst.ini"));
    // A DSN that names the file itself needs no word of its own where another place has one.
    if let Some(words) = without.or(source_without.filter(|_| named.is_empty())) {
        return Err(refused(format!(
            "{words} names tokenshim but no real driver: add RealDriver=<file of the real driver> to it, then restart the application."
        )));
    }
    let Some((named_by, real_driver)) = named.first().cloned() else { return Err(nothing_names(file, registry)) };
    if let Some((other, other_driver)) = named.iter().find(|(_, driver)| !same_file(driver, &real_driver)) {
        return Err(refused(format!(
            "{named_by} and {other} name the same file of tokenshim but two real drivers, {} and {}. \
             Give each real driver its own copy of libtokenshim_driver.so (no link), then restart the application.",
            shown(&real_driver),
            shown(other_driver),
        )));
    }
    if same_file(&real_driver, file) {
        return Err(refused(format!(
            "{named_by} names tokenshim itself as RealDriver: set RealDriver to the real driver's file, then restart the application."
        )));
    }
    Ok(Located { real_driver, named_by, sections: sections.into_iter().map(|section| section.name.to_string()).collect(), data_sources })
}

/// The sections of odbcinst.ini whose `Driver` is this file.
pub fn sections_of(file: &Path, registry: &Registry) -> Vec<Section> {
    let is_named_by = |section: &Section| registry.file_of(section).is_some_and(|driver| same_file(&found(driver, file), file));
    registry.drivers().into_iter().filter(is_named_by).collect()
}

/// The error of a driver manager that could not load this library would say no more than IM003, either.
pub fn refused(words: String) -> Error {
    Error::DriverNotLoaded(words)
}

fn nothing_names(file: &Path, registry: &Registry) -> Error {
    let read: Vec<String> = registry.files().iter().map(|file| file.display().to_string()).collect();
    refused(format!(
        "no section says which real driver {} stands before: add RealDriver=<file of the real driver> to the section whose Driver it is. Read: {}.",
        shown(file),
        read.join(", "),
    ))
}

fn real_driver_of(section: &Section) -> Option<&str> {
    section.get("RealDriver").filter(|value| !value.is_empty())
}

/// A path for a message: the end of a long one, so that two of them leave room for what to do.
pub fn shown(path: &Path) -> String {
    let path = path.to_string_lossy();
    match path.len().checked_sub(SHOWN_MAX_BYTES) {
        None | Some(0) => path.into_owned(),
        Some(over) => format!("...{}", &path[path.ceil_char_boundary(over + 3)..]),
    }
}

/// A driver's file as the driver manager finds it: beside us and in the module folders, where it is a bare name.
pub fn found(driver: &str, file: &Path) -> PathBuf {
    if driver.contains('/') {
        return PathBuf::from(driver);
    }
    let beside = file.parent().map(Path::to_path_buf);
    let folders = beside.into_iter().chain(MODULE_FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(driver)).find(|path| path.exists()).unwrap_or_else(|| PathBuf::from(driver))
}

/// The same file on disk, as the loader sees it; or the same words, where there is no such file.
pub fn same_file(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => one == other,
    }
}
