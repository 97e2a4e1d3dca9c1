//! The log: nothing is written anywhere, unless `TokenLog` says where. What goes wrong beside a connect, which succeeds
//! all the same, gets a line there. No secret and no token is ever handed to it.

use crate::{plain_file, signals};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;
use std::io::stderr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a line may wait for room in the pipe or the terminal that stderr is.
const ROOM_WAIT_MILLIS: u16 = 1000;

/// `TokenLog`: where lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Log {
    /// Nowhere.
    #[default]
    Off,
    /// To the program's stderr.
    Stderr,
    /// To the end of a file.
    File(PathBuf),
}

impl Log {
    /// What `TokenLog` says; `None` where that means nothing.
    pub fn of(value: &str) -> Option<Self> {
        match value {
            "stderr" => Some(Log::Stderr),
            path if Path::new(path).is_absolute() => Some(Log::File(path.into())),
            _ => None,
        }
    }

    /// Something did not work, and was done without. A log that cannot be written is done without as well.
    pub fn warning(&self, words: &str) {
        let line = || format!("{} [tokenshim] {} warning: {}\n", utc(SystemTime::now()), std::process::id(), one_line(words));
        match self {
            Log::Off => {}
            Log::Stderr => to_stderr(&line()),
            // It may be full, or over the process's limit, which the host is not to hear of by a signal.
            Log::File(path) => drop(signals::apart(|| plain_file::append(path, line().as_bytes()))),
        }
    }
}

/// Tells the person before this program what to do next.
pub fn tell(words: &str) {
    to_stderr(&format!("[tokenshim] {}\n", one_line(words)));
}

/// Where nobody reads what stderr gets, the line is lost rather than waited for.
fn to_stderr(line: &str) {
    signals::apart(|| {
        let stderr = stderr();
        let mut room = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
        if poll(&mut room, PollTimeout::from(ROOM_WAIT_MILLIS)).is_ok_and(|ready| ready > 0) {
            // Past the standard library's lock, which a child of `fork` could find locked for ever.
            let _ = unistd::write(stderr, line.as_bytes());
        }
    });
}

fn one_line(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `2026-01-02T03:04:05Z`
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that the leap day comes last; 400 of them have 146,097 days (proleptic Gregorian).
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_767_323_045, "2026-01-02T03:04:05Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_warning_is_one_line_at_the_end_of_a_file_that_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("tokenshim-log-{}", std::process::id()));
        let log = Log::of(path.to_str().expect("a plain name")).expect("a log");
        log.warning("one\nline \x1b[31m");
        log.warning("another");
        let text = std::fs::read_to_string(&path).expect("a log");
        let mode = path.metadata().expect("a log").permissions().mode();
        std::fs::remove_file(&path).expect("a log");
        let lines: Vec<&str> = text.lines().map(|line| line.split_once(" warning: ").expect("a warning").1).collect();
        assert_eq!(lines, ["one line  [31m", "another"]);
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_log_is_stderr_or_a_full_path() {
        assert_eq!(Log::of("stderr"), Some(Log::Stderr));
        assert_eq!(Log::of("/var/log/x"), Some(Log::File("/var/log/x".into())));
        for word in ["", "x.log", "./x", "yes"] {
            assert_eq!(Log::of(word), None, "{word}");
        }
    }
}
