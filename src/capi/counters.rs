//! How often tokens were asked for in this process, and how that went.

use super::memory::put;
use super::status::{Failure, Status, call};
use crate::token::cache::{Counted, cache};

/// Numbers that only grow, since the process began; those of connections and of calls together. A child of fork goes on from its parent's.
#[repr(C)]
pub struct Counters {
    /// How often somebody who waits for it asked for a token: a connect, or a call.
    pub requests: u64,
    /// How many of them got one that was kept, in memory or in a file.
    pub hits: u64,
    /// How often a new token was fetched while the old one served.
    pub renewals: u64,
    /// How many requests and renewals came to nothing.
    pub failures: u64,
}

/// Reads what was counted up to now. The four are read one after the other, while others may add to them.
///
/// `counters` is memory of the caller's. Fails with TOKENSHIM_STATUS_INVALID_ARGUMENT.
///
/// Any thread may call it. It does not wait. `failure` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenshim_counters_read(counters: *mut Counters, failure: *mut Failure) -> Status {
    let body = || {
        let Counted { requests, hits, renewals, failures } = cache().counts.now();
        // SAFETY: as the caller promised.
        unsafe { put(counters, Counters { requests, hits, renewals, failures }, "counters") }
    };
    // SAFETY: as the caller promised.
    unsafe { call("tokenshim_counters_read", failure, body) }
}
