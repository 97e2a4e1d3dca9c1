//! Surviving `fork`: a child has only the thread that forked. A lock that another one held at that moment would stay
//! locked in the child for ever, so the thread that forks takes tokenshim's locks first.

use crate::config::ini;
use crate::connection::{self, statements};
use crate::credential;
use crate::delivery::access_token;
use crate::log;
use crate::oauth::http;
use crate::refresh;
use crate::sign_in;
use crate::token::{cache, memory, store};
use std::any::Any;
use std::cell::RefCell;
use std::sync::{Once, OnceLock};

thread_local! {
    static HELD: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// From now on each `fork` of this process finds the locks in the hands of the thread that forks.
pub fn survive() {
    static ONCE: Once = Once::new();
    // SAFETY: three functions that live as long as this library, which is never unloaded, and do not unwind.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(Some(hold), Some(release), Some(release_in_child));
    });
}

/// As the others' `hold`, of what stands above the hooks.
static ABOVE: OnceLock<fn() -> Box<dyn Any>> = OnceLock::new();

/// From now on each `fork` holds this, too.
pub fn hold_too(hold: fn() -> Box<dyn Any>) {
    let _ = ABOVE.set(hold);
}

/// None of these is ever held by a thread that waits for another of them, or for anything else, but memory: that comes last.
extern "C" fn hold() {
    let locks = || {
        let of_connections = [connection::hold(), statements::hold(), access_token::hold(), sign_in::hold()];
        let of_host = ABOVE.get().map(|hold| hold()).into_iter().chain([log::hold()]);
        let of_tokens = [http::hold(), ini::hold(), credential::hold(), cache::hold(), store::hold(), refresh::hold(), memory::hold()];
        of_host.chain(of_connections).chain(of_tokens).collect()
    };
    let _ = HELD.try_with(|held| held.replace(locks()));
}

/// In the parent and in the child.
extern "C" fn release() {
    let _ = HELD.try_with(RefCell::take);
}

/// Locks between processes are the parent's, whose threads the child has not got.
extern "C" fn release_in_child() {
    release();
    store::leave_to_parent();
}
