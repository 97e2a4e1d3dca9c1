//! People who sign in on the program's own web pages: the three legs of OAuth's authorization code, for many at once.

mod sealed;
mod session;

pub use session::hold;

use super::handles::{self, Handle};
use super::memory::{fill, put, read, text_of};
use super::status::{Failure, Problem, Status, call};
use crate::sign_in::Overrides;
use crate::token::Secret;
use core::ffi::{c_char, c_void};
use sealed::KEY_BYTES;
use session::Asked;
pub(super) use session::Session;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a key for tokenshim_sign_in_session_save.
pub const SESSION_KEY_BYTES: usize = 32;

/// How long a sign-in may take, and how long a call waits, where the program says nothing.
const LIFE: u32 = 600;
pub(super) const TIMEOUT: u32 = 30;
/// The most that counts.
const SECONDS_MAX: u32 = 3600;

/// What may be said of a sign-in beside the connection string: all zero at first, but for `size`. Texts are NUL-terminated, in UTF-8, are copied, and
/// NULL where the settings count.
///
/// What is said here counts before the settings, the user's before `TokenUser` as well. A connect has only its settings and its string, and finds the
/// sign-in only where they come to the same client, provider, scope and user: where a program overrides them, it must put the same into the section.
#[repr(C)]
pub struct SignInOptions {
    /// sizeof(tokenshim_sign_in_options).
    pub size: usize,
    /// Whose sign-in it is, as connections name it in `TokenUser`. A program with many tenants and users has a text for each; it is shown to the
    /// provider as a hint of whom to ask.
    pub user: *const c_char,
    /// The client's id, in place of `TokenClientId`; then no secret of the settings counts.
    pub client_id: *const c_char,
    /// The client's secret, where it is confidential.
    pub client_secret: *const c_char,
    /// The provider's discovery URL, in place of `TokenDiscovery` and `TokenEndpoint`.
    pub discovery: *const c_char,
    /// Scopes, with spaces between them, in place of `TokenScope`. offline_access is added.
    pub scope: *const c_char,
    /// How long the person may take; 0 stands for 600 s, and more than 3600 s does not count.
    pub life_seconds: u32,
    /// How long a call may wait for the provider; 0 stands for 30 s.
    pub timeout_seconds: u32,
}

pub(super) fn seconds(said: u32, default: u32) -> Duration {
    Duration::from_secs(if said == 0 { default } else { said.min(SECONDS_MAX) }.into())
}

/// # Safety
/// As the header says of the connection string and the options.
pub(super) unsafe fn asked(connection_string: *const c_char, options: *const SignInOptions) -> Result<(Asked, Duration, Duration), Problem> {
    // SAFETY: as the caller promised.
    let string = unsafe { read(connection_string, "connection_string") }?;
    if string.to_str().is_err() {
        return Err(Problem::argument("connection_string is no UTF-8."));
    }
    let (mut user, mut overrides, mut life, mut timeout) = (None, Overrides::default(), 0, 0);
    if !options.is_null() {
        // SAFETY: as the caller promised; the size stands first, and says how much more there is.
        let size = unsafe { (&raw const (*options).size).read() };
        if size != size_of::<SignInOptions>() {
            return Err(Problem::argument("the size of options is not that of tokenshim_sign_in_options."));
        }
        // SAFETY: as the caller promised.
        let options = unsafe { &*options };
        // SAFETY: as the caller promised of each text.
        let text = |text: *const c_char, name: &str| unsafe { optional(text, name) };
        user = text(options.user, "user")?;
        overrides = Overrides {
            discovery: text(options.discovery, "discovery")?,
            client_id: text(options.client_id, "client_id")?,
            client_secret: text(options.client_secret, "client_secret")?.map(Secret::new),
            scope: text(options.scope, "scope")?,
        };
        (life, timeout) = (options.life_seconds, options.timeout_seconds);
    }
    Ok((Asked { string: string.to_owned(), user, overrides }, seconds(life, LIFE), seconds(timeout, TIMEOUT)))
}

/// # Safety
/// `text` is NULL or NUL-terminated.
pub(super) unsafe fn optional(text: *const c_char, name: &str) -> Result<Option<String>, Problem> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller promised.
    unsafe { required(text, name) }.map(Some)
}

/// # Safety
/// `text` is NULL or NUL-terminated.
pub(super) unsafe fn required(text: *const c_char, name: &str) -> Result<String, Problem> {
    // SAFETY: as the caller promised.
    let text = unsafe { read(text, name) }?.to_str().map_err(|_| Problem::argument(&format!("{name} is no UTF-8.")))?;
    if text.is_empty() { Err(Problem::argument(&format!("{name} is empty."))) } else { Ok(text.to_owned()) }
}

