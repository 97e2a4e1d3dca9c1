//! The Databricks CLI: whoever is signed in with `databricks auth login` signs in to the workspace.

use super::databricks::Workspace;
use super::tool::{self, Said, Tool};
use super::{Source, child, printed, program};
use crate::config::resolve::Config;
use crate::environment;
use crate::error::Error;
use crate::plain_file;
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use url::Url;

/// The old CLI, written in Python, is a script and knows no `auth token`; the new one is never smaller (as Databricks' SDKs see it).
const PROGRAM_MIN_BYTES: u64 = 1024 * 1024;
/// No configuration is longer.
const CONFIG_MAX_BYTES: usize = 1024 * 1024;
/// The CLI's variable for a profile.
const PROFILE: &str = "DATABRICKS_CONFIG_PROFILE";
/// What it says where it cannot reach the workspace, which it may follow by advice to sign in.
const NO_NETWORK: &[&str] =
    &["dial tcp", "no such host", "connection refused", "connection reset", "i/o timeout", "TLS handshake", "deadline exceeded"];
/// What it says where it trusts no authority that vouches for the workspace, or for a proxy that looks into what it sends.
const NOT_TRUSTED: &str = "x509:";
/// What it says where somebody has to sign in.
const NOT_SIGNED_IN: &[&str] = &["auth login", "OAuth is not configured", "refresh token is invalid"];

/// `databricks auth token` for one workspace.
pub struct DatabricksCli {
    config: Arc<Config>,
    host: String,
}

impl DatabricksCli {
    /// # Errors
    /// The driver is not Databricks', or nobody says which workspace.
    pub fn of(config: Arc<Config>, workspace: Option<&Workspace>) -> Result<Self, Error> {
        let other = || Error::bad(&config.section, "TokenSource", "is databricks-cli, which has tokens for Databricks' drivers only");
        let host = workspace.ok_or_else(other)?.host(&config.section)?.to_owned();
        Ok(Self { config, host })
    }

    fn program(&self) -> Result<PathBuf, Error> {
        let all = child::all_on_path("databricks");
        let is_new = |file: &&PathBuf| file.metadata().is_ok_and(|about| about.len() >= PROGRAM_MIN_BYTES);
        let problem = || match all.first() {
            None => "is not on this process's PATH: install the Databricks CLI, or add its folder".into(),
            Some(old) => format!(
                "is on this process's PATH only as a script or the old CLI ({}): install the Databricks CLI 0.205 or newer, and add the folder of the program itself",
                old.display()
            ),
        };
        let program = all.iter().find(is_new).cloned().ok_or_else(|| self.no_program(problem()))?;
        program::check(&program, program::EVERYBODY).map_err(|problem| self.no_program(format!("is {}, which {problem}", program.display())))?;
        Ok(program)
    }

    fn no_program(&self, problem: String) -> Error {
        Error::NoProgram { section: self.config.section.clone(), name: "databricks-cli", program: "databricks", problem }
    }

