//! One sign-in, from what is set to what is changed: the only place that knows the whole way.

mod account;
mod renewer;
mod web;

pub use account::Account;
pub use renewer::{Renewer, Waits};
pub use web::{Overrides, WebSignIn};

use crate::config::keys::Place;
use crate::config::known::Known;
use crate::config::resolve::Config;
use crate::config::settings::Settings;
use crate::config::sources;
use crate::credential::databricks;
use crate::delivery::destination;
use crate::delivery::edits::{Delivery, Edits, edits};
use crate::delivery::encryption::Attributes;
use crate::delivery::keywords::Keywords;
use crate::delivery::profiles::{self, Profile, Way, defaults, of_file, profile_for};
use crate::error::Error;
use crate::log::Event;
use crate::token::Token;
use crate::token::cache::cache;
use crate::token::identity::Identity;
use crate::token::life::Renewal;
use std::any::Any;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What was worked out for connects that came before.
static KNOWN: Known<Prepared> = Known::nothing();

/// Lets no other thread at what is known until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    KNOWN.hold()
}

/// What the application set on the connection handle before it connects.
#[derive(Default)]
pub struct Application {
    /// SQL_ATTR_LOGIN_TIMEOUT, and how much of it is over.
    pub login_timeout: Option<(Duration, Duration)>,
    /// SQL_COPT_SS_ACCESS_TOKEN. Some drivers accept any attribute, also one that means nothing to them.
    pub set_access_token: bool,
    /// Those that decide about encryption.
    pub attributes: Attributes,
    /// The token that the server has just refused.
    pub refused: Option<Token>,
    /// It lets the person before it be asked for what is missing.
    pub may_ask: bool,
}

/// A token, and what it changes in the connect call.
#[derive(Clone)]
pub struct SignIn {
    /// The token itself, so that it can be kept out of everything that comes back.
    pub token: Token,
    /// What to change.
    pub edits: Edits,
    /// Where an administrator should look, in a message's words.
    pub section: String,
    /// The token had been kept: a server may have good reason to refuse it.
    pub was_kept: bool,
    /// In whose name, for what words of the application's.
    pub by: By,
    /// Where the next token comes from, while the connection is open.
    pub renewer: Arc<Renewer>,
    /// How the connection gets it.
    pub live: Live,
}

/// How an open connection gets a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// Not at all: the server looks at the token in the login only, or an administrator switched it off.
    No,
    /// By connection attributes 122 and 123.
    Attributes,
    /// In the memory from which its driver reads it when it logs in once more.
    Memory,
}

impl Live {
    /// In a log.
    pub fn name(self) -> &'static str {
        match self {
            Live::No => "nothing",
            Live::Attributes => "attributes 122 and 123",
            Live::Memory => "the driver's memory",
        }
    }
}

/// Two numbers that tell whether the same words of an application's still stand for the same identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct By {
    /// What the application said.
    pub words: u64,
    /// For whom it stood.
    pub identity: u64,
}

impl By {
    fn of(settings: &Settings, identity: &Identity) -> Self {
        let numbers = &cache().numbers;
        let mut words = numbers.build_hasher();
        settings.hash_words(&mut words);
        Self { words: words.finish(), identity: numbers.hash_one(identity) }
    }
}

impl SignIn {
    /// Checks what the application wrote in a later step of SQLBrowseConnect, together with what it wrote before: a
    /// token that the driver has already may go only where it might have gone at first. Or what became a string only then.
    ///
    /// # Errors
    /// As [`sign_in`].
    pub fn check_again(&self, settings: &Settings, attributes: &Attributes, real_driver: &str) -> Result<(), Error> {
        settings.string().check()?;
        settings.check_keys()?;
        destination::check(settings, attributes, self.edits.delivery.profile, real_driver, &self.section)
    }
}

/// All that is to be known about a sign-in before there is a token.
struct Prepared {
    /// For whom it was worked out, beside the settings.
    real_driver: String,
    set_access_token: bool,
    attributes: Attributes,
    delivery: Delivery,
    by: By,
    live: Live,
    renewer: Arc<Renewer>,
}

impl Prepared {
    fn is_for(&self, real_driver: &str, application: &Application) -> bool {
        self.real_driver == real_driver && self.set_access_token == application.set_access_token && self.attributes == application.attributes
    }
}

