//! The host's signals are the host's: no thread of tokenshim's ever takes one.

use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};

/// Runs `start`, which starts threads: they inherit a mask that blocks every signal. The calling thread's own mask is
/// as before afterwards.
pub fn blocked<R>(start: impl FnOnce() -> R) -> R {
    let mut before = SigSet::empty();
    let masked = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), Some(&mut before));
    let result = start();
    if masked.is_ok() {
        let _ = before.thread_set_mask();
    }
    result
}
