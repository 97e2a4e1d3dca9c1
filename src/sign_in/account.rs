//! Whose token a data source gets, apart from any connect: who is asked, whether somebody is signed in, and signing in and out.

use super::{Application, Renewer, prepare};
use crate::config::resolve::{Config, InFiles};
use crate::config::settings::Settings;
use crate::error::Error;
use crate::token::Token;
use crate::token::patience::{Patience, Tries};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long it may take to tell a provider that a sign-in is over.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// The source behind one data source's settings.
pub struct Account {
    renewer: Arc<Renewer>,
    profile: &'static str,
}

impl Account {
    /// `Ok(None)` where the settings ask for no token.
    ///
    /// # Errors
    /// As of a connect, before anybody is asked.
    pub fn of(settings: &Settings, real_driver: &str) -> Result<Option<Self>, Error> {
        let prepared = prepare(settings, real_driver, &Application::default())?;
        Ok(prepared.map(|prepared| Self { profile: prepared.delivery.profile.name, renewer: prepared.renewer }))
    }

    /// What was resolved.
    pub fn config(&self) -> &Config {
        &self.renewer.config
    }

    /// The word of `TokenProfile` that counts.
    pub fn profile(&self) -> &'static str {
        self.profile
    }

    /// The workspace, where the driver is Databricks'.
    pub fn host(&self) -> Option<&str> {
        self.renewer.workspace.as_ref()?.host.as_ref().ok()?.as_deref()
    }

    /// Who is asked, in a message's words.
    pub fn who(&self) -> String {
        self.renewer.who()
    }

    /// The token that is kept for all processes of this user.
    pub fn kept(&self) -> Option<Token> {
        self.renewer.in_file()
    }

    /// How long getting a token may take.
    pub fn timeout(&self) -> Duration {
        self.renewer.timeout
    }

    /// Whether a sign-in is kept from one program to the next.
    pub fn keeps_sign_ins(&self) -> bool {
        self.renewer.config.in_files >= InFiles::SignIns
    }

    /// Whether somebody's sign-in is kept; `None` where nobody signs in with this source.
    pub fn is_signed_in(&self) -> Option<Result<bool, Error>> {
        self.renewer.is_signed_in()
    }

    /// Asks somebody to sign in, whoever is signed in already; `None` as above.
    pub fn sign_in(&self) -> Option<Result<Token, Error>> {
        self.renewer.sign_in_anew(Instant::now() + self.timeout())
    }

    /// Forgets the sign-in that is kept, and the token: whether there was a sign-in; `None` as above. No longer is the provider waited for
    /// than for any answer, where nobody signs in.
    pub fn sign_out(&self) -> Option<Result<bool, Error>> {
        let deadline = Instant::now() + self.timeout().min(ANSWER_WAIT);
        self.renewer.sign_out(Patience { deadline, tries: Tries::One })
    }
}
