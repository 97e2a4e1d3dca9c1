//! The data source that somebody names on the command line.

use super::arguments::Source;
use super::failure::Failure;
use super::registry;
use std::time::SystemTime;
use tokenshim::capi::data_source::DataSource;
use tokenshim::capi::status::Problem;
use tokenshim::config::connection_string::ConnectionString;
use tokenshim::config::ini::Registry;
use tokenshim::config::keys::is_secret;
use tokenshim::config::text::{Text, Width};
use tokenshim::log::utc;
use tokenshim::sign_in::Account;
use tokenshim::token::Token;

/// Its words: `DSN=name`, or a connection string as it is.
pub fn string(name: &str) -> Result<ConnectionString, Failure> {
    if !name.contains('=') {
        let mut string = ConnectionString::empty(Width::One);
        string.set("DSN", name, false);
        return Ok(string);
    }
    let string = ConnectionString::parse(&Text::encode(name, Width::One));
    match string.pairs().iter().find(|pair| is_secret(&pair.keyword) && !pair.value.is_empty()) {
        Some(pair) => Err(Failure::new(format!(
            "{} is a secret, and others may read command lines: leave it out here, or set it in the data source.",
            pair.keyword
        ))),
        None => Ok(string),
    }
}

/// What is set for it, and which driver a connect would reach.
pub fn read(name: &str, registry: &Registry) -> Result<DataSource, Failure> {
    Ok(DataSource::read(string(name)?, registry)?)
}

/// Whose token it gets.
pub fn account(source: &Source) -> Result<(DataSource, Account), Failure> {
    let data_source = read(&source.name, &registry(source.manager.driver_manager))?;
    let account = Account::of(&data_source.settings, &data_source.real_driver)?.ok_or_else(|| data_source.no_token())?;
    Ok((data_source, account))
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let words = problem.message.trim_start_matches("[tokenshim] ");
        if problem.sqlstate == "IM002" { Failure::not_there(words) } else { Failure::new(words) }
    }
}

/// When a token ends; `None` where nobody knows.
pub fn end_of(token: &Token) -> Option<SystemTime> {
    Some(SystemTime::now() + token.left()?)
}

/// The same in words.
pub fn until(token: &Token) -> String {
    end_of(token).map_or_else(|| "unknown".to_owned(), utc)
}
