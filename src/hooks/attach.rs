//! The core library's one entry for the driver library, and the table of functions that it gives.

use super::{attributes, bound, browse, connect, diagnostics, driver_connect, fork, lifetime, live, statements};
use crate::binding::Bound;
use crate::binding::abi::{Binding, Core, Hooks};
use crate::credential;
use crate::error::Error;
use crate::refresh;
use core::ffi::{CStr, c_char, c_void};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// The functions that the driver library calls.
static CORE: Core = Core {
    lookup,
    detach,
    hooks: Hooks {
        connect: connect::connect,
        driver_connect: driver_connect::driver_connect,
        browse_connect: browse::browse_connect,
        set_connect_attr: attributes::set_connect_attr,
        get_connect_attr: attributes::get_connect_attr,
        set_connect_option: attributes::set_connect_option,
        get_connect_option: attributes::get_connect_option,
        get_diag_rec: diagnostics::get_diag_rec,
        get_diag_field: diagnostics::get_diag_field,
        error: diagnostics::error,
        disconnect: lifetime::disconnect,
        free_handle: lifetime::free_handle,
        free_connect: lifetime::free_connect,
    },
    statements: statements::EXECUTING,
    statement_lives: statements::COMING_AND_GOING,
};

/// What this process needs before anybody asks for a token: at the first call of tokenshim's, whoever makes it.
pub fn begin() {
    static ONCE: Once = Once::new();
    fork::survive();
    ONCE.call_once(|| {
        watch_for_the_end();
        // A panic ends as a record. Of its words on stderr nobody but a developer has any use (this is our own copy of std's hook).
        #[cfg(not(debug_assertions))]
        std::panic::set_hook(Box::new(|_| {}));
    });
}

/// As [`Attach`](crate::binding::abi::Attach) says.
///
/// # Safety
/// As [`Attach`](crate::binding::abi::Attach) says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_driver_attach_3(
    file: *const c_char,
    core: *mut *const Core,
    why: *mut c_char,
    why_bytes: usize,
) -> *const Binding {
    begin();
    // SAFETY: the caller passes a NUL-terminated path.
    let file = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(file) }.to_bytes()));
    let bound = std::panic::catch_unwind(|| Bound::attach(file)).unwrap_or(Err(Error::Panicked("loading the real driver")));
    match bound {
        Ok(mut bound) => {
            if std::panic::catch_unwind(|| live::is_live(&bound)).unwrap_or(false) {
                bound.hook_statements();
            }
            // SAFETY: the caller passes a writable pointer.
            unsafe { *core = &CORE };
            // Lives until `detach`: the driver manager holds addresses of its hooks, and of the real driver, for as long.
            std::ptr::from_ref(Box::leak(Box::new(bound))).cast()
        }
        Err(error) => {
            let message = error.message();
            let fit = message.len().min(why_bytes.saturating_sub(1));
            // SAFETY: the caller passes `why_bytes` writable bytes; `fit` and the NUL are within them.
            unsafe {
                core::ptr::copy_nonoverlapping(message.as_ptr(), why.cast(), fit);
                *why.add(fit) = 0;
            }
            core::ptr::null()
        }
    }
}

/// [`Core::detach`]. The loader has counted its users: the driver manager closed the driver library after the last
/// connection, so no hook is running, and no address of the real driver's is known to anybody.
///
/// # Safety
/// `binding` came from [`tokenshim_driver_attach_3`], and is not used again.
unsafe extern "C" fn detach(binding: *const Binding) {
    // At the process's end other threads may still be inside a hook, and the real driver ends as it does without us.
    // A driver that was in no hurry to take a new token, so that its disconnect went ahead, is still being used.
    // SAFETY: as the caller promised.
    let is_entered = unsafe { bound(binding) }.entered.load(Ordering::Acquire) > 0;
    if !ENDING.load(Ordering::Acquire) && !is_entered {
        // SAFETY: it is the leaked `Bound`; as the caller promised, the last use of it.
        drop(unsafe { Box::from_raw(binding.cast_mut().cast::<Bound>()) });
    }
}

/// `exit` was called. Libraries' destructors run after that.
static ENDING: AtomicBool = AtomicBool::new(false);

/// From now on `exit` tells us that it was called.
pub fn watch_for_the_end() {
    extern "C" fn end() {
        ENDING.store(true, Ordering::Release);
        let _ = std::panic::catch_unwind(refresh::end_of_process);
        let _ = std::panic::catch_unwind(credential::end_of_process);
    }
    // SAFETY: a function that lives as long as this library, which is never unloaded, and does not unwind.
    unsafe { libc::atexit(end) };
}

/// [`Core::lookup`].
///
/// # Safety
/// `binding` came from [`tokenshim_driver_attach_3`]; `name` is NUL-terminated; `hookable` is NULL or writable.
unsafe extern "C" fn lookup(binding: *const Binding, name: *const c_char, hookable: *mut bool) -> *const c_void {
    // SAFETY: as the caller promised.
    let (bound, name) = unsafe { (bound(binding), CStr::from_ptr(name)) };
    let address = bound.address(name);
    if !hookable.is_null() {
        // SAFETY: as the caller promised.
        unsafe { *hookable = bound.is_hookable(name, address) };
    }
    address
}
