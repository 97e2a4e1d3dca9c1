//! A chain of sources: the first that is set up gives the token. If it cannot, that is the result, and no other is asked: who signs in
//! should not depend on what is out of order just now.

mod links;
mod token_credentials;

use super::databricks::Workspace;
use super::{Source, source_for};
use crate::config::resolve::{Config, DEFAULT_TIMEOUT};
use crate::config::sources::{self, AUTO};
use crate::error::Error;
use crate::log::Event;
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use links::{LINKS, Link};
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;
use token_credentials::Left;

/// Lets no other thread at what is known of the links until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    links::hold()
}

/// Whether `TokenSource` is a chain: all that there is, or some words with commas between them.
pub fn is_chain(source: &str) -> bool {
    source.contains(',') || source.eq_ignore_ascii_case(AUTO)
}

/// What is asked in turn whether it is set up.
struct Chain {
    config: Arc<Config>,
    workspace: Option<Workspace>,
    links: Vec<&'static Link>,
}

/// The link that was the first to be set up when the source was made, and its source.
struct Chosen {
    chain: Chain,
    link: &'static Link,
    config: Arc<Config>,
    source: Box<dyn Source>,
}

/// The source of the first link that is set up.
///
/// # Errors
/// None is; or that one lacks something more.
pub fn of(config: Arc<Config>, workspace: Option<&Workspace>) -> Result<Box<dyn Source>, Error> {
    let chain = Chain { links: links_of(&config)?, config, workspace: workspace.cloned() };
    chain.left()?;
    let link = chain.first().map_err(|reasons| chain.nothing(&reasons))?;
    let config = Arc::new(chain.config_of(link));
    config.log.say(Event::Chain, |line| {
        let skipped = chain.links.iter().take_while(|other| !std::ptr::eq(**other, link));
        let reason = |other: &&Link| Some(format!("{} ({})", other.name, (other.missing)(&chain.config, chain.workspace.as_ref())?));
        line.text("chain", &chain.config.source).text("chosen", link.name).list("skipped", skipped.filter_map(reason));
    });
    let source = source_for(Arc::clone(&config), workspace).map_err(|error| chain.told(link, error))?;
    Ok(Box::new(Chosen { chain, link, config, source }))
}

fn links_of(config: &Config) -> Result<Vec<&'static Link>, Error> {
    if config.source.eq_ignore_ascii_case(AUTO) {
        return Ok(LINKS.iter().collect());
    }
    let bad = |problem| Error::bad(&config.section, "TokenSource", problem);
    let link = |word: &str| {
        let unknown = || bad(format!("has a word that is no source, or is none in a chain: use some of {}", sources::names()));
        LINKS.iter().find(|link| link.source.eq_ignore_ascii_case(word)).ok_or_else(unknown)
    };
    sources::words(&config.source).map(link).collect()
}

impl Chain {
    /// What the environment leaves of it, where it is not of an administrator's own words.
    fn left(&self) -> Result<Left, Error> {
        if !self.config.source.eq_ignore_ascii_case(AUTO) {
            return Ok(Left::ALL);
        }
        Left::now().map_err(|(key, problem)| Error::bad(&self.config.section, key, problem))
    }

    /// The first link that is set up; `Err` has the reason of each that is not.
    fn first(&self) -> Result<&'static Link, Vec<String>> {
        let mut reasons = Vec::new();
        let Ok(left) = self.left() else { return Err(reasons) };
        for link in self.links.iter().filter(|link| left.has(link.name)) {
            match (link.missing)(&self.config, self.workspace.as_ref()) {
                None => return Ok(link),
                Some(reason) => reasons.push(format!("{} ({reason})", link.name)),
            }
        }
        Err(reasons)
    }

    fn config_of(&self, link: &Link) -> Config {
        let config = (link.config)(&self.config, self.workspace.as_ref());
        // The chain has the time of a person, which a source that asks nobody should not use up, unless somebody says so.
        let asks_somebody = sources::find(link.source).is_some_and(|source| source.asks_somebody);
        let is_whole = asks_somebody || config.is_timeout_set;
        let timeout = if is_whole { config.timeout } else { config.timeout.min(DEFAULT_TIMEOUT) };
        Config { source: link.source.to_owned(), timeout, ..config }
    }

    fn nothing(&self, reasons: &[String]) -> Error {
        let chain = self.left().unwrap_or(Left::ALL).named(&self.config.source);
        Error::NothingSetUp { chain, reasons: reasons.join(", "), section: self.config.section.clone() }
    }

    fn told(&self, link: &Link, error: Error) -> Error {
        Error::OfChain { link: link.name, chain: self.config.source.clone(), error: Box::new(error) }
    }
}

impl Chosen {
    /// Whether the link would be chosen now, with the same settings.
    fn is_first(&self) -> bool {
        let who = |config: &Config| (config.client_id.clone(), config.tenant.clone());
        self.chain.first().is_ok_and(|link| std::ptr::eq(link, self.link)) && who(&self.chain.config_of(self.link)) == who(&self.config)
    }
}

impl Source for Chosen {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let patience = Patience { deadline: patience.deadline.min(Instant::now() + self.config.timeout), ..patience };
        self.source.fetch(patience).map_err(|error| self.chain.told(self.link, error))
    }

    fn fetch_or_ask(&self, patience: Patience) -> Result<Token, Error> {
        let patience = Patience { deadline: patience.deadline.min(Instant::now() + self.config.timeout), ..patience };
        self.source.fetch_or_ask(patience).map_err(|error| self.chain.told(self.link, error))
    }

    fn sign_in_anew(&self, patience: Patience) -> Option<Result<Token, Error>> {
        let result = self.source.sign_in_anew(patience)?;
        Some(result.map_err(|error| self.chain.told(self.link, error)))
    }

    fn sign_out(&self, patience: Patience) -> Option<Result<bool, Error>> {
        self.source.sign_out(patience)
    }

    fn is_signed_in(&self) -> Option<Result<bool, Error>> {
        self.source.is_signed_in()
    }

    fn replace(&self, old: &Token, may_ask: bool, patience: Patience) -> Result<Token, Error> {
        let patience = Patience { deadline: patience.deadline.min(Instant::now() + self.config.timeout), ..patience };
        self.source.replace(old, may_ask, patience).map_err(|error| self.chain.told(self.link, error))
    }

    fn at_hand(&self) -> Option<Token> {
        self.source.at_hand()
    }

    fn is_worth_sharing(&self) -> bool {
        self.source.is_worth_sharing()
    }

    /// That of the link's source, so that whoever names it shares its tokens; another one where another link would be chosen.
    fn identity(&self) -> Identity {
        if self.is_first() { self.source.identity() } else { Identity::of(&[Some(AUTO), Some("not"), Some(self.link.name)]) }
    }

    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.is_first() && self.source.is_current(identity)?)
    }

    fn who(&self) -> String {
        self.source.who()
    }
}

#[cfg(test)]
mod tests;
