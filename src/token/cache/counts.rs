//! How often tokens were asked for, and how that went: for whoever looks after a program.

use super::Got;
use crate::error::Error;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Numbers that only grow, each by itself: a connect adds to them and looks at none.
#[derive(Default)]
pub struct Counts {
    requests: AtomicU64,
    hits: AtomicU64,
    renewals: AtomicU64,
    failures: AtomicU64,
}

/// What was counted up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How often somebody who waits for it asked for a token: a connect, or a call of the program's.
    pub requests: u64,
    /// How many of them got one that was kept, here or by another process.
    pub hits: u64,
    /// How often a new token was fetched while the old one served.
    pub renewals: u64,
    /// How many requests and renewals came to nothing.
    pub failures: u64,
}

impl Counts {
    /// A request, or a renewal, came to this.
    pub(super) fn count(&self, is_renewal: bool, result: &Result<Got, Error>) {
        match result {
            Err(Error::NotYet { .. }) => return, // nothing was asked
            Err(_) => self.failures.fetch_add(1, Relaxed),
            Ok(got) if got.was_kept && is_renewal => return, // another one had renewed it
            Ok(got) if got.was_kept => self.hits.fetch_add(1, Relaxed),
            Ok(_) => 0,
        };
        let asked = if is_renewal { &self.renewals } else { &self.requests };
        asked.fetch_add(1, Relaxed);
    }

    /// What was counted up to now.
    pub fn now(&self) -> Counted {
        let read = |number: &AtomicU64| number.load(Relaxed);
        Counted { requests: read(&self.requests), hits: read(&self.hits), renewals: read(&self.renewals), failures: read(&self.failures) }
    }
}
