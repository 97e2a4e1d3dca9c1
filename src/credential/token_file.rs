//! A token that somebody else puts into a file, and puts there anew before it ends: `TokenFile`.

use super::{Source, printed};
use crate::config::resolve::Config;
use crate::error::Error;
use crate::plain_file;
use crate::plain_file::kept::{Kept, Reader};
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::any::Any;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No token is longer; a larger file is not one.
const FILE_MAX_BYTES: usize = 64 * 1024;
/// The link in a volume of Kubernetes that leads to the folder of the files as they are now.
const NOW: &str = "..data";

/// What the files hold that were read: every connect asks whether it is still the token that is in use.
static FILES: Kept<(), Token> = Kept::nothing();

/// Lets no other thread at what is kept until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    FILES.hold()
}

/// The file of one token.
pub struct TokenFile {
    config: Arc<Config>,
    path: PathBuf,
}

impl TokenFile {
    /// # Errors
    /// `TokenFile` is missing, or no full path.
    pub fn of(config: Arc<Config>) -> Result<Self, Error> {
        let bad = |problem: &str| Error::bad(&config.section, "TokenFile", problem);
        let path = config.file.clone().ok_or_else(|| bad("is missing, which file needs"))?;
        if !path.is_absolute() {
            return Err(bad("must be a full path"));
        }
        Ok(Self { config, path })
    }
}

impl Source for TokenFile {
    fn fetch(&self, _: Patience) -> Result<Token, Error> {
        read(&self.path).map_err(|problem| Error::bad(&self.config.section, "TokenFile", problem))
    }

    fn at_hand(&self) -> Option<Token> {
        FILES.get(&Reader::now().file(self.path.clone()), (), |_| read(&self.path).ok())
    }

    fn is_worth_sharing(&self) -> bool {
        false
    }

    /// Whatever the file holds: that is the next token of the same one, as far as anybody can tell.
    fn identity(&self) -> Identity {
        let reader = nix::unistd::geteuid().to_string();
        Identity::of(&[Some("file"), Some(&self.path.to_string_lossy()), Some(&reader)])
    }

    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.identity() == *identity)
    }

    fn who(&self) -> String {
        "TokenFile".into()
    }
}

fn read(path: &Path) -> Result<Token, String> {
    let (bytes, about) = plain_file::read_own(path, FILE_MAX_BYTES)?;
    check(path, &about)?;
    printed::token(&bytes, about.modified().ok()).map_err(|problem| format!("names a file that {problem}"))
}

/// A token is its reader's alone, as a secret is. But the volumes of Kubernetes hold files that everybody in the container may
/// read, and nobody in it can change that.
fn check(path: &Path, about: &Metadata) -> Result<(), String> {
    let mode = about.mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(format!("can be written by others (mode {mode:03o}): run chmod 600 on it"));
    }
    if mode & 0o077 != 0 && !is_in_volume(path) {
        return Err(format!("can be read by others (mode {mode:03o}): run chmod 600 on it"));
    }
    Ok(())
}

/// Whether `path` is in a volume that the kubelet writes: a link to `..data/name`, where `..data` leads to a folder beside it whose
/// name begins with two dots. All of these are root's or the reader's, and nobody else can change the folder.
fn is_in_volume(path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else { return false };
    let mut volumes = path.ancestors().skip(1).filter(|folder| folder.join(NOW).is_symlink());
    let owners = [0, nix::unistd::geteuid().as_raw()];
    let safe =
        |file: &Path| file.symlink_metadata().is_ok_and(|about| owners.contains(&about.uid()) && (about.is_symlink() || about.mode() & 0o022 == 0));
    volumes.any(|volume| {
        let Ok(now) = volume.join(NOW).canonicalize() else { return false };
        let hidden = now.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".."));
        let beside = volume.canonicalize().is_ok_and(|volume| now.parent() == Some(&volume));
        hidden && beside && real.starts_with(&now) && [&now, &real, &volume.join(NOW)].into_iter().all(|file| safe(file))
    })
}
