//! What was made of a file when it was last read. Every connect needs a few files that hardly ever change, so it asks
//! the file system whether they did, and reads them only then.

use std::{
    any::Any,
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// A file that was written only just now may be written once more in the same tick of the file system's clock, and look
/// the same. No file system's tick is longer than this, that of FAT.
pub(super) const TICK: Duration = Duration::from_secs(2);

/// More files than any configuration has; whoever names new ones all the time gets each of them read.
const MOST_FILES: usize = 32;

/// What a file system says about a file; a file for which it says the same is the same.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds since 1970; before it they are negative.
    modified: (i64, i64),
    changed: (i64, i64),
    /// Who reads: another user may not be allowed to.
    user: u32,
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        Stamp {
            device: about.dev(),
            inode: about.ino(),
            size: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
            user: nix::unistd::geteuid().as_raw(),
        }
    }

    /// Whether whatever is written from now on shows in the stamp.
    fn will_tell(&self) -> bool {
        let latest = u64::try_from(self.modified.0.max(self.changed.0)).unwrap_or(0);
        let latest = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(latest));
        latest.is_some_and(|latest| SystemTime::now().duration_since(latest).is_ok_and(|age| age > TICK))
    }
}

/// For each file, and each way `K` of reading it, what came of it.
pub(super) struct Kept<K, V>(Mutex<Vec<(PathBuf, K, Stamp, V)>>);

impl<K: Copy + PartialEq + 'static, V: Clone + 'static> Kept<K, V> {
    pub const fn nothing() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// What `read` makes of the file as it is now; `None` where there is none, or it cannot be read at this moment.
    pub fn get(&self, file: &Path, way: K, read: impl FnOnce(&Metadata) -> Option<V>) -> Option<V> {
        let about = fs::metadata(file).ok()?;
        let stamp = Stamp::of(&about);
        let same = |(kept, kept_way, ..): &(PathBuf, K, Stamp, V)| kept == file && *kept_way == way;
        if let Some((.., value)) = self.lock().iter().find(|entry| same(entry) && entry.2 == stamp) {
            return Some(value.clone());
        }
        // What is read now may already be newer than the stamp: then the next stamp is another one.
        let value = read(&about)?;
        let mut kept = self.lock();
        kept.retain(|entry| !same(entry));
        if stamp.will_tell() && kept.len() < MOST_FILES {
            kept.push((file.to_owned(), way, stamp, value.clone()));
        }
        Some(value)
    }

    /// Lets no other thread in until the result is dropped.
    pub fn hold(&'static self) -> Box<dyn Any> {
        Box::new(self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(PathBuf, K, Stamp, V)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
