//! A token for a sign-in that is kept (RFC 6749, section 6).
//!
//! A refresh token may be used up by being shown, and the one for the next time is in the reply: who hangs up meanwhile loses the
//! sign-in. So an exchange is on a thread of its own, which hears it to its end. Whoever waits for the token waits as long as he
//! has time.

use super::Person;
use crate::credential::under_way::{self, Exchange};
use crate::error::Error;
use crate::oauth::http::Http;
use crate::oauth::token_reply;
use crate::signals;
use crate::token::Token;
use crate::token::patience::{Patience, Tries};
use crate::token::store::refresh_tokens::Kept;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::Builder;
use std::time::{Duration, Instant};

/// An exchange has at least as long, whoever waits for it.
const EXCHANGE_MIN: Duration = Duration::from_secs(30);
/// This process's own refresh token, and the file's.
const PLACES: usize = 2;

/// A token; `Err` with the reason where there is no sign-in any more.
type Renewed = Result<Token, String>;

impl Person {
    /// A token for the sign-in that is kept, once nobody else uses it.
    pub(super) fn renewed(self: &Arc<Self>, patience: Patience) -> Result<Renewed, Error> {
        if under_way::is_ending() {
            return Err(self.is_ending()); // the turn may never come any more
        }
        let (of, (tell, told)) = (Arc::clone(self), channel());
        let body = move || {
            // Nobody may be there any more to hear it.
            let _ = tell.send(catch_unwind(AssertUnwindSafe(|| of.in_turn(patience, EXCHANGE_MIN))));
        };
        if signals::spawn(Builder::new(), body).is_err() {
            return self.in_turn(patience, Duration::ZERO);
        }
        match told.recv_timeout(patience.deadline.saturating_duration_since(Instant::now())) {
            Ok(result) => result.unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => Err(self.too_slow()),
        }
    }

    fn in_turn(&self, patience: Patience, at_least: Duration) -> Result<Renewed, Error> {
        let http = self.http(patience);
        let mut exchange = None; // is over when the turn is
        let renewed = self.kept().in_turn(patience.deadline, |kept| self.renew(&http, kept, at_least, &mut exchange));
        renewed.ok_or_else(|| self.too_slow())?
    }

    fn renew(&self, http: &Http<'_>, kept: &Kept<'_>, at_least: Duration, exchange: &mut Option<Exchange>) -> Result<Renewed, Error> {
        let who = self.provider.host();
        let (mut refused, mut problem) = (None, format!("nobody is signed in to {who}"));
        for _ in 0..PLACES {
            let Some(old) = kept.token().map_err(|problem| Error::SignInUnreadable { problem })? else { break };
            if refused.as_ref() == Some(&old) {
                break;
            }
            let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", old.expose())];
            if self.config.scope.is_some() {
                fields.push(("scope", &self.scope)); // one sign-in serves several; without one it is what was granted
            }
            let (endpoint, now) = (self.provider.token_endpoint(http)?, Instant::now());
            if http.patience.deadline <= now {
                return Err(self.too_slow());
            }
            if exchange.is_none() {
                *exchange = Some(under_way::begin().ok_or_else(|| self.is_ending())?);
            }
            let once = self.http(Patience { tries: Tries::One, deadline: http.patience.deadline.max(now + at_least) });
            let reply = self.client.post(&once, &endpoint, &[], &fields)?;
            // Where none came, the old one stays good. Whatever else is in the reply may be of no use.
            if let Some(new) = token_reply::refresh_token(&reply).filter(|_| (200..300).contains(&reply.status)) {
                kept.replace(&old, &new);
            }
            match self.client.token(&reply, &[&old], &self.config.section) {
                Err(Error::SignInRefused { words, .. })
                    if matches!(token_reply::error(&reply).as_deref(), Some("invalid_grant" | "interaction_required")) =>
                {
                    kept.forget(&old);
                    problem = format!("{who} no longer accepts the sign-in that was kept: {words}");
                    refused = Some(old);
                }
                result => return result.map(Ok),
            }
        }
        Ok(Err(problem))
    }

    fn is_ending(&self) -> Error {
        Error::ProviderUnreachable {
            who: self.provider.host(),
            words: "the program is ending".into(),
            advice: "Connect before it calls exit.",
            section: self.config.section.clone(),
            again_after: None,
        }
    }
}
