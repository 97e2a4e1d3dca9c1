//! Where the driver library is, and where a copy of it goes.

use super::failure::Failure;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tokenshim::binding::same_file;

/// Beside the command, or where `make install` puts it.
const LIBRARY: &str = "libtokenshim_driver.so";
/// What the name of a copy begins with.
const COPY: &str = "libtokenshim_driver-";
/// Where else, from the command's folder.
const FOLDERS: &[&str] = &["", "../lib/tokenshim", "../lib/x86_64-linux-gnu/tokenshim", "../lib/aarch64-linux-gnu/tokenshim", "../lib64/tokenshim"];
/// The core beside the driver library, or one folder up.
const CORE: &str = "libtokenshim.so";
/// What only tokenshim's own libraries have in them: the beginning of the core's entry.
const MARK: &[u8] = b"tokenshim_driver_attach_";
/// No library of tokenshim's is larger.
const LIBRARY_MAX_BYTES: u64 = 256 << 20;

/// The driver library that copies are made of: its file and its bytes.
pub fn library(given: Option<&Path>) -> Result<(PathBuf, Vec<u8>), Failure> {
    let file = match given {
        Some(file) => std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
        None => beside_this()?,
    };
    let bytes = fs::read(&file).map_err(|error| Failure::new(format!("the driver library {} cannot be read: {error}.", file.display())))?;
    if !has_mark(&bytes) || file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(CORE)) {
        return Err(Failure::new(format!("{} is not tokenshim's driver library: name {LIBRARY} with --library.", file.display())));
    }
    Ok((file, bytes))
}

fn beside_this() -> Result<PathBuf, Failure> {
    let this = std::env::current_exe().and_then(|this| this.canonicalize()).unwrap_or_default();
    let folder = this.parent().unwrap_or(Path::new("/"));
    let places = FOLDERS.iter().map(|place| folder.join(place).join(LIBRARY));
    places.clone().find_map(|place| place.canonicalize().ok()).ok_or_else(|| {
        let places: Vec<String> = places.map(|place| place.display().to_string()).collect();
        Failure::new(format!("the driver library {LIBRARY} is in none of {}: name it with --library.", places.join(", ")))
    })
}

/// Where the copy for this real driver goes.
pub fn copy_for(real: &Path, library: &Path) -> PathBuf {
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split(".so").next().unwrap_or_default();
    library.with_file_name(format!("{COPY}{stem}.so"))
}

/// Whether a file has such a name.
pub fn is_named_as_copy(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(COPY))
}

/// Whether a copy there would find the core.
pub fn finds_core(copy: &Path) -> bool {
    let folder = copy.parent().unwrap_or(Path::new("/"));
    [folder.join(CORE), folder.join("..").join(CORE)].iter().any(|core| core.exists())
}

/// Whether a file is tokenshim's driver library or its core, under whatever name.
pub fn is_tokenshim(file: &Path) -> bool {
    let is_small = file.metadata().is_ok_and(|about| about.is_file() && about.len() <= LIBRARY_MAX_BYTES);
    is_small && fs::read(file).is_ok_and(|bytes| has_mark(&bytes))
}

fn has_mark(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == MARK[0]) {
        rest = &rest[at..];
        if rest.starts_with(MARK) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Whether a file was made of the driver library: it is not that itself, nor a link.
pub fn is_made(file: &Path) -> bool {
    let is_itself = file.file_name().is_some_and(|name| name == LIBRARY);
    !is_itself && file.symlink_metadata().is_ok_and(|about| about.is_file()) && is_tokenshim(file)
}

/// Whether there is a file of its own with these very bytes.
pub fn is_copy(copy: &Path, library: &Path, bytes: &[u8]) -> bool {
    let is_file = copy.symlink_metadata().is_ok_and(|about| about.is_file() && about.nlink() == 1);
    is_file && !same_file(copy, library) && fs::read(copy).is_ok_and(|there| there == bytes)
}
