//! One table: what each kind of driver wants, what it cannot stand beside a token, and where a token may go.

mod plain;
mod safety;
mod table;

pub use table::PROFILES;

use super::encryption::Switch;
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

/// How sure it is what a row says of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It was run against the real driver: this one.
    Run(&'static str),
    /// It was read: there.
    Read(&'static str),
    /// Nobody has seen it: this is why it is believed.
    Unverified(&'static str),
}

/// A real driver of one kind.
#[derive(Debug)]
pub struct Driver {
    /// What its makers call it.
    pub name: &'static str,
    /// Parts of the file names it has, in lower case; none where they are not known, and `TokenProfile` has to name the kind.
    pub files: &'static [&'static str],
    /// How sure it is.
    pub certainty: Certainty,
}

/// One kind of driver.
#[derive(Debug)]
pub struct Profile {
    /// The word of `TokenProfile`.
    pub name: &'static str,
    /// Which drivers it fits.
    pub drivers: &'static [Driver],
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
    /// What is put in where the string does not say it, for a driver that does not read the DSN, so that it encrypts.
    pub encrypts_by: Option<(&'static str, &'static str)>,
    /// Why no token is given to such a driver, and what to use instead; goes on where "`RealDriver` libx.so" ends.
    pub refused: Option<&'static str>,
    /// What else its users should know.
    pub remarks: &'static [&'static str],
}

impl Profile {
    /// Parts of the file names this kind of driver has, in lower case.
    pub fn files(&self) -> impl Iterator<Item = &'static str> {
        self.drivers.iter().flat_map(|driver| driver.files).copied()
    }

    /// Whether a driver's record of a failed connect says that the server refused who wanted to sign in. Its message is
    /// asked for only where it counts.
    pub fn is_refusal(&self, state: &str, message: impl Fn() -> String) -> bool {
        let is_meant = |(of, words): &(&str, &str)| (of.is_empty() || state == *of) && (words.is_empty() || message().contains(words));
        state == "28000" || self.refusals.iter().any(is_meant)
    }
}

/// The row for a driver that only `TokenKeywords` describe.
const OTHER: &str = "other";

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

/// The profile of a connection that gets a token: the `found` one, or `other` where a section's TokenKeywords say how.
///
/// # Errors
/// There is none, it needs TokenKeywords, or such a driver must get no token.
pub fn check(found: Option<&'static Profile>, has_keywords: bool, real_driver: &str, section: &str) -> Result<&'static Profile, Error> {
    let file = file_name(real_driver);
    let Some(profile) = found.or_else(|| has_keywords.then(|| of_name(OTHER)).flatten()) else {
        let problem = format!("is missing, and {file} is no driver that tokenshim knows: set it to one of {}, or set TokenKeywords", names());
        return Err(Error::bad(section, "TokenProfile", problem));
    };
    if has_keywords {
        return Ok(profile);
    }
    if let Some(reason) = [of_file(real_driver), Some(profile)].into_iter().flatten().find_map(|profile| profile.refused) {
        return Err(Error::bad(section, "RealDriver", format!("{file} {reason}")));
    }
    if matches!(profile.way, Way::Keywords([])) {
        return Err(Error::bad(section, "TokenKeywords", format!("is missing, without which TokenProfile={} does nothing", profile.name)));
    }
    Ok(profile)
}

/// Refuses another way of giving the token than the driver's own where a connection string asks for it, and the driver is sure to
/// encrypt the token that way only: Microsoft's version 17 encrypts a password only where it is told to.
///
/// # Errors
/// 28000, with what to do.
pub fn check_way(settings: &Settings, profile: &Profile, has_keywords: bool, real_driver: &str, section: &str) -> Result<(), Error> {
    let is_safe = |own: &Profile| has_keywords || own.way == profile.way || !matches!(own.way, Way::Attribute(_));
    if of_sections(settings, real_driver).is_none_or(is_safe) {
        return Ok(());
    }
    let harm = "it is another way to give this driver a token than the one that is certainly encrypted";
    Err(Error::OptionsNotAllowed { keyword: "TokenProfile", harm, section: section.into() })
}

/// As [`profile_for`], but never at a connection string's word: the profile whose hosts a token may be sent to.
pub fn of_sections(settings: &Settings, real_driver: &str) -> Option<&'static Profile> {
    let set = |key| settings.in_sections(key).filter(|setting| !setting.value.is_empty());
    match set("TokenProfile") {
        Some(setting) => of_name(&setting.value),
        None => of_file(real_driver).or_else(|| set("TokenKeywords").and_then(|_| of_name(OTHER))),
    }
}

/// The profile of this name.
pub fn of_name(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name.eq_ignore_ascii_case(name))
}

/// The profile that knows the real driver by its file.
pub fn of_file(real_driver: &str) -> Option<&'static Profile> {
    let file = file_name(real_driver).to_ascii_lowercase();
    PROFILES.iter().find(|profile| profile.files().any(|part| file.contains(part)))
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
        authority_by_string: clouds::authority(settings) != clouds::authority_of_sections(settings),
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
            assert!(profile.files().all(|part| part.to_ascii_lowercase() == part), "{}", profile.name);
        }
    }
}
