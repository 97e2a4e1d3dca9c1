//! The Azure CLI: whoever is signed in with `az login` signs in to the database.

use super::Source;
use super::tool::{self, Said, Tool};
use super::{child, program};
use crate::config::resolve::Config;
use crate::environment;
use crate::error::Error;
use crate::plain_file;
use crate::plain_file::kept::{Kept, Reader};
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use crate::token::{Secret, Token};
use serde_json::Value;
use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// `az account get-access-token` for one resource.
pub struct AzureCli {
    config: Arc<Config>,
    resource: String,
}

impl AzureCli {
    /// # Errors
    /// There is no scope, or one (or a tenant) that `az` could take for an option.
    pub fn of(config: Arc<Config>) -> Result<Self, Error> {
        let scope =
            config.scope.as_deref().ok_or_else(|| Error::bad(&config.section, "TokenScope", "is missing, which azure-cli needs with this driver"))?;
        // The v2 scope of a resource is the resource and `/.default`.
        let resource = scope.strip_suffix("/.default").unwrap_or(scope).to_owned();
        let safe = |text: &str| {
            text.chars().next().is_some_and(char::is_alphanumeric) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#@!$&+=".contains(c))
        };
        if !safe(&resource) {
            return Err(Error::bad(&config.section, "TokenScope", "has characters that no scope has"));
        }
        if !config.tenant.as_deref().is_none_or(safe) {
            return Err(Error::bad(&config.section, "TokenTenant", "has characters that no tenant has"));
        }
        Ok(Self { config, resource })
    }

    fn tool(&self) -> Tool<'_> {
        Tool { who: "az", typed: "'az account get-access-token'", key: "TokenSource", config: &self.config }
    }

    fn no_program(&self, problem: String) -> Error {
        Error::NoProgram { section: self.config.section.clone(), name: "azure-cli", program: "az", problem }
    }

    /// What `az` said on stderr, sorted by what the reader can do about it.
    fn refusal(&self, stderr: &str, code: Option<i32>) -> Error {
        let has = |words: &[&str]| words.iter().any(|word| stderr.contains(word));
        let words = match tool::last_words(stderr) {
            words if words.is_empty() => tool::exit_status(code),
            words => words,
        };
        if has(&["Max retries exceeded", "Failed to establish", "Connection aborted", "ConnectionError", "Read timed out"]) {
            let advice = "Check the network and the proxy of this process.";
            return Error::ProviderUnreachable { who: "az".into(), words, advice, section: self.config.section.clone(), again_after: None };
        }
        let advice = match (has(&["az login", "az account set"]), stderr.contains("AADSTS")) {
            (true, false) => "Run 'az login' as the user that this application runs as.",
            // Entra's numbers for a sign-in that has ended and for a wrong scope look alike.
            (true, true) => {
                "Run 'az login' as the user that this application runs as; if that does not help, check TokenScope and TokenTenant in {section}."
            }
            (false, _) => "Check TokenScope and TokenTenant in {section}, or run 'az login' as the user that this application runs as.",
        };
        Error::SignInRefused { who: "az".into(), words, advice, section: self.config.section.clone() }
    }
}

impl Source for AzureCli {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let program =
            child::on_path("az").ok_or_else(|| self.no_program("is not on this process's PATH: install the Azure CLI, or add its folder".into()))?;
        program::check(&program, program::EVERYBODY).map_err(|problem| self.no_program(format!("is {}, which {problem}", program.display())))?;
        let mut arguments = vec!["account", "get-access-token", "--output", "json", "--resource", &self.resource];
        // A managed identity has but one tenant, and `az` refuses whoever names that.
        if let Some(tenant) = self.config.tenant.as_deref().filter(|_| !profile().is_machine) {
            arguments.extend(["--tenant", tenant]);
        }
        let environment = [("AZURE_CORE_NO_COLOR", "true")];
        match self.tool().run(&program, &arguments, &environment, patience.deadline, |problem| self.no_program(problem))? {
            Said::Failed(stderr, code) => Err(self.refusal(&stderr, code)),
            Said::Printed(stdout) => read(&stdout).map_err(|problem| self.tool().bad_reply(problem)),
        }
    }

    fn identity(&self) -> Identity {
        let folder = config_folder();
        Identity::of(&[
            Some("azure-cli"),
            Some(&self.resource),
            self.config.tenant.as_deref(),
            tool::path().as_deref(),
            Some(&format!("{folder:?}")),
            // `az` writes its profile anew when somebody signs in or out, or chooses another subscription: then it speaks for
            // another one. Its tokens it keeps elsewhere.
            Some(&tool::changed(&folder.join("azureProfile.json"))),
        ])
    }

    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.identity() == *identity)
    }

    fn who(&self) -> String {
        "az".into()
    }
}

