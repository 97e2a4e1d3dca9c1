//! SQLBrowseConnect: the token goes in with the first step; further steps pass, until the browsing ends.

use super::cancellation::HeldOff;
use super::connect::{another, begin, given, hand_over, note_width, settle};
use super::driver_connect::Answer;
use super::text;
use super::{ERROR, NEED_DATA, NTS, Return, SUCCESS, SUCCESS_WITH_INFO, any, bound, guard, live, login_time, real};
use crate::binding::Bound;
use crate::binding::abi::{Binding, Handle, Letter, TextPointer};
use crate::config::connection_string::ConnectionString;
use crate::config::keys;
use crate::config::settings::Settings;
use crate::config::text::Text;
use crate::config::words::Words;
use crate::connection::signed::Signed;
use crate::connection::{self, renewal};
use crate::error::Error;
use crate::sign_in::SignIn;
use std::sync::Arc;
use std::time::Instant;

/// SQLBrowseConnect[A|W].
///
/// # Safety
/// As ODBC asks of SQLBrowseConnect's caller; `binding` came from the driver library.
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn browse_connect(
    binding: *const Binding,
    letter: Letter,
    dbc: Handle,
    string: TextPointer,
    string_len: i16,
    out: TextPointer,
    out_max: i16,
    out_len: *mut i16,
) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLBrowseConnect", dbc, || {
        let held_off = HeldOff::begin();
        let begun = Instant::now();
        let Some(real_browse) = real(&bound.real.browse_connect, letter) else { return Ok(ERROR) };
        // SAFETY: as the caller promised.
        let (width, read) = unsafe {
            let width = note_width(bound, letter, dbc, string, string_len);
            (width, text::read(string, string_len, width))
        };
        let step = ConnectionString::parse(&read.unwrap_or_else(|| Text::empty(width)));
        let signed = match under_way(dbc) {
            Some(None) => None,
            Some(Some(before)) => {
                let signed = further(bound, &before, &step);
                let settings = Settings::of(signed.written.string(), &bound.registry(), &bound.sections);
                let attributes = connection::look(dbc as usize, |connection| connection.attributes.clone()).unwrap_or_default();
                signed.sign_in.check_again(&settings, &attributes, &bound.real_driver).inspect_err(|_| end(bound, dbc))?;
                Some(signed)
            }
            None => first(bound, dbc, &step, begun)?,
        };
        let Some(signed) = signed else {
            drop(held_off);
            // SAFETY: the application's own arguments.
            let code = unsafe { real_browse(dbc, string, string_len, out, out_max, out_len) };
            connection::with(dbc as usize, |connection| connection.browsing = code == NEED_DATA);
            return Ok(code);
        };
        let is_first = !is_browsing(dbc);
        // SAFETY: the handle is the real driver's; the texts are ours.
        let run = |signed| unsafe { signed_step(bound, dbc, real_browse, signed, &step, out, out_max, out_len) };
        let code = run(Arc::clone(&signed));
        let settings = Settings::of(signed.written.string(), &bound.registry(), &bound.sections);
        match another(bound, dbc, letter, &settings, (&signed.sign_in, begun), code) {
            Some(sign_in) if is_first => set_out(bound, dbc, sign_in, &step, begun).map(|signed| signed.map_or(code, run)),
            // A browsing that fails later is over: the application begins again, and then there is a new token.
            _ => Ok(code),
        }
    })
}

fn is_browsing(dbc: Handle) -> bool {
    connection::look(dbc as usize, |connection| connection.browsing).unwrap_or(false)
}

type RealBrowse = unsafe extern "C" fn(Handle, TextPointer, i16, TextPointer, i16, *mut i16) -> Return;

/// The sign-in of a browsing that is under way: `Some(None)` where it has none.
#[allow(clippy::option_option)]
fn under_way(dbc: Handle) -> Option<Option<Arc<Signed>>> {
    connection::clear_record(dbc as usize);
    connection::look(dbc as usize, |connection| connection.browsing.then(|| connection.signed.clone())).flatten()
}

fn first(bound: &Bound, dbc: Handle, step: &ConnectionString, begun: Instant) -> Result<Option<Arc<Signed>>, Error> {
    let settings = Settings::of(step.clone(), &bound.registry(), &bound.sections);
    begin(bound, dbc, &settings, begun)?.map_or(Ok(None), |sign_in| set_out(bound, dbc, sign_in, step, begun))
}

fn set_out(bound: &Bound, dbc: Handle, sign_in: SignIn, step: &ConnectionString, begun: Instant) -> Result<Option<Arc<Signed>>, Error> {
    // SAFETY: the handle is the real driver's.
    unsafe { hand_over(bound, dbc, &sign_in, begun)? };
    Ok(settle(bound, dbc, NEED_DATA, sign_in, step))
}

/// The same sign-in, with what the application wrote in this step as well.
fn further(bound: &Bound, signed: &Arc<Signed>, step: &ConnectionString) -> Arc<Signed> {
    let mut written = signed.written.string();
    for pair in step.pairs().iter().filter(|pair| !pair.keyword.is_empty()) {
        written.push(pair.clone());
    }
    Arc::new(live::signed(bound, signed.sign_in.clone(), Arc::new(Words::of(&written))))
}

/// Ends a browsing that must not go on, as ODBC says of one that failed: the connection is not connected any more.
fn end(bound: &Bound, dbc: Handle) {
    connection::with(dbc as usize, |connection| connection.browsing = false);
    if let Some(disconnect) = any(&bound.real.disconnect) {
        // SAFETY: the handle is the real driver's, and browsing.
        unsafe { disconnect(dbc) };
    }
    drop(connection::close(dbc as usize));
}

/// # Safety
/// `dbc` is the real driver's handle; `out` has room for `out_max` characters, `out_len` is writable, or each is NULL.
#[allow(clippy::too_many_arguments)]
unsafe fn signed_step(
    bound: &Bound,
    dbc: Handle,
    real_browse: RealBrowse,
    signed: Arc<Signed>,
    step: &ConnectionString,
    out: TextPointer,
    out_max: i16,
    out_len: *mut i16,
) -> Return {
    let mut given = if is_browsing(dbc) {
        let mut passed = step.clone();
        passed.retain(|pair| keys::find(&pair.keyword).is_none() && !signed.sign_in.edits.removes(&pair.keyword));
        text::Buffer::of(&passed.to_text())
    } else {
        given(&signed.sign_in.edits, step)
    };
    let mut answer = Answer::wanted(bound, out, out_max, out_len, &given);
    let (room, max, length) = answer.arguments();
    // SAFETY: as the caller promised; the texts are ours.
    let code = unsafe { real_browse(dbc, given.pointer(), NTS, room, max, length) };
    if code == SUCCESS {
        login_time::give_back(bound, dbc);
    }
    let now = match code {
        SUCCESS | SUCCESS_WITH_INFO => Some(renewal::one(live::signed(bound, signed.sign_in.clone(), Arc::clone(&signed.written)).settled())),
        NEED_DATA => Some(Arc::clone(&signed)),
        _ => None,
    };
    let before = connection::with(dbc as usize, |connection| {
        connection.browsing = code == NEED_DATA;
        std::mem::replace(&mut connection.signed, now.clone())
    });
    drop(before);
    now.iter().filter(|_| code != NEED_DATA).for_each(|signed| live::watch(signed));
    let now = now.as_deref().map(|signed| (signed, signed.written.string()));
    // SAFETY: as the caller promised.
    unsafe { answer.deliver(code, now.as_ref().map(|(signed, written)| (*signed, written)), dbc, out, out_max, out_len) }
}
