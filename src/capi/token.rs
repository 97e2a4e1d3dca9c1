//! Tokens: getting one, what is known of it, and how a driver takes it.

use super::data_source::{DataSource, string_of, string_of_name};
use super::handles::{self, Handle};
use super::memory::{fill, put, read, text_of};
use super::status::{Failure, Problem, Status, call};
use crate::config::connection_string::ConnectionString;
use crate::credential::callback::registry::Provider;
use crate::delivery::access_token::AccessToken;
use crate::log::Listener;
use crate::sign_in::{Application, SignIn, sign_in};
use core::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Of the flags of tokenshim_token_get: the person before this program may be asked to sign in, as after SQLDriverConnect with a
/// DriverCompletion other than SQL_DRIVER_NOPROMPT. Without it nobody is, unless `TokenPrompt` says so.
pub const MAY_ASK: u32 = 1;

/// An end that nobody knows.
pub const EXPIRY_UNKNOWN: i64 = -1;

/// What a handle of a token stands for.
pub(super) struct Got {
    /// The token, and what it changes.
    pub(super) sign_in: SignIn,
    /// What the program asked with.
    pub(super) string: ConnectionString,
}

/// Gets a token for a connection string, as a connect with it would: the same settings count, the same rules say whether it may have one,
/// and it comes from the same memory, in which connections and calls share it. So most calls return at once; else the provider is asked.
///
/// `connection_string` has `DSN=…` or `DRIVER=…`, and is NUL-terminated, in UTF-8. Settings are read where the driver manager of this process
/// reads them: by iODBC's rules where only iODBC is loaded, else by unixODBC's. The real driver is the section's `RealDriver`, or its
/// `Driver` where the driver manager loads that directly. It need not be installed.
///
/// `timeout_seconds` is how long that may take; 0 stands for `TokenTimeout`, and more than that does not count.
/// `flags` are 0 or TOKENSHIM_MAY_ASK.
///
/// On success `*token` is a handle, which the caller frees with tokenshim_free; else it is 0. Its token does not change: call again for
/// a newer one, which is fetched from half of the old one's life on, meanwhile the old one serves.
///
/// Fails with TOKENSHIM_STATUS_NO_DATA_SOURCE or TOKENSHIM_STATUS_NO_TOKEN where there is nothing to ask; TOKENSHIM_STATUS_SETTING, TOKENSHIM_STATUS_REFUSED,
/// TOKENSHIM_STATUS_SIGN_IN_NEEDED, TOKENSHIM_STATUS_UNREACHABLE or TOKENSHIM_STATUS_TIMEOUT, with the message of a connect; TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It may wait, and calls no function of the program's but its providers and log listeners. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_token_get(
    connection_string: *const c_char,
    timeout_seconds: u32,
    flags: u32,
    token: *mut Handle,
    failure: *mut Failure,
) -> Status {
    // SAFETY: as the caller promised.
    unsafe {
        call("tokenshim_token_get", failure, || get(|| Ok(string_of(read(connection_string, "connection_string")?)), timeout_seconds, flags, token))
    }
}

/// As tokenshim_token_get, for the name of a data source: that of SQLConnect.
///
/// `dsn` is NUL-terminated, in UTF-8, and all of it is the name, whatever is in it. The rest is as with tokenshim_token_get, also what the
/// caller frees.
///
/// Fails as that does. Any thread may call it. It may wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_token_get_for_dsn(
    dsn: *const c_char,
    timeout_seconds: u32,
    flags: u32,
    token: *mut Handle,
    failure: *mut Failure,
) -> Status {
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_token_get_for_dsn", failure, || get(|| Ok(string_of_name(read(dsn, "dsn")?)), timeout_seconds, flags, token)) }
}

/// # Safety
/// `token` is NULL or may be written.
unsafe fn get(
    string: impl FnOnce() -> Result<ConnectionString, Problem>,
    timeout_seconds: u32,
    flags: u32,
    token: *mut Handle,
) -> Result<(), Problem> {
    // SAFETY: as the caller promised.
    unsafe { put(token, 0, "token") }?;
    if flags & !MAY_ASK != 0 {
        return Err(Problem::argument("flags has bits that mean nothing."));
    }
    let data_source = DataSource::of(string()?)?;
    let login_timeout = (timeout_seconds > 0).then(|| (Duration::from_secs(timeout_seconds.into()), Duration::ZERO));
    let application = Application { login_timeout, may_ask: flags & MAY_ASK != 0, ..Application::default() };
    let sign_in = sign_in(&data_source.settings, &data_source.real_driver, &application)?.ok_or_else(|| data_source.no_token())?;
    // SAFETY: as the caller promised.
    unsafe { put(token, handles::add(Arc::new(Got { sign_in, string: data_source.string })), "token") }
}

/// The token itself, as a text.
///
/// `text` is memory of the caller's with room for `room` bytes. It gets the token and a NUL, or, where they do not fit, nothing:
/// then the status is TOKENSHIM_STATUS_BUFFER_TOO_SHORT. `*length`, if `length` is not NULL, is the bytes of the token without the NUL, in
/// either case; so a `text` that is NULL with a `room` of 0 asks for the length. The caller wipes what it got with tokenshim_wipe.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_token_text(token: Handle, text: *mut c_char, room: usize, length: *mut usize, failure: *mut Failure) -> Status {
    // SAFETY: as the caller promised.
    unsafe { text_of("tokenshim_token_text", token, text, room, length, failure, |got: &Got| Ok(got.sign_in.token.text.expose())) }
}

