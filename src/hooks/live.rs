//! New tokens for open connections: how a real driver gets one, and which real drivers do.

use super::attach::watch_for_the_end;
use super::refusal::records;
use super::text::Buffer;
use super::{NTS, Return, SUCCESS, SUCCESS_WITH_INFO, same_width};
use crate::binding::Bound;
use crate::binding::abi::{Handle, Letter};
use crate::config::ini::Section;
use crate::config::resolve::yes_or_no;
use crate::config::text::Width;
use crate::config::words::Words;
use crate::connection::signed::{Attempts, Given, Signed};
use crate::delivery::edits::credentials;
use crate::delivery::profiles;
use crate::error::quoted;
use crate::refresh;
use crate::sign_in::{Live, SignIn};
use core::ffi::c_void;
use core::ptr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::{Arc, Once};

/// SQL_ATTR_CREDENTIALS (ODBC 4.0, 3.2.4; the partner guide's 122): the keywords of a new token.
pub const CREDENTIALS: i32 = 122;
/// SQL_ATTR_REFRESH_CONNECTION (ODBC 4.0, 3.2.5; the partner guide's 123).
const REFRESH_CONNECTION: i32 = 123;
/// SQL_REFRESH_NOW: the guide passes the number itself.
const REFRESH_NOW: isize = -1;
/// SQL_IS_SMALLINT: what the guide says of that number.
const IS_SMALLINT: i32 = -8;
/// An attribute that the driver has not, or has no such value: in ODBC 3, and in ODBC 2.
const UNKNOWN: &[&str] = &["HYC00", "HY092", "S1C00", "S1092"];

/// What a connection has whose real driver has all of it.
pub fn signed(bound: &Bound, mut sign_in: SignIn, written: Arc<Words>) -> Signed {
    if sign_in.live == Live::Attributes && bound.takes_no_token_later.load(Relaxed) {
        sign_in.live = Live::No;
    }
    let attempts = Attempts::of(&sign_in.token);
    Signed { sign_in, written, driver: ptr::from_ref(bound).addr(), give, attempts, given_up: AtomicBool::new(false) }
}

/// A connection with this sign-in was opened.
pub fn watch(signed: &Signed) {
    if refresh::watch(signed) {
        static ONCE: Once = Once::new();
        // Exit handlers run in the reverse order: this one before those that the real driver has by now.
        ONCE.call_once(watch_for_the_end);
    }
}

/// As [`Give`](crate::connection::signed::Give) says: attribute 122, then 123 (partner guide, "Refreshing Token").
fn give(driver: usize, dbc: usize, wide: Option<Width>, sign_in: &SignIn) -> Given {
    // SAFETY: `driver` is what `signed` wrote. A real driver stays for as long as it has an open connection, and whoever is to be
    // given a token is open until this returns.
    let bound = unsafe { &*ptr::with_exposed_provenance::<Bound>(driver) };
    bound.entered.fetch_add(1, AcqRel);
    let given = give_to(bound, ptr::with_exposed_provenance_mut::<c_void>(dbc), wide, sign_in);
    bound.entered.fetch_sub(1, AcqRel);
    given
}

fn give_to(bound: &Bound, dbc: Handle, wide: Option<Width>, sign_in: &SignIn) -> Given {
    let functions = &bound.real.set_connect_attr;
    // By the letter by which it was opened, where there is that one.
    let (letter, width) = match (wide, functions[Letter::W as usize]) {
        (Some(width), Some(_)) => (Letter::W, width),
        (None, Some(_)) if same_width(functions, Letter::Plain).is_none() => (Letter::W, Width::Two),
        _ => (Letter::Plain, Width::One),
    };
    let text = credentials(&sign_in.edits.delivery, &sign_in.token.text, width);
    let (Some(set), Some(text)) = (same_width(functions, letter), text) else { return Given::Unknown };
    let mut text = Buffer::of(&text);
    let accepted = |code: Return| code == SUCCESS || code == SUCCESS_WITH_INFO;
    // SAFETY: the real driver's own handle, and a text of ours of the width that the driver has.
    let mut code = unsafe { set(dbc, CREDENTIALS, text.pointer(), NTS.into()) };
    if accepted(code) {
        // SAFETY: as above; the value of this attribute is the number itself.
        code = unsafe { set(dbc, REFRESH_CONNECTION, ptr::without_provenance_mut(REFRESH_NOW as usize), IS_SMALLINT) };
    }
    if accepted(code) {
        return Given::Taken;
    }
    // The first record only: the application's own calls have theirs on the same handle.
    match records(bound, dbc, letter, width).next() {
        Some((state, _)) if UNKNOWN.contains(&state.as_str()) => {
            bound.takes_no_token_later.store(true, Relaxed);
            Given::Unknown
        }
        Some((state, message)) => Given::Refused(quoted(&format!("{state} {}", message()), &[sign_in.token.text.expose()])),
        None => Given::Refused("it does not say why".into()),
    }
}

/// Whether some connection of this real driver will be given new tokens, as far as its sections and data sources tell.
pub fn is_live(bound: &Bound) -> bool {
    let registry = bound.registry();
    let said = |section: Section| {
        let named = || section.get("TokenProfile").and_then(profiles::of_name).map(|profile| profile.live);
        section.get("TokenLive").and_then(yes_or_no).or_else(named)
    };
    let by_file = profiles::of_file(&bound.real_driver).is_some_and(|profile| profile.live);
    let mut of_sections = bound.sections.iter().filter_map(|name| registry.driver(name)).map(|section| said(section).unwrap_or(by_file));
    let mut of_data_sources = bound.data_sources.iter().filter_map(|name| registry.data_source(name)).filter_map(said);
    bound.sections.is_empty() && by_file || of_sections.any(|is_live| is_live) || of_data_sources.any(|is_live| is_live)
}
