//! Signing in people on the pages of an application: apart from any connect, but for those that come later.

use super::{Application, Prepared, SignIn, prepare_with};
use crate::config::resolve::{Config, SecretPlace};
use crate::config::settings::Settings;
use crate::credential::Begun;
use crate::delivery::edits::edits;
use crate::error::Error;
use crate::token::Secret;
use crate::token::cache::cache;
use crate::token::patience::{Patience, Tries};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the application says in place of the settings. It is the code of this process, which may.
#[derive(Clone, Default)]
pub struct Overrides {
    /// In place of `TokenDiscovery` and `TokenEndpoint`.
    pub discovery: Option<String>,
    /// In place of `TokenClientId`; then a secret of the settings is not this client's.
    pub client_id: Option<String>,
    /// In place of the client's secret.
    pub client_secret: Option<Secret>,
    /// In place of `TokenScope`.
    pub scope: Option<String>,
}

impl Overrides {
    fn put_into(self, config: &mut Config) {
        if self.discovery.is_some() {
            (config.discovery, config.endpoint) = (self.discovery, None);
        }
        if self.client_id.is_some() {
            (config.client_id, config.client_secret, config.certificate) = (self.client_id, None, None);
        }
        if let Some(secret) = self.client_secret {
            (config.client_secret, config.secret_by_string, config.certificate) = (Some(SecretPlace::Value(secret)), false, None);
        }
        config.scope = self.scope.or(config.scope.take());
    }
}

/// Somebody's sign-in at the provider of one data source.
pub struct WebSignIn {
    settings: Settings,
    prepared: Prepared,
    deadline: Instant,
}

impl WebSignIn {
    /// `Ok(None)` where the settings ask for no token. All of it together takes no longer than `timeout`.
    ///
    /// # Errors
    /// As of a connect, before anybody is asked.
    pub fn of(settings: Settings, real_driver: &str, overrides: Overrides, timeout: Duration) -> Result<Option<Self>, Error> {
        let adjust = |config: &mut Config| {
            config.timeout = timeout;
            overrides.put_into(config);
        };
        let prepared = prepare_with(&settings, real_driver, &Application::default(), adjust)?;
        Ok(prepared.map(|prepared| Self { settings, prepared, deadline: Instant::now() + timeout }))
    }

    /// A name for who signs in where, as which client, for what.
    pub fn name(&self) -> String {
        self.prepared.renewer.identity.name()
    }

    /// Where an administrator should look, in a message's words.
    pub fn section(&self) -> &str {
        &self.prepared.renewer.config.section
    }

    /// Begins; the browser comes back to `redirect_uri`.
    ///
    /// # Errors
    /// The provider cannot be asked where it is, `TokenSource` is one by which nobody signs in with a browser, or nobody is named: all users of
    /// the application would be one.
    pub fn begin(&self, redirect_uri: &str) -> Result<Begun, Error> {
        let config = &self.prepared.renewer.config;
        if config.user.is_none() {
            return Err(Error::bad(&config.section, "TokenUser", "is missing: say in it, or as user of the options, whose sign-in this is"));
        }
        self.prepared.renewer.source.begin_sign_in(redirect_uri, self.patience()).unwrap_or_else(|| Err(self.of_no_use()))
    }

    /// Finishes, with the `query` that came back: from now on connects have this token, and those that follow it.
    ///
    /// # Errors
    /// What the provider said.
    pub fn finish(self, begun: &Begun, query: &str) -> Result<SignIn, Error> {
        let renewer = &self.prepared.renewer;
        let token = renewer.source.finish_sign_in(begun, query, self.patience()).unwrap_or_else(|| Err(self.of_no_use()))?;
        renewer.forget_kept();
        cache().keep(&renewer.identity, &token);
        let edits = edits(&self.prepared.delivery, &self.settings, &token);
        let (section, renewer) = (renewer.config.section.clone(), Arc::clone(renewer));
        Ok(SignIn { token, edits, section, was_kept: false, by: self.prepared.by, renewer, live: self.prepared.live })
    }

    /// Forgets the sign-in and its tokens, here and, where it tells how, at the provider: whether there was one.
    ///
    /// # Errors
    /// It cannot be got at.
    pub fn sign_out(&self) -> Result<bool, Error> {
        self.prepared.renewer.sign_out(self.patience()).unwrap_or_else(|| Err(self.of_no_use()))
    }

    fn patience(&self) -> Patience {
        Patience { deadline: self.deadline, tries: Tries::Many }
    }

    fn of_no_use(&self) -> Error {
        let section = &self.prepared.renewer.config.section;
        Error::bad(section, "TokenSource", "must be authorization-code for people to sign in on an application's pages")
    }
}
