//! Where the tokens of one identity come from, the first as well as the next.

use crate::config::keys::KEYS;
use crate::config::resolve::{Config, InFiles};
use crate::config::settings::Settings;
use crate::credential::{self, Source, databricks};
use crate::error::Error;
use crate::log::{Event, Log};
use crate::token::Token;
use crate::token::cache::{Ask, Got, Want, cache};
use crate::token::identity::Identity;
use crate::token::life::Renewal;
use crate::token::patience::{Patience, Tries};
use crate::token::store::{Others, Shared};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who waits for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Nobody: the old one is still good, and a provider that is busy is left alone.
    Nobody,
    /// A call of the program's.
    Program,
    /// A call, and a person who may be asked to sign in.
    Person,
}

/// Gets tokens for one identity.
pub struct Renewer {
    pub(super) source: Box<dyn Source>,
    pub(super) identity: Identity,
    pub(super) config: Arc<Config>,
    pub(super) workspace: Option<databricks::Workspace>,
    /// How long getting one may take where nobody waits for it.
    pub timeout: Duration,
}

impl Renewer {
    pub(super) fn of(config: Config, workspace: Option<databricks::Workspace>) -> Result<Self, Error> {
        let timeout = config.timeout;
        let config = Arc::new(config);
        let source = credential::source_for(Arc::clone(&config), workspace.as_ref())?;
        Ok(Self { identity: source.identity(), source, config, workspace, timeout })
    }

    /// The same, for a connect of an application that waits no longer than this.
    pub(super) fn within(&self, login_timeout: Duration) -> Result<Self, Error> {
        let config = Config { timeout: login_timeout, ..Config::clone(&self.config) };
        Ok(Self { timeout: self.timeout, ..Self::of(config, self.workspace.clone())? })
    }

    /// Whether it would be made the same way now.
    pub(super) fn is_current(&self) -> Result<bool, Error> {
        self.source.is_current(&self.identity)
    }

    /// A token by `deadline`, but not `refused`.
    ///
    /// # Errors
    /// As its source.
    pub fn get(self: &Arc<Self>, deadline: Instant, refused: Option<&Token>, waits: Waits) -> Result<Got, Error> {
        let (is_renewal, may_ask) = (waits == Waits::Nobody, waits == Waits::Person);
        let config = &self.config;
        let late = || Error::TooSlow { who: self.source.who(), seconds: config.timeout.as_secs(), section: config.section.clone() };
        // What a file holds now is used now, whatever it held a moment ago.
        let replaced = self.source.at_hand().and_then(|now| self.kept(&now));
        let refused = replaced.as_ref().or(refused);
        let want = Want { identity: &self.identity, renewal: config.renewal, deadline, renewal_timeout: self.timeout, refused, is_renewal, may_ask };
        let this = Arc::clone(self);
        let fetch = move |ask: Ask| {
            let fetch = |others| {
                let may_ask = may_ask && !ask.is_renewal && others == Others::Idle;
                match &ask.instead_of {
                    Some(old) => this.source.replace(old, may_ask, ask.patience()),
                    None if may_ask => this.source.fetch_or_ask(ask.patience()),
                    None => this.source.fetch(ask.patience()),
                }
            };
            let begun = Instant::now();
            let result = match this.config.in_files {
                InFiles::Tokens if this.source.is_worth_sharing() => this.shared().get(&ask, fetch),
                _ => fetch(Others::Idle).map(Got::new),
            };
            this.tell(&result, begun, ask.is_renewal);
            result
        };
        // Another connect may have asked, whose settings stand elsewhere.
        cache().get(&want, late, fetch).map_err(|error| error.told_in(&config.section))
    }

    /// What came of a fetch. That one failed for which a connect waits is told with the connect.
    fn tell(&self, result: &Result<Got, Error>, begun: Instant, is_renewal: bool) {
        let Config { log, source, .. } = &*self.config;
        match result {
            Ok(Got { token, was_kept }) => log.say(Event::Fetched, |line| {
                let from = if *was_kept { "file" } else { "provider" };
                line.text("from", from).text("source", source).flag("renewal", is_renewal).milliseconds("milliseconds", begun.elapsed());
                line.end(token.left());
            }),
            Err(error) if is_renewal => log.say(Event::RenewalFailed, |line| {
                line.text("source", source).milliseconds("milliseconds", begun.elapsed()).text("words", error);
            }),
            Err(_) => {}
        }
    }

    /// What was read, and what was chosen by it. Values are not told: many a key may hold a secret.
    pub(super) fn tell_where_from(&self, settings: &Settings, profile: &str, real_driver: &str) {
        let log = self.log();
        log.say(Event::Settings, |line| {
            let set = KEYS.iter().filter_map(|key| Some((key.name, settings.get(key.name)?.origin)));
            line.list("sections", settings.sections().into_iter().flatten().map(|section| format!("[{}]", section.name)));
            line.list("keys", set.map(|(name, origin)| format!("{name} ({origin})")));
        });
        log.say(Event::Source, |line| {
            line.text("source", &self.config.source).text("who", self.source.who()).text("profile", profile);
            line.text("driver", real_driver).text("place", &self.config.section);
        });
    }

    /// It hears of what is done for this identity.
    pub fn log(&self) -> &Log {
        &self.config.log
    }

    /// A token that is kept in memory, but not that one.
    pub fn kept(&self, but: &Token) -> Option<Token> {
        cache().kept(&self.identity, but)
    }

    /// Asks somebody to sign in, whoever is signed in already: `None` where nobody signs in with this source.
    pub(super) fn sign_in_anew(&self, deadline: Instant) -> Option<Result<Token, Error>> {
        let token = self.source.sign_in_anew(Patience { deadline, tries: Tries::Many })?;
        if token.is_ok() {
            self.forget_kept();
        }
        Some(token)
    }

    /// Forgets the sign-in and the token that are kept: whether there was a sign-in; `None` as above.
    pub(super) fn sign_out(&self, patience: Patience) -> Option<Result<bool, Error>> {
        let gone = self.source.sign_out(patience)?;
        self.forget_kept();
        cache().forget_any(&self.identity);
        Some(gone)
    }

    /// Whether a sign-in is kept; `None` as above.
    pub(super) fn is_signed_in(&self) -> Option<Result<bool, Error>> {
        self.source.is_signed_in()
    }

    /// Who is asked, in a message's words.
    pub fn who(&self) -> String {
        self.source.who()
    }

    pub(super) fn forget_kept(&self) {
        if let Some(token) = self.in_file() {
            self.forget(&token);
        }
    }

    /// The token that all processes of this user share.
    pub(super) fn in_file(&self) -> Option<Token> {
        let is_shared = self.config.in_files == InFiles::Tokens && self.source.is_worth_sharing();
        is_shared.then(|| self.shared().kept()).flatten()
    }

    /// Drops this token, if it is the one that is kept, in memory and in files: whoever asks next gets another.
    pub fn forget(&self, token: &Token) {
        cache().forget(&self.identity, token);
        if self.config.in_files == InFiles::Tokens && self.source.is_worth_sharing() {
            self.shared().forget(token);
        }
    }

    fn shared(&self) -> Shared {
        Shared::of(&self.identity, self.config.renewal, self.config.log.clone())
    }

    /// `TokenRenewal`.
    pub fn renewal(&self) -> Renewal {
        self.config.renewal
    }

    /// Whether the source still speaks for the same identity: a tool may have been signed in anew, as somebody else.
    pub fn is_the_same(&self) -> bool {
        self.source.identity() == self.identity
    }
}
