//! `TokenKeywords`: a section's own word on how a driver takes a token.

use crate::config::connection_string::ConnectionString;
use crate::config::keys;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::error::Error;

/// What stands for the token.
pub const PLACE: &str = "{token}";

/// While a text is split: its braces are no value's.
const MARK: &str = "\u{1}";

/// Keywords that say which driver it is, or that a driver manager acts on.
const DRIVER_MANAGERS: &[&str] = &["DSN", "DRIVER", "FILEDSN", "SAVEFILE"];

/// Keywords by which any driver has a password: what an application wrote there is no token of its own.
const PASSWORDS: &[&str] = &["PWD", "Password"];

/// The keywords that are set, with [`PLACE`] in their values, those that go away, and those that stay.
#[derive(Debug, PartialEq, Eq)]
pub struct Keywords {
    /// Keyword and value, in their order.
    pub set: Vec<(String, String)>,
    /// Without their `-`.
    pub removed: Vec<String>,
    /// Without their `+`: those of the application's that the profile would take out.
    pub kept: Vec<String>,
}

impl Keywords {
    /// What the sections say, if they do.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(settings: &Settings) -> Result<Option<Self>, Error> {
        let Some(setting) = settings.in_sections("TokenKeywords").filter(|setting| !setting.value.is_empty()) else { return Ok(None) };
        Self::parse(&setting.value).map(Some).map_err(|problem| Error::bad(setting.origin, "TokenKeywords", problem))
    }

    /// `AccessToken={token};-PWD;+UID`: as in a connection string, with `-Name` for a keyword that goes away and `+Name` for one
    /// that stays.
    ///
    /// # Errors
    /// What is wrong, going on where "TokenKeywords" ends. No value is in it: one may be a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let string = ConnectionString::parse(&Text::encode(&text.replace(PLACE, MARK), Width::Four));
        if let Some(problem) = string.problem() {
            return Err(format!("has a value that {problem}"));
        }
        let neither = || Err("has a part that is none of Name=value, -Name and +Name".to_owned());
        let mut keywords = Self { set: Vec::new(), removed: Vec::new(), kept: Vec::new() };
        for pair in string.pairs() {
            let raw = pair.raw.decode();
            match (raw.trim(), pair.keyword.as_str()) {
                ("", _) => {}
                (bare, "") => {
                    let (names, name) = match (bare.strip_prefix('-'), bare.strip_prefix('+')) {
                        (Some(name), _) => (&mut keywords.removed, name.trim()),
                        (_, Some(name)) => (&mut keywords.kept, name.trim()),
                        _ => return neither(),
                    };
                    if name.is_empty() || name.contains('=') {
                        return neither();
                    }
                    names.push(allowed(name)?.to_owned());
                }
                (_, keyword) if keyword.starts_with(['-', '+']) || keyword.contains(['{', '}', '\u{1}']) => return neither(),
                (_, keyword) => keywords.set.push((allowed(keyword)?.to_owned(), pair.value.replace(MARK, PLACE))),
            }
        }
        keywords.check().map(|()| keywords)
    }

    fn check(&self) -> Result<(), String> {
        let names: Vec<&str> = self.set.iter().map(|(name, _)| name).chain(&self.removed).chain(&self.kept).map(String::as_str).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].iter().any(|other| other.eq_ignore_ascii_case(name))) {
            return Err(format!("names {twice} twice"));
        }
        if names.is_empty() {
            return Err("names no keyword: it must be like AccessToken={token};-PWD".into());
        }
        if self.with_token().next().is_none() {
            return Err("has no {token} in any value: where should the token go?".into());
        }
        Ok(())
    }

    /// Whether `keyword` stays where the application wrote it, and in the DSN.
    pub fn keep(&self, keyword: &str) -> bool {
        self.kept.iter().any(|kept| kept.eq_ignore_ascii_case(keyword))
    }

    /// Those whose values hold the token.
    pub fn with_token(&self) -> impl Iterator<Item = (&str, &str)> {
        self.set.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(_, value)| value.contains(PLACE))
    }

    /// Whether an application that sets `keyword` brings a token of its own.
    pub fn is_own_token(&self, keyword: &str) -> bool {
        let is = |name: &str| name.eq_ignore_ascii_case(keyword);
        self.with_token().any(|(name, value)| is(name) && value == PLACE) && !PASSWORDS.iter().any(|name| is(name))
    }
}

