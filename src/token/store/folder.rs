//! The folder in which this user's tokens are kept, and its files. Whatever is done in it is done by its open descriptor,
//! so that it is one and the same folder all the time; and nothing in it is believed that another user could have put there.

use crate::{environment, plain_file, signals};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{Uid, UnlinkatFlags, User, geteuid, unlinkat};
use std::fs::{DirBuilder, File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Its name in the user's folder for caches.
const NAME: &str = "tokenshim";
/// A token has at most 1 MiB, which JSON may write longer.
const FILE_MAX_BYTES: u64 = 2 * 1024 * 1024;
/// The end of the name of a file that is being written.
pub const UNFINISHED: &str = ".new";

/// What stands in the way of the folder, or of a file in it.
#[derive(Debug)]
pub enum Problem {
    /// It is damaged, or not to be believed: as good as not there.
    Lasting(String),
    /// It cannot be got at just now, such as by a process that has as many files open as it may. What is there is good for all that.
    OfNow(String),
}

impl Problem {
    /// In more words.
    fn map(self, words: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Lasting(problem) => Self::Lasting(words(&problem)),
            Self::OfNow(problem) => Self::OfNow(words(&problem)),
        }
    }
}

impl From<String> for Problem {
    fn from(problem: String) -> Self {
        Self::Lasting(problem)
    }
}

impl From<Problem> for String {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Lasting(words) | Problem::OfNow(words) => words,
        }
    }
}

/// The open folder.
pub struct Folder {
    folder: OwnedFd,
    path: PathBuf,
    user: Uid,
}

impl Folder {
    /// `$XDG_CACHE_HOME/tokenshim`, else `.cache/tokenshim` in `$HOME`, else in the account's home; made where it is not there.
    ///
    /// # Errors
    /// Says which folder cannot be used, and why.
    pub fn open() -> Result<Self, Problem> {
        let caches = caches().ok_or_else(|| "this user has no home to keep tokens in".to_owned())?;
        Self::open_in(&caches)
    }

    /// As [`open`](Self::open), in a folder for caches.
    ///
    /// # Errors
    /// As above.
    pub fn open_in(caches: &Path) -> Result<Self, Problem> {
        let path = caches.join(NAME);
        let user = geteuid();
        let opened = Self::open_at(&path, caches, user).map_err(|problem| problem.map(|words| format!("{} {words}", path.display())));
        opened.map(|folder| Self { folder, path, user })
    }

