//! Registering the program itself in a customer's account.

use super::handles::{self, Handle};
use super::memory::{put, text_of};
use super::partner::{TIMEOUT, required, seconds};
use super::status::{Failure, Problem, Status, call};
use crate::oauth::registration::{Registered, Registration};
use crate::token::Secret;
use core::ffi::{c_char, c_int};
use std::sync::Arc;

/// The most redirect URLs, or scopes, of an application.
const LIST_MAX: usize = 1000;

/// An application to register: texts are NUL-terminated, in UTF-8.
#[repr(C)]
pub struct App {
    /// sizeof(tokenshim_app).
    pub size: usize,
    /// accounts.cloud.databricks.com, accounts.azuredatabricks.net or accounts.gcp.databricks.com; for tests a URL of http on loopback.
    pub accounts_host: *const c_char,
    /// The account's id.
    pub account_id: *const c_char,
    /// The application's name.
    pub name: *const c_char,
    /// Where browsers may come back to: `redirect_count` URLs.
    pub redirect_urls: *const *const c_char,
    /// How many.
    pub redirect_count: usize,
    /// What it may ask for: `scope_count` scopes. None stand for sql and offline_access.
    pub scopes: *const *const c_char,
    /// How many.
    pub scope_count: usize,
    /// 1 where it shall get a secret, which it must be able to keep; else 0.
    pub confidential: c_int,
    /// How long the call may wait; 0 stands for 30 s.
    pub timeout_seconds: u32,
}

/// For tokenshim_registered_text: by which the account knows the application.
pub const INTEGRATION_ID: u32 = 1;
/// For tokenshim_registered_text: its client id.
pub const CLIENT_ID: u32 = 2;
/// For tokenshim_registered_text: its secret.
pub const CLIENT_SECRET: u32 = 3;

/// Registers an application in a Databricks account, as one that people sign in through: POST
/// /api/2.0/accounts/{account}/oauth2/custom-app-integrations.
///
/// `bearer` is a token of an admin of the account, as tokenshim_token_text gives one, NUL-terminated. It is sent to the accounts host alone.
///
/// On success `*registered` is a handle, which the caller frees with tokenshim_free; else it is 0. The account shows the secret this once: it is in the
/// handle, and wiped with it.
///
/// Fails with TOKENSHIM_STATUS_REFUSED, TOKENSHIM_STATUS_UNREACHABLE or TOKENSHIM_STATUS_TIMEOUT (whoever gets one of the last two looks in the account
/// before he tries again), TOKENSHIM_STATUS_SETTING where something of `app` is none or the answer is, or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It waits for the account. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_register_app(app: *const App, bearer: *const c_char, registered: *mut Handle, failure: *mut Failure) -> Status {
    let body = || {
        // SAFETY: as the caller promised.
        let (app, bearer) = unsafe {
            put(registered, 0, "registered")?;
            // The size stands first, and says how much more there is.
            if app.is_null() || (&raw const (*app).size).read() != size_of::<App>() {
                return Err(Problem::argument("app is NULL, or its size is not that of tokenshim_app."));
            }
            (&*app, Secret::new(required(bearer, "bearer")?))
        };
        // SAFETY: as the caller promised.
        let (registration, timeout) = unsafe { (read_app(app)?, seconds(app.timeout_seconds, TIMEOUT)) };
        let done = registration.register(&bearer, timeout)?;
        // SAFETY: as the caller promised.
        unsafe { put(registered, handles::add(Arc::new(done)), "registered") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_register_app", failure, body) }
}

/// # Safety
/// Its texts are NULL or NUL-terminated, and its lists are as long as they say.
unsafe fn read_app(app: &App) -> Result<Registration, Problem> {
    // SAFETY: as the caller promised.
    unsafe {
        Ok(Registration {
            accounts_host: required(app.accounts_host, "accounts_host")?,
            account: required(app.account_id, "account_id")?,
            name: required(app.name, "name")?,
            redirect_urls: list(app.redirect_urls, app.redirect_count, "redirect_urls")?,
            confidential: app.confidential != 0,
            scopes: list(app.scopes, app.scope_count, "scopes")?,
        })
    }
}

/// # Safety
/// `texts` is NULL or has `count` texts.
unsafe fn list(texts: *const *const c_char, count: usize, name: &str) -> Result<Vec<String>, Problem> {
    if count > LIST_MAX || texts.is_null() && count > 0 {
        return Err(Problem::argument(&format!("{name} is NULL, or has more than {LIST_MAX}: a count that is none was taken for one.")));
    }
    // SAFETY: as the caller promised.
    (0..count).map(|at| unsafe { required(texts.add(at).read(), name) }).collect()
}

/// One text of what was registered.
///
/// `which` is TOKENSHIM_INTEGRATION_ID, TOKENSHIM_CLIENT_ID or TOKENSHIM_CLIENT_SECRET; the last is empty where there is none.
/// `text`, `room` and `length` are as those of tokenshim_token_text. The caller wipes the secret with tokenshim_wipe.
///
/// Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_registered_text(
    registered: Handle,
    which: u32,
    text: *mut c_char,
    room: usize,
    length: *mut usize,
    failure: *mut Failure,
) -> Status {
    // SAFETY: as the caller promised.
    unsafe {
        text_of("tokenshim_registered_text", registered, text, room, length, failure, |registered: &Registered| match which {
            INTEGRATION_ID => Ok(registered.integration_id.as_str()),
            CLIENT_ID => Ok(registered.client_id.as_str()),
            CLIENT_SECRET => Ok(registered.client_secret.as_ref().map_or("", Secret::expose)),
            _ => Err(Problem::argument("which means nothing.")),
        })
    }
}
