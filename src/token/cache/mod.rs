//! The tokens of this process, one for each identity: fetched once however many ask, kept while they are good, renewed
//! behind the callers' backs.

mod counts;
mod flight;
#[cfg(test)]
mod tests;

use super::Token;
use super::clock::{Clock, SinceBoot};
use super::identity::Identity;
use super::life::{Freshness, Renewal, random, wait_after};
use super::patience::{Patience, Tries};
use crate::error::Error;
use crate::signals;
pub use counts::{Counted, Counts};
use flight::{Flight, Landing};
use std::any::Any;
use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How often tokens that are over are thrown away, whoever asks for whichever token then.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// From this many identities on a new one may be a reason, too.
const SWEEP_FROM: usize = 64;

/// Who has less time than this left does not begin a fetch that somebody else could not end.
const WORTH_A_TRY: Duration = Duration::from_millis(250);

/// What somebody wants who connects.
pub struct Want<'a> {
    /// Whose token.
    pub identity: &'a Identity,
    /// When a kept one is old.
    pub renewal: Renewal,
    /// How long this caller can wait.
    pub deadline: Instant,
    /// How long a renewal may take, for which nobody waits.
    pub renewal_timeout: Duration,
    /// A token that a server refused, or that is old: not that one again. It stays until there is another, for others it may do.
    pub refused: Option<&'a Token>,
    /// Nobody waits for it.
    pub is_renewal: bool,
    /// A person may be asked for it.
    pub may_ask: bool,
}

/// What a fetch is for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// When it must be over.
    pub deadline: Instant,
    /// Not this one again, which is old, or which a server refused.
    pub instead_of: Option<Token>,
    /// Nobody waits for it: the old one serves meanwhile.
    pub is_renewal: bool,
}

impl Ask {
    /// How patiently the provider is asked.
    pub fn patience(&self) -> Patience {
        Patience { deadline: self.deadline, tries: if self.is_renewal { Tries::One } else { Tries::Many } }
    }
}

/// A token, and where it came from.
#[derive(Clone, Debug)]
pub struct Got {
    /// The token.
    pub token: Token,
    /// It was there already, here or in another process, so it may have been revoked since.
    pub was_kept: bool,
}

impl Got {
    /// One that has just come from its provider.
    pub fn new(token: Token) -> Self {
        Self { token, was_kept: false }
    }
}

/// The tokens. Its lock is held for a look or an entry only, never while a token is fetched.
pub struct Cache {
    /// Makes numbers of words and identities, for this process alone.
    pub numbers: RandomState,
    /// How often tokens were asked for, and how that went.
    pub counts: Counts,
    clock: Box<dyn Clock>,
    shelf: Mutex<Shelf>,
}

struct Shelf {
    entries: HashMap<Identity, Entry>,
    sweep_at: usize,
    swept: Duration,
}

#[derive(Default)]
struct Entry {
    kept: Option<Kept>,
    flight: Option<Arc<Flight>>,
}

struct Kept {
    token: Token,
    since: Duration,
    failures: u32,
    /// No renewal before this.
    wait_until: Duration,
}

/// The one cache of this process.
pub fn cache() -> &'static Arc<Cache> {
    static CACHE: LazyLock<Arc<Cache>> = LazyLock::new(|| Arc::new(Cache::with(SinceBoot)));
    &CACHE
}

/// Lets no other thread at the cache until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(cache().shelf())
}

impl Cache {
    fn with(clock: impl Clock) -> Self {
        let shelf = Shelf { entries: HashMap::new(), sweep_at: SWEEP_FROM, swept: clock.now() };
        Self { numbers: RandomState::new(), counts: Counts::default(), clock: Box::new(clock), shelf: Mutex::new(shelf) }
    }

