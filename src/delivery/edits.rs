//! From a profile and a token to what is changed in the application's words: pure data, then pure text.

use super::access_token::AccessToken;
use super::keywords::{Keywords, PLACE};
use super::profiles::{self, Profile, Removed, Way};
use crate::config::connection_string::ConnectionString;
use crate::config::keys;
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::token::{Secret, Token};
use std::borrow::Cow;
use std::sync::Arc;
use zeroize::Zeroizing;

/// How one driver takes a token.
#[derive(Clone)]
pub struct Delivery {
    /// What is known of such drivers.
    pub profile: &'static Profile,
    /// What the section says of this one; it takes the place of the profile's way.
    pub keywords: Option<Arc<Keywords>>,
    /// What makes the driver encrypt, whichever profile a connection string names.
    encrypts_by: Option<(&'static str, &'static str)>,
}

impl Delivery {
    /// For this real driver.
    pub fn of(profile: &'static Profile, keywords: Option<Arc<Keywords>>, real_driver: &str) -> Self {
        let by_file = profiles::of_file(real_driver).and_then(|own| own.encrypts_by);
        Self { profile, keywords, encrypts_by: by_file.or(profile.encrypts_by) }
    }

    /// The profile's own way, unless a section has another.
    pub fn way(&self) -> Option<Way> {
        self.keywords.is_none().then_some(self.profile.way)
    }

    /// Whether the driver takes the token only where it may not ask a person.
    pub fn never_prompts(&self) -> bool {
        self.profile.never_prompts && self.keywords.is_none()
    }
}

/// What is done to one connect call.
#[derive(Clone)]
pub struct Edits {
    /// What they come from.
    pub delivery: Delivery,
    /// Keywords to take out of the application's string, besides tokenshim's own.
    pub remove: Vec<Cow<'static, str>>,
    /// Keywords to put in.
    pub set: Vec<(Cow<'static, str>, Secret)>,
    /// The token as a password.
    pub password: Option<Secret>,
    /// The token as a connection attribute.
    pub attribute: Option<(i32, Arc<AccessToken>)>,
}

/// What `token` changes for a driver that takes it in this way.
pub fn edits(delivery: &Delivery, settings: &Settings, token: &Token) -> Edits {
    let profile = delivery.profile;
    let goes = |removed: &&Removed| !delivery.keywords.as_ref().is_some_and(|keywords| keywords.keep(removed.keyword));
    let mut edits = Edits {
        delivery: delivery.clone(),
        remove: profile.removed.iter().filter(goes).map(|removed| removed.keyword.into()).collect(),
        set: Vec::new(),
        password: None,
        attribute: None,
    };
    for removed in profile.removed.iter().filter(goes) {
        let in_sections = settings.in_sections(removed.keyword).is_some_and(|setting| !setting.value.is_empty());
        if let (Some(neutral), true) = (removed.neutral, in_sections) {
            edits.put(removed.keyword, neutral);
        }
    }
    match (&delivery.keywords, profile.way) {
        (Some(keywords), _) => {
            edits.remove.extend(keywords.removed.iter().map(|keyword| keyword.clone().into()));
            keywords.set.iter().for_each(|(keyword, value)| edits.put_in_place(keyword.clone(), value, &token.text));
        }
        (None, Way::Keywords(keywords)) => {
            keywords.iter().for_each(|(keyword, value)| edits.put_in_place(*keyword, value, &token.text));
        }
        (None, Way::Password) => edits.password = Some(token.text.clone()),
        (None, Way::Attribute(attribute)) => edits.attribute = Some((attribute, AccessToken::of(&token.text))),
    }
    if let Some((keyword, value)) = delivery.encrypts_by
        && !edits.touch(keyword)
        && settings.string().get(keyword).is_none()
        && !resolve::switch(settings, "TokenAllowUnencrypted").is_ok_and(|allowed| allowed == Some(true))
    {
        edits.put(keyword, value);
    }
    edits
}

/// What an open connection gets for a new token, as attribute 122: the keywords that hold it. `None` where it goes in as an
/// attribute. (Partner guide, "Refreshing Token".)
pub fn credentials(delivery: &Delivery, token: &Secret, width: Width) -> Option<Text> {
    let mut credentials = ConnectionString::empty(width);
    let mut set = |keyword: &str, value: &str| credentials.set(keyword, &Zeroizing::new(value.replace(PLACE, token.expose())), false);
    match (&delivery.keywords, delivery.profile.way) {
        (Some(keywords), _) => keywords.with_token().for_each(|(keyword, value)| set(keyword, value)),
        (None, Way::Keywords(keywords)) => {
            keywords.iter().filter(|(_, value)| value.contains(PLACE)).for_each(|(keyword, value)| set(keyword, value))
        }
        (None, Way::Password) => credentials.set("PWD", token.expose(), true),
        (None, Way::Attribute(_)) => return None,
    }
    Some(credentials.to_text())
}

impl Edits {
    fn put(&mut self, keyword: impl Into<Cow<'static, str>>, value: &str) {
        self.set.push((keyword.into(), Secret::new(value.to_owned())));
    }

    /// As `put`, with the token in its place; whatever the application wrote there goes away.
    fn put_in_place(&mut self, keyword: impl Into<Cow<'static, str>>, value: &str, token: &Secret) {
        let keyword = keyword.into();
        self.remove.push(keyword.clone());
        self.set.push((keyword, Secret::new(value.replace(PLACE, token.expose()))));
    }

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
            is_place || keys::find(&pair.keyword).is_none() && !self.removes(&pair.keyword)
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

    /// The keywords that are put in.
    pub fn set_keywords(&self) -> impl Iterator<Item = &str> {
        self.set.iter().map(|(keyword, _)| &**keyword).chain(self.password.as_ref().map(|_| "PWD"))
    }

    /// The keywords that are taken out of `string`.
    pub fn removed_from<'a>(&'a self, string: &'a ConnectionString) -> impl Iterator<Item = &'a str> {
        let is_removed =
            |keyword: &&str| keys::find(keyword).is_some() || self.removes(keyword) || self.password.is_some() && keyword.eq_ignore_ascii_case("PWD");
        string.pairs().iter().map(|pair| pair.keyword.as_str()).filter(is_removed)
    }

    /// Whether SQLConnect can carry all of it, so that the application's SQLConnect may stay one.
    pub fn fit_connect(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether the driver should see a user name that came with SQLConnect.
    pub fn keep_user(&self) -> bool {
        !self.removes("UID")
    }

    /// Whether `keyword` goes away where the application wrote it.
    pub fn removes(&self, keyword: &str) -> bool {
        self.remove.iter().any(|other| other.eq_ignore_ascii_case(keyword))
    }

    /// Whether the application's string and the driver's may differ in `keyword`.
    pub fn touch(&self, keyword: &str) -> bool {
        self.removes(keyword) || self.set.iter().any(|(other, _)| other.eq_ignore_ascii_case(keyword))
    }
}
