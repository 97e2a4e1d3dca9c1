//! The ends of sign-ins on the program's own web pages: a token, and signing out.

use super::handles::{self, Handle};
use super::memory::put;
use super::partner::{Session, SignInOptions, TIMEOUT, asked, required, seconds};
use super::status::{Failure, Status, call};
use super::token::Got;
use core::ffi::{c_char, c_int};
use std::sync::Arc;

/// Finishes a sign-in with what the browser brought back: checks its state, and who gave it (RFC 9207), and exchanges its code for a token, with the
/// proof that only who began it has (RFC 7636).
///
/// From now on connects and tokenshim_token_get with the same connection string and `TokenUser` have this token and, where the provider
/// gave a refresh token, those that follow it: it is kept where `TokenCache` says, by provider, client and user, in place of the one before.
///
/// `query` is what stood behind the `?` of the URL that the browser asked for, as it came, or the form that it POSTed. NUL-terminated.
/// `timeout_seconds` is how long that may take; 0 stands for 30 s.
///
/// On success `*token` is a handle as that of tokenshim_token_get; else it is 0. The session is used up by an answer with its state, whatever
/// comes of it, in this process; across processes its code is good once. Its handle stays, and is freed as ever.
///
/// Fails with TOKENSHIM_STATUS_WRONG_STATE, where the session goes on; TOKENSHIM_STATUS_SESSION_OVER; TOKENSHIM_STATUS_REFUSED, also where the person said no;
/// TOKENSHIM_STATUS_SETTING, TOKENSHIM_STATUS_NO_TOKEN, TOKENSHIM_STATUS_NO_DATA_SOURCE, TOKENSHIM_STATUS_UNREACHABLE, TOKENSHIM_STATUS_TIMEOUT,
/// TOKENSHIM_STATUS_INVALID_HANDLE or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It waits for the provider, and holds no sign-in of another user's up. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_sign_in_finish(
    session: Handle,
    query: *const c_char,
    timeout_seconds: u32,
    token: *mut Handle,
    failure: *mut Failure,
) -> Status {
    let body = || {
        // SAFETY: as the caller promised.
        let query = unsafe {
            put(token, 0, "token")?;
            required(query, "query")?
        };
        let session = handles::get::<Session>(session)?;
        let (sign_in, string) = session.finish(query.trim_start_matches('?'), seconds(timeout_seconds, TIMEOUT))?;
        // SAFETY: as the caller promised.
        unsafe { put(token, handles::add(Arc::new(Got { sign_in, string })), "token") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_sign_in_finish", failure, body) }
}

/// Signs a user out: forgets the refresh token that is kept for this user, client and provider, in memory and in files, and the token of these
/// settings, and revokes the refresh token where the provider's discovery tells where (RFC 7009). Whether the provider heard of it changes nothing
/// here; `TokenLog` has a line. No token comes of it any more; one that was given before, with another scope or to another process, is good until its end.
///
/// `connection_string` and `options` are as those of tokenshim_sign_in_begin. `*was_signed_in`, if `was_signed_in` is not NULL, is 1 where somebody was,
/// else 0. Open connections keep what they have.
///
/// Fails as tokenshim_sign_in_begin does.
///
/// Any thread may call it. It waits for whoever uses the refresh token just now, and for the provider. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_sign_out(
    connection_string: *const c_char,
    options: *const SignInOptions,
    was_signed_in: *mut c_int,
    failure: *mut Failure,
) -> Status {
    let body = || {
        // SAFETY: as the caller promised.
        let (asked, _, timeout) = unsafe { asked(connection_string, options) }?;
        let was_there = asked.sign_in(timeout)?.0.sign_out()?;
        if was_signed_in.is_null() {
            return Ok(());
        }
        // SAFETY: as the caller promised.
        unsafe { put(was_signed_in, was_there.into(), "was_signed_in") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_sign_out", failure, body) }
}