/// Gets a token where the settings ask for one; `Ok(None)` where they do not.
///
/// `real_driver` is the real driver's file; `application` is what the application did with its connection handle.
///
/// # Errors
/// Whatever stands between the settings and a token: then nothing must be connected.
pub fn sign_in(settings: &Settings, real_driver: &str, application: &Application) -> Result<Option<SignIn>, Error> {
    let is_for = |prepared: &Prepared| prepared.is_for(real_driver, application);
    let known = KNOWN.find(settings, is_for);
    let prepared = match known {
        Some(known) if known.renewer.is_current()? => known,
        _ => {
            let Some(prepared) = prepare(settings, real_driver, application)?.map(Arc::new) else { return Ok(None) };
            KNOWN.keep(settings, Arc::clone(&prepared), is_for);
            prepared
        }
    };
    let mut renewer = Arc::clone(&prepared.renewer);
    let mut left = renewer.timeout;
    if let Some((login_timeout, spent)) = application.login_timeout.filter(|(timeout, _)| !timeout.is_zero()) {
        left = left.min(login_timeout.saturating_sub(spent));
        if login_timeout < renewer.timeout {
            renewer = Arc::new(renewer.within(login_timeout)?);
        }
    }
    let may_ask = renewer.config.prompt.unwrap_or(application.may_ask);
    let waits = if may_ask { Waits::Person } else { Waits::Program };
    let got = renewer.get(Instant::now() + left, application.refused.as_ref(), waits)?;
    let edits = edits(&prepared.delivery, settings, &got.token);
    renewer.log().say(Event::Token, |line| _ = line.flag("kept", got.was_kept).end(got.token.left()));
    renewer.log().say(Event::Delivery, |line| {
        line.list("set", edits.set_keywords()).list("removed", edits.removed_from(settings.string()));
        line.text_if("attribute", edits.attribute.as_ref().map(|(attribute, _)| attribute));
    });
    let section = renewer.config.section.clone();
    Ok(Some(SignIn { token: got.token, edits, section, was_kept: got.was_kept, by: prepared.by, renewer, live: prepared.live }))
}

fn prepare(settings: &Settings, real_driver: &str, application: &Application) -> Result<Option<Prepared>, Error> {
    prepare_with(settings, real_driver, application, |_| ())
}

/// The same where the application changes what was resolved.
fn prepare_with(
    settings: &Settings,
    real_driver: &str,
    application: &Application,
    change: impl FnOnce(&mut Config),
) -> Result<Option<Prepared>, Error> {
    let profile = profile_for(settings, real_driver);
    // A TokenProfile that means nothing is nobody's trouble where no token is asked for.
    let recognised = profile.as_ref().map_or_else(|_| of_file(real_driver), |profile| *profile);
    let keywords = Keywords::of(settings);
    if brings_its_own(recognised, keywords.as_ref().ok().and_then(Option::as_ref), settings, application) {
        return Ok(None);
    }
    let Some(mut config) = Config::resolve(settings, &defaults(recognised, settings))? else { return Ok(None) };
    change(&mut config);
    let profile = profile?;
    settings.string().check()?;
    settings.check_keys()?;
    check_source(&config)?;
    let keywords = keywords?.map(Arc::new);
    let profile = profiles::check(profile, keywords.is_some(), real_driver, &config.section)?;
    destination::check(settings, &application.attributes, profile, real_driver, &config.section)?;
    profiles::check_way(settings, profile, keywords.is_some(), real_driver, &config.section)?;
    let workspace = profile.service_principal.then(|| databricks::Workspace { host: destination::host(settings) });
    let delivery = Delivery::of(profile, keywords, real_driver);
    let live = live(&delivery, &config);
    let renewer = Arc::new(Renewer::of(config, workspace)?);
    let by = By::of(settings, &renewer.identity);
    renewer.tell_where_from(settings, profile.name, real_driver);
    let Application { set_access_token, attributes, .. } = application;
    let (set_access_token, attributes) = (*set_access_token, attributes.clone());
    Ok(Some(Prepared { real_driver: real_driver.to_owned(), set_access_token, attributes, delivery, by, live, renewer }))
}

fn live(delivery: &Delivery, config: &Config) -> Live {
    match (config.renewal, delivery.way()) {
        (Renewal::Off, _) => Live::No,
        (_, Some(Way::Attribute(_))) => Live::Memory,
        _ if config.live.unwrap_or(delivery.profile.live) => Live::Attributes,
        _ => Live::No,
    }
}

/// The application has a token itself: in its string, or set as the attribute by which this driver takes one.
fn brings_its_own(profile: Option<&Profile>, keywords: Option<&Keywords>, settings: &Settings, application: &Application) -> bool {
    let takes_attribute = keywords.is_none() && profile.is_some_and(|profile| matches!(profile.way, Way::Attribute(_)));
    let of_profile = profile.map_or(&[][..], |profile| profile.own_token);
    let is_own = |keyword: &str| keywords.is_some_and(|keywords| keywords.is_own_token(keyword));
    application.set_access_token && takes_attribute
        || of_profile.iter().any(|keyword| settings.string().get(keyword).is_some_and(|pair| !pair.value.is_empty()))
        || keywords.is_some() && settings.string().pairs().iter().any(|pair| !pair.value.is_empty() && is_own(&pair.keyword))
}

fn check_source(config: &Config) -> Result<(), Error> {
    if config.is_of_string && sources::named(&config.source).any(|source| source.place == Place::Section) {
        return Err(Error::NotInConnectionString { key: "TokenSource" });
    }
    Ok(())
}
