//! `tokenshim logout`: the sign-in that is kept, forgotten.

use super::arguments::Source;
use super::data_source::account;
use super::failure::Failure;
use super::login::nobody_signs_in;
use super::say;

pub fn run(source: &Source) -> Result<(), Failure> {
    let (_, account) = account(source)?;
    let was_there = account.sign_out().ok_or_else(|| nobody_signs_in(&account))??;
    let who = account.who();
    say(&match was_there {
        true => format!("Signed out of {who}. Connections that are open stay open.\n"),
        false => format!("Nobody was signed in to {who}.\n"),
    });
    Ok(())
}