    fn tool(&self) -> Tool<'_> {
        Tool { who: "databricks", typed: "'databricks auth token'", key: "TokenSource", config: &self.config }
    }

    /// The profile of the CLI's configuration whose sign-in to use. `TokenUser` must be one of this host's, for the CLI itself
    /// gives away the token of whatever profile it is told; the environment's counts only where it is.
    fn profile(&self) -> Result<Option<String>, Error> {
        let wanted = self.config.user.as_deref();
        let Some(profile) = wanted.map(str::to_owned).or_else(|| environment::text(PROFILE)) else {
            return Ok(None);
        };
        let file = config_file();
        let hosts = plain_file::read(&file, CONFIG_MAX_BYTES).ok().and_then(|(bytes, _)| host_of(&String::from_utf8_lossy(&bytes), &profile));
        match hosts {
            Some(host) if host.eq_ignore_ascii_case(&self.host) => Ok(Some(profile)),
            _ if wanted.is_none() => Ok(None),
            found => {
                let problem = if found.is_none() { "names no profile with a host" } else { "names a profile of another host than this connection's" };
                Err(Error::bad(&self.config.section, "TokenUser", format!("{problem} (the Databricks CLI's are in {})", file.display())))
            }
        }
    }

    /// What the CLI said on stderr, sorted by what the reader can do about it.
    fn refusal(&self, stderr: &str, status: Option<i32>, profile: Option<&str>) -> Error {
        let has = |words: &[&str]| words.iter().any(|word| stderr.contains(word));
        let (who, section) = ("databricks".to_owned(), self.config.section.clone());
        let words = match tool::last_words(stderr) {
            words if words.is_empty() => tool::exit_status(status),
            words => words,
        };
        if has(&[NOT_TRUSTED]) || has(NO_NETWORK) {
            let advice = match has(&[NOT_TRUSTED]) {
                true => "Add the missing CA to the system's, or set SSL_CERT_FILE for this process: the CLI does not know TokenCAFile.",
                false => "Check the network and the proxy of this process.",
            };
            return Error::ProviderUnreachable { who, words, advice, section, again_after: None };
        }
        let advice = match () {
            () if has(&["M2M"]) => "A service principal signs in by TokenSource=client-credentials: set that in {section}.",
            () if has(&["Use --profile"]) => "Name one of these profiles as TokenUser in {section}.",
            () if has(NOT_SIGNED_IN) => {
                let whose = profile.map_or_else(|| format!("--host https://{}", self.host), |profile| format!("--profile {profile}"));
                return Error::NotSignedIn { who, words, command: format!("databricks auth login {whose}") };
            }
            () => "See what 'databricks auth token' prints as the user that this application runs as, and check {section}.",
        };
        Error::SignInRefused { who, words, advice, section }
    }
}

impl Source for DatabricksCli {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let (program, profile) = (self.program()?, self.profile()?);
        let host = format!("https://{}", self.host);
        let mut arguments = vec!["auth", "token", "--host", &host];
        if let Some(profile) = &profile {
            // With both of them the CLI compares the profile's host as well.
            arguments.extend(["--profile", profile]);
        }
        let started = SystemTime::now();
        // A profile that stands in the environment is not held against the host.
        match self.tool().run(&program, &arguments, &[(PROFILE, "")], patience.deadline, |problem| self.no_program(problem))? {
            Said::Failed(stderr, status) => Err(self.refusal(&stderr, status, profile.as_deref())),
            Said::Printed(stdout) => {
                printed::json(&stdout, Some(started)).map_err(|problem| self.tool().bad_reply(&format!("what it printed {problem}")))
            }
        }
    }

    fn identity(&self) -> Identity {
        let file = config_file();
        let variable = environment::variable(PROFILE).map(|profile| format!("{profile:?}"));
        Identity::of(&[
            Some("databricks-cli"),
            Some(&self.host),
            self.config.user.as_deref(),
            variable.as_deref(),
            tool::path().as_deref(),
            Some(&format!("{file:?}")),
            // `databricks auth login` writes it anew. Tokens are elsewhere.
            Some(&tool::changed(&file)),
        ])
    }

    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.identity() == *identity)
    }

    fn who(&self) -> String {
        "databricks".into()
    }
}

/// Where the CLI has its profiles. It runs in `/`, from where a relative name counts.
fn config_file() -> PathBuf {
    let variable = |name| environment::variable(name).map(PathBuf::from);
    let home = variable("HOME").unwrap_or_default();
    let file = match variable("DATABRICKS_CONFIG_FILE") {
        Some(file) => file.strip_prefix("~").map_or_else(|_| file.clone(), |rest| home.join(rest)),
        None => home.join(".databrickscfg"),
    };
    Path::new("/").join(file)
}