    fn open_at(path: &Path, caches: &Path, user: Uid) -> Result<OwnedFd, Problem> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mut opened = open(path, flags, Mode::empty());
        if opened.as_ref().is_err_and(|error| *error == Errno::ENOENT) {
            make(path, caches, user)?;
            opened = open(path, flags, Mode::empty());
        }
        let folder = opened.map_err(|error| match error {
            Errno::ENOTDIR | Errno::ELOOP => Problem::Lasting("is no folder, or a link to one".into()),
            Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EINTR | Errno::EIO | Errno::ESTALE => Problem::OfNow(reason(error)),
            // Such as EACCES: a user whose home is another one's has no such folder.
            error => Problem::Lasting(reason(error)),
        })?;
        let file = File::from(folder);
        let about = file.metadata().map_err(|error| format!("cannot be looked at: {error}"))?;
        belongs_to(user, &about)?;
        if about.mode() & 0o022 != 0 {
            return Err(format!("can be written by others (mode {:03o}): run chmod 700 on it", about.mode() & 0o777).into());
        }
        if about.mode() & 0o055 != 0 {
            // Names tell nothing but how many there are; still they are nobody's business.
            let _ = fchmod(&file, Mode::S_IRWXU);
        }
        Ok(file.into())
    }

    /// The bytes of a file, which may be a secret; `None` where there is none.
    ///
    /// # Errors
    /// There is something of that name, but not to be believed, or not to be read now. Says why.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        let file = match self.open_file(name, OFlag::O_RDONLY) {
            Err(Errno::ENOENT) => return Ok(None),
            Err(error @ (Errno::ELOOP | Errno::ENXIO)) => return Err(self.words(name, &reason(error)).into()),
            opened => opened.map_err(|error| Problem::OfNow(self.words(name, &reason(error))))?,
        };
        let about = self.own(&file).map_err(|problem| self.words(name, &problem))?;
        plain_file::contents(file, about.size() as usize).map(Some).map_err(|problem| Problem::OfNow(self.words(name, &problem)))
    }

    /// Writes a file anew: whoever reads it meanwhile gets all of the old one or all of the new one. Whatever stood there,
    /// a link too, is gone.
    ///
    /// # Errors
    /// Says what stands in the way. Then what was there is there still.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let new = format!("{name}.{}-{:x}{UNFINISHED}", std::process::id(), RandomState::new().hash_one(name));
        // A file may not grow beyond the process's limit: that is told by a signal, which is none of the host's business.
        let written = signals::apart(|| {
            self.write(&new, bytes).and_then(|()| Ok(renameat(self, new.as_str(), self, name)?)).inspect_err(|_| self.remove(&new))
        });
        written.unwrap_or(Err(Errno::EAGAIN.into())).map_err(|error| self.words(name, &format!("cannot be written: {error}")))
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, name: &str) {
        let _ = unlinkat(self, name, UnlinkatFlags::NoRemoveDir);
    }

    /// Opens a file that is there to be locked, and makes it where it is not there.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub fn lock_file(&self, name: &str) -> Result<File, String> {
        let opened = self.open_file(name, OFlag::O_RDWR | OFlag::O_CREAT).map_err(reason);
        opened.and_then(|file| self.own(&file).map(|_| file)).map_err(|problem| self.words(name, &problem))
    }

    /// The same, as it looks to another user.
    #[cfg(test)]
    pub fn of_user(self, user: u32) -> Self {
        Self { user: Uid::from_raw(user), ..self }
    }

    /// In a message's words.
    pub fn words(&self, name: &str, problem: &str) -> String {
        format!("{} {problem}", self.path.join(name).display())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.open_file(name, OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL)?.write_all(bytes)
    }

    /// Never a link's other end, never waiting for a pipe's, never inherited by a program that the host starts.
    fn open_file(&self, name: &str, flags: OFlag) -> Result<File, Errno> {
        let always = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        openat(self, name, flags | always, Mode::S_IRUSR | Mode::S_IWUSR).map(File::from)
    }

    fn own(&self, file: &File) -> Result<Metadata, String> {
        let about = plain_file::regular(file)?;
        belongs_to(self.user, &about)?;
        match about.mode() & 0o077 {
            0 if about.size() <= FILE_MAX_BYTES => Ok(about),
            0 => Err("is too long for a token".into()),
            _ => Err(format!("may be used by others (mode {:03o})", about.mode() & 0o777)),
        }
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

fn reason(error: Errno) -> String {
    match error {
        Errno::ELOOP => "is a link".into(),
        error => format!("cannot be opened: {error}"),
    }
}

fn belongs_to(user: Uid, about: &Metadata) -> Result<(), String> {
    if about.uid() == user.as_raw() { Ok(()) } else { Err(format!("belongs to another user (uid {})", about.uid())) }
}

/// Makes the folder and those above it. Not in somebody else's home: root may well have another user's HOME.
fn make(path: &Path, caches: &Path, user: Uid) -> Result<(), String> {
    let above = caches.ancestors().find_map(|folder| folder.metadata().ok()).ok_or("is nowhere")?;
    if above.uid() != 0 {
        belongs_to(user, &above).map_err(|problem| format!("cannot be made: the folder above it {problem}"))?;
    }
    let unmade = |error| format!("cannot be made: {error}");
    DirBuilder::new().recursive(true).mode(0o700).create(caches).map_err(unmade)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(unmade(error)),
        _ => Ok(()),
    }
}

/// The user's folder for caches (XDG Base Directory Specification).
fn caches() -> Option<PathBuf> {
    let variable = |name: &str| environment::variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let account = || User::from_uid(geteuid()).ok().flatten().map(|user| user.dir).filter(|home| home.is_absolute());
    variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME").or_else(account)?.join(".cache")))
}
