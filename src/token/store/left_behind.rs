//! What nobody will come back for: files of writers that were stopped half-way, tokens that were over long ago, locks of
//! those who crashed. Refresh tokens are good for months and stay.

use super::folder::{Folder, UNFINISHED};
use super::lock::{Line, Turn};
use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{Mode, fstatat};
use std::time::{Duration, SystemTime};

/// Nobody takes that long to write a file.
const UNFINISHED_FOR: Duration = Duration::from_secs(3600);
/// One that is good for longer than that will be fetched once more than needed.
const UNUSED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Removes it all.
pub fn clean(folder: &Folder) {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Ok(mut entries) = Dir::openat(folder, ".", flags, Mode::empty()) else { return };
    let names: Vec<String> = entries.iter().flatten().filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned)).collect();
    for name in names {
        let is_older = |than| age(folder, &name).is_some_and(|age| age > than);
        if name.ends_with(UNFINISHED) && is_older(UNFINISHED_FOR) || name.ends_with(".token") && is_older(UNUSED_FOR) {
            folder.remove(&name);
        } else if name.ends_with(".lock") && is_older(UNUSED_FOR) {
            unlock(folder, &name);
        }
    }
}

/// Whoever has had the turn removes the file.
fn unlock(folder: &Folder, name: &str) {
    if let Ok(mut line) = Line::join(folder, name) {
        let _: Result<Turn, String> = line.turn();
    }
}

fn age(folder: &Folder, name: &str) -> Option<Duration> {
    let about = fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    let written = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(about.st_mtime.try_into().ok()?))?;
    SystemTime::now().duration_since(written).ok()
}
