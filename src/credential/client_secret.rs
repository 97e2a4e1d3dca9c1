//! The client secret, from where the administrator put it.

use super::missing;
use crate::config::resolve::{Config, SecretPlace};
use crate::error::Error;
use crate::token::Secret;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

/// No secret is longer; a larger file is not one.
const FILE_MAX_BYTES: u64 = 64 * 1024;

/// Reads the secret that `config` names.
///
/// # Errors
/// There is none, or its file or variable cannot be used.
pub fn read(config: &Config) -> Result<Secret, Error> {
    let (key, secret) = match &config.client_secret {
        None => return Err(missing(config, "TokenClientSecret", "is missing, which client-credentials needs")),
        Some(SecretPlace::Value(secret)) => ("TokenClientSecret", secret.clone()),
        Some(SecretPlace::Environment(name)) => {
            let unset = |_| missing(config, "TokenClientSecretEnv", "names a variable that is not set for this process");
            ("TokenClientSecretEnv", Secret::new(std::env::var(name).map_err(unset)?))
        }
        Some(SecretPlace::File(path)) => {
            let bad = |problem: String| missing(config, "TokenClientSecretFile", &problem);
            let mut file = File::options()
                .read(true)
                .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC) // a named pipe must not hold up a connect
                .open(path)
                .map_err(|error| bad(format!("cannot be read: {error}")))?;
            let about = file.metadata().map_err(|error| bad(format!("cannot be read: {error}")))?;
            if !about.is_file() || about.size() > FILE_MAX_BYTES {
                return Err(bad("is no file with a secret".into()));
            }
            if about.mode() & 0o077 != 0 {
                return Err(bad(format!("can be read by others (mode {:03o}): run chmod 600 on it", about.mode() & 0o777)));
            }
            let mut text = String::with_capacity(about.size() as usize + 1);
            file.read_to_string(&mut text).map_err(|_| bad("holds no text".into()))?;
            let text = Secret::new(text);
            ("TokenClientSecretFile", Secret::new(text.expose().trim_end_matches(['\r', '\n']).to_owned()))
        }
    };
    if secret.is_empty() {
        let problem = if key == "TokenClientSecret" { "is empty" } else { "names one that is empty" };
        return Err(missing(config, key, problem));
    }
    Ok(secret)
}
