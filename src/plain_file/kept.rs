//! What was made of a file when it was last read. Every connect needs a few files that hardly ever change, so it asks
//! the file system whether they did, and reads them only then.

use std::{
    any::Any,
    cell::OnceCell,
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// A file that was written only just now may be written once more in the same tick of the file system's clock, and look
/// the same. No file system's tick is longer than this, that of FAT.
pub const TICK: Duration = Duration::from_secs(2);

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
    /// Another one may not be allowed to read it.
    user: u32,
}

impl Stamp {
    fn of(about: &Metadata, reader: Reader) -> Stamp {
        Stamp {
            device: about.dev(),
            inode: about.ino(),
            size: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
            user: reader.0,
        }
    }

    /// Whether whatever is written from now on shows in the stamp.
    fn will_tell(&self) -> bool {
        let latest = u64::try_from(self.modified.0.max(self.changed.0)).unwrap_or(0);
        let latest = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(latest));
        latest.is_some_and(|latest| SystemTime::now().duration_since(latest).is_ok_and(|age| age > TICK))
    }
}

/// Who reads: the effective user of this moment.
#[derive(Clone, Copy)]
pub struct Reader(u32);

impl Reader {
    /// The one of now.
    pub fn now() -> Self {
        Self(nix::unistd::geteuid().as_raw())
    }

    /// The file of this path; the file system is not asked yet.
    pub fn file(self, path: PathBuf) -> Seen {
        Seen { path, reader: self, about: OnceCell::new() }
    }
}

/// A file that the file system is asked about once, however many want to know.
pub struct Seen {
    path: PathBuf,
    reader: Reader,
    about: OnceCell<Option<(Metadata, Stamp)>>,
}

impl Seen {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file system said about it; `None` where there is none.
    pub fn about(&self) -> Option<&Metadata> {
        self.seen().map(|(about, _)| about)
    }

    fn seen(&self) -> Option<&(Metadata, Stamp)> {
        let ask = || fs::metadata(&self.path).ok().map(|about| (about.clone(), Stamp::of(&about, self.reader)));
        self.about.get_or_init(ask).as_ref()
    }
}

/// For each file, and each way `K` of reading it, what came of it.
pub struct Kept<K, V>(Mutex<Vec<(PathBuf, K, Stamp, V)>>);

impl<K: Copy + PartialEq + 'static, V: Clone + 'static> Kept<K, V> {
    /// Nothing was read yet.
    pub const fn nothing() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// What `read` makes of the file as it is now; `None` where there is none, or it cannot be read at this moment.
    pub fn get(&self, file: &Seen, way: K, read: impl FnOnce(&Metadata) -> Option<V>) -> Option<V> {
        let (about, stamp) = file.seen()?;
        let same = |(path, kept_way, ..): &(PathBuf, K, Stamp, V)| *kept_way == way && *path == file.path;
        if let Some((.., value)) = self.lock().iter().find(|entry| entry.2 == *stamp && same(entry)) {
            return Some(value.clone());
        }
        // What is read now may already be newer than the stamp: then the next stamp is another one.
        let value = read(about)?;
        let mut kept = self.lock();
        kept.retain(|entry| !same(entry));
        if stamp.will_tell() && kept.len() < MOST_FILES {
            kept.push((file.path.clone(), way, *stamp, value.clone()));
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
