//! Somebody who signs in once, in one of several ways. From then on the refresh token that is kept does (RFC 6749, section 6).

mod authorization_code;
mod device_code;
mod renewal;
mod sign_out;

pub use authorization_code::{Begun, has_browser, hold};

use super::Source;
use super::client::Client;
use super::databricks::Workspace;
use crate::config::resolve::{Config, InFiles};
use crate::error::Error;
use crate::log;
use crate::oauth::http::Http;
use crate::oauth::provider::Provider;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use crate::token::store::refresh_tokens::RefreshToken;
use crate::token::{Secret, Token};
use authorization_code::{Place, Redirect};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Somebody who signs in, or has signed in.
pub struct Person {
    config: Arc<Config>,
    provider: Provider,
    client: Client,
    /// The scope of the settings, and leave to get further tokens without asking again.
    scope: String,
    way: Way,
}

/// How somebody is asked to sign in.
enum Way {
    DeviceCode,
    Browser(Redirect),
}

/// As long nobody is told that somebody else asks.
const SILENT_WAIT: Duration = Duration::from_secs(1);

/// What a sign-in brings: a token, and the refresh token for later ones, if the provider gives any.
type SignedIn = (Token, Option<Secret>);

impl Way {
    /// As `TokenSource` writes it.
    fn name(&self) -> &'static str {
        match self {
            Way::DeviceCode => "device-code",
            Way::Browser(_) => "authorization-code",
        }
    }
}

impl Person {
    /// With a code, on whatever machine.
    ///
    /// # Errors
    /// What is missing.
    pub fn by_device_code(config: Arc<Config>) -> Result<Self, Error> {
        let client = Client::of(&config, "device-code")?;
        let provider = device_code::provider(&config, &client)?;
        Ok(Self::of(config, provider, client, None, Way::DeviceCode))
    }

    /// With the browser of this machine; to `workspace`, where the driver is Databricks'.
    ///
    /// # Errors
    /// What is missing.
    pub fn in_browser(config: Arc<Config>, workspace: Option<&Workspace>) -> Result<Self, Error> {
        let client = Client::of(&config, "authorization-code")?;
        let Place { provider, scope, redirect } = authorization_code::place(&config, &client, workspace)?;
        Ok(Self::of(config, provider, client, scope, Way::Browser(redirect)))
    }

    /// `default` is the scope where the settings name none.
    fn of(config: Arc<Config>, provider: Provider, client: Client, default: Option<&str>, way: Way) -> Self {
        let mut scope = config.scope.as_deref().or(default).unwrap_or_default().to_owned();
        if !scope.split(' ').any(|word| word == "offline_access") {
            scope = format!("{scope} offline_access").trim_start().to_owned();
        }
        Self { config, provider, client, scope, way }
    }

    fn http(&self, patience: Patience) -> Http<'_> {
        Http { route: &self.config.route, section: &self.config.section, patience, timeout: self.config.timeout, log: &self.config.log }
    }

    fn kept(&self) -> RefreshToken {
        let host = self.provider.parts().map(Option::unwrap_or_default).join(" ");
        let in_files = self.config.in_files >= InFiles::SignIns;
        RefreshToken::of(&host, self.config.user.as_deref(), &self.client.id, in_files, self.config.log.clone())
    }

    fn get(self: &Arc<Self>, patience: Patience, may_ask: bool) -> Result<Token, Error> {
        let needed = |problem| Error::SignInNeeded { problem, section: self.config.section.clone() };
        // Not after those who sign in just now.
        if !may_ask && !self.is_kept()? {
            return Err(needed(format!("nobody is signed in to {}", self.provider.host())));
        }
        match self.renewed(patience)? {
            Ok(token) => Ok(token),
            Err(problem) if !may_ask => Err(needed(problem)),
            Err(_) => self.ask_in_turn(patience),
        }
    }

    fn is_kept(&self) -> Result<bool, Error> {
        self.kept().is_there().map_err(|problem| Error::SignInUnreadable { problem })
    }

    /// Asks, and keeps what that brings for the next time.
    fn get_anew(&self, patience: Patience) -> Result<Token, Error> {
        let (token, refresh_token) = self.ask(&self.http(patience))?;
        if let Some(refresh_token) = refresh_token {
            self.kept().keep(&refresh_token, patience.deadline);
        }
        Ok(token)
    }

    /// Asks, unless somebody else does: a person with several programs signs in once, for them all.
    fn ask_in_turn(self: &Arc<Self>, patience: Patience) -> Result<Token, Error> {
        let ask = || match self.renewed(patience)? {
            // Whoever had the turn before is signed in now.
            Ok(token) => Ok(token),
            Err(_) => self.get_anew(patience),
        };
        let (asking, deadline) = (self.kept().asking(), patience.deadline);
        if let Some(asked) = asking.in_turn(deadline.min(Instant::now() + SILENT_WAIT), |_| ask()) {
            return asked;
        }
        // Where nobody could see who asks, this says why nothing happens here.
        let (who, user) = (self.provider.host(), self.as_whom());
        log::tell(&format!("Waiting for another program of this user, or another connection, that asks to sign in to {who}{user} just now"));
        asking.in_turn(deadline, |_| ask()).unwrap_or_else(|| Err(self.too_slow()))
    }

    /// Asks the person before this program to sign in, and waits until that is done.
    fn ask(&self, http: &Http<'_>) -> Result<SignedIn, Error> {
        match &self.way {
            Way::DeviceCode => self.ask_by_code(http),
            Way::Browser(redirect) => self.ask_in_browser(http, redirect),
        }
    }

    /// ` as someone`, where it is said who.
    fn as_whom(&self) -> String {
        self.config.user.as_ref().map_or_else(String::new, |user| format!(" as {user}"))
    }

    fn too_slow(&self) -> Error {
        self.late(self.provider.host())
    }

    /// It is a person whom the time was too short for, and no provider.
    fn nobody_came(&self) -> Error {
        self.late(format!("nobody came back from a browser, so {}", self.provider.host()))
    }

    fn late(&self, who: String) -> Error {
        Error::TooSlow { who, seconds: self.config.timeout.as_secs(), section: self.config.section.clone() }
    }
}

impl Source for Arc<Person> {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        self.get(patience, false)
    }

    fn fetch_or_ask(&self, patience: Patience) -> Result<Token, Error> {
        self.get(patience, true)
    }

    fn sign_in_anew(&self, patience: Patience) -> Option<Result<Token, Error>> {
        Some(self.get_anew(patience))
    }

    fn sign_out(&self, patience: Patience) -> Option<Result<bool, Error>> {
        Some(self.forget_and_revoke(patience))
    }

    fn begin_sign_in(&self, redirect_uri: &str, patience: Patience) -> Option<Result<Begun, Error>> {
        matches!(self.way, Way::Browser(_)).then(|| self.begin_on_web(redirect_uri, patience))
    }

    fn finish_sign_in(&self, begun: &Begun, query: &str, patience: Patience) -> Option<Result<Token, Error>> {
        matches!(self.way, Way::Browser(_)).then(|| self.finish_on_web(begun, query, patience))
    }

    fn is_signed_in(&self) -> Option<Result<bool, Error>> {
        Some(self.is_kept())
    }

    fn identity(&self) -> Identity {
        self.client.identity(self.way.name(), &self.provider, self.config.user.as_deref(), Some(&self.scope), &self.config.route)
    }

    fn is_current(&self, _: &Identity) -> Result<bool, Error> {
        self.client.is_current(&self.config)
    }

    fn who(&self) -> String {
        self.provider.host()
    }
}
