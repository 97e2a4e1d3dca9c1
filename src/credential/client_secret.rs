//! The client secret, from where the administrator put it.

use crate::config::resolve::{Config, SecretPlace};
use crate::error::Error;
use crate::plain_file;
use crate::token::Secret;
use std::os::unix::fs::MetadataExt;

/// No secret is longer; a larger file is not one.
const FILE_MAX_BYTES: usize = 64 * 1024;

/// Reads the secret that `config` names.
///
/// # Errors
/// There is none, or its file or variable cannot be used.
pub fn read(config: &Config) -> Result<Secret, Error> {
    let (key, secret) = match &config.client_secret {
        None => return Err(Error::bad(&config.section, "TokenClientSecret", "is missing, which client-credentials needs")),
        Some(SecretPlace::Value(secret)) => ("TokenClientSecret", secret.clone()),
        Some(SecretPlace::Environment(name)) => {
            let unset = |_| Error::bad(&config.section, "TokenClientSecretEnv", "names a variable that is not set for this process");
            ("TokenClientSecretEnv", Secret::new(std::env::var(name).map_err(unset)?))
        }
        Some(SecretPlace::File(path)) => {
            let bad = |problem| Error::bad(&config.section, "TokenClientSecretFile", problem);
            let (bytes, about) = plain_file::read(path, FILE_MAX_BYTES).map_err(bad)?;
            if about.mode() & 0o077 != 0 {
                return Err(bad(format!("can be read by others (mode {:03o}): run chmod 600 on it", about.mode() & 0o777)));
            }
            let text = str::from_utf8(&bytes).map_err(|_| bad("holds no text".into()))?;
            ("TokenClientSecretFile", Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
        }
    };
    if secret.is_empty() {
        let problem = if key == "TokenClientSecret" { "is empty" } else { "names one that is empty" };
        return Err(Error::bad(&config.section, key, problem));
    }
    Ok(secret)
}