    /// A token that is good now. Where none is kept, the first caller fetches one and the others wait for it; where an
    /// old one is kept, that is the answer, and a new one is fetched on a thread of its own.
    ///
    /// `late` is the error of a caller that waited for another one's fetch until its own deadline.
    ///
    /// # Errors
    /// What `fetch` said, to all who waited for it. But where it ran out of its own caller's time, or was a renewal that
    /// asked only once, the next one fetches. A renewal hears [`Error::NotYet`] as long as the one before it has to wait.
    pub fn get<F>(self: &Arc<Self>, want: &Want<'_>, late: impl Fn() -> Error, fetch: F) -> Result<Got, Error>
    where
        F: Fn(Ask) -> Result<Got, Error> + Send + 'static,
    {
        let result = self.answer(want, late, fetch);
        self.counts.count(want.is_renewal, &result);
        result
    }

    fn answer<F>(self: &Arc<Self>, want: &Want<'_>, late: impl Fn() -> Error, fetch: F) -> Result<Got, Error>
    where
        F: Fn(Ask) -> Result<Got, Error> + Send + 'static,
    {
        let mut shelf = self.shelf();
        loop {
            let now = self.clock.now();
            let entry = shelf.entry(want.identity, now);
            if let Some(kept) = entry.kept.as_ref().filter(|kept| want.refused.is_none_or(|refused| kept.token.text != refused.text)) {
                let got = Got { token: kept.token.clone(), was_kept: true };
                match kept.freshness(now, want.renewal) {
                    Freshness::Fresh => return Ok(got),
                    Freshness::Old if now < kept.wait_until || entry.flight().is_some() => return Ok(got),
                    Freshness::Old => {
                        let landing = Flight::start(self, want.identity, entry, Instant::now());
                        drop(shelf);
                        renew(landing, want.renewal_timeout, got.token.clone(), fetch);
                        return Ok(got);
                    }
                    Freshness::Over => {}
                }
            }
            let Some(flight) = entry.flight().map(Arc::clone) else {
                if let Some(wait) = entry.kept.as_ref().map(|kept| kept.wait_until).filter(|wait| want.is_renewal && now < *wait) {
                    return Err(Error::NotYet { after: wait - now });
                }
                let until = if want.is_renewal { Instant::now() } else { want.deadline };
                let landing = Flight::start(self, want.identity, entry, until);
                drop(shelf);
                let got = landing.land(fetch(Ask { deadline: want.deadline, instead_of: want.refused.cloned(), is_renewal: want.is_renewal }))?;
                if !got.was_kept {
                    return Ok(got);
                }
                // Another process fetched it, perhaps long ago: it is looked at like one that was here.
                shelf = self.shelf();
                continue;
            };
            let landed;
            (shelf, landed) = flight.wait(shelf, want.deadline);
            match landed {
                Some(Ok(got)) => return Ok(got),
                // Another one's time was up, not ours.
                Some(Err(error)) if !want.is_renewal && flight.is_worth_another(&error, want.deadline) => {}
                Some(Err(Error::TooSlow { .. })) | None => return Err(late()),
                // Another one might not ask.
                Some(Err(Error::SignInNeeded { .. })) if want.may_ask => {}
                Some(Err(error)) => return Err(error),
            }
        }
    }

    /// A token that is kept and still good, but not that one.
    pub fn kept(&self, identity: &Identity, but: &Token) -> Option<Token> {
        let now = self.clock.now();
        let shelf = self.shelf();
        let kept = shelf.entries.get(identity)?.kept.as_ref()?;
        (kept.token.text != but.text && !kept.is_over(now)).then(|| kept.token.clone())
    }

    /// Drops this token, if it is the one that is kept: whoever asks next gets another.
    pub fn forget(&self, identity: &Identity, token: &Token) {
        let mut shelf = self.shelf();
        let Some(entry) = shelf.entries.get_mut(identity) else { return };
        entry.kept.take_if(|kept| kept.token.text == token.text);
        if entry.kept.is_none() && entry.flight.is_none() {
            shelf.entries.remove(identity);
        }
    }

    /// Keeps a token that came without anybody's asking here for it, in place of the one that is kept or under way.
    pub fn keep(&self, identity: &Identity, token: &Token) {
        let now = self.clock.now();
        let kept = Kept { token: token.clone(), since: now.saturating_sub(token.age()), failures: 0, wait_until: now };
        *self.shelf().entry(identity, now) = Entry { kept: Some(kept), flight: None };
    }

    /// Drops whichever token is kept or under way: who waits for that gets it, and nobody else.
    pub fn forget_any(&self, identity: &Identity) {
        self.shelf().entries.remove(identity);
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts what a flight brought where it belongs.
    fn put(&self, identity: &Identity, flight: &Arc<Flight>, result: Result<Got, Error>) {
        let now = self.clock.now();
        let mut shelf = self.shelf();
        let entry = shelf.entry(identity, now);
        let is_wanted = entry.flight.take_if(|current| Arc::ptr_eq(current, flight)).is_some();
        let is_anothers = entry.kept.is_some() || entry.flight.is_some();
        match (&result, &mut entry.kept) {
            _ if !is_wanted && is_anothers => {}
            _ if !is_wanted => drop(shelf.entries.remove(identity)),
            (Ok(Got { token, .. }), kept) => {
                *kept = Some(Kept { token: token.clone(), since: now.saturating_sub(token.age()), failures: 0, wait_until: now });
            }
            (Err(error), Some(kept)) => {
                kept.failures = kept.failures.saturating_add(1);
                kept.wait_until = now + error.again_after().unwrap_or_default() + wait_after(kept.failures, random());
            }
            (Err(_), None) => drop(shelf.entries.remove(identity)),
        }
        flight.land(result);
    }
}

/// Fetches on a thread of its own. Where there can be none, that counts as a fetch that failed: the old token serves on.
fn renew(landing: Landing, timeout: Duration, old: Token, fetch: impl Fn(Ask) -> Result<Got, Error> + Send + 'static) {
    let ask = Ask { deadline: Instant::now() + timeout, instead_of: Some(old), is_renewal: true };
    let body = move || {
        let result = fetch(ask);
        landing.cache.counts.count(true, &result);
        drop(landing.land(result));
    };
    let _ = signals::spawn(Builder::new(), body);
}

impl Shelf {
    /// The entry of `identity`, which is made where there is none.
    fn entry(&mut self, identity: &Identity, now: Duration) -> &mut Entry {
        let is_full = self.entries.len() >= self.sweep_at && !self.entries.contains_key(identity);
        if is_full || now.saturating_sub(self.swept) >= SWEEP_EVERY {
            self.swept = now;
            self.entries.retain(|_, entry| entry.flight().is_some() || entry.kept.as_ref().is_some_and(|kept| !kept.is_over(now)));
            self.sweep_at = SWEEP_FROM.max(self.entries.len() * 2);
        }
        self.entries.entry(identity.clone()).or_default()
    }
}

impl Entry {
    /// The fetch that is under way. One that a parent process had begun is none of ours: its thread did not come along.
    fn flight(&self) -> Option<&Arc<Flight>> {
        self.flight.as_ref().filter(|flight| flight.process == std::process::id())
    }
}

impl Kept {
    fn freshness(&self, now: Duration, renewal: Renewal) -> Freshness {
        self.token.freshness(now.saturating_sub(self.since), renewal)
    }

    fn is_over(&self, now: Duration) -> bool {
        self.freshness(now, Renewal::Off) == Freshness::Over
    }
}
