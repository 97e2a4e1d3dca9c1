//! `pthread_cancel`: a cancelled thread unwinds by force, which Rust's frames do not let through, so that the whole process ends.
//! From a connect's begin the request waits, and the thread ends at its next cancellation point after a connect with a token.
//! One without gives the state back before the real driver connects, where only that is cancelled, as without tokenshim.

use core::ffi::c_int;

/// PTHREAD_CANCEL_DISABLE, of `<pthread.h>` on Linux.
const DISABLE: c_int = 1;

unsafe extern "C" {
    // The libc crate has it for other systems only.
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// While this lives, its thread is not cancelled. What was before comes back with its end.
#[must_use]
pub struct HeldOff(c_int);

impl HeldOff {
    pub fn begin() -> Self {
        let mut before = 0;
        // SAFETY: it concerns the calling thread alone; `before` is writable. It fails only for states that do not exist.
        unsafe { pthread_setcancelstate(DISABLE, &mut before) };
        Self(before)
    }
}

impl Drop for HeldOff {
    fn drop(&mut self) {
        let mut unused = 0;
        // SAFETY: as above, with the state that was there; it is no cancellation point itself.
        unsafe { pthread_setcancelstate(self.0, &mut unused) };
    }
}
