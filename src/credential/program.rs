//! Who else could change a program that is run in the name of whoever connects.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// In a mode: the others of its group, and everybody.
pub const ANY_OTHER: u32 = 0o022;
/// In a mode: everybody. A group may well be its user's own, or the administrators'.
pub const EVERYBODY: u32 = 0o002;

/// Looks at the file, and at each folder above it: where it was found, and where links lead. In a folder of everybody's that is sticky, as
/// `/tmp`, what this user or root has put there is safe.
///
/// # Errors
/// Who could change it: in words that go on after the program's name and "which".
pub fn check(program: &Path, others: u32) -> Result<(), String> {
    let unreadable = |error: io::Error| format!("cannot be run: {error}");
    let about = program.metadata().map_err(unreadable)?;
    if !about.is_file() || about.mode() & 0o111 == 0 {
        return Err("is no program that can be run".into());
    }
    if about.mode() & others != 0 {
        return Err(format!("others than its owner can change (mode {:03o}): run chmod go-w on it", about.mode() & 0o777));
    }
    let real = program.canonicalize().map_err(unreadable)?;
    real.ancestors().zip(real.ancestors().skip(1)).chain(program.ancestors().zip(program.ancestors().skip(1))).try_for_each(|(file, folder)| {
        let Ok(about) = folder.metadata() else { return Ok(()) };
        match about.mode() & (EVERYBODY | STICKY) {
            EVERYBODY => Err(format!("everybody can replace: run chmod o-w on {}", folder.display())),
            mode if mode & EVERYBODY != 0 && file.symlink_metadata().is_ok_and(|about| is_anothers(&about)) => {
                Err(format!("another user has put into a folder of everybody's, {}: put it elsewhere", folder.display()))
            }
            _ => Ok(()),
        }
    })
}

const STICKY: u32 = 0o1000;

fn is_anothers(about: &Metadata) -> bool {
    ![0, nix::unistd::geteuid().as_raw()].contains(&about.uid())
}
