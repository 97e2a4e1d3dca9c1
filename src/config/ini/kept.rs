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
struct Stamp([u64; 7]);

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        let times = [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()].map(i64::cast_unsigned);
        let [modified, modified_ns, changed, changed_ns] = times;
        Stamp([about.dev(), about.ino(), about.size(), modified, modified_ns, changed, changed_ns])
    }

    /// Whether whatever is written from now on shows in the stamp.
    fn will_tell(&self) -> bool {
        let Stamp([.., modified, _, changed, _]) = *self;
        let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(modified.max(changed));
        SystemTime::now().duration_since(latest).is_ok_and(|age| age > TICK)
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
