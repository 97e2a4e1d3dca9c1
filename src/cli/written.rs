//! Files that install writes: whole, or not at all.

use super::failure::Failure;
use std::fs::{self, File, Permissions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The mode of a file that is not there yet.
const FOR_ALL_TO_READ: u32 = 0o644;
/// That of a library.
pub const LIBRARY: u32 = 0o755;
/// Nobody needs longer for his change.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often one who waits looks whether it is his turn.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// An odbcinst.ini has a few kilobytes.
const INI_MAX_BYTES: u64 = 1 << 20;

/// An ini file that nobody else of tokenshim's changes meanwhile.
pub struct Locked {
    file: PathBuf,
    text: Vec<u8>,
    _lock: File,
}

impl Locked {
    /// Reads it, or takes one that is not there for empty. A link is followed: what it leads to is written.
    pub fn open(file: &Path) -> Result<Self, Failure> {
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let folder = file.parent().unwrap_or(Path::new("/"));
        let failed = |error: &std::io::Error| Failure::new(format!("{} cannot be read: {error}.", folder.display()));
        let lock = File::open(folder).map_err(|error| failed(&error))?;
        let end = Instant::now() + PATIENCE;
        while let Err(error) = lock.try_lock() {
            match error {
                TryLockError::WouldBlock if Instant::now() < end => sleep(LOOK_EVERY),
                TryLockError::WouldBlock => {
                    return Err(Failure::new(format!("another program keeps {} locked: try again when it has ended.", folder.display())));
                }
                TryLockError::Error(error) => return Err(failed(&error)),
            }
        }
        let text = read(&file)?;
        Ok(Self { file, text, _lock: lock })
    }

    /// The same to look at only.
    pub fn look(file: &Path) -> Result<Vec<u8>, Failure> {
        read(file)
    }

    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Replaces it.
    pub fn write(&self, text: &[u8]) -> Result<(), Failure> {
        if read(&self.file)? != self.text {
            return Err(Failure::new(format!("{} was changed by another program meanwhile: nothing was done, try again.", self.file.display())));
        }
        replace(&self.file, text, FOR_ALL_TO_READ)
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |words: String| Failure::new(format!("{} cannot be read: {words}.", file.display()));
    match fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error.to_string())),
        Ok(about) if !about.is_file() => return Err(failed("it is no regular file".into())),
        Ok(about) if about.len() >= INI_MAX_BYTES => return Err(failed("it has more than 1 MiB".into())),
        Ok(_) => {}
    }
    fs::read(file).map_err(|error| failed(error.to_string()))
}

/// Writes a file anew, with the mode and the owner of the old one: whoever reads it meanwhile gets all of the old one or all of the new
/// one, and a program that has it loaded keeps the old one.
pub fn replace(file: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new = file.with_file_name(format!(".{name}.tokenshim-{}", std::process::id()));
    let write = || {
        let old = fs::metadata(file).ok();
        let mut written = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        written.write_all(bytes)?;
        if let Some(old) = &old {
            // Not allowed to all; then the new one is whose who wrote it.
            let _ = fchown(&written, Some(old.uid()), Some(old.gid()));
        }
        written.set_permissions(Permissions::from_mode(old.map_or(mode, |old| old.mode() & 0o7777)))?;
        written.sync_all()?;
        fs::rename(&new, file)
    };
    write().map_err(|error: std::io::Error| {
        if error.kind() != ErrorKind::AlreadyExists {
            let _ = fs::remove_file(&new);
        }
        let next = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => " Run this as root, or as whoever the file belongs to.",
            ErrorKind::NotFound => " Make its folder first.",
            _ => "",
        };
        Failure::new(format!("{} cannot be written: {error}.{next}", file.display()))
    })
}
