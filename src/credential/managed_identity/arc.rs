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
    let name = file(challenge.unwrap_or_default()).ok_or("it wants to be shown a file that is none of Azure Arc's")?;
    let file = &Path::new(FOLDER).join(name);
    let read = || {
        if file.symlink_metadata().is_ok_and(|about| about.is_symlink()) {
            return Err("is a link".into()); // to what may be none of Arc's
        }
        let (bytes, _) = plain_file::read(file, FILE_MAX_BYTES)?;
        Ok(Secret::new(str::from_utf8(&bytes).map_err(|_| "holds no text")?.trim().to_owned()))
    };
    read().map_err(|problem: String| {
        format!("Azure Arc's {name}, which it wants to be shown, {problem}; the program's user must be in the group himds")
    })
}

/// The name in `Basic realm=/var/opt/azcmagent/tokens/0d5c.key`.
fn file(challenge: &str) -> Option<&str> {
    let (scheme, realm) = challenge.trim().split_once(' ')?;
    let (name, file) = realm.trim().split_once('=')?;
    let within = file.trim().trim_matches('"').strip_prefix(FOLDER)?;
    let is_plain = within.len() > END.len() && within.ends_with(END) && within.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    (scheme.eq_ignore_ascii_case("basic") && name.trim().eq_ignore_ascii_case("realm") && is_plain).then_some(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_a_key_of_arcs_own() {
        for challenge in ["Basic realm=/var/opt/azcmagent/tokens/a-1.key", "basic Realm=\"/var/opt/azcmagent/tokens/a-1.key\""] {
            assert_eq!(file(challenge), Some("a-1.key"), "{challenge}");
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
