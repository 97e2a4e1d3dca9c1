//! Providers: functions of the program's that give tokens.

use super::handles::{self, Handle};
use super::memory::{put, read};
use super::status::{Failure, Problem, Status, call, text};
use crate::credential::callback::registry::{Answer as Given, Question, register};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use std::ffi::CString;
use std::time::Duration;
use zeroize::Zeroizing;

/// Bytes that a provider's token may have, with its NUL.
pub const TOKEN_BYTES: usize = 65536;

/// What a provider is asked. It and its texts are tokenshim's, and are there until the function returns. Texts are NUL-terminated, and NULL
/// where nothing is set.
#[repr(C)]
pub struct Request {
    /// `TokenCallback`: the name under which it is registered.
    pub name: *const c_char,
    /// `TokenScope`, else what the driver's service wants.
    pub scope: *const c_char,
    /// `TokenTenant`.
    pub tenant: *const c_char,
    /// `TokenClientId`.
    pub client_id: *const c_char,
    /// `TokenUser`.
    pub user: *const c_char,
    /// After so long nobody waits for the answer any more.
    pub timeout_ms: u32,
    /// 1 where the person before this program may be asked to sign in, else 0.
    pub may_ask: u32,
    /// The token that the new one is to replace, since a server refused it or it is old; NULL where there is none. A program that keeps tokens
    /// itself must not answer with this one.
    pub instead_of: *const c_char,
}

/// What a provider answers: it and its room are tokenshim's, and are there until the function returns. All of it is zero at first, and wiped
/// afterwards.
#[repr(C)]
pub struct Answer {
    /// Room for the token, of `token_room` bytes: printable ASCII, NUL-terminated.
    pub token: *mut c_char,
    /// TOKENSHIM_TOKEN_BYTES.
    pub token_room: usize,
    /// For how many seconds the token is good from now on; 0 where that is not known.
    pub expires_in_seconds: i64,
    /// Why there is none: NUL-terminated, in UTF-8, without any secret. It stands in the message of the connect that fails.
    pub message: [c_char; MESSAGE_ROOM],
}

/// Bytes of an answer's message, with its NUL.
pub const MESSAGE_ROOM: usize = 256;

/// Of a provider: the answer has a token.
pub const GAVE_TOKEN: c_int = 0;
/// Of a provider: there is none for whoever asks; the connect fails with SQLSTATE 28000 and the answer's message.
pub const REFUSED: c_int = 1;
/// Of a provider: there is none just now; the connect fails with SQLSTATE 08001 and the answer's message.
pub const UNREACHABLE: c_int = 2;

/// A function that gives tokens. It returns TOKENSHIM_GAVE_TOKEN, TOKENSHIM_REFUSED or TOKENSHIM_UNREACHABLE; anything else is no answer.
///
/// It is called on a thread of tokenshim's that takes no signals, perhaps on several at once, with no lock of tokenshim's held, while a connect or a
/// call waits for it; and when a token that it gave is half over. So it must be safe to call from any thread, and must not wait for one that
/// connects. Nobody waits beyond `timeout_ms`: it may come back later, but then what it answers is dropped. It must not throw, and must not
/// end its thread. It may call functions of tokenshim's, but not ask for a token of its own.
pub type ProviderFunction = Option<unsafe extern "C" fn(data: *mut c_void, request: *const Request, answer: *mut Answer) -> c_int>;

/// The program's data, for whatever thread it is called on.
#[derive(Clone, Copy)]
struct Data(*mut c_void);

// SAFETY: the program promises that its function may be called with it from any thread.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

/// Registers a function that gives tokens, under a name: from now on connections and calls with `TokenSource=callback` and
/// `TokenCallback=name` ask it, whichever driver manager made them in this process. Its tokens are kept in memory as all others are, never in files.
///
/// `name` is NUL-terminated, in UTF-8, and is copied; it is compared as it is written. `data` is passed to `provide`, and may be NULL.
///
/// On success `*provider` is a handle; tokenshim_free unregisters the function. It stays registered for as long as the process where the
/// handle is never freed. A child of fork has its parent's providers.
///
/// Fails with TOKENSHIM_STATUS_NAME_TAKEN, or TOKENSHIM_STATUS_INVALID_ARGUMENT also where the name is empty or no UTF-8.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_provider_register(
    name: *const c_char,
    provide: ProviderFunction,
    data: *mut c_void,
    provider: *mut Handle,
    failure: *mut Failure,
) -> Status {
    let data = Data(data);
    let body = || {
        // SAFETY: as the caller promised.
        let name = unsafe {
            put(provider, 0, "provider")?;
            read(name, "name")?
        };
        let provide = provide.ok_or_else(|| Problem::argument("provide is NULL."))?;
        let name = name.to_str().map_err(|_| Problem::argument("name is no UTF-8."))?;
        if name.trim().is_empty() {
            return Err(Problem::argument("name is empty."));
        }
        // SAFETY: as the program promised.
        let give = move |question: &Question| unsafe { ask(provide, data, question) };
        let taken = || Problem::new(Status::NameTaken, "HY000", "another provider of this process has this name.");
        let registered = register(name, give).ok_or_else(taken)?;
        // SAFETY: as the caller promised.
        unsafe { put(provider, handles::add(registered), "provider") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_provider_register", failure, body) }
}

/// # Safety
/// `provide` is a function of the program's, for its `data`.
unsafe fn ask(provide: unsafe extern "C" fn(*mut c_void, *const Request, *mut Answer) -> c_int, data: Data, question: &Question) -> Given {
    // A setting from a file or a string never holds a NUL.
    let texts = [Some(&question.name), question.scope.as_ref(), question.tenant.as_ref(), question.client_id.as_ref(), question.user.as_ref()]
        .map(|text| text.and_then(|text| CString::new(text.as_bytes()).ok()));
    let [name, scope, tenant, client_id, user] = texts.each_ref().map(|text| text.as_ref().map_or(ptr::null(), |text| text.as_ptr()));
    let timeout_ms = u32::try_from(question.left.as_millis()).unwrap_or(u32::MAX);
    let instead_of =
        question.instead_of.as_ref().and_then(|token| CString::new(token.expose()).ok()).map(|token| Zeroizing::new(token.into_bytes_with_nul()));
    let old = instead_of.as_ref().map_or(ptr::null(), |token| token.as_ptr().cast());
    let request = Request { name, scope, tenant, client_id, user, timeout_ms, may_ask: question.may_ask.into(), instead_of: old };
    let mut token = Zeroizing::new(vec![0_u8; TOKEN_BYTES]);
    let mut answer = Answer { token: token.as_mut_ptr().cast(), token_room: TOKEN_BYTES, expires_in_seconds: 0, message: text("") };
    // SAFETY: as the caller promised; what it gets is there until it returns.
    let code = unsafe { provide(data.0, &raw const request, &raw mut answer) };
    let message: Vec<u8> = answer.message.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect();
    let message = String::from_utf8_lossy(&message).into_owned();
    let token = CStr::from_bytes_until_nul(&token).ok().and_then(|token| token.to_str().ok());
    match (code, token) {
        (GAVE_TOKEN, None) => Given::Nothing("its token is no text that ends with a NUL"),
        (GAVE_TOKEN, Some(token)) => {
            let life = u64::try_from(answer.expires_in_seconds).ok().map(Duration::from_secs);
            Given::Token { text: token.to_owned(), life }
        }
        (REFUSED, _) => Given::Refused(message),
        (UNREACHABLE, _) => Given::Unreachable(message),
        _ => Given::Nothing("what it returned means nothing"),
    }
}
