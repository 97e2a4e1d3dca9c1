//! OAuth 2 device authorization (RFC 8628): somebody signs in with a browser that may be on another machine, once. From then on
//! the refresh token that is kept does (RFC 6749, section 6).

mod code;
mod renewal;

use super::Source;
use super::client::Client;
use crate::config::resolve::{Config, InFiles};
use crate::error::Error;
use crate::log;
use crate::oauth::http::{Http, Reply};
use crate::oauth::provider::Provider;
use crate::oauth::token_reply;
use crate::token::identity::Identity;
use crate::token::patience::{Patience, Tries};
use crate::token::store::refresh_tokens::RefreshToken;
use crate::token::{Secret, Token};
use code::Code;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How much longer after a `slow_down` (section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// Somebody who signs in, or has signed in.
pub struct DeviceCode {
    config: Arc<Config>,
    provider: Provider,
    client: Client,
    /// The scope of the settings, and leave to get further tokens without asking again.
    scope: String,
}

impl DeviceCode {
    /// # Errors
    /// What is missing.
    pub fn of(config: Arc<Config>) -> Result<Self, Error> {
        let client = Client::of(&config, "device-code")?;
        let missing = |key, problem| Error::bad(&config.section, key, problem);
        let provider = Provider::of_tenant(&config)?
            .ok_or_else(|| missing("TokenDiscovery", "is missing, which device-code needs (or TokenTenant, where Entra is the provider)"))?;
        if client.secret.is_some() && config.endpoint.is_none() && config.discovery.is_none() {
            // A tenant may stand in a connection string, and a secret goes only where an administrator says.
            return Err(missing("TokenEndpoint", "is missing, which device-code needs with a client that has a secret"));
        }
        if !provider.has_device_endpoint() {
            return Err(missing("TokenDiscovery", "is missing, which device-code needs with a TokenEndpoint other than Entra's"));
        }
        let mut scope = config.scope.clone().unwrap_or_default();
        if !scope.split(' ').any(|word| word == "offline_access") {
            scope = format!("{scope} offline_access").trim_start().to_owned();
        }
        Ok(Self { provider, client, scope, config })
    }

    fn http(&self, patience: Patience) -> Http<'_> {
        Http { route: &self.config.route, section: &self.config.section, patience, timeout: self.config.timeout }
    }

    fn kept(&self) -> RefreshToken {
        let host = self.provider.parts().map(Option::unwrap_or_default).join(" ");
        let in_files = self.config.in_files >= InFiles::SignIns;
        RefreshToken::of(&host, self.config.user.as_deref(), &self.client.id, in_files, self.config.log.clone())
    }

    fn get(self: &Arc<Self>, patience: Patience, may_ask: bool) -> Result<Token, Error> {
        let deadline = patience.deadline;
        let kept = self.kept();
        let needed = |problem| Error::SignInNeeded { problem };
        // Not after those who sign in just now.
        if !may_ask && !kept.is_there().map_err(|problem| Error::SignInUnreadable { problem })? {
            return Err(needed(format!("nobody is signed in to {}", self.provider.host())));
        }
        match self.renewed(patience)? {
            Ok(token) => Ok(token),
            Err(problem) if !may_ask => Err(needed(problem)),
            Err(_) => {
                let http = self.http(patience);
                let (token, refresh_token) = self.ask(&http)?;
                if let Some(refresh_token) = refresh_token {
                    kept.keep(&refresh_token, deadline);
                }
                Ok(token)
            }
        }
    }

    /// Asks the person before this program to sign in, and waits until that is done.
    fn ask(&self, http: &Http<'_>) -> Result<(Token, Option<Secret>), Error> {
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
        let user = self.config.user.as_ref().map_or_else(String::new, |user| format!(" as {user}"));
        log::tell(&format!("To sign in to {}{user}, open {} and enter the code {}", self.provider.host(), code.place, code.user_code));
        let fields = [("grant_type", GRANT), ("device_code", code.device_code.expose())];
        let once = self.http(Patience { tries: Tries::One, ..http.patience });
        let (mut interval, mut unheard) = (code.interval, None);
        loop {
            if http.patience.deadline.saturating_duration_since(Instant::now()) <= interval {
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

    fn answer(&self, reply: &Reply, device_code: &Secret) -> Result<(Token, Option<Secret>), Error> {
        match (self.client.token(reply, &[device_code], &self.config.section), token_reply::error(reply).as_deref()) {
            (Ok(token), _) => Ok((token, token_reply::refresh_token(reply))),
            (Err(Error::SignInRefused { who, words, section, .. }), Some("expired_token" | "access_denied")) => {
                Err(Error::SignInRefused { who, words, advice: "Connect again for a new code, and then allow the sign-in.", section })
            }
            (Err(error), _) => Err(error),
        }
    }

    fn too_slow(&self) -> Error {
        Error::TooSlow { who: self.provider.host(), seconds: self.config.timeout.as_secs(), section: self.config.section.clone() }
    }
}

impl Source for Arc<DeviceCode> {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        self.get(patience, false)
    }

    fn fetch_or_ask(&self, patience: Patience) -> Result<Token, Error> {
        self.get(patience, true)
    }

    fn identity(&self) -> Identity {
        self.client.identity("device-code", &self.provider, self.config.user.as_deref(), Some(&self.scope), &self.config.route)
    }

    fn is_current(&self, _: &Identity) -> Result<bool, Error> {
        self.client.is_current(&self.config)
    }

    fn who(&self) -> String {
        self.provider.host()
    }
}
