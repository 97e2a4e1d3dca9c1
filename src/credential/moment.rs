//! Moments in texts, as programs and providers write them: RFC 3339, and what is near enough to it.

use std::time::{Duration, SystemTime};

/// `2026-01-02T03:04:05.678Z`: also with a blank or nothing for the `T`, without separators, and with an offset (`+01:00`,
/// `+0100`, `+01`) for the `Z`. `None` for any other text, for a moment before 1970, and for local time, which says nothing
/// to somebody who does not know where.
pub fn read(text: &str) -> Option<SystemTime> {
    let mut rest = Rest(text.trim());
    let (year, month, day) = rest.three('-')?;
    rest.skip(['T', 't', ' ']);
    let (hour, minute, second) = rest.three(':')?;
    if rest.skip(['.', ',']) {
        rest.0 = rest.0.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let offset = rest.offset()?;
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    let since_1970 = Duration::from_secs(u64::try_from(seconds).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since_1970).filter(|_| valid)
}

/// From 1970 to a day of the Gregorian calendar. Years are counted from March, so that a leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_years = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    of_years + (153 * month + 2) / 5 + day - 719_469
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn skip<const N: usize>(&mut self, any: [char; N]) -> bool {
        let rest = self.0.strip_prefix(any);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?;
        self.0 = rest;
        number
    }

    /// A date or a time of day, with `separator` or without.
    fn three(&mut self, separator: char) -> Option<(i64, i64, i64)> {
        let first = self.number(if separator == '-' { 4 } else { 2 })?;
        let separated = self.skip([separator]);
        let second = self.number(2)?;
        if self.skip([separator]) != separated {
            return None;
        }
        Some((first, second, self.number(2)?))
    }

    /// Seconds east of Greenwich, of all that is left.
    fn offset(&mut self) -> Option<i64> {
        self.skip([' ']);
        if matches!(self.0, "Z" | "z" | "UTC" | "GMT") {
            return Some(0);
        }
        let sign = if self.skip(['-']) { -1 } else { i64::from(self.skip(['+'])) };
        let hours = self.number(2).filter(|_| sign != 0)?;
        self.skip([':']);
        let minutes = if self.0.is_empty() { 0 } else { self.number(2)? };
        (self.0.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_each_of_its_spellings() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14T22:13:20.123456789Z", 1_700_000_000),
            ("2023-11-14t22:13:20z", 1_700_000_000),
            (" 2023-11-14 22:13:20+00:00\n", 1_700_000_000),
            ("2023-11-14 22:13:20.5 UTC", 1_700_000_000),
            ("2023-11-14T23:43:20+01:30", 1_700_000_000),
            ("2023-11-14T14:13:20-0800", 1_700_000_000),
            ("2023-11-14T14:13:20-08", 1_700_000_000),
            ("20231114T221320Z", 1_700_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("2026-12-31T23:59:60Z", 1_798_761_600),
        ] {
            assert_eq!(read(text), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_or_depends_on_where_one_is_says_nothing() {
        for text in [
            "",
            "soon",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-11-14 22:13:20.000000",
            "2023-13-14T22:13:20Z",
            "2023-00-14T22:13:20Z",
            "2023-11-32T22:13:20Z",
            "2023-11-14T24:13:20Z",
            "2023-11-14T22:60:20Z",
            "2023-11-14T22:13:61Z",
            "2023-11-14T22:13:20Zx",
            "2023-11-14T22:13:20+1",
            "2023-11-14T22:13:20+01:00x",
            "2023-1114T22:13:20Z",
            "+023-11-14T22:13:20Z",
            "09/14/2017 00:00:00 PM +00:00",
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "２０２３-11-14T22:13:20Z",
            "2023-11-14T22:13:20\u{2212}01:00",
            "2023-11-14T22:13:2",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
