//! When a token request that failed is made again, and after how long.

use crate::token::life::share;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;
use std::time::{Duration, SystemTime};

/// What a provider answers that is busy or out of order for a while. Any other status would come again.
const PASSING: &[u16] = &[408, 429, 500, 502, 503, 504];

/// How a connection ends that may be there the next time. A certificate that is not trusted, an answer that is no HTTP, or
/// a process that has no descriptor left is none of these.
const BROKEN: &[ErrorKind] = &[
    ErrorKind::ConnectionRefused,
    ErrorKind::ConnectionReset,
    ErrorKind::ConnectionAborted,
    ErrorKind::BrokenPipe,
    ErrorKind::UnexpectedEof,
    ErrorKind::HostUnreachable,
    ErrorKind::NetworkUnreachable,
    ErrorKind::NetworkDown,
    ErrorKind::TimedOut,
];

/// The longest that the wait after a first failure takes; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Whoever asks for a longer wait is not believed: a token is worth another try within its own life.
const ASKED_MAX: Duration = Duration::from_secs(3600);

/// Whether a request that was answered with `status` may be made again.
pub fn passes(status: u16) -> bool {
    PASSING.contains(&status)
}

/// After how long: as the provider asks for, zero where it does not. `now` is the provider's time.
pub fn asked(headers: &HeaderMap, now: SystemTime) -> Duration {
    retry_after(headers, now).unwrap_or_default().min(ASKED_MAX)
}

/// The same of a request that nobody answered.
pub fn after_error(error: &reqwest::Error) -> Option<Duration> {
    let broke_off = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
            || cause.downcast_ref::<io::Error>().is_some_and(|error| BROKEN.contains(&error.kind()))
    };
    (error.is_dns() || successors(error.source(), |cause| inner(*cause)).any(broke_off)).then_some(Duration::ZERO)
}

/// The next error further in. An `io::Error` passes over the one that it wraps when it is asked for its source.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// How long to wait after the first `tries` failed: as long as the provider asks for, and a part of the back-off that
/// `random` (any number) chooses ("full jitter"), for those who were turned away together should not come back together. A
/// provider that asks for a long wait has many to spread (docs/fleet.md): then it is a part of half of that.
pub fn wait(tries: u32, asked: Duration, random: u64) -> Duration {
    let back_off = FIRST_WAIT.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST_WAIT);
    asked + back_off.max(asked / 2).mul_f64(share(random))
}

/// The provider's own time (RFC 9110, 6.6.1): this machine's may be wrong.
pub fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, DATE)?).ok()
}

/// Retry-After (RFC 9110, 10.2.3): seconds, or a time.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(ASKED_MAX, Duration::from_secs));
    }
    httpdate::parse_http_date(value).ok()?.duration_since(now).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT

    fn after(retry_after: &str) -> u64 {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().expect("a header"))]);
        asked(&headers, SystemTime::UNIX_EPOCH + NOW).as_secs()
    }

    #[test]
    fn six_statuses_may_pass_and_no_other() {
        let passing: Vec<u16> = (100..600).filter(|status| passes(*status)).collect();
        assert_eq!(passing, [408, 429, 500, 502, 503, 504]);
    }

    #[test]
    fn a_provider_asks_for_seconds_or_names_a_time_and_for_an_hour_at_most() {
        for (value, seconds) in [
            ("0", 0),
            (" 120 ", 120),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
            ("Sun Nov  6 08:50:37 1994", 60),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
            ("Sat, 06 Nov 2094 08:50:37 GMT", 3600),
            ("3601", 3600),
            ("99999999999999999999", 3600),
            ("-5", 0),
            ("soon", 0),
            ("", 0),
        ] {
            assert_eq!(after(value), seconds, "{value:?}");
        }
        assert_eq!(asked(&HeaderMap::new(), SystemTime::UNIX_EPOCH), Duration::ZERO);
    }

    #[test]
    fn the_wait_is_never_shorter_than_what_is_asked_for_and_spread_over_all_of_the_back_off() {
        let longest = |tries| wait(tries, Duration::ZERO, u64::MAX).as_secs_f64();
        for (tries, seconds) in [(1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (u32::MAX, 30.0)] {
            assert!((longest(tries) - seconds).abs() < 0.001, "{tries}");
            assert_eq!(wait(tries, Duration::ZERO, 0), Duration::ZERO);
            assert!((wait(tries, Duration::ZERO, u64::MAX / 2).as_secs_f64() - seconds / 2.0).abs() < 0.001, "{tries}");
            assert_eq!(wait(tries, Duration::from_secs(9), 0), Duration::from_secs(9));
            let last = wait(tries, Duration::from_secs(9), u64::MAX).as_secs_f64();
            assert!((last - 9.0 - seconds.max(4.5)).abs() < 0.001, "{tries}: {last}");
        }
    }
}
