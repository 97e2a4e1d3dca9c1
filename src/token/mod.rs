//! Tokens and secrets: values that are wiped when dropped and cannot be printed by accident; and the places where tokens
//! are kept, in memory and in files.

pub mod cache;
pub mod clock;
pub mod identity;
pub mod life;
pub mod memory;
pub mod patience;
pub mod store;

use clock::{Clock, SinceBoot};
use memory::Hidden;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Text that nobody else may see, in [hidden memory](memory). It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone)]
pub struct Secret(Arc<Hidden>);

impl Secret {
    /// Moves the text into hidden memory. Clones share it; it is wiped when the last of them is dropped.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Hidden::of(&text)))
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.text()
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

/// Does not compile where `Secret` has a `Display`: then there would be two traits to choose from. What it has none of, no log's line takes.
const _: fn() = || {
    trait IsShown<A> {
        fn look() {}
    }
    struct Shown;
    impl<T: ?Sized> IsShown<()> for T {}
    impl<T: ?Sized + std::fmt::Display> IsShown<Shown> for T {}
    <Secret as IsShown<_>>::look();
};

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

/// An access token as a provider gave it.
#[derive(Clone, Debug)]
pub struct Token {
    /// What the driver gets: printable ASCII, not empty (RFC 6749, appendix A.12).
    pub text: Secret,
    /// When it came, by [`clock::SinceBoot`].
    pub came: Duration,
    /// How long it was still good for then, where the provider said so.
    pub life: Option<Duration>,
    /// After what time the provider wants it renewed, where it says so (Entra: `refresh_in`).
    pub renew_after: Option<Duration>,
    /// Any number, its own: it spreads the renewals of tokens that came together (see [`life`]).
    pub random: u64,
}

/// Nobody gives a token for longer; a larger number is a mistake and counts as none.
pub const LIFE_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

impl Token {
    /// Checks `text` for what no driver can carry. A `life` that cannot be true counts as none said.
    ///
    /// # Errors
    /// Says in words what is wrong with it, without showing it.
    pub fn new(text: Secret, life: Option<Duration>) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("its access_token is empty");
        }
        if !text.expose().bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err("its access_token has characters that no token may have (RFC 6749, A.12)");
        }
        Ok(Self {
            text,
            came: SinceBoot.now(),
            life: life.filter(|life| !life.is_zero() && *life <= LIFE_MAX),
            renew_after: None,
            random: life::random(),
        })
    }

    /// How long ago it came.
    pub fn age(&self) -> Duration {
        SinceBoot.now().saturating_sub(self.came)
    }

    /// When it ends, in seconds since 1970 (UTC), where its provider said so.
    pub fn ends_at(&self) -> Option<u64> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.life.map(|life| (now + life).saturating_sub(self.age()).as_secs())
    }

    /// The same one, if it came that long ago. The clock knows nothing of the time before the machine was started: that is
    /// taken off its life.
    pub fn aged(self, age: Duration) -> Self {
        let now = SinceBoot.now();
        let before = age.saturating_sub(now);
        let left = |time: Option<Duration>| time.map(|time| time.saturating_sub(before).max(Duration::from_nanos(1)));
        Self { came: now.saturating_sub(age), life: left(self.life), renew_after: left(self.renew_after), ..self }
    }

    /// How much of its life is left, where the provider said how long that is.
    pub fn left(&self) -> Option<Duration> {
        self.life.map(|life| life.saturating_sub(self.age()))
    }

    /// Whether it is certainly of no use any more.
    pub fn is_over(&self) -> bool {
        self.life.is_some_and(|life| self.age() >= life)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<Token, &'static str> {
        Token::new(Secret::new(text.into()), None)
    }

    #[test]
    fn a_secret_does_not_show_itself_in_debug_output() {
        let token = token("abc").expect("a token");
        assert!(format!("{token:?}").starts_with("Token { text: ***, "));
    }

    #[test]
    fn a_token_is_printable_ascii_and_not_empty() {
        assert!(token("eyJ.a-b_c~+/=").is_ok());
        for bad in ["", "a\nb", "a\0b", "tök", "a\x7f"] {
            assert!(token(bad).is_err(), "{bad:?}");
        }
    }
}
