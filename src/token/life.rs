//! When a token is renewed, and when it is over.

use super::Token;
use super::clock::{Clock, SinceBoot};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How long a token is kept whose provider does not say how long it is good for.
const UNKNOWN_LIFE: Duration = Duration::from_secs(300);
/// A token that ends this soon could be over when it reaches the server. No more than a tenth of its life.
const LAST_MOMENTS: Duration = Duration::from_secs(30);
/// This long before its end a token is near it. No more than a fifth of its life.
const NEAR_END: Duration = Duration::from_secs(300);
/// The wait after a first failed renewal; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// By up to which part of its life a token is renewed earlier than it would have to be: each one by another share of it, for
/// a thousand programs that start together should not renew together. No more than [`SPREAD_OF_WAIT`] of the time until then.
const SPREAD_OF_LIFE: u32 = 10;
/// So a token is never renewed before four fifths of the time after which it should be.
const SPREAD_OF_WAIT: u32 = 5;

/// `TokenRenewal`: when to get a new token although the old one is still good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewal {
    /// At half of its life, or when its provider says so; or somewhat earlier.
    #[default]
    Half,
    /// This long before its end, or somewhat earlier; at half of its life where that would be before it came.
    BeforeEnd(Duration),
    /// Not before it is over.
    Off,
}

/// What may be done with a token of a certain age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Use it.
    Fresh,
    /// Use it, and get a new one meanwhile.
    Old,
    /// Use it no more.
    Over,
}

impl Token {
    /// How fresh it is, this long after it came.
    pub fn freshness(&self, age: Duration, renewal: Renewal) -> Freshness {
        match age {
            age if age >= self.end() => Freshness::Over,
            age if age >= self.renew_at(renewal) => Freshness::Old,
            _ => Freshness::Fresh,
        }
    }

    /// How long after it came its end is near, where nobody says more than `half`: when memory is renewed that a driver reads only
    /// to log in once more.
    pub fn near_end(&self, renewal: Renewal) -> Duration {
        match renewal {
            Renewal::Half => self.renew_at(Renewal::BeforeEnd(NEAR_END.min(self.whole_life() / 5))),
            said => self.renew_at(said),
        }
    }

    /// How long after it came it is used no more.
    pub fn end(&self) -> Duration {
        let life = self.whole_life();
        life - LAST_MOMENTS.min(life / 10)
    }

    /// How long after it came it is old: never later than the administrator or the provider says, nor than its end.
    pub fn renew_at(&self, renewal: Renewal) -> Duration {
        let life = self.whole_life();
        let latest = match renewal {
            Renewal::Half => self.renew_after.filter(|after| !after.is_zero()).unwrap_or(life / 2),
            Renewal::BeforeEnd(before) => life.checked_sub(before).filter(|renew| !renew.is_zero()).unwrap_or(life / 2),
            Renewal::Off => return self.end(),
        };
        let spread = (life / SPREAD_OF_LIFE).min(latest / SPREAD_OF_WAIT);
        (latest - spread.mul_f64(share(self.random))).min(self.end())
    }

    fn whole_life(&self) -> Duration {
        self.life.unwrap_or(UNKNOWN_LIFE)
    }
}

/// How long to wait before a renewal is tried again that failed `failures` times. `random` (any number) spreads it over
/// half as much more or less, so that many processes do not come back at the same moment.
pub fn wait_after(failures: u32, random: u64) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(LONGEST_WAIT);
    wait / 2 + wait.mul_f64(share(random))
}

/// A number to spread things with: another one in each process, and each time.
pub fn random() -> u64 {
    RandomState::new().hash_one((std::process::id(), SinceBoot.now()))
}

