//! One table: what each kind of driver wants, what it cannot stand beside a token, and where a token may go.

use super::encryption::{Safety, Switch};
use super::{authentication, clouds};
use crate::config::resolve::Defaults;
use crate::config::settings::Settings;
use crate::error::Error;

/// The way a token goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As keywords of the connection string; `{token}` stands for the token.
    Keywords(&'static [(&'static str, &'static str)]),
    /// As the password: `PWD=` in a connection string, the third text of SQLConnect.
    Password,
    /// As the ACCESSTOKEN structure in a connection attribute, set right before the connect.
    Attribute(i32),
}

/// A keyword that must not stand beside a token.
#[derive(Clone, Copy, Debug)]
pub struct Removed {
    /// Its name.
    pub keyword: &'static str,
    /// What to write instead where the DSN sets it, which tokenshim cannot take out of a file. `None` where the
    /// driver does not mind, or does not read, the DSN's.
    pub neutral: Option<&'static str>,
}

/// One kind of driver.
#[derive(Debug)]
pub struct Profile {
    /// The word of `TokenProfile`.
    pub name: &'static str,
    /// Parts of the file names this kind of driver has, in lower case.
    pub files: &'static [&'static str],
    /// How the token goes in.
    pub way: Way,
    /// What goes away.
    pub removed: &'static [Removed],
    /// Keywords by which an application brings a token of its own; then it is left alone.
    pub own_token: &'static [&'static str],
    /// The scope where the settings name none.
    pub scope: Option<&'static str>,
    /// Suffixes of hosts that a token may be sent to even where only a connection string names them.
    pub hosts: &'static [&'static str],
    /// What decides about encryption and the certificate check.
    pub switches: &'static [Switch],
    /// What the driver's record of a connect looks like where the server refused the token, beside SQLSTATE 28000: a
    /// state, and words of the message.
    pub refusals: &'static [(&'static str, &'static str)],
    /// Whether the driver takes a token only where it may not ask a person (SQL_DRIVER_NOPROMPT).
    pub never_prompts: bool,
    /// Whether the driver's own keywords for a service principal are recognised.
    pub service_principal: bool,
    /// Whether the server looks at the token in every request, so that a session ends with it. Others look at it in the login
    /// only: PostgreSQL, MariaDB, SQL Server.
    pub session_ends_with_token: bool,
    /// Whether an open connection takes a new token by attributes 122 and 123 (`TokenLive` says otherwise).
    pub live: bool,
}

const fn switch(keywords: &'static [&'static str], safety: fn(&str) -> Safety) -> Switch {
    Switch { keywords, safety, file: "", must_be: None, attribute: None }
}

const fn gone(keyword: &'static str) -> Removed {
    Removed { keyword, neutral: None }
}

const fn neutral(keyword: &'static str, value: &'static str) -> Removed {
    Removed { keyword, neutral: Some(value) }
}

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(value.trim()))
}

fn off_if(is_off: bool) -> Safety {
    if is_off { Safety::Off } else { Safety::On }
}

fn unless_no(value: &str) -> Safety {
    off_if(is_one_of(value, &["0", "no", "false", "off"]))
}

fn unless_yes(value: &str) -> Safety {
    off_if(is_one_of(value, &["1", "yes", "true", "on"]))
}

fn unless_optional(value: &str) -> Safety {
    off_if(is_one_of(value, &["0", "no", "false", "off", "optional"]))
}

fn unless_disabled(value: &str) -> Safety {
    off_if(is_one_of(value, &["disable", "disabled"]))
}

/// psqlodbc looks at the first letter of `SSLmode`, or `CA` for short, and takes what it does not know for `disable`
/// (dlg_specific.c, copyConnAttributes): a capital, a brace, a blank, nothing. After `v` it looks at one more, or lets
/// libpq read the word. `allow` and `prefer` leave it to the server.
fn sslmode(value: &str) -> Safety {
    match value {
        "verify-full" => Safety::Host,
        _ if value.starts_with("vf") => Safety::Host,
        _ if value.starts_with('v') => Safety::Authority,
        _ => off_if(!value.starts_with('r')),
    }
}

/// MariaDB's driver takes a number (ma_dsn.c, DSN_TYPE_BOOL), and any word for 0.
fn if_a_number(value: &str) -> Safety {
    let number = value.trim_matches([' ', '{', '}']).parse::<u8>();
    off_if(!number.is_ok_and(|number| number != 0))
}

