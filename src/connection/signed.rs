//! A sign-in whose token a real driver has: one value for all connections that have the same.

use crate::config::text::Width;
use crate::config::words::Words;
use crate::delivery::access_token::AccessToken;
use crate::error::Error;
use crate::sign_in::{Live, SignIn};
use crate::token::clock::{Clock, SinceBoot};
use crate::token::life::{random, wait_after};
use crate::token::{Secret, Token};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What a real driver made of a new token for one of its open connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It has it.
    Taken,
    /// Not this time; with what it says of that, fit to be shown.
    Refused(String),
    /// It does not know the attributes.
    Unknown,
}

impl Given {
    /// In a log.
    pub fn name(&self) -> &'static str {
        match self {
            Given::Taken => "taken",
            Given::Refused(_) => "refused",
            Given::Unknown => "unknown to the driver",
        }
    }
}

/// Gives a real driver's open connection the token of a sign-in; `Width` is that of its wide characters, `None` where it was
/// opened by a function without any.
pub type Give = fn(driver: usize, dbc: usize, wide: Option<Width>, sign_in: &SignIn) -> Given;

/// A sign-in, and the words with which the application asked for it.
pub struct Signed {
    /// The token and the edits.
    pub sign_in: SignIn,
    /// What the application wrote, all steps of an SQLBrowseConnect together.
    pub written: Arc<Words>,
    /// Whose connections these are: a number for each real driver.
    pub driver: usize,
    /// How that driver gets a new token.
    pub give: Give,
    /// What became of the attempts to renew the token.
    pub attempts: Arc<Attempts>,
    /// There is nothing to renew here.
    pub given_up: AtomicBool,
}

/// A connection gets no new token more often than this, however short their lives are.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// When a renewal that failed is tried again. All connections of one identity with one token have this in common.
pub struct Attempts {
    /// Instead of which another token is fetched.
    token: Secret,
    failures: AtomicU32,
    /// No renewal before this, by the clock of tokens; and no statement's own attempt before that.
    renewal_wait: AtomicU64,
    statement_wait: AtomicU64,
    /// The process that fetches; a child of `fork` has nothing of it.
    fetching: AtomicU32,
}

impl Attempts {
    /// None yet, to replace this token.
    pub fn of(token: &Token) -> Arc<Self> {
        let [renewal_wait, statement_wait] = [const { AtomicU64::new(0) }; 2];
        let [failures, fetching] = [const { AtomicU32::new(0) }; 2];
        Arc::new(Self { token: token.text.clone(), failures, renewal_wait, statement_wait, fetching })
    }

    /// A renewal came to nothing: the next waits for a while, and at least as long as the provider wants. Of several that end
    /// together one counts. A statement waits for nothing but the provider's own wish.
    pub fn failed(&self, error: Option<&Error>) {
        let now = SinceBoot.now();
        if let Some(Error::NotYet { after }) = error {
            return raise(&self.renewal_wait, now + *after);
        }
        let again_after = error.and_then(Error::again_after).unwrap_or_default();
        let failures = if self.renewal_wait() > now { self.failures.load(Relaxed) } else { self.failures.fetch_add(1, Relaxed).saturating_add(1) };
        if again_after > Duration::ZERO || self.renewal_wait() <= now {
            raise(&self.renewal_wait, now + again_after + wait_after(failures, random()));
        }
        if again_after > Duration::ZERO {
            raise(&self.statement_wait, now + again_after);
        }
    }

    /// What a statement itself asked for came to nothing: the next statements go ahead without.
    pub fn failed_for_statement(&self, error: &Error) {
        self.failed(Some(error));
        raise(&self.statement_wait, SinceBoot.now() + wait_after(1, random()));
    }

    /// Whether a statement may ask for a token now.
    pub fn is_open_to_statements(&self, now: Duration) -> bool {
        Duration::from_millis(self.statement_wait.load(Relaxed)) <= now
    }

    /// A fetch begins; `false` where one is under way.
    pub fn begin(&self) -> bool {
        let process = std::process::id();
        self.fetching.swap(process, Relaxed) != process
    }

    /// The fetch has ended.
    pub fn end(&self) {
        self.fetching.store(0, Relaxed);
    }

    /// Whether a fetch is under way.
    pub fn is_fetching(&self) -> bool {
        self.fetching.load(Relaxed) == std::process::id()
    }

    fn renewal_wait(&self) -> Duration {
        Duration::from_millis(self.renewal_wait.load(Relaxed))
    }
}

fn raise(wait: &AtomicU64, until: Duration) {
    wait.fetch_max(until.as_millis() as u64, Relaxed);
}

impl Signed {
    /// The same, once the driver has all of it: the token stays in one place only.
    pub fn settled(mut self) -> Self {
        self.sign_in.edits = self.sign_in.edits.settled();
        self
    }

    /// The same with a newer token.
    pub fn with(&self, token: Token) -> Self {
        let attempts = Attempts::of(&token);
        let sign_in = SignIn { token, ..self.sign_in.clone() };
        let (written, given_up) = (Arc::clone(&self.written), AtomicBool::new(false));
        Self { sign_in, written, driver: self.driver, give: self.give, attempts, given_up }
    }

    /// From now on nobody renews its token.
    pub fn give_up(&self) {
        self.given_up.store(true, Relaxed);
    }

    /// Whether the server will refuse whatever comes over such a connection, though nobody has asked it yet.
    pub fn is_over(&self) -> bool {
        self.sign_in.edits.delivery.profile.session_ends_with_token && self.sign_in.token.is_over()
    }

