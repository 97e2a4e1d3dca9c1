//! Whether a file can be loaded as a driver: tried in a child, for its constructors may do anything.

use super::failure::Failure;
use super::{child, say};
use std::ffi::OsStr;
use std::path::Path;
use tokenshim::binding::library::{Library, loaded_files};

/// In the child, when it is a driver.
const DRIVER: &str = "driver";
/// Or a library of another kind.
const NO_DRIVER: &str = "library";

/// In the child: prints what it is, else the loader's words.
pub fn run(file: &Path) -> Result<(), Failure> {
    child::end_within(child::LOADING);
    // As iODBC opens it: all that is missing shows at once.
    let library = match Library::open(file, true) {
        Ok(library) => library,
        Err(words) => {
            say(&words);
            return Ok(());
        }
    };
    let is_driver = [c"SQLAllocHandle", c"SQLAllocEnv"].iter().any(|name| !library.symbol(name).is_null());
    say(if is_driver { DRIVER } else { NO_DRIVER });
    Ok(())
}

/// Whether `file` is a driver that loads.
///
/// # Errors
/// Why it does not, going on where its name ends, with the libraries that are missing.
pub fn check(file: &Path) -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| format!("cannot be tried: {error}"))?;
    let said =
        child::run(&this, &[OsStr::new("probe-driver"), file.as_os_str()], child::LOADING).map_err(|end| format!("{end} while it was loaded"))?;
    match said.as_str() {
        DRIVER => Ok(()),
        NO_DRIVER => Err("is no ODBC driver: it has neither SQLAllocHandle nor SQLAllocEnv".into()),
        words => {
            let missing = missing_libraries(file);
            if missing.is_empty() {
                let reason = words.strip_prefix(&format!("{}: ", file.display())).unwrap_or(words);
                return Err(format!("cannot be loaded: {reason}"));
            }
            Err(format!("cannot be loaded, for these libraries are missing: {}. Install them", missing.join(", ")))
        }
    }
}

/// The libraries that a file needs, directly or not, and that the loader does not find. The loader itself says it of all at once.
pub fn missing_libraries(file: &Path) -> Vec<String> {
    let is_loader = |path: &&std::path::PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld"));
    let files = loaded_files();
    let Some(loader) = files.iter().filter(|path| path.is_absolute()).find(is_loader) else { return Vec::new() };
    // As ldd does: with --list the loader would stop at the first.
    let list = child::run_with(loader, &[file.as_os_str()], &[("LD_TRACE_LOADED_OBJECTS", "1")], child::LOADING).unwrap_or_default();
    let mut missing: Vec<String> = list.lines().filter_map(|line| Some(line.split_once(" => not found")?.0.trim().to_owned())).collect();
    missing.dedup();
    missing
}
