//! The client secret, from where the administrator put it.

use crate::config::resolve::{Config, SecretPlace};
use crate::error::Error;
use crate::plain_file;
use crate::plain_file::kept::{Kept, Reader};
use crate::token::Secret;
use std::any::Any;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// No secret is longer; a larger file is not one.
const FILE_MAX_BYTES: usize = 64 * 1024;

/// What the files hold that were read. Every connect asks, since another secret makes another identity.
static FILES: Kept<(), Secret> = Kept::nothing();

/// Lets no other thread at what is kept until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    FILES.hold()
}

/// Reads the secret that `config` names.
///
/// # Errors
/// There is none, or its file or variable cannot be used.
pub fn read(config: &Config) -> Result<Secret, Error> {
    let (key, secret) = match &config.client_secret {
        None => return Err(Error::bad(&config.section, "TokenClientSecret", "is missing, which client-credentials needs")),
        Some(SecretPlace::Value(secret)) => ("TokenClientSecret", secret.clone()),
        Some(SecretPlace::Environment(name)) => {
            let unset = |_| {
                Error::bad(
                    &config.section,
                    "TokenClientSecretEnv",
                    "names a variable that is not set for this process: set it where the application is started",
                )
            };
            ("TokenClientSecretEnv", Secret::new(std::env::var(name).map_err(unset)?))
        }
        Some(SecretPlace::File(path)) => {
            let bad = |problem| Error::bad(&config.section, "TokenClientSecretFile", problem);
            ("TokenClientSecretFile", file(path).map_err(bad)?)
        }
    };
    if secret.is_empty() {
        let problem = if key == "TokenClientSecret" { "is empty" } else { "names one that is empty" };
        return Err(Error::bad(&config.section, key, problem));
    }
    Ok(secret)
}

/// The text of a file that nobody else may read, without the end of its last line.
///
/// # Errors
/// Says what is wrong with the file, in words that go on where its key ends.
pub fn file(path: &Path) -> Result<Secret, String> {
    // Of one that cannot be used nothing is kept, so that the reason is there each time.
    let kept = FILES.get(&Reader::now().file(path.to_owned()), (), |_| read_file(path).ok());
    kept.map_or_else(|| read_file(path), Ok)
}

fn read_file(path: &Path) -> Result<Secret, String> {
    let (bytes, about) = plain_file::read_own(path, FILE_MAX_BYTES)?;
    if about.mode() & 0o077 != 0 {
        return Err(format!("can be read by others (mode {:03o}): run chmod 600 on it", about.mode() & 0o777));
    }
    let text = str::from_utf8(&bytes).map_err(|_| "holds no text")?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