/// # Errors
/// The name is tokenshim's own, or a driver manager's.
fn allowed(name: &str) -> Result<&str, String> {
    if keys::find(name).is_some() {
        return Err(format!("names {name}, which is tokenshim's own"));
    }
    if DRIVER_MANAGERS.iter().any(|other| other.eq_ignore_ascii_case(name)) {
        return Err(format!("names {name}, by which the driver is found"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(keywords: &Keywords) -> Vec<(&str, &str)> {
        keywords.set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn it_is_read_like_a_connection_string() {
        for (text, set, removed) in [
            ("AccessToken={token}", &[("AccessToken", "{token}")] as &[_], &[] as &[&str]),
            ("AccessToken={token};-PWD;- UID ;", &[("AccessToken", "{token}")], &["PWD", "UID"]),
            (" Authenticator = oauth ; Token ={token};;", &[("Authenticator", "oauth"), ("Token", "{token}")], &[]),
            ("Header={Bearer {token};x}}y};A=;-B", &[("Header", "Bearer {token};x}y"), ("A", "")], &["B"]),
            ("Odd=x{token}{token}", &[("Odd", "x{token}{token}")], &[]),
        ] {
            let keywords = Keywords::parse(text).expect(text);
            assert_eq!(
                (pairs(&keywords), keywords.removed.iter().map(String::as_str).collect::<Vec<_>>()),
                (set.to_vec(), removed.to_vec()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_plus_keeps_a_keyword() {
        let keywords = Keywords::parse("Token={token};+UID;+ Role ;-PWD").expect("keywords");
        assert_eq!((keywords.removed.join(" "), keywords.kept.join(" ")), ("PWD".into(), "UID Role".into()));
        assert!(keywords.keep("uid") && keywords.keep("ROLE") && !keywords.keep("PWD") && !keywords.keep(""));
    }

    #[test]
    fn what_is_wrong_is_said_without_a_value() {
        for (text, problem) in [
            (";", "names no keyword"),
            (" ; ; ", "names no keyword"),
            ("-PWD", "has no {token}"),
            ("ApiKey=s3cr3t;Token={tokens}", "has no {token}"),
            ("ApiKey=s3cr3t;{token}", "none of Name=value, -Name and +Name"),
            ("s3cr3t", "none of Name=value, -Name and +Name"),
            ("-", "none of Name=value, -Name and +Name"),
            ("+", "none of Name=value, -Name and +Name"),
            ("+PWD=s3cr3t;Token={token}", "none of Name=value, -Name and +Name"),
            ("={token}", "none of Name=value, -Name and +Name"),
            ("-=s3cr3t;Token={token}", "none of Name=value, -Name and +Name"),
            ("-PWD=s3cr3t;Token={token}", "none of Name=value, -Name and +Name"),
            ("{token}=s3cr3t", "none of Name=value, -Name and +Name"),
            ("ApiKey={s3cr3t;Token={token}", "has a value that opens a brace that nothing closes"),
            ("ApiKey={s3cr3t}x;Token={token}", "has a value that goes on behind the brace that closes it"),
            ("tokenscope=s3cr3t;Token={token}", "names tokenscope, which is tokenshim's own"),
            ("Token={token};-RealDriver", "names RealDriver, which is tokenshim's own"),
            ("Token={token};driver=s3cr3t", "names driver, by which the driver is found"),
            ("Token={token};TOKEN=s3cr3t", "names TOKEN twice"),
            ("Token={token};-token", "names token twice"),
            ("Token={token};-UID;+uid", "names uid twice"),
            ("Token={token};+TokenScope", "names TokenScope, which is tokenshim's own"),
            ("+UID", "has no {token}"),
        ] {
            let found = Keywords::parse(text).expect_err(text);
            assert!(found.contains(problem) && !found.contains("s3cr3t"), "{text}: {found}");
        }
    }

    #[test]
    fn an_application_brings_its_own_where_the_whole_value_is_a_token_and_no_password() {
        let keywords = Keywords::parse("AccessToken={token};PWD={token};Header=Bearer {token};Mode=oauth").expect("keywords");
        for (keyword, own) in [("ACCESSTOKEN", true), ("PWD", false), ("Header", false), ("Mode", false), ("Other", false)] {
            assert_eq!(keywords.is_own_token(keyword), own, "{keyword}");
        }
    }
}
