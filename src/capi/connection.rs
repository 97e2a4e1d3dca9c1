//! The token of a connection that is open.

use super::memory::put;
use super::status::{Failure, Problem, Status, call};
use super::token::EXPIRY_UNKNOWN;
use crate::error::Error;
use crate::hooks::token_attributes;
use crate::refresh::{Renewed, renew_now};
use core::ffi::c_void;
use std::time::Duration;

/// A connection attribute for SQLGetConnectAttr: when the token of an open connection ends, an int64_t with seconds since 1970 (UTC), or
/// TOKENSHIM_EXPIRY_UNKNOWN where its provider did not say, or where the program set a token itself (attribute 122). BufferLength is that of
/// an int64_t, 8; less is SQLSTATE HY090.
///
/// It, and the next, are known of connections alone that tokenshim signed in: of any other the real driver is asked, which has no such
/// attribute (HY092). They go through any driver manager and either of its entry points, and need this header only, not the library.
pub const ATTR_TOKEN_EXPIRY: i32 = 0x7473;
/// A connection attribute for SQLSetConnectAttr: a newer token, now, for an open connection. Its value is a number, how many seconds that may
/// take (SQL_IS_UINTEGER); 0 stands for the login timeout, if the program set one, else for `TokenTimeout`, and more than either does not count.
///
/// All is as with tokenshim_connection_renew, but that failures are diagnostic records, with the states of a connect; HYC00 where this
/// connection takes no other token; and the real driver's own where it refuses the token.
pub const ATTR_RENEW_TOKEN: i32 = 0x7474;

const _: () = assert!(ATTR_TOKEN_EXPIRY == token_attributes::TOKEN_EXPIRY && ATTR_RENEW_TOKEN == token_attributes::RENEW_TOKEN);
const _: () = assert!(EXPIRY_UNKNOWN == token_attributes::EXPIRY_UNKNOWN);

/// When the token of an open connection ends: `*unix_seconds` is in seconds since 1970 (UTC), or TOKENSHIM_EXPIRY_UNKNOWN, as with
/// TOKENSHIM_ATTR_TOKEN_EXPIRY.
///
/// `driver_hdbc` is the real driver's handle of the connection, not the driver manager's, which tokenshim never sees. A program gets it by
/// `SQLGetInfo(hdbc, SQL_DRIVER_HDBC, &driver_hdbc, sizeof driver_hdbc, NULL)`. It is looked up, and nothing is read or written there.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE where that is no open connection that tokenshim signed in, or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_connection_expiry(driver_hdbc: *mut c_void, unix_seconds: *mut i64, failure: *mut Failure) -> Status {
    // SAFETY: as the caller promised.
    unsafe {
        call("tokenshim_connection_expiry", failure, || {
            put(unix_seconds, token_attributes::expiry(driver_hdbc.addr()).ok_or_else(no_connection)?, "unix_seconds")
        })
    }
}

/// Gets a newer token for an open connection, and gives it to the real driver, as happens by itself at half of a token's life: Databricks' driver
/// and those with `TokenLive=yes` have it at once, also while a statement is being executed there; Microsoft's uses it when it
/// signs in again after an idle connection broke. For a token that a server refused, or that was given other rights.
///
/// `driver_hdbc` is as with tokenshim_connection_expiry. `timeout_seconds` is how long getting the token may take; 0 stands for the login
/// timeout, if the program set one, else for `TokenTimeout`, and more than either does not count.
///
/// Where it fails the connection keeps the token that it has. Other connections with that one get the newer one when its turn comes.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE where that is no open connection that tokenshim signed in; TOKENSHIM_STATUS_NOT_RENEWABLE where
/// it takes no other token, or there is no newer one yet; TOKENSHIM_STATUS_DRIVER_REFUSED where the real driver did not take it;
/// TOKENSHIM_STATUS_SETTING, TOKENSHIM_STATUS_REFUSED, TOKENSHIM_STATUS_SIGN_IN_NEEDED, TOKENSHIM_STATUS_UNREACHABLE or TOKENSHIM_STATUS_TIMEOUT as a connect.
///
/// Any thread may call it, also while another uses the connection, which must stay open meanwhile as far as the program is concerned: a
/// disconnect waits for it. It may wait, holds no lock of the driver manager's, and calls no function of the program's but its providers and log
/// listeners. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_connection_renew(driver_hdbc: *mut c_void, timeout_seconds: u32, failure: *mut Failure) -> Status {
    let body = || match renew_now(driver_hdbc.addr(), Duration::from_secs(timeout_seconds.into()))? {
        Renewed::Yes => Ok(()),
        Renewed::NotOurs => Err(no_connection()),
        Renewed::Refused(words) => Err(Error::NotTaken { words }.into()),
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_connection_renew", failure, body) }
}

fn no_connection() -> Problem {
    let words = "this is the handle of no open connection that tokenshim signed in: pass what SQLGetInfo says for SQL_DRIVER_HDBC.";
    Problem::new(Status::InvalidHandle, "08003", words)
}