/// Every profile. Facts and their evidence: Databricks, "OAuth Integration guide for Cloud-Based Partners", section
/// "Use the generated token"; Microsoft, "Using Microsoft Entra ID with the ODBC Driver"; psqlodbc's and MariaDB's
/// keyword tables.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "databricks",
        files: &["sparkodbc", "databricks"],
        way: Way::Keywords(&[("AuthMech", "11"), ("Auth_Flow", "0"), ("Auth_AccessToken", "{token}")]),
        removed: &[
            gone("Auth_Client_ID"),
            gone("Auth_Client_Secret"),
            gone("Auth_Type"),
            gone("Auth_Scope"),
            gone("UID"),
            gone("PWD"),
            gone("User"),
            gone("Password"),
        ],
        own_token: &["Auth_AccessToken"],
        scope: None, // the cloud decides: credential::databricks
        hosts: &[".cloud.databricks.com", ".azuredatabricks.net", ".databricks.azure.cn", ".databricks.azure.us", ".gcp.databricks.com"],
        switches: &[
            switch(&["SSL"], unless_no),
            switch(&["AllowSelfSignedServerCert"], unless_yes),
            switch(&["AllowHostNameCNMismatch"], unless_yes),
            switch(&["CAIssuedCertNamesMismatch"], unless_yes),
        ],
        // An expired token is 08006, says the driver's guide; a server's 401 or 403 comes as `Unauthorized/Forbidden
        // error response returned`, of which no document tells the state.
        refusals: &[("08006", ""), ("", "Unauthorized/Forbidden")],
        never_prompts: false,
        service_principal: true,
        session_ends_with_token: true,
        live: true, // the guide's "Refreshing the Token"
    },
    Profile {
        name: "sqlserver",
        files: &["msodbcsql"],
        way: Way::Attribute(odbc_sys::ConnectionAttribute::SS_ACCESS_TOKEN.0),
        // Even when empty, each of these makes Microsoft's driver refuse the token (FA005). It reads Authentication
        // and Trusted_Connection from the DSN too, and then takes the first it finds: the string's.
        removed: &[gone("UID"), gone("PWD"), neutral("Authentication", ""), neutral("Trusted_Connection", "no")],
        own_token: &[],
        scope: Some("https://database.windows.net/.default"),
        hosts: &[
            ".database.windows.net",
            ".database.usgovcloudapi.net",
            ".database.chinacloudapi.cn",
            ".database.fabric.microsoft.com",
            ".datawarehouse.fabric.microsoft.com",
            ".datawarehouse.pbidedicated.windows.net",
            ".sql.azuresynapse.net",
            ".sql.azuresynapse.usgovcloudapi.net",
            ".sql.azuresynapse.azure.cn",
        ],
        // SQL_COPT_SS_ENCRYPT and SQL_COPT_SS_TRUST_SERVER_CERTIFICATE (msodbcsql.h).
        switches: &[
            Switch { attribute: Some((1223, &[1, 2])), ..switch(&["Encrypt"], unless_optional) },
            Switch { attribute: Some((1228, &[0])), ..switch(&["TrustServerCertificate"], unless_yes) },
        ],
        refusals: &[],
        never_prompts: true,
        service_principal: false,
        session_ends_with_token: false,
        live: false,
    },
    Profile {
        name: "password",
        files: &["psqlodbc", "maodbc"],
        way: Way::Password,
        removed: &[gone("PWD"), gone("Password")],
        own_token: &[],
        scope: None,
        hosts: &[".postgres.database.azure.com", ".postgres.cosmos.azure.com", ".mariadb.database.azure.com", ".mysql.database.azure.com"],
        // MariaDB's FORCETLS does not force: alone, it lets a server say that it has no TLS. SSLVERIFY does not.
        switches: &[
            Switch { file: "psqlodbc", must_be: Some("require"), ..switch(&["SSLmode", "CA"], sslmode) },
            Switch { file: "maodbc", must_be: Some("1"), ..switch(&["SSLVERIFY"], if_a_number) },
            switch(&["SSLmode"], unless_disabled),
            switch(&["SSLVERIFY"], unless_no),
            switch(&["FORCETLS"], unless_no),
        ],
        // psqlodbc has one state, and the server's words, for whatever goes wrong: `password authentication failed`, `PAM
        // authentication failed`, `Cloud SQL IAM service account authentication failed`, or of the token itself.
        refusals: &[("08001", "authentication failed"), ("08001", "token")],
        never_prompts: false,
        service_principal: false,
        session_ends_with_token: false,
        live: false,
    },
];

