//! `tokenshim login`: somebody signs in, for the programs of this user that may not ask.

use super::arguments::Source;
use super::data_source::{account, until};
use super::failure::Failure;
use super::say;
use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use tokenshim::error::Error;
use tokenshim::sign_in::Account;
use tokenshim::token::Token;

pub fn run(source: &Source) -> Result<(), Failure> {
    let (_, account) = account(source)?;
    let config = account.config();
    if account.is_signed_in().is_none() {
        return Err(nobody_signs_in(&account));
    }
    if !account.keeps_sign_ins() {
        return Err(Failure::new(format!("no sign-in would be kept: remove TokenCache=memory from {}, then sign in.", config.section)));
    }
    let token = wait(&account)?;
    if !matches!(account.is_signed_in(), Some(Ok(true))) {
        let who = account.who();
        return Err(Failure::new(format!(
            "the sign-in was good, but {who} gave no refresh token to keep: allow this client offline access there (offline_access), then sign in again."
        )));
    }
    let user = config.user.as_ref().map_or_else(String::new, |user| format!(" as {user}"));
    let (who, end) = (account.who(), until(&token));
    say(&format!("Signed in to {who}{user}: programs of this user need not ask any more. The first token is good until {end}.\n"));
    Ok(())
}

/// Says who signs in where tokenshim asks nobody.
pub fn nobody_signs_in(account: &Account) -> Failure {
    let config = account.config();
    let next = match config.source.to_ascii_lowercase().as_str() {
        "azure-cli" => "sign in with az login",
        "databricks-cli" => "sign in with databricks auth login",
        _ => "set it to authorization-code or device-code where a person is to sign in",
    };
    Failure::new(format!("nobody signs in with TokenSource={}, as {} has it: {next}.", config.source, config.section))
}

/// Asks, and shows how long there is still time.
fn wait(account: &Account) -> Result<Token, Failure> {
    let nobody = || Failure::new("nobody signs in with this source.");
    let end = Instant::now() + account.timeout();
    let _ = writeln!(stderr(), "Waiting {} s for the sign-in.", account.timeout().as_secs());
    if !stderr().is_terminal() {
        return account.sign_in().ok_or_else(nobody)?.map_err(|error| failed(account, error));
    }
    let (done, is_done) = channel::<()>();
    let watch = thread::spawn(move || {
        while is_done.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            let _ = write!(stderr(), "\r{} s left \r", end.saturating_duration_since(Instant::now()).as_secs());
        }
        let _ = write!(stderr(), "\r            \r");
    });
    let token = account.sign_in();
    drop(done);
    let _ = watch.join();
    token.ok_or_else(nobody)?.map_err(|error| failed(account, error))
}

/// The words of a connect, where they speak of one, for somebody who signs in.
fn failed(account: &Account, error: Error) -> Failure {
    match error {
        Error::TooSlow { who, seconds, section } if !account.config().is_timeout_set => {
            let words = format!("nobody signed in to {who} within {seconds} s. Run this again, or set TokenTimeout in {section} for more time.");
            Failure { words, ..Failure::from(Error::TooSlow { who, seconds, section }) }
        }
        error => error.into(),
    }
}
