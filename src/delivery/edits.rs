//! From a profile and a token to what is changed in the application's words: pure data, then pure text.

use super::access_token::AccessToken;
use super::profiles::{Profile, Way};
use crate::config::connection_string::ConnectionString;
use crate::config::keys;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::token::{Secret, Token};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What is done to one connect call.
#[derive(Clone)]
pub struct Edits {
    /// The profile they come from.
    pub profile: &'static Profile,
    /// Keywords to take out of the application's string, besides tokenshim's own.
    pub remove: Vec<&'static str>,
    /// Keywords to put in.
    pub set: Vec<(&'static str, Secret)>,
    /// The token as a password.
    pub password: Option<Secret>,
    /// The token as a connection attribute.
    pub attribute: Option<(i32, Arc<AccessToken>)>,
}

/// What `token` changes for a driver of this profile.
pub fn edits(profile: &'static Profile, settings: &Settings, token: &Token) -> Edits {
    let mut edits =
        Edits { profile, remove: profile.removed.iter().map(|removed| removed.keyword).collect(), set: Vec::new(), password: None, attribute: None };
    for removed in profile.removed {
        let in_sections = settings.in_sections(removed.keyword).is_some_and(|setting| !setting.value.is_empty());
        if let (Some(neutral), true) = (removed.neutral, in_sections) {
            edits.set.push((removed.keyword, Secret::new(neutral.to_owned())));
        }
    }
    match profile.way {
        Way::Keywords(keywords) => {
            for (keyword, value) in keywords {
                edits.remove.push(keyword);
                edits.set.push((keyword, Secret::new(value.replace("{token}", token.text.expose()))));
            }
        }
        Way::Password => edits.password = Some(token.text.clone()),
        Way::Attribute(attribute) => edits.attribute = Some((attribute, AccessToken::of(&token.text))),
    }
    edits
}

/// What an open connection gets for a new token, as attribute 122: the keywords that hold it. `None` where it goes in as an
/// attribute. (Partner guide, "Refreshing Token".)
pub fn credentials(profile: &Profile, token: &Secret, width: Width) -> Option<Text> {
    let mut credentials = ConnectionString::empty(width);
    match profile.way {
        Way::Keywords(keywords) => {
            for (keyword, value) in keywords.iter().filter(|(_, value)| value.contains("{token}")) {
                credentials.set(keyword, &Zeroizing::new(value.replace("{token}", token.expose())), false);
            }
        }
        Way::Password => credentials.set("PWD", token.expose(), true),
        Way::Attribute(_) => return None,
    }
    Some(credentials.to_text())
}

impl Edits {
    /// What is left to know once the real driver has it all: which keywords were touched, but no token.
    pub fn settled(mut self) -> Self {
        let nothing = Secret::new(String::new());
        self.set.iter_mut().for_each(|(_, value)| *value = nothing.clone());
        self.password = None;
        self
    }

    /// The string that the real driver gets: everything that is not touched stays as and where it was.
    pub fn apply(&self, string: &ConnectionString) -> ConnectionString {
        let mut edited = string.clone();
        // The token takes the first password's place: a driver that repeats what it was given keeps its place, too.
        let mut password_place = self.password.is_some();
        edited.retain(|pair| {
            let is_place = pair.is("PWD") && std::mem::take(&mut password_place);
            is_place || keys::find(&pair.keyword).is_none() && !pair.is_any(&self.remove)
        });
        for (keyword, value) in &self.set {
            // Microsoft's driver finds fault (01S00) with `Authentication=` at the end of a string, but not with `{}`.
            edited.set(keyword, value.expose(), value.expose().is_empty());
        }
        if let Some(password) = &self.password {
            // Always in braces: psqlodbc takes % and + in a bare password for URL encoding.
            edited.set("PWD", password.expose(), true);
        }
        edited
    }

    /// Whether SQLConnect can carry all of it, so that the application's SQLConnect may stay one.
    pub fn fit_connect(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether the driver should see a user name that came with SQLConnect.
    pub fn keep_user(&self) -> bool {
        !self.remove.contains(&"UID")
    }

    /// Whether the application's string and the driver's may differ in `keyword`.
    pub fn touch(&self, keyword: &str) -> bool {
        let same = |other: &&str| other.eq_ignore_ascii_case(keyword);
        self.remove.iter().any(same) || self.set.iter().any(|(other, _)| same(other))
    }
}
