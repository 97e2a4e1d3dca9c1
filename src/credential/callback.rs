//! A function of the host program's that gives tokens: it registers one under a name (`tokenshim_provider_register`), and
//! `TokenCallback` says which is meant.

pub mod registry;

use super::Source;
use crate::config::resolve::Config;
use crate::error::{Error, quoted};
use crate::signals;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use crate::token::{Secret, Token};
use registry::{Answer, Provider, Question, provider};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// As much stack as threads of the program's own usually have.
const STACK_BYTES: usize = 8 << 20;
/// So many calls of one provider may run at once. One that hangs holds a thread with each of them.
const MOST_CALLS: u32 = 64;

/// A provider, and what it is asked.
pub struct Callback {
    config: Arc<Config>,
    name: String,
    provider: Arc<Provider>,
}

impl Callback {
    /// # Errors
    /// There is no such provider, or no name of one.
    pub fn of(config: Arc<Config>) -> Result<Self, Error> {
        let name =
            config.callback.clone().ok_or_else(|| Error::bad(&config.section, "TokenCallback", "is missing, which TokenSource=callback needs"))?;
        let provider = provider(&name).ok_or_else(|| {
            let problem = format!("is {}, a name under which this program has registered no provider", quoted(&name, &[]));
            Error::bad(&config.section, "TokenCallback", problem)
        })?;
        Ok(Self { config, name, provider })
    }

    /// Asks on a thread of its own: whoever waits goes on at the deadline, whatever the provider does.
    fn ask(&self, patience: Patience, may_ask: bool, old: Option<&Token>) -> Result<Token, Error> {
        let question = Question {
            name: self.name.clone(),
            scope: self.config.scope.clone(),
            tenant: self.config.tenant.clone(),
            client_id: self.config.client_id.clone(),
            user: self.config.user.clone(),
            left: patience.deadline.saturating_duration_since(Instant::now()),
            may_ask,
            instead_of: old.map(|old| old.text.clone()),
        };
        let (provider, (tell, told)) = (Arc::clone(&self.provider), channel());
        let body = move || {
            let answer = catch_unwind(AssertUnwindSafe(|| provider.ask(&question, MOST_CALLS)));
            let _ = tell.send(answer); // nobody may be there any more to hear it
        };
        if signals::spawn(Builder::new().stack_size(STACK_BYTES), body).is_err() {
            return Err(self.unreachable("the system has no room for a thread"));
        }
        match told.recv_timeout(patience.deadline.saturating_duration_since(Instant::now())) {
            Ok(Ok(Some(answer))) => self.token(answer),
            Ok(Ok(None)) => Err(self.unreachable("it was unregistered, or too many calls of it have not come back")),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(Error::Panicked("asking a provider")),
            Err(RecvTimeoutError::Timeout) => {
                Err(Error::TooSlow { who: self.who(), seconds: self.config.timeout.as_secs(), section: self.config.section.clone() })
            }
        }
    }

    fn token(&self, answer: Answer) -> Result<Token, Error> {
        let section = self.config.section.clone();
        match answer {
            Answer::Token { text, life } => Token::new(Secret::new(text), life.filter(|life| *life > Duration::ZERO))
                .map_err(|problem| Error::BadReply { who: self.who(), problem: problem.into(), key: "TokenCallback", section }),
            Answer::Refused(words) => {
                let words = said(&words);
                Err(Error::SignInRefused { who: self.who(), words, advice: "See what the program says of it.", section })
            }
            Answer::Unreachable(words) => Err(self.unreachable(&said(&words))),
            Answer::Nothing(problem) => Err(Error::BadReply { who: self.who(), problem: problem.into(), key: "TokenCallback", section }),
        }
    }

    fn unreachable(&self, words: &str) -> Error {
        Error::ProviderUnreachable {
            who: self.who(),
            words: words.to_owned(),
            advice: "See what the program says of it.",
            section: self.config.section.clone(),
            again_after: None,
        }
    }
}

fn said(words: &str) -> String {
    if words.trim().is_empty() { "it did not say why".into() } else { quoted(words, &[]) }
}

impl Source for Callback {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        self.ask(patience, false, None)
    }

    fn fetch_or_ask(&self, patience: Patience) -> Result<Token, Error> {
        self.ask(patience, true, None)
    }

    fn replace(&self, old: &Token, may_ask: bool, patience: Patience) -> Result<Token, Error> {
        self.ask(patience, may_ask, Some(old))
    }

    /// Another program may have a provider of this name.
    fn is_worth_sharing(&self) -> bool {
        false
    }

    fn identity(&self) -> Identity {
        let Config { scope, tenant, client_id, user, .. } = &*self.config;
        Identity::of(&[
            Some("callback"),
            Some(&self.name),
            Some(&self.provider.number.to_string()),
            scope.as_deref(),
            tenant.as_deref(),
            client_id.as_deref(),
            user.as_deref(),
        ])
    }

    fn is_current(&self, _: &Identity) -> Result<bool, Error> {
        Ok(provider(&self.name).is_some_and(|provider| Arc::ptr_eq(&provider, &self.provider)))
    }

    fn who(&self) -> String {
        format!("the program's provider {}", quoted(&self.name, &[]))
    }
}

#[cfg(test)]
mod tests;