/// What is not there that it needs, in a few words. In a chain `TokenUser` is for other sources, too, and may be no profile: then
/// nobody else's sign-in is taken for that user's. Nobody is asked for it: `databricks auth login` writes how it signed in to which host.
pub fn missing(config: &Config, workspace: Option<&Workspace>) -> Option<String> {
    let Some(Ok(Some(host))) = workspace.map(|workspace| &workspace.host) else { return Some("no workspace".into()) };
    if child::all_on_path("databricks").is_empty() {
        return Some("no databricks on PATH".into());
    }
    let text = plain_file::read(&config_file(), CONFIG_MAX_BYTES).map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    match &config.user {
        Some(user) => (!is_signed_in_as(&text, user, host)).then(|| "TokenUser is no profile".into()),
        None => (!is_signed_in(&text, host)).then(|| "nobody is signed in".into()),
    }
}

/// Whether somebody has signed in to this host, and by the CLI itself.
fn is_signed_in(text: &str, host: &str) -> bool {
    let names = text.lines().filter_map(|line| Some(line.trim().strip_prefix('[')?.split_once(']')?.0.trim())).chain(["DEFAULT"]);
    names.into_iter().any(|name| is_signed_in_as(text, name, host))
}

/// The same of one profile.
fn is_signed_in_as(text: &str, profile: &str, host: &str) -> bool {
    let is_its_host = host_of(text, profile).is_some_and(|its| its.eq_ignore_ascii_case(host));
    is_its_host && value_of(text, profile, "auth_type").as_deref() == Some("databricks-cli")
}

/// The host of `profile` in the CLI's configuration.
fn host_of(text: &str, profile: &str) -> Option<String> {
    let value = value_of(text, profile, "host")?;
    let url = if value.contains("://") { value } else { format!("https://{value}") };
    Url::parse(&url).ok().and_then(|url| Some(url.host_str()?.to_owned()))
}

/// What a profile has for a key; the last where it has several. Keys before any section are those of `DEFAULT`.
fn value_of(text: &str, profile: &str, wanted: &str) -> Option<String> {
    let (mut section, mut found) = ("DEFAULT", None);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = name.0.trim();
        } else if section == profile
            && let Some((key, value)) = line.split_once(['=', ':'])
            && key.trim() == wanted
        {
            found = value.split_whitespace().next().map(|value| value.trim_matches(['"', '\'', '`']).to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_profile_is_read_as_the_cli_writes_it_and_as_people_do() {
        let text = "; The profile defined in the DEFAULT section\nhost = https://default.cloud.databricks.com\n\n[work]\nhost      = https://Work.cloud.databricks.com/?o=1\n\
                    auth_type = databricks-cli\n[ bare ]\nhost=adb-1.2.azuredatabricks.net # ours\n[twice]\nhost=https://a\nhost = \"https://b/\"\n[empty]\n#host=https://c\n[bad]\nhost=https://\n";
        for (profile, host) in [
            ("DEFAULT", Some("default.cloud.databricks.com")),
            ("work", Some("work.cloud.databricks.com")),
            ("bare", Some("adb-1.2.azuredatabricks.net")),
            ("twice", Some("b")),
            ("empty", None),
            ("bad", None),
            ("nobody", None),
            ("", None),
        ] {
            assert_eq!(host_of(text, profile).as_deref(), host, "{profile}");
        }
        for (host, is) in [("work.cloud.databricks.com", true), ("default.cloud.databricks.com", false), ("b", false), ("", false)] {
            assert_eq!(is_signed_in(text, host), is, "{host}");
        }
        for (profile, is) in [("work", true), ("DEFAULT", false), ("me@example.com", false), ("", false)] {
            assert_eq!(is_signed_in_as(text, profile, "work.cloud.databricks.com"), is, "{profile}");
        }
        assert!(is_signed_in("host=https://a.example\nauth_type=databricks-cli", "A.example") && !is_signed_in("", ""));
    }
}