    /// When its token is to be renewed, by [`SinceBoot`]; `None` where it is not.
    pub fn due(&self) -> Option<Duration> {
        let (token, renewal) = (&self.sign_in.token, self.sign_in.renewer.renewal());
        let age = match self.sign_in.live {
            _ if self.given_up.load(Relaxed) => return None,
            Live::No => return None,
            Live::Attributes => token.renew_at(renewal),
            Live::Memory => token.near_end(renewal),
        };
        Some((token.came + age.max(LEAST_WAIT)).max(self.attempts.renewal_wait()))
    }

    /// From when on no statement should be executed before its token is renewed.
    pub fn ends(&self) -> Option<Duration> {
        let token = &self.sign_in.token;
        (self.sign_in.live == Live::Attributes && self.due().is_some()).then(|| token.came + token.end().max(LEAST_WAIT))
    }

    fn is_like(&self, other: &Signed) -> bool {
        let (one, another) = (&self.sign_in, &other.sign_in);
        self.driver == other.driver
            && one.by == another.by
            && one.live == another.live
            && one.renewer.renewal() == another.renewer.renewal()
            && one.token.text == another.token.text
            && memory(one) == memory(another)
            && self.written == other.written
    }
}

/// The memory from which the driver reads the token.
fn memory(sign_in: &SignIn) -> Option<*const AccessToken> {
    sign_in.edits.attribute.as_ref().map(|(_, memory)| Arc::as_ptr(memory))
}

/// All that connections have at this moment, by words and identity.
#[derive(Default)]
pub struct SignedTable {
    known: BTreeMap<(u64, u64), Vec<Weak<Signed>>>,
    /// Of each identity those for its newest token.
    attempts: BTreeMap<u64, Weak<Attempts>>,
    sweep_at: usize,
}

/// Fewer are never looked through for those that nobody has any more.
const SWEEP_FROM: usize = 64;

impl SignedTable {
    /// An empty table.
    pub const fn new() -> Self {
        Self { known: BTreeMap::new(), attempts: BTreeMap::new(), sweep_at: SWEEP_FROM }
    }

    /// The one value for what is like `signed`.
    pub fn one(&mut self, mut signed: Signed) -> Arc<Signed> {
        if self.known.len() >= self.sweep_at {
            self.known.retain(|_, known| known.iter().any(|known| known.strong_count() > 0));
            self.attempts.retain(|_, attempts| attempts.strong_count() > 0);
            self.sweep_at = SWEEP_FROM.max(self.known.len() * 2);
        }
        let by = signed.sign_in.by;
        let known = self.known.entry((by.words, by.identity)).or_default();
        known.retain(|known| known.strong_count() > 0);
        if let Some(same) = known.iter().filter_map(Weak::upgrade).find(|known| known.is_like(&signed)) {
            return same;
        }
        match self.attempts.get(&by.identity).and_then(Weak::upgrade).filter(|attempts| attempts.token == signed.sign_in.token.text) {
            Some(shared) => signed.attempts = shared,
            None => _ = self.attempts.insert(by.identity, Arc::downgrade(&signed.attempts)),
        }
        let signed = Arc::new(signed);
        known.push(Arc::downgrade(&signed));
        signed
    }

    /// Whether connections are open for the same words in another identity's name.
    pub fn has_another(&self, signed: &Signed) -> bool {
        let by = signed.sign_in.by;
        let same_words = self.known.range((by.words, 0)..=(by.words, u64::MAX));
        same_words.filter(|((_, identity), _)| *identity != by.identity).any(|(_, known)| known.iter().any(|known| known.strong_count() > 0))
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = Arc<Signed>> {
        self.known.values().flatten().filter_map(Weak::upgrade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn attempts() -> Arc<Attempts> {
        Attempts::of(&Token::new(Secret::new("old".into()), None).expect("a token"))
    }

    fn busy(again_after: Duration) -> Error {
        Error::ProviderUnreachable { who: "idp".into(), words: "HTTP 429".into(), advice: "-", section: "s".into(), again_after: Some(again_after) }
    }

    #[test]
    fn a_failed_renewal_waits_at_least_as_long_as_the_provider_wants() {
        for (error, least, most) in [(None, 15, 46), (Some(busy(seconds(300))), 315, 346), (Some(Error::NotYet { after: seconds(70) }), 70, 71)] {
            let attempts = attempts();
            attempts.failed(error.as_ref());
            let wait = attempts.renewal_wait() - SinceBoot.now();
            assert!((seconds(least - 1)..seconds(most)).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn of_many_that_fail_together_one_counts_but_a_longer_wait_of_the_providers_does() {
        let attempts = attempts();
        (0..64).for_each(|_| attempts.failed(None));
        assert!(attempts.renewal_wait() - SinceBoot.now() < seconds(46));
        attempts.failed(Some(&busy(seconds(300))));
        assert!(attempts.renewal_wait() - SinceBoot.now() > seconds(310));
    }

    #[test]
    fn a_statement_waits_for_the_providers_wish_and_its_own_failure_only() {
        let (attempts, now) = (attempts(), SinceBoot.now());
        attempts.failed(None);
        assert!(attempts.is_open_to_statements(now));
        attempts.failed_for_statement(&busy(Duration::ZERO));
        assert!(!attempts.is_open_to_statements(now) && attempts.is_open_to_statements(now + seconds(50)));
        attempts.failed(Some(&busy(seconds(300))));
        assert!(!attempts.is_open_to_statements(now + seconds(290)) && attempts.is_open_to_statements(now + seconds(310)));
    }

    #[test]
    fn one_fetch_is_under_way_at_a_time() {
        let attempts = attempts();
        assert_eq!([attempts.begin(), attempts.begin(), attempts.is_fetching()], [true, false, true]);
        attempts.end();
        assert!(!attempts.is_fetching() && attempts.begin());
    }
}
