//! OAuth 2 device authorization (RFC 8628): somebody signs in with a browser that may be on another machine.

mod code;

use super::{Person, SignedIn};
use crate::config::resolve::Config;
use crate::credential::client::Client;
use crate::error::Error;
use crate::log::{self, Event};
use crate::oauth::http::{Http, Reply};
use crate::oauth::provider::Provider;
use crate::oauth::token_reply;
use crate::token::Secret;
use crate::token::patience::{Patience, Tries};
use code::Code;
use std::thread;
use std::time::{Duration, Instant};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How much longer after a `slow_down` (section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
const AGAIN: &str = "Connect again for a new code, and then allow the sign-in.";

/// Who gives out the codes.
///
/// # Errors
/// What is missing.
pub fn provider(config: &Config, client: &Client) -> Result<Provider, Error> {
    let missing = |key, problem| Error::bad(&config.section, key, problem);
    let provider = Provider::of_tenant(config)?
        .ok_or_else(|| missing("TokenDiscovery", "is missing, which device-code needs (or TokenTenant, where Entra is the provider)"))?;
    if config.endpoint.is_none() && config.discovery.is_none() {
        client.check_tenant(config)?;
    }
    if !provider.tells_all() {
        return Err(missing("TokenDiscovery", "is missing, which device-code needs with a TokenEndpoint other than Entra's"));
    }
    Ok(provider)
}

impl Person {
    /// Shows a code, and waits until somebody has typed it.
    pub(super) fn ask_by_code(&self, http: &Http<'_>) -> Result<SignedIn, Error> {
        let (token_endpoint, device_endpoint) = (self.provider.token_endpoint(http)?, self.provider.device_endpoint(http)?);
        let reply = self.client.post(http, &device_endpoint, &[], &[("scope", &self.scope)])?;
        if !(200..300).contains(&reply.status) {
            return Err(self.client.token(&reply, &[], &self.config.section).err().unwrap_or_else(|| self.too_slow()));
        }
        let code = Code::read(&reply).map_err(|problem| Error::BadReply {
            who: reply.host.clone(),
            problem,
            key: "TokenEndpoint",
            section: self.config.section.clone(),
        })?;
        let left = || http.patience.deadline.saturating_duration_since(Instant::now());
        if left() <= code.interval {
            return Err(self.too_slow()); // nobody should type a code after which there is no time to ask
        }
        let over = code.life.and_then(|life| Instant::now().checked_add(life));
        let (who, user) = (self.provider.host(), self.as_whom());
        self.config.log.say(Event::Asked, |line| _ = line.text("who", &who));
        log::tell(&format!("To sign in to {who}{user}, open {} and enter the code {}", code.place, code.user_code));
        let fields = [("grant_type", GRANT), ("device_code", code.device_code.expose())];
        let once = self.http(Patience { tries: Tries::One, ..http.patience });
        let (mut interval, mut unheard) = (code.interval, None);
        loop {
            if over.is_some_and(|over| over <= Instant::now()) {
                return Err(unheard.unwrap_or_else(|| self.code_is_over(code.life)));
            }
            if left() <= interval {
                return Err(unheard.unwrap_or_else(|| self.too_slow()));
            }
            thread::sleep(interval);
            let reply = self.client.post(&once, &token_endpoint, &[], &fields);
            unheard = None;
            match reply.as_ref().ok().and_then(token_reply::error).as_deref() {
                Some("authorization_pending") => continue,
                Some("slow_down") => {
                    interval += SLOWER;
                    continue;
                }
                _ => {}
            }
            match reply.and_then(|reply| self.answer(&reply, &code.device_code)) {
                // Section 3.5: then less often.
                Err(error @ Error::ProviderUnreachable { .. }) => (interval, unheard) = (interval * 2, Some(error)),
                done => return done,
            }
        }
    }

    fn answer(&self, reply: &Reply, device_code: &Secret) -> Result<SignedIn, Error> {
        match (self.client.token(reply, &[device_code], &self.config.section), token_reply::error(reply).as_deref()) {
            (Ok(token), _) => Ok((token, token_reply::refresh_token(reply))),
            (Err(Error::SignInRefused { who, words, section, .. }), Some("expired_token" | "access_denied")) => {
                Err(Error::SignInRefused { who, words, advice: AGAIN, section })
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Nobody has signed in as long as the code was good (section 3.2, `expires_in`).
    fn code_is_over(&self, life: Option<Duration>) -> Error {
        let words = format!("the code was good for {} s, in which nobody signed in", life.unwrap_or_default().as_secs());
        Error::SignInRefused { who: self.provider.host(), words, advice: AGAIN, section: self.config.section.clone() }
    }
}
