//! One fetch that is under way, and those who wait for it.

use super::{Cache, Entry, Got, Shelf, WORTH_A_TRY};
use crate::error::Error;
use crate::token::identity::Identity;
use std::sync::{Arc, Condvar, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

/// What waiters look at, with the cache's lock in their hands.
pub struct Flight {
    /// Whose thread fetches.
    pub process: u32,
    /// How long it goes on asking: who has more time than that may get what it did not.
    pub until: Instant,
    result: OnceLock<Result<Got, Error>>,
    landed: Condvar,
}

impl Flight {
    /// Enters a new flight for `identity`. Whoever holds the landing must bring it down.
    pub fn start(cache: &Arc<Cache>, identity: &Identity, entry: &mut Entry, until: Instant) -> Landing {
        let flight = Arc::new(Flight { process: std::process::id(), until, result: OnceLock::new(), landed: Condvar::new() });
        entry.flight = Some(Arc::clone(&flight));
        Landing { cache: Arc::clone(cache), identity: identity.clone(), flight, is_down: false }
    }

    /// Waits, without the lock, until it has landed; `None` where `deadline` comes first.
    pub fn wait<'a>(&self, mut shelf: MutexGuard<'a, Shelf>, deadline: Instant) -> (MutexGuard<'a, Shelf>, Option<Result<Got, Error>>) {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.result.get().is_some() || left.is_zero() {
                return (shelf, self.result.get().cloned());
            }
            (shelf, _) = self.landed.wait_timeout(shelf, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether somebody who can wait until `deadline` may get by a fetch of his own what this one, which said `error`, did not.
    pub fn is_worth_another(&self, error: &Error, deadline: Instant) -> bool {
        let longer = deadline.saturating_duration_since(self.until.max(Instant::now()));
        longer > WORTH_A_TRY && error.again_after().is_some_and(|after| after < longer)
    }

    /// Tells the waiters. The caller has the cache's lock, so that none looks away just now.
    pub fn land(&self, result: Result<Got, Error>) {
        let _ = self.result.set(result);
        self.landed.notify_all();
    }
}

/// The duty to end a flight: also where the fetch panics, or its thread could not be started.
pub struct Landing {
    /// Whose flight it is.
    pub cache: Arc<Cache>,
    identity: Identity,
    flight: Arc<Flight>,
    is_down: bool,
}

impl Landing {
    /// Ends it with what was fetched.
    pub fn land(mut self, result: Result<Got, Error>) -> Result<Got, Error> {
        self.is_down = true;
        self.cache.put(&self.identity, &self.flight, result.clone());
        result
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.is_down {
            self.cache.put(&self.identity, &self.flight, Err(Error::Panicked("fetching a token")));
        }
    }
}