/// Begins a sign-in of a person's whose browser is anywhere: the program sends the browser to tokenshim_sign_in_url, the provider sends it
/// back to `redirect_uri`, and there the program finishes it with tokenshim_sign_in_finish. Nobody else is asked, and no browser is opened.
///
/// `connection_string` has `DSN=…` or `DRIVER=…`, as for tokenshim_token_get, and is that of the connects to come: its settings say who the
/// provider and the client are. They have `TokenSource=authorization-code`. `TokenUser=…` stands in it, or `user` in `options`: without either
/// all users would be one, and the status is TOKENSHIM_STATUS_SETTING.
/// `redirect_uri` is the program's own, as it is registered for the client, to the letter: https, or http on loopback.
/// `options` may be NULL.
///
/// On success `*session` is a handle, which the caller frees with tokenshim_free, finished or not; else it is 0. Before the browser is sent off the
/// program must tie the session to it, such as by tokenshim_sign_in_state or the saved session in a cookie that is Secure, HttpOnly and
/// SameSite=Lax: else somebody could have another's browser finish his own sign-in.
///
/// Fails as tokenshim_token_get does before it asks for a token: with TOKENSHIM_STATUS_NO_DATA_SOURCE, TOKENSHIM_STATUS_NO_TOKEN, TOKENSHIM_STATUS_SETTING,
/// TOKENSHIM_STATUS_REFUSED, TOKENSHIM_STATUS_UNREACHABLE, TOKENSHIM_STATUS_TIMEOUT or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It waits for the provider, who may be asked where people sign in, and holds no other call up. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_sign_in_begin(
    connection_string: *const c_char,
    redirect_uri: *const c_char,
    options: *const SignInOptions,
    session: *mut Handle,
    failure: *mut Failure,
) -> Status {
    let body = || {
        // SAFETY: as the caller promised.
        let (redirect_uri, (asked, life, timeout)) = unsafe {
            put(session, 0, "session")?;
            (required(redirect_uri, "redirect_uri")?, asked(connection_string, options)?)
        };
        let begun = Session::begin(asked, &redirect_uri, life, timeout)?;
        // SAFETY: as the caller promised.
        unsafe { put(session, handles::add(Arc::new(begun)), "session") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_sign_in_begin", failure, body) }
}

/// Where to send the browser.
///
/// `text`, `room` and `length` are as those of tokenshim_token_text.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_sign_in_url(session: Handle, text: *mut c_char, room: usize, length: *mut usize, failure: *mut Failure) -> Status {
    // SAFETY: as the caller promised.
    unsafe { text_of("tokenshim_sign_in_url", session, text, room, length, failure, |session: &Session| Ok(session.begun.url.expose())) }
}

/// The state, which the browser brings back in the query: by it a program finds the session that a query is for.
///
/// `text`, `room` and `length` are as those of tokenshim_token_text.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_sign_in_state(
    session: Handle,
    text: *mut c_char,
    room: usize,
    length: *mut usize,
    failure: *mut Failure,
) -> Status {
    // SAFETY: as the caller promised.
    unsafe { text_of("tokenshim_sign_in_state", session, text, room, length, failure, |session: &Session| Ok(session.begun.state.expose())) }
}

/// Writes a session as a text, with which another process, or another machine with the same settings, may finish it. The text is encrypted and
/// signed with `key` (ChaCha20-Poly1305): whoever has not the key learns nothing of it and can change nothing in it, such as whose sign-in it is. So
/// it may be kept in a database, or in a cookie. Its letters are those of base64url.
///
/// `key` has TOKENSHIM_SESSION_KEY_BYTES random bytes, the same for all processes that finish each other's sign-ins. The caller keeps it
/// secret, and sees to it that `key_bytes` is true.
/// `text`, `room` and `length` are as those of tokenshim_token_text. Each call writes another text, of the same length.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT, TOKENSHIM_STATUS_SETTING or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_sign_in_session_save(
    session: Handle,
    key: *const c_void,
    key_bytes: usize,
    text: *mut c_char,
    room: usize,
    length: *mut usize,
    failure: *mut Failure,
) -> Status {
    let body = || {
        // SAFETY: as the caller promised.
        let key = unsafe { key_of(key, key_bytes) }?;
        let saved = handles::get::<Session>(session)?.save(key)?;
        // SAFETY: as the caller promised.
        unsafe { fill(saved.as_bytes(), true, text.cast(), room, length) }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_sign_in_session_save", failure, body) }
}

/// The session that was saved as `text`, with the same key.
///
/// On success `*session` is a handle, as that of tokenshim_sign_in_begin; else it is 0.
///
/// Fails with TOKENSHIM_STATUS_WRONG_STATE where the text was saved with another key, was changed, or is none; TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_sign_in_session_load(
    text: *const c_char,
    key: *const c_void,
    key_bytes: usize,
    session: *mut Handle,
    failure: *mut Failure,
) -> Status {
    let body = || {
        // SAFETY: as the caller promised.
        let (text, key) = unsafe {
            put(session, 0, "session")?;
            (read(text, "text")?, key_of(key, key_bytes)?)
        };
        let words = "the session was saved with another key, was changed, or is none: begin another sign-in.";
        let loaded = Session::load(key, text.to_bytes()).ok_or_else(|| Problem::new(Status::WrongState, "28000", words))?;
        // SAFETY: as the caller promised.
        unsafe { put(session, handles::add(Arc::new(loaded)), "session") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_sign_in_session_load", failure, body) }
}

/// # Safety
/// `key` is NULL or has `bytes` that may be read.
unsafe fn key_of<'a>(key: *const c_void, bytes: usize) -> Result<&'a [u8; KEY_BYTES], Problem> {
    if key.is_null() || bytes != KEY_BYTES {
        return Err(Problem::argument(&format!("the key is NULL, or has not {KEY_BYTES} bytes.")));
    }
    // SAFETY: as the caller promised; it is read where it stands, and leaves no copy behind.
    Ok(unsafe { &*key.cast::<[u8; KEY_BYTES]>() })
}