/// The bytes for connection attribute 1256, SQL_COPT_SS_ACCESS_TOKEN, of Microsoft's driver: its ACCESSTOKEN structure.
///
/// `bytes`, `room` and `length` are as those of tokenshim_token_text, without a NUL. `bytes` should begin at a multiple of four.
/// The driver keeps the address that it is given and reads there whenever it signs in: the memory must stay until the connection's handle is
/// freed.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_token_access_token(
    token: Handle,
    bytes: *mut c_void,
    room: usize,
    length: *mut usize,
    failure: *mut Failure,
) -> Status {
    // SAFETY: as the caller promised.
    unsafe {
        call("tokenshim_token_access_token", failure, || {
            let got = handles::get::<Got>(token)?;
            let secret = &got.sign_in.token.text;
            let words = AccessToken::of(secret);
            let mut structure: Vec<u8> = words.words().iter().flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes()).collect();
            structure.truncate(size_of::<u32>() + 2 * secret.expose().len());
            fill(&structure, false, bytes.cast(), room, length)
        })
    }
}

/// The connection string that the token was got with (`DSN=…` for a name), as the real driver would get it: with the token in it, and without
/// tokenshim's own keywords and those that may not stand beside a token. Of a driver that takes its token as attribute 1256 the string has
/// no token.
///
/// It is for a connect to the real driver itself. Through tokenshim a program connects with its own string, and needs none of this.
///
/// `text`, `room` and `length` are as those of tokenshim_token_text. The caller wipes what it got with tokenshim_wipe; what tokenshim keeps is
/// wiped once the handle is freed.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_token_connection_string(
    token: Handle,
    text: *mut c_char,
    room: usize,
    length: *mut usize,
    failure: *mut Failure,
) -> Status {
    // SAFETY: as the caller promised.
    unsafe {
        call("tokenshim_token_connection_string", failure, || {
            let got = handles::get::<Got>(token)?;
            let string = got.sign_in.edits.apply(&got.string).to_text();
            let bytes: Vec<u8> = string.units.iter().map(|unit| *unit as u8).collect();
            fill(&bytes, true, text.cast(), room, length)
        })
    }
}

/// When the token ends: `*unix_seconds` is in seconds since 1970 (UTC), or TOKENSHIM_EXPIRY_UNKNOWN where its provider did not say.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_token_expiry(token: Handle, unix_seconds: *mut i64, failure: *mut Failure) -> Status {
    // SAFETY: as the caller promised.
    unsafe {
        call("tokenshim_token_expiry", failure, || {
            let got = handles::get::<Got>(token)?;
            let end = got.sign_in.token.ends_at();
            put(unix_seconds, end.map_or(EXPIRY_UNKNOWN, |end| i64::try_from(end).unwrap_or(i64::MAX)), "unix_seconds")
        })
    }
}

/// Forgets the token: it is dropped from memory and from the files of `TokenCache=file`, so that whoever asks next gets another. A newer one that
/// took its place stays, and so does a sign-in by which further tokens come. For a token that a server refused.
///
/// The handle stays, and is freed as ever. Open connections keep what they have.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE.
///
/// Any thread may call it. It waits for nobody. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_token_forget(token: Handle, failure: *mut Failure) -> Status {
    // SAFETY: as the caller promised.
    unsafe {
        call("tokenshim_token_forget", failure, || {
            let got = handles::get::<Got>(token)?;
            got.sign_in.renewer.forget(&got.sign_in.token);
            Ok(())
        })
    }
}

/// Frees a handle of whichever kind. What it stood for is wiped where it was secret.
///
/// That of a provider or of a log listener unregisters it: no call of its function begins from now on. Where one is still running the status is
/// TOKENSHIM_STATUS_STILL_RUNNING, and the handle is not freed: free it again later, and let its data live until then.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, also where it was freed already, or TOKENSHIM_STATUS_STILL_RUNNING.
///
/// Any thread may call it, also a function that it is about. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_free(handle: Handle, failure: *mut Failure) -> Status {
    let body = || {
        let object = handles::object(handle)?;
        let provider = object.clone().downcast::<Provider>().is_ok_and(|provider| provider.unregister());
        if provider || object.downcast::<Listener>().is_ok_and(|listener| listener.end()) {
            return Err(Problem::new(Status::StillRunning, "HY010", "a call of this function is still running: free the handle again later."));
        }
        handles::remove(handle).map(drop)
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_free", failure, body) }
}

/// Overwrites memory of the caller's with zeros, in a way that no compiler leaves out. NULL, or 0 bytes, is nothing to do.
///
/// Never fails. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_wipe(memory: *mut c_void, bytes: usize) {
    if !memory.is_null() && bytes <= isize::MAX as usize {
        // SAFETY: as the caller promised.
        unsafe { libc::explicit_bzero(memory, bytes) };
    }
}
