//! A token that whoever starts the program puts into its environment: `TokenEnv`.

use super::{Source, printed};
use crate::config::resolve::Config;
use crate::error::Error;
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The variable of one token.
pub struct TokenEnv {
    config: Arc<Config>,
    name: String,
}

impl TokenEnv {
    /// # Errors
    /// `TokenEnv` is missing.
    pub fn of(config: Arc<Config>) -> Result<Self, Error> {
        let name = config.variable.clone().ok_or_else(|| Error::bad(&config.section, "TokenEnv", "is missing, which env needs"))?;
        Ok(Self { config, name })
    }

    fn read(&self) -> Result<Token, Error> {
        let bad = |problem: &str| Error::bad(&self.config.section, "TokenEnv", format!("names a variable that {problem}"));
        let value = std::env::var_os(&self.name).ok_or_else(|| bad("is not set for this process: set it where the application is started"))?;
        // Nobody knows since when it is there.
        printed::token(&Zeroizing::new(value.into_vec()), None).map_err(|problem| bad(&problem))
    }
}

impl Source for TokenEnv {
    fn fetch(&self, _: Patience) -> Result<Token, Error> {
        self.read()
    }

    fn at_hand(&self) -> Option<Token> {
        self.read().ok()
    }

    fn is_worth_sharing(&self) -> bool {
        false
    }

    /// Whatever the variable holds: a program may set it anew, before its token ends.
    fn identity(&self) -> Identity {
        Identity::of(&[Some("env"), Some(&self.name)])
    }

    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.identity() == *identity)
    }

    fn who(&self) -> String {
        "TokenEnv".into()
    }
}
