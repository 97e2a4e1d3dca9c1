//! Who gives the token: one small file a source, one trait.

mod assertion;
mod auto;
mod az;
pub mod callback;
mod child;
mod client;
mod client_credentials;
mod client_secret;
mod command;
pub mod databricks;
mod databricks_cli;
mod machine;
mod managed_identity;
mod moment;
mod person;
pub mod printed;
mod program;
mod token_env;
mod token_file;
mod tool;
mod under_way;
mod workload_identity;

pub use person::Begun;
pub use under_way::end_of_process;

use crate::config::resolve::Config;
use crate::config::sources;
use crate::error::Error;
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::any::Any;
use std::sync::Arc;

/// Lets no other thread at what the sources know until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new((client_secret::hold(), token_file::hold(), auto::hold(), under_way::hold(), person::hold(), callback::registry::hold()))
}

/// Somebody who can give a token for one configuration.
pub trait Source: Send + Sync {
    /// A token of its own, as patiently as it is asked to, without asking a person.
    ///
    /// # Errors
    /// Who refused or did not answer, and what to change.
    fn fetch(&self, patience: Patience) -> Result<Token, Error>;

    /// The same where the person before this program may be asked to sign in.
    ///
    /// # Errors
    /// As above.
    fn fetch_or_ask(&self, patience: Patience) -> Result<Token, Error> {
        self.fetch(patience)
    }

    /// Asks somebody to sign in, whoever is signed in already. `None` where nobody signs in with it.
    fn sign_in_anew(&self, patience: Patience) -> Option<Result<Token, Error>> {
        let _ = patience;
        None
    }

    /// Forgets the sign-in that is kept, if one is; where its provider tells how, it is over for that as well. `None` as above.
    fn sign_out(&self, patience: Patience) -> Option<Result<bool, Error>> {
        let _ = patience;
        None
    }

    /// Begins a sign-in in a browser that is anywhere, and comes back to `redirect_uri`. `None` where nobody signs in so with this source.
    fn begin_sign_in(&self, redirect_uri: &str, patience: Patience) -> Option<Result<Begun, Error>> {
        let _ = (redirect_uri, patience);
        None
    }

    /// Finishes it with the `query` that came back, whose state was looked at. `None` as above.
    fn finish_sign_in(&self, begun: &Begun, query: &str, patience: Patience) -> Option<Result<Token, Error>> {
        let _ = (begun, query, patience);
        None
    }

    /// Whether a sign-in is kept. `None` as above.
    fn is_signed_in(&self) -> Option<Result<bool, Error>> {
        None
    }

    /// Another one in the place of `old`, which a server refused, or which is old.
    ///
    /// # Errors
    /// As above.
    fn replace(&self, old: &Token, may_ask: bool, patience: Patience) -> Result<Token, Error> {
        let _ = old;
        if may_ask { self.fetch_or_ask(patience) } else { self.fetch(patience) }
    }

    /// The token that it would give now, of one that asks nobody: where another is kept, that serves no more.
    fn at_hand(&self) -> Option<Token> {
        None
    }

    /// Whether `TokenCache=file` is for its tokens, which it costs something to get.
    fn is_worth_sharing(&self) -> bool {
        true
    }

    /// Everything on which it depends whose token that is.
    fn identity(&self) -> Identity;

    /// Whether a source made just now of the same configuration would be the same; `identity` is the one of this source. One
    /// that does not know is made anew for each connect.
    ///
    /// # Errors
    /// None could be made now.
    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        let _ = identity;
        Ok(false)
    }

    /// Who is asked, in a message's words.
    fn who(&self) -> String;
}

/// The source that `config` names. `workspace` is Databricks', where the driver is.
///
/// # Errors
/// An unknown source, or one that lacks a setting. What a setting means that is part of the identity may be looked at only
/// where a token is fetched: one that is malformed has never brought a token.
pub fn source_for(config: Arc<Config>, workspace: Option<&databricks::Workspace>) -> Result<Box<dyn Source>, Error> {
    let asks_somebody = sources::find(&config.source).is_some_and(|source| source.asks_somebody) && !auto::is_chain(&config.source);
    let config = if asks_somebody { config.for_people() } else { config };
    match config.source.to_ascii_lowercase().as_str() {
        "client-credentials" => Ok(Box::new(client_credentials::ClientCredentials::of(config, workspace)?)),
        "azure-cli" => Ok(Box::new(az::AzureCli::of(config)?)),
        "authorization-code" => Ok(Box::new(Arc::new(person::Person::in_browser(config, workspace)?))),
        "databricks-cli" => Ok(Box::new(databricks_cli::DatabricksCli::of(config, workspace)?)),
        "device-code" => Ok(Box::new(Arc::new(person::Person::by_device_code(config)?))),
        "command" => Ok(Box::new(command::TokenCommand::of(config)?)),
        "file" => Ok(Box::new(token_file::TokenFile::of(config)?)),
        "env" => Ok(Box::new(token_env::TokenEnv::of(config)?)),
        "managed-identity" => managed_identity::of(config, workspace),
        "workload-identity" => Ok(Box::new(workload_identity::WorkloadIdentity::of(config, workspace)?)),
        "callback" => Ok(Box::new(callback::Callback::of(config)?)),
        source if auto::is_chain(source) => auto::of(config, workspace),
        _ => Err(Error::bad(
            &config.section,
            "TokenSource",
            format!("is not one that this version of tokenshim knows: use one of {}", sources::names()),
        )),
    }
}
