//! tokenshim's configuration keys: one table. It decides what may stand in a connection string, what is removed from
//! it, and what `odbcinst.ini.example` must show.

/// Who may set a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The driver's section or the DSN: an administrator's word.
    Section,
    /// There, or a connection string: whoever may type one.
    Anywhere,
}

/// One row of the table.
#[derive(Debug)]
pub struct Key {
    /// As it is written; read in any case.
    pub name: &'static str,
    /// Who may set it.
    pub place: Place,
    /// Whether its value is one.
    pub secret: bool,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

const fn key(name: &'static str, place: Place, meaning: &'static str) -> Key {
    Key { name, place, secret: false, meaning }
}

const fn secret(key: Key) -> Key {
    Key { secret: true, ..key }
}

use Place::{Anywhere, Section};

/// Every key of tokenshim's own. All but `RealDriver` begin with `Token`, so that none collides with a driver's.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("RealDriver",             Section,  "File of the real driver: a full path, or a name searched as the driver manager does."),
    key("TokenProfile",           Anywhere, "How this driver takes a token; by default known from RealDriver's file name."),
    key("TokenSource",            Anywhere, "Where the token comes from."),
    key("TokenEndpoint",          Section,  "Token URL, where it is not derived from the profile and the host: https, or http on loopback."),
    key("TokenDiscovery",         Section,  "Discovery URL, where the provider tells its others: https, or http on loopback."),
    key("TokenScope",             Anywhere, "Scope asked for; default from the profile."),
    key("TokenClientId",          Anywhere, "Client id; the driver's own Auth_Client_ID is honoured too."),
    secret(key("TokenClientSecret", Anywhere, "Client secret; the driver's own Auth_Client_Secret is honoured too.")),
    key("TokenClientSecretFile",  Section,  "File that holds the client secret; nobody else may be able to read it."),
    key("TokenClientSecretEnv",   Section,  "Environment variable that holds the client secret."),
    key("TokenClientCertificate", Section,  "PEM file with the client's key, and its certificate for Entra, instead of a secret; nobody else may be able to read it."),
    key("TokenClientAuth",        Section,  "How the client shows its secret: basic or post; default from the profile."),
    key("TokenTenant",            Anywhere, "Entra tenant to sign in to."),
    key("TokenCommand",           Section,  "Program and arguments, run without a shell, that prints a token."),
    key("TokenFile",              Section,  "File that holds the token, or for workload-identity the one that stands for it at the provider."),
    key("TokenEnv",               Section,  "Environment variable that holds the token."),
    key("TokenKeywords",          Section,  "For any other driver: keywords to set, with {token} in a value; -Name removes one, +Name keeps one."),
    key("TokenAllowedHosts",      Section,  "Further hosts a token may be sent to, comma-separated; *.example.com for a suffix."),
    key("TokenTimeout",           Anywhere, "Seconds for getting a token, a person's sign-in included; never more than the application's login timeout."),
    key("TokenUser",              Anywhere, "Whose stored sign-in to use, where several people sign in through one DSN."),
    key("TokenPrompt",            Section,  "yes lets somebody be asked to sign in whatever the program allows, no never; not set, where the program connects by SQLDriverConnect and allows it."),
    key("TokenRedirect",          Section,  "Where authorization-code lets the browser come back: http://127.0.0.1 or http://localhost, as it is registered for the client."),
    key("TokenCallback",          Anywhere, "Name of the provider that the host program registered."),
    key("TokenCache",             Section,  "Where tokens are kept: memory or file, which all processes of this user share; not set, only sign-ins are in files."),
    key("TokenRenewal",           Section,  "When to renew a kept token: half (default) of its life, seconds before its end, or off."),
    key("TokenLive",              Section,  "yes renews the token of open connections by attributes 122 and 123, no does not; default from the profile."),
    key("TokenAllowUnencrypted",  Section,  "yes lets a token go over a connection whose encryption or certificate check is switched off."),
    key("TokenProxy",             Section,  "Proxy to the identity provider; default: the environment's."),
    key("TokenCAFile",            Section,  "PEM file with a further CA for the identity provider, beside the system's."),
    key("TokenLog",               Section,  "Where to write a line for each thing that is done: stderr, or a file's full path; not set, nothing is written."),
    key("TokenLogLevel",          Section,  "How much is logged: error, warning, info (default) or debug."),
    key("TokenLogFormat",         Section,  "Shape of a log's lines: text (default), or json for one JSON object a line."),
];

/// The row of `name`, in any case. Drivers have words of their own that begin with `Token`: those have none.
pub fn find(name: &str) -> Option<&'static Key> {
    // Most words are none of ours by their first letter: every pair of every string is looked up.
    let first = name.as_bytes().first()?.to_ascii_lowercase();
    if first != b't' && first != b'r' {
        return None;
    }
    KEYS.iter().find(|key| key.name.eq_ignore_ascii_case(name))
}

/// Drivers' own keywords whose value is a secret.
const DRIVERS_SECRETS: &[&str] = &[
    "PWD",
    "Password",
    "Auth_Client_Secret",
    "Auth_AccessToken",
    "Token",
    "AccessToken",
    "EntraAccessToken",
    "web_identity_token",
    "WebIdentityToken",
    "JWTString",
    "RefreshToken",
    "APIKEY",
    "SecretAccessKey",
    "SessionToken",
    "priv_key_file_pwd",
];

/// Whether the value of `keyword` is a secret, to whomever it is said.
pub fn is_secret(keyword: &str) -> bool {
    find(keyword).is_some_and(|key| key.secret) || DRIVERS_SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_but_the_real_driver_begins_with_token_and_stands_once() {
        for (index, key) in KEYS.iter().enumerate() {
            assert!(key.name.starts_with("Token") || key.name == "RealDriver", "{}", key.name);
            assert!(!KEYS[..index].iter().any(|other| other.name.eq_ignore_ascii_case(key.name)), "{}", key.name);
        }
    }

    #[test]
    fn a_secret_is_one_in_whatever_case_and_what_only_says_where_it_is_is_none() {
        for keyword in ["TokenClientSecret", "tokenclientsecret", "pwd", "PASSWORD", "Auth_Client_Secret", "Auth_AccessToken"] {
            assert!(is_secret(keyword), "{keyword}");
        }
        for keyword in ["TokenClientSecretFile", "TokenClientSecretEnv", "TokenClientId", "UID", "Driver", ""] {
            assert!(!is_secret(keyword), "{keyword}");
        }
    }

    #[test]
    fn a_connection_string_can_never_name_a_file_a_command_an_endpoint_a_proxy_or_a_log() {
        for word in ["File", "Command", "Endpoint", "Discovery", "Proxy", "Log", "Certificate", "Env", "Hosts", "Unencrypted"] {
            for key in KEYS.iter().filter(|key| key.name.contains(word)) {
                assert_eq!(key.place, Section, "{}", key.name);
            }
        }
    }
}
