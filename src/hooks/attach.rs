//! The core library's one entry for the driver library, and the table of functions that it gives.

use super::{attributes, bound, browse, connect, diagnostics, driver_connect, fork, lifetime};
use crate::binding::Bound;
use crate::binding::abi::{Binding, Core};
use crate::error::Error;
use core::ffi::{CStr, c_char, c_void};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The functions that the driver library calls.
static CORE: Core = Core {
    lookup,
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
};

/// As [`Attach`](crate::binding::abi::Attach) says.
///
/// # Safety
/// As [`Attach`](crate::binding::abi::Attach) says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_driver_attach_1(
    file: *const c_char,
    core: *mut *const Core,
    why: *mut c_char,
    why_bytes: usize,
) -> *const Binding {
    fork::survive();
    // SAFETY: the caller passes a NUL-terminated path.
    let file = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(file) }.to_bytes()));
    let bound = std::panic::catch_unwind(|| Bound::attach(file)).unwrap_or(Err(Error::Panicked("loading the real driver")));
    match bound {
        Ok(bound) => {
            // SAFETY: the caller passes a writable pointer.
            unsafe { *core = &CORE };
            // Lives until the process ends: the driver manager may hold its hooks' addresses for as long.
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

/// [`Core::lookup`].
///
/// # Safety
/// `binding` came from [`tokenshim_driver_attach_1`]; `name` is NUL-terminated; `hookable` is NULL or writable.
unsafe extern "C" fn lookup(binding: *const Binding, name: *const c_char, hookable: *mut bool) -> *const c_void {
    // SAFETY: as the caller promised.
    let (bound, name) = unsafe { (bound(binding), CStr::from_ptr(name)) };
    let address = bound.address(name);
    if !hookable.is_null() {
        // SAFETY: as the caller promised.
        unsafe { *hookable = bound.is_hookable(address) };
    }
    address
}