impl Profile {
    /// Whether a driver's record of a failed connect says that the server refused who wanted to sign in. Its message is
    /// asked for only where it counts.
    pub fn is_refusal(&self, state: &str, message: impl Fn() -> String) -> bool {
        let is_meant = |(of, words): &(&str, &str)| (of.is_empty() || state == *of) && (words.is_empty() || message().contains(words));
        state == "28000" || self.refusals.iter().any(is_meant)
    }
}

/// The profile of one connection: `TokenProfile`, else the one that knows the real driver's file.
///
/// # Errors
/// `TokenProfile` names none. `Ok(None)` where there is no word of it and the file is not known.
pub fn profile_for(settings: &Settings, real_driver: &str) -> Result<Option<&'static Profile>, Error> {
    if let Some(setting) = settings.first_of(&["TokenProfile"]) {
        return of_name(&setting.value).map(Some).ok_or_else(|| Error::bad(setting.origin, "TokenProfile", format!("is not one of {}", names())));
    }
    Ok(of_file(real_driver))
}

/// As [`profile_for`], but never at a connection string's word: the profile whose hosts a token may be sent to.
pub fn of_sections(settings: &Settings, real_driver: &str) -> Option<&'static Profile> {
    match settings.in_sections("TokenProfile").filter(|setting| !setting.value.is_empty()) {
        Some(setting) => of_name(&setting.value),
        None => of_file(real_driver),
    }
}

/// The profile of this name.
pub fn of_name(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name.eq_ignore_ascii_case(name))
}

/// The profile that knows the real driver by its file.
pub fn of_file(real_driver: &str) -> Option<&'static Profile> {
    let file = file_name(real_driver).to_ascii_lowercase();
    PROFILES.iter().find(|profile| profile.files.iter().any(|part| file.contains(part)))
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The words that `TokenProfile` knows.
pub fn names() -> String {
    PROFILES.iter().map(|profile| profile.name).collect::<Vec<_>>().join(", ")
}

/// What the profile brings along for these settings.
pub fn defaults(profile: Option<&Profile>, settings: &Settings) -> Defaults {
    let principal = profile.is_some_and(|profile| profile.service_principal);
    let keyword = |keyword| principal.then_some(keyword);
    let defaults = Defaults {
        source: (principal && asks_for_service_principal(settings)).then_some("client-credentials"),
        scope: profile.and_then(|profile| profile.scope).map(|scope| clouds::scope(settings, scope)),
        authority: clouds::authority(settings),
        client_id_keyword: keyword("Auth_Client_ID"),
        client_secret_keyword: keyword("Auth_Client_Secret"),
        ..Defaults::default()
    };
    authentication::defaults(profile, settings, defaults)
}

/// Whether Databricks' own keywords ask for a service principal: its driver's (`AuthMech=11;Auth_Flow=1`), the
/// partner guide's (`Auth_Type=OAuth_2.0`, also printed there with a zero), or just the id and the secret where
/// nothing says otherwise.
fn asks_for_service_principal(settings: &Settings) -> bool {
    let value = |keyword: &str| settings.first_of(&[keyword]).map(|setting| setting.value.to_ascii_lowercase());
    let (mech, flow, kind) = (value("AuthMech"), value("Auth_Flow"), value("Auth_Type"));
    if mech.as_deref().is_some_and(|mech| mech != "11") || flow.as_deref().is_some_and(|flow| flow != "1") {
        return false;
    }
    let by_flow = mech.is_some() && flow.is_some();
    let by_type = kind.is_some_and(|kind| matches!(kind.as_str(), "oauth_2.0" | "0auth_2.0"));
    let by_client = value("Auth_Client_ID").is_some() && value("Auth_Client_Secret").is_some();
    by_flow || by_type || by_client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once_and_keywords_are_words() {
        for (index, profile) in PROFILES.iter().enumerate() {
            assert!(!PROFILES[..index].iter().any(|other| other.name == profile.name), "{}", profile.name);
            assert!(profile.hosts.iter().all(|host| host.starts_with('.')), "{}", profile.name);
            assert!(profile.files.iter().all(|part| part.to_ascii_lowercase() == *part), "{}", profile.name);
        }
    }
}
