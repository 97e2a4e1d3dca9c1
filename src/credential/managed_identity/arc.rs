//! Azure Arc asks for proof that whoever wants a token may read a file of its own on this machine ("Authenticate against Azure
//! resources with Azure Arc-enabled servers").

use crate::plain_file;
use crate::token::Secret;
use std::path::Path;

/// Where its agent has these files. Whatever else a service names is not read, still less sent to it.
const FOLDER: &str = "/var/opt/azcmagent/tokens/";
const END: &str = ".key";
/// None is larger.
const FILE_MAX_BYTES: usize = 4096;

/// The content of the file that the challenge names.
///
/// # Errors
/// Says what is wrong with the challenge, or the file.
pub fn key(challenge: Option<&str>) -> Result<Secret, String> {
    let file = file(challenge.unwrap_or_default()).ok_or_else(|| format!("with a challenge that names no file of {FOLDER}"))?;
    let read = || {
        if Path::new(file).symlink_metadata().is_ok_and(|about| about.is_symlink()) {
            return Err("is a link".into()); // to what may be none of Arc's
        }
        let (bytes, _) = plain_file::read(Path::new(file), FILE_MAX_BYTES)?;
        Ok(Secret::new(str::from_utf8(&bytes).map_err(|_| "holds no text")?.trim().to_owned()))
    };
    read().map_err(|problem: String| format!("and {file}, which it wants to be shown, {problem}: add this user to the group himds"))
}

/// `Basic realm=/var/opt/azcmagent/tokens/0d5c.key`
fn file(challenge: &str) -> Option<&str> {
    let (scheme, realm) = challenge.trim().split_once(' ')?;
    let (name, file) = realm.trim().split_once('=')?;
    let file = file.trim().trim_matches('"');
    let within = file.strip_prefix(FOLDER)?;
    let is_name = within.len() > END.len() && within.ends_with(END) && !within.contains('/');
    (scheme.eq_ignore_ascii_case("basic") && name.trim().eq_ignore_ascii_case("realm") && is_name).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_a_key_of_arcs_own() {
        for challenge in ["Basic realm=/var/opt/azcmagent/tokens/a-1.key", "basic Realm=\"/var/opt/azcmagent/tokens/a-1.key\""] {
            assert_eq!(file(challenge), Some("/var/opt/azcmagent/tokens/a-1.key"), "{challenge}");
        }
        for challenge in [
            "",
            "Basic",
            "Basic realm=",
            "Bearer realm=/var/opt/azcmagent/tokens/a.key",
            "Basic charset=/var/opt/azcmagent/tokens/a.key",
            "Basic realm=/etc/shadow",
            "Basic realm=/var/opt/azcmagent/tokens/a.pem",
            "Basic realm=/var/opt/azcmagent/tokens/.key",
            "Basic realm=/var/opt/azcmagent/tokens/../../../../etc/a.key",
            "Basic realm=/var/opt/azcmagent/tokens/b/a.key",
            "Basic realm=/var/opt/azcmagent/tokens.key",
        ] {
            assert_eq!(file(challenge), None, "{challenge}");
        }
    }
}