/// What part of the whole `random` stands for: 0 for 0, nearly 1 for the greatest number.
pub fn share(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::Freshness::{Fresh, Old, Over};
    use super::*;
    use crate::token::Secret;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn token(life: Option<u64>, renew_after: Option<u64>) -> Token {
        let token = Token::new(Secret::new("t".into()), life.map(seconds)).expect("a token");
        Token { renew_after: renew_after.map(seconds), random: 0, ..token }
    }

    #[test]
    fn a_token_is_renewed_when_it_is_said_and_over_shortly_before_its_end() {
        use Renewal::{BeforeEnd, Half, Off};
        for (token, renewal, old, over) in [
            (token(Some(3600), None), Half, Some(1800), 3570),
            (token(Some(3600), Some(600)), Half, Some(600), 3570),
            (token(Some(3600), Some(99_999)), Half, None, 3570),
            (token(Some(3600), Some(0)), Half, Some(1800), 3570),
            (token(Some(3600), Some(600)), BeforeEnd(seconds(300)), Some(3300), 3570),
            (token(Some(3600), None), BeforeEnd(seconds(3600)), Some(1800), 3570),
            (token(Some(3600), None), BeforeEnd(seconds(u64::MAX)), Some(1800), 3570),
            (token(Some(3600), Some(600)), Off, None, 3570),
            (token(Some(100), None), Half, Some(50), 90),
            (token(Some(1), None), Half, None, 1),
            (token(None, None), Half, Some(150), 270),
        ] {
            let at = |age| token.freshness(seconds(age), renewal);
            assert_eq!(at(0), Fresh, "{token:?} {renewal:?}");
            assert_eq!(at(over), Over, "{token:?} {renewal:?}");
            assert_eq!(at(u64::MAX), Over, "{token:?} {renewal:?}");
            assert_eq!(at(old.unwrap_or(over) - 1), Fresh, "{token:?} {renewal:?}");
            assert_eq!(at(over - 1), if old.is_some() { Old } else { Fresh }, "{token:?} {renewal:?}");
            if let Some(old) = old {
                assert_eq!(at(old), Old, "{token:?} {renewal:?}");
            }
        }
    }

    #[test]
    fn what_a_driver_reads_only_to_log_in_again_is_renewed_near_the_end() {
        use Renewal::{BeforeEnd, Half};
        for (life, renewal, near) in [(Some(3600), Half, 3300), (Some(100), Half, 80), (None, Half, 240), (Some(3600), BeforeEnd(seconds(900)), 2700)]
        {
            assert_eq!(token(life, None).near_end(renewal), seconds(near), "{life:?} {renewal:?}");
        }
    }

    #[test]
    fn tokens_that_came_together_are_renewed_one_after_another_and_none_later_than_it_should_be() {
        use Renewal::{BeforeEnd, Half, Off};
        for (token, renewal, first, last) in [
            (token(Some(3600), None), Half, 1440, 1800),
            (token(Some(3600), Some(600)), Half, 480, 600),
            (token(Some(3600), Some(3500)), Half, 3140, 3500),
            (token(Some(3600), Some(99_999)), Half, 3570, 3570),
            (token(Some(3600), None), BeforeEnd(seconds(300)), 2940, 3300),
            (token(Some(3600), None), BeforeEnd(seconds(3000)), 480, 600),
            (token(Some(3600), None), BeforeEnd(seconds(1)), 3239, 3570),
            (token(None, None), Half, 120, 150),
            (token(Some(3600), None), Off, 3570, 3570),
        ] {
            let at = |random| Token { random, ..token.clone() }.renew_at(renewal);
            let (first, last) = (seconds(first), seconds(last));
            assert_eq!(at(0), last, "{token:?} {renewal:?}");
            assert_eq!(at(u64::MAX).as_millis(), first.as_millis(), "{token:?} {renewal:?}");
            let drawn: Vec<Duration> = (0..50).map(|_| at(random())).collect();
            assert!(drawn.iter().all(|at| (first..=last).contains(at)), "{drawn:?}");
            assert!(first == last || drawn.iter().any(|at| *at != drawn[0]), "{drawn:?}");
        }
    }

    #[test]
    fn a_failed_renewal_waits_longer_each_time_and_never_the_same() {
        for (failures, least, most) in [(1, 15, 45), (2, 30, 90), (3, 60, 180), (9, 150, 450), (u32::MAX, 150, 450)] {
            assert_eq!(wait_after(failures, 0), seconds(least));
            assert!(wait_after(failures, u64::MAX) <= seconds(most) && wait_after(failures, u64::MAX) > seconds(most - 1));
        }
    }
}
