//! Taking turns between processes. A lock file is locked by whoever has the turn, and the kernel gives it free when that
//! process ends, however it ends. Who is done removes the file, by which those who wait see that it is over; a file that a
//! crash left behind is there still, and the next one has the turn.

use super::folder::Folder;
use std::any::Any;
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The waits between two looks whether it is one's turn: they begin short, grow, and differ, so that not all look at once.
const FIRST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// What a look at the lock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is ours, until the line is left.
    Ours,
    /// Somebody else has it.
    Others,
    /// Whoever had it is done.
    Over,
}

/// A place in the line for the turn.
pub struct Line<'a> {
    folder: &'a Folder,
    name: &'a str,
    file: File,
    is_ours: bool,
}

/// The descriptors of all lines of this process. A child of `fork` has them too, and with them a part in the locks: then they
/// would outlive this process in it.
static OPEN: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

fn open_lines() -> MutexGuard<'static, Vec<RawFd>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the list of lines until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(open_lines())
}

/// In a child of `fork`, which has none of the threads that stand in line: gives up what it got of their locks.
pub fn leave_to_parent() {
    for file in open_lines().drain(..) {
        let _ = nix::unistd::close(file);
    }
}

impl<'a> Line<'a> {
    /// Stands in line at the lock file `name`.
    ///
    /// # Errors
    /// Says why there can be no lock.
    pub fn join(folder: &'a Folder, name: &'a str) -> Result<Self, String> {
        let file = folder.lock_file(name)?;
        open_lines().push(file.as_raw_fd());
        Ok(Self { folder, name, file, is_ours: false })
    }

    /// Whose turn it is now.
    ///
    /// # Errors
    /// Says why there can be no lock: some file systems have none.
    pub fn turn(&mut self) -> Result<Turn, String> {
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Turn::Others),
            Err(TryLockError::Error(error)) => return Err(self.folder.words(self.name, &format!("cannot be locked: {error}"))),
        }
        self.is_ours = self.file.metadata().is_ok_and(|about| about.nlink() > 0);
        if self.is_ours {
            return Ok(Turn::Ours);
        }
        let _ = self.file.unlock(); // for the next one to see it
        Ok(Turn::Over)
    }

    /// Leaves the line before what the turn was for is done: the next one has it.
    pub fn pass_on(mut self) {
        self.is_ours = false;
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if self.is_ours {
            self.folder.remove(self.name);
        }
        // Said and not left to the end of the file: a child of `fork` may have it open, too.
        let _ = self.file.unlock();
        let file = self.file.as_raw_fd();
        open_lines().retain(|open| *open != file);
    }
}

/// Waits between looks, each a little longer than the last.
pub struct Looks {
    wait: Duration,
    until: Instant,
}

impl Looks {
    /// For as long as until then.
    pub fn until(until: Instant) -> Self {
        Self { wait: FIRST_WAIT, until }
    }

    /// Waits for the next look; `false` at once where the time is over.
    pub fn wait(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        let part = 0.5 + (RandomState::new().hash_one(left) % 512) as f64 / 1024.0;
        thread::sleep(self.wait.mul_f64(part).min(left));
        self.wait = (self.wait * 3 / 2).min(LONGEST_WAIT);
        !left.is_zero()
    }
}
