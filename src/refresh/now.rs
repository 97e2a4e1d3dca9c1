//! A newer token for one open connection at once, since the application asks for it.

use crate::connection::renewal::{self, Begun, begin_by, end};
use crate::connection::signed::{Given, Signed};
use crate::error::Error;
use crate::sign_in::{Live, Waits};
use crate::token::Token;
use crate::token::clock::{Clock, SinceBoot};
use crate::token::life::{Renewal, random, wait_after};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The connection has a newer token than it had.
    Yes,
    /// No connection is open there that was signed in with a token of tokenshim's.
    NotOurs,
    /// Its driver did not take the token; with what it says of that.
    Refused(String),
}

/// Fetches a newer token for the connection on `dbc`, and gives it to its driver, also while a statement is being executed there. That may
/// take as long as `TokenTimeout`, the login timeout and `most` allow; how long the driver itself takes is its own.
///
/// # Errors
/// The connection, or its provider, has no newer one; then it keeps the one that it has.
pub fn renew_now(dbc: usize, most: Duration) -> Result<Renewed, Error> {
    let Some(open) = renewal::open(dbc) else { return Ok(Renewed::NotOurs) };
    let signed = open.signed;
    let (sign_in, renewer) = (&signed.sign_in, &signed.sign_in.renewer);
    if let Some(reason) = reason(&signed, open.taken_over) {
        return Err(keeps(&signed, reason));
    }
    let limits = [Some(renewer.timeout), open.login_timeout, Some(most)];
    let patience = limits.into_iter().flatten().filter(|limit| !limit.is_zero()).min().unwrap_or_default();
    let deadline = Instant::now() + patience;
    match renewer.get(deadline, Some(&sign_in.token), Waits::Program) {
        Ok(got) => give(&signed, got.token, dbc, deadline),
        Err(Error::TooSlow { who, section, .. }) => Err(Error::TooSlow { who, seconds: patience.as_secs(), section }),
        Err(error) => Err(error),
    }
}

/// Why it can have no other token.
fn reason(signed: &Signed, taken_over: bool) -> Option<&'static str> {
    match signed.sign_in.live {
        _ if taken_over => Some("the application set a token of its own"),
        Live::No if signed.sign_in.renewer.renewal() == Renewal::Off => Some("TokenRenewal=off"),
        Live::No => Some("its driver takes a token when it signs in only, or TokenLive=no"),
        _ if signed.given_up.load(Relaxed) => Some("its driver takes no other, or its source speaks for somebody else by now"),
        _ => None,
    }
}

fn keeps(signed: &Signed, reason: &'static str) -> Error {
    Error::KeepsItsToken { reason, section: signed.sign_in.section.clone() }
}

fn give(signed: &Arc<Signed>, token: Token, dbc: usize, deadline: Instant) -> Result<Renewed, Error> {
    let old = &signed.sign_in;
    if !old.renewer.is_the_same() {
        signed.give_up();
        return Err(keeps(signed, "its source speaks for somebody else by now"));
    }
    if token.text == old.token.text {
        return Err(Error::NothingNewer { who: old.renewer.who(), section: old.section.clone() });
    }
    if old.live == Live::Memory && !old.edits.attribute.as_ref().is_some_and(|(_, memory)| memory.replace(&token.text)) {
        signed.give_up();
        return Err(keeps(signed, "the newer token is longer than the memory from which its driver reads it"));
    }
    let newer = renewal::one(signed.with(token));
    let (ticket, wide) = match begin_by(dbc, signed, deadline) {
        Begun::Yes { ticket, wide } => (ticket, wide),
        Begun::Busy => return Err(Error::InOtherHands),
        // Somebody else was faster; or it was closed.
        Begun::Gone => {
            let has_newer = renewal::open(dbc).is_some_and(|open| !open.taken_over && open.signed.sign_in.token.text != old.token.text);
            return Ok(if has_newer { Renewed::Yes } else { Renewed::NotOurs });
        }
    };
    let call = || (signed.give)(signed.driver, dbc, wide, &newer.sign_in);
    let given = match old.live {
        Live::Memory => Given::Taken,
        _ => catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Given::Refused("an internal error".into())),
    };
    end(dbc, ticket, Some(&newer).filter(|_| given == Given::Taken), SinceBoot.now() + wait_after(1, random()));
    super::say(&newer, Some(&given));
    match given {
        Given::Taken => Ok(Renewed::Yes),
        Given::Refused(words) => Ok(Renewed::Refused(words)),
        Given::Unknown => {
            renewal::give_up(signed.driver);
            Err(keeps(signed, "its driver does not know connection attributes 122 and 123"))
        }
    }
}
