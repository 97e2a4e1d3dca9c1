//! Many processes that start together, and what their identity provider sees of them. When a process asks is decided by
//! the library's own functions; only the time and the provider are made up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;
use tokenshim::oauth::retry;
use tokenshim::token::life::{Freshness, Renewal, wait_after};
use tokenshim::token::{Secret, Token};

/// How long a token is good for.
pub const LIFE: Duration = Duration::from_secs(3600);
/// How long a connect waits for its token: TokenTimeout, where nothing is set.
const TIMEOUT: Duration = Duration::from_secs(30);
/// When a program connects again whose connect failed.
pub const PROGRAM_AGAIN: Duration = Duration::from_secs(10);

/// Some processes, each with one identity, each connecting all the time: it renews its token as soon as that is old.
#[derive(Clone, Copy)]
pub struct Fleet {
    pub processes: usize,
    /// They start one after another, evenly, within so long.
    pub start_within: Duration,
    /// Without it every one of them waits as long as the others: until half of its token's life, and for all of the back-off.
    pub jitter: bool,
    pub limit: Option<Limit>,
}

/// A provider that answers further requests with 429.
#[derive(Clone, Copy)]
pub struct Limit {
    pub requests_a_second: usize,
    pub retry_after: Duration,
}

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// Requests in each second.
    pub requests: Vec<usize>,
    /// How many of them got 429.
    pub refused: usize,
    /// Connects that ended without a token.
    pub failed_connects: usize,
    /// How many processes have had a token, and when the last of them got its first.
    pub signed_in: usize,
    pub last_signed_in: Duration,
}

#[derive(Default)]
struct Process {
    token: Option<(Token, Duration)>,
    /// Of the connect that waits for a token: when it began, and the tries that failed.
    connect: Option<(Duration, u32)>,
    failed_renewals: u32,
}

impl Fleet {
    /// What the provider sees in the first `seconds`.
    pub fn run(self, seconds: usize) -> Seen {
        self.run_until(seconds, |_| false)
    }

    /// What it sees until all have a token, in a day at most.
    pub fn start(self) -> Seen {
        self.run_until(24 * 3600, |seen| seen.signed_in == self.processes)
    }

    fn run_until(self, seconds: usize, is_over: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = Seen { requests: vec![0; seconds], ..Seen::default() };
        let mut granted = vec![0; seconds];
        let mut random = Random(0);
        let mut processes: Vec<Process> = (0..self.processes).map(|_| Process::default()).collect();
        let starts = (0..self.processes).map(|one| self.start_within.mul_f64(one as f64 / self.processes as f64));
        let mut asks: BinaryHeap<_> = starts.enumerate().map(|(one, at)| Reverse((at, one))).collect();
        while let Some(Reverse((now, one))) = asks.pop().filter(|Reverse((now, _))| now.as_secs() < seconds as u64) {
            let second = now.as_secs() as usize;
            seen.requests[second] += 1;
            let is_refused = self.limit.is_some_and(|limit| granted[second] >= limit.requests_a_second);
            let process = &mut processes[one];
            let again = if is_refused {
                seen.refused += 1;
                self.refused(process, now, &mut random, &mut seen)
            } else {
                granted[second] += 1;
                if process.token.is_none() {
                    (seen.signed_in, seen.last_signed_in) = (seen.signed_in + 1, now);
                }
                self.granted(process, now, &mut random)
            };
            asks.push(Reverse((again, one)));
            if is_over(&seen) {
                break;
            }
        }
        seen
    }

    /// When the process asks next.
    fn granted(self, process: &mut Process, now: Duration, random: &mut Random) -> Duration {
        let token = Token::new(Secret::new("a-token".into()), Some(LIFE)).expect("a token");
        let token = Token { random: if self.jitter { random.next() } else { 0 }, ..token };
        let again = now + token.renew_at(Renewal::Half);
        *process = Process { token: Some((token, now)), ..Process::default() };
        again
    }

    fn refused(self, process: &mut Process, now: Duration, random: &mut Random, seen: &mut Seen) -> Duration {
        let asked = self.limit.map_or(Duration::ZERO, |limit| limit.retry_after);
        let in_use = process.token.as_ref().filter(|(token, came)| token.freshness(now - *came, Renewal::Half) != Freshness::Over);
        if in_use.is_some() {
            process.failed_renewals += 1;
            return now + asked + wait_after(process.failed_renewals, if self.jitter { random.next() } else { u64::MAX / 2 });
        }
        let (begun, tries) = process.connect.map_or((now, 1), |(begun, tries)| (begun, tries + 1));
        let again =
            now + if self.jitter { retry::wait(tries, asked, random.next()) } else { retry::wait(tries, Duration::ZERO, u64::MAX).max(asked) };
        if again < begun + TIMEOUT {
            process.connect = Some((begun, tries));
            return again;
        }
        seen.failed_connects += 1;
        process.connect = None;
        now + PROGRAM_AGAIN
    }
}

impl Seen {
    /// The most requests in one of these seconds.
    pub fn peak(&self, seconds: std::ops::Range<usize>) -> usize {
        self.requests[seconds].iter().copied().max().unwrap_or_default()
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.requests.iter().sum()
    }
}

/// SplitMix64: the same numbers in each run, so that the page can be held against the program.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
