//! What a log would hear, and what a person is told, told to the program.

use super::handles::{self, Handle};
use super::memory::put;
use super::status::{Failure, Problem, Status, call};
use crate::log::Listener;
use core::ffi::{c_char, c_void};
use std::ffi::CString;

/// A function that hears a line: one line of UTF-8, NUL-terminated, tokenshim's own, and there until the function returns. It holds no token
/// and no secret.
///
/// It is called on whichever thread something went wrong, perhaps on several at once. It should return soon, and must not throw, end its thread,
/// or ask for a token.
pub type LogFunction = Option<unsafe extern "C" fn(data: *mut c_void, line: *const c_char)>;

/// The program's data, for whatever thread it is called on.
#[derive(Clone, Copy)]
struct Data(*mut c_void);

// SAFETY: the program promises that its function may be called with it from any thread.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

/// Registers a function that hears of what goes wrong, in a connect that is refused and beside one that succeeds all the same, also where `TokenLog`
/// is not set; where `TokenLogLevel` is set, it hears as much as that says (docs/logs.md). It hears, too, what somebody who has to sign in is told on
/// stderr: `To sign in to …`, with the address of a page, and perhaps a code to type there.
///
/// `data` is passed to `hear`, and may be NULL. On success `*listener` is a handle; tokenshim_free unregisters the function.
///
/// Fails with TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_log_register(hear: LogFunction, data: *mut c_void, listener: *mut Handle, failure: *mut Failure) -> Status {
    let data = Data(data);
    let body = || {
        // SAFETY: as the caller promised.
        unsafe { put(listener, 0, "listener") }?;
        let hear = hear.ok_or_else(|| Problem::argument("hear is NULL."))?;
        let begun = Listener::begin(move |line: &str| {
            let data = data; // all of it, not the pointer alone
            // Control characters are gone from the line: it has no NUL.
            let line = CString::new(line).unwrap_or_default();
            // SAFETY: as the program promised; the line is there until it returns.
            unsafe { hear(data.0, line.as_ptr()) };
        });
        // SAFETY: as the caller promised.
        unsafe { put(listener, handles::add(begun), "listener") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_log_register", failure, body) }
}