/// What `az` calls those who signed in with `az login --identity`.
const MACHINES: &[&str] = &["systemAssignedIdentity", "userAssignedIdentity"];

/// Where `az` keeps who is signed in. It runs in `/`, from where a relative folder counts; without a home it asks the system.
fn config_folder() -> PathBuf {
    let account = || nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.dir);
    let variable = |name| environment::variable(name).map(PathBuf::from);
    let folder = variable("AZURE_CONFIG_DIR").or_else(|| Some(variable("HOME").or_else(account)?.join(".azure")));
    Path::new("/").join(folder.unwrap_or_default())
}

/// What `az` knows of who is signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Profile {
    /// Somebody is.
    has_user: bool,
    /// Whoever counts is a machine by its managed identity: `az login --identity`.
    is_machine: bool,
}

/// As its file says.
static PROFILES: Kept<(), Profile> = Kept::nothing();
/// No profile is larger.
const PROFILE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Lets no other thread at what is kept until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    PROFILES.hold()
}

/// Whether somebody has signed in, and not out again. Whether the sign-in is still good only `az` knows.
pub fn is_signed_in() -> bool {
    profile().has_user
}

fn profile() -> Profile {
    let file = Reader::now().file(config_folder().join("azureProfile.json"));
    PROFILES.get(&file, (), |_| Some(profile_of(&plain_file::read(file.path(), PROFILE_MAX_BYTES).ok()?.0))).unwrap_or_default()
}

/// `{"subscriptions": [{"isDefault": true, "user": {"name": …, "type": …}}, …]}`, behind a byte order mark. What cannot be read is left to `az`.
fn profile_of(text: &[u8]) -> Profile {
    let Ok(json) = serde_json::from_slice::<Value>(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)) else {
        return Profile { has_user: true, is_machine: false };
    };
    let all = json.get("subscriptions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_machine = |one: &Value| one["user"]["type"] == "servicePrincipal" && MACHINES.iter().any(|name| one["user"]["name"] == *name);
    Profile { has_user: !all.is_empty(), is_machine: all.iter().find(|one| one["isDefault"] == true).is_some_and(is_machine) }
}

/// `{"accessToken": "…", "expires_on": 1700000000, …}`
fn read(stdout: &[u8]) -> Result<Token, &'static str> {
    let json: Value = serde_json::from_slice(stdout).map_err(|_| "what it printed is no JSON")?;
    let text = json.get("accessToken").and_then(Value::as_str).ok_or("what it printed has no accessToken")?;
    // The older `expiresOn` is local time without a zone: of no use.
    let end = json.get("expires_on").and_then(Value::as_u64).and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    // One that is over already, by this machine's clock, may do once, but is not kept.
    let life = end.map(|end| end.duration_since(SystemTime::now()).unwrap_or(Duration::from_nanos(1)));
    Token::new(Secret::new(text.to_owned()), life)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_a_user_until_he_signs_out() {
        let user = r#"{"subscriptions": [{"user": {"name": "me@example.com", "type": "user"}}]}"#;
        for (profile, has) in [(user, true), (&format!("\u{feff}{user}"), true), (r#"{"subscriptions": []}"#, false), ("{}", false), ("half", true)] {
            assert_eq!(profile_of(profile.as_bytes()), Profile { has_user: has, is_machine: false }, "{profile}");
        }
    }

    #[test]
    fn a_machine_is_told_from_an_application_and_counts_where_it_is_the_default() {
        let profile = |name: &str, kind: &str, default: bool| {
            let one = format!(r#"{{"isDefault": {default}, "user": {{"name": "{name}", "type": "{kind}"}}}}"#);
            let other = format!(r#"{{"isDefault": {}, "user": {{"name": "me@example.com", "type": "user"}}}}"#, !default);
            profile_of(format!(r#"{{"subscriptions": [{other}, {one}]}}"#).as_bytes()).is_machine
        };
        assert!(profile("systemAssignedIdentity", "servicePrincipal", true) && profile("userAssignedIdentity", "servicePrincipal", true));
        assert!(!profile("11111111-2222-3333-4444-555555555555", "servicePrincipal", true));
        assert!(!profile("systemAssignedIdentity", "user", true) && !profile("systemAssignedIdentity", "servicePrincipal", false));
    }

    #[test]
    fn output_without_a_token_is_said_in_words() {
        assert!(read(br#"{"accessToken":"eyJ.x","expires_on":1700000000}"#).is_ok());
        for (output, problem) in [
            ("not json", "what it printed is no JSON"),
            ("", "what it printed is no JSON"),
            ("{}", "what it printed has no accessToken"),
            (r#"{"accessToken":""}"#, "its access_token is empty"),
        ] {
            assert_eq!(read(output.as_bytes()).expect_err("no token"), problem);
        }
    }
}
