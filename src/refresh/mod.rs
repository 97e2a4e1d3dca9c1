//! Renewal of tokens that open connections use.
//!
//! One thread, which is there as long as there is something to renew: when a token is old (at half of its life), it has a new one
//! fetched and gives it to each connection that has the old one, also while a statement is being executed there (partner guide,
//! "Refreshing Token": "you can use a different thread which at time t/2 sets the refreshed OAuth access token"). It waits for no
//! provider: each fetch has a thread of its own, which ends with it, so that no identity is held up by another's.

mod alone;
mod now;
mod worker;

pub use now::{Renewed, renew_now};
pub use worker::{end_of_process, hold, watch};

use crate::connection::renewal::{self, Begun, Group, await_others, begin, end};
use crate::connection::signed::{Given, Signed};
use crate::log::Event;
use crate::sign_in::{Live, Waits};
use crate::signals;
use crate::token::Token;
use crate::token::clock::{Clock, SinceBoot};
use crate::token::life::{Freshness, Renewal, random, wait_after};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

/// A connection was closed that had a token of tokenshim's: perhaps there is less to do.
pub fn closed() {
    worker::news(Duration::MAX);
}

/// `dbc` is about to execute a statement: where its token is over, it gets a new one first.
pub fn before_statement(dbc: usize, now: Duration) {
    let Some(signed) = renewal::ended(dbc, now) else { return };
    let renewer = &signed.sign_in.renewer;
    match renewer.get(Instant::now() + renewer.timeout, Some(&signed.sign_in.token), Waits::Program) {
        Ok(got) => give(&signed, got.token, &[dbc], |give| Some(give())),
        Err(error) => signed.attempts.failed_for_statement(&error),
    }
    await_others(dbc); // the thread may have been faster, and be about to give it
}

/// Renews what is due. The thread comes back when somebody has news.
fn renew(group: &Group) {
    let (signed, old) = (&group.signed, &group.signed.sign_in);
    match old.renewer.kept(&old.token) {
        Some(token) => give(signed, token, &group.connections, worker::in_driver),
        None if old.renewer.is_the_same() => fetch(signed),
        None => signed.give_up(),
    }
}

/// Fetches the next token, on a thread of its own. Where there can be none, that counts as a fetch that failed.
fn fetch(signed: &Arc<Signed>) {
    if !signed.attempts.begin() {
        return;
    }
    let of = Arc::clone(signed);
    let body = move || {
        let renewer = &of.sign_in.renewer;
        let got = catch_unwind(AssertUnwindSafe(|| renewer.get(Instant::now() + renewer.timeout, Some(&of.sign_in.token), Waits::Nobody)));
        match got {
            // A tool may have given the same token again, or one that is over by this machine's clock.
            Ok(Ok(got)) if got.token.text != of.sign_in.token.text && got.token.freshness(got.token.age(), Renewal::Off) != Freshness::Over => {}
            Ok(Err(error)) => of.attempts.failed(Some(&error)),
            Ok(Ok(_)) | Err(_) => of.attempts.failed(None),
        }
        of.attempts.end();
        worker::news(Duration::ZERO);
    };
    if signals::spawn(Builder::new(), body).is_err() {
        signed.attempts.failed(None);
        signed.attempts.end();
    }
}

/// Gives `token` to those of `connections` that have the one of `signed`. `enter` calls the real driver, or does not.
fn give(signed: &Arc<Signed>, token: Token, connections: &[usize], enter: impl Fn(&mut dyn FnMut() -> Given) -> Option<Given>) {
    let old = &signed.sign_in;
    // While a tool was asked, somebody else may have signed in there. Or it gave the same token again.
    if !old.renewer.is_the_same() {
        return signed.give_up();
    }
    if token.text == old.token.text {
        return signed.attempts.failed(None);
    }
    if old.live == Live::Memory && !old.edits.attribute.as_ref().is_some_and(|(_, memory)| memory.replace(&token.text)) {
        return signed.give_up(); // it does not fit: the next login is refused, as it would be without tokenshim
    }
    let newer = renewal::one(signed.with(token));
    for &dbc in connections {
        let Begun::Yes { ticket, wide } = begin(dbc, signed, SinceBoot.now()) else { continue };
        let mut call = || {
            catch_unwind(AssertUnwindSafe(|| (signed.give)(signed.driver, dbc, wide, &newer.sign_in)))
                .unwrap_or_else(|_| Given::Refused(String::new()))
        };
        let given = if old.live == Live::Memory { Some(Given::Taken) } else { enter(&mut call) };
        end(dbc, ticket, Some(&newer).filter(|_| given.as_ref() == Some(&Given::Taken)), SinceBoot.now() + wait_after(1, random()));
        say(&newer, given.as_ref());
        match given {
            Some(Given::Taken | Given::Refused(_)) => {}
            Some(Given::Unknown) => return renewal::give_up(signed.driver),
            None => return,
        }
    }
}

/// A line of what a driver made of the token of `newer`; `None` where nobody could ask it.
fn say(newer: &Signed, given: Option<&Given>) {
    newer.sign_in.renewer.log().say(Event::HandOver, |line| {
        let outcome = given.map_or("the process ends", Given::name);
        line.text("by", newer.sign_in.live.name()).text("outcome", outcome).end(newer.sign_in.token.left());
    });
}
