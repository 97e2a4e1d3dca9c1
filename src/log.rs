//! The log: nothing is written anywhere, unless `TokenLog` says where. What goes wrong beside a connect, which succeeds
//! all the same, gets a line there. No secret and no token is ever handed to it.

use crate::host_calls::HostCalls;
use crate::{plain_file, signals};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;
use std::any::Any;
use std::io::stderr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
        tell_listeners(words);
        let line = || format!("{} [tokenshim] {} warning: {}\n", utc(SystemTime::now()), std::process::id(), one_line(words));
        match self {
            Log::Off => {}
            Log::Stderr => to_stderr(&line()),
            // It may be full, or over the process's limit, which the host is not to hear of by a signal.
            Log::File(path) => drop(signals::apart(|| plain_file::append(path, line().as_bytes()))),
        }
    }
}

/// A function of the host program's that hears of what `TokenLog` may hear, wherever that goes, and of what a person is told.
pub struct Listener {
    hear: Box<dyn Fn(&str) + Send + Sync>,
    calls: HostCalls,
}

/// No program has more threads that say something at once.
const MOST_CALLS: u32 = 1 << 20;

/// Its lock is held for a look only.
static LISTENERS: Mutex<Vec<Arc<Listener>>> = Mutex::new(Vec::new());
/// Almost always there is none, and then nobody takes the lock.
static IS_HEARD: AtomicBool = AtomicBool::new(false);

fn listeners() -> MutexGuard<'static, Vec<Arc<Listener>>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the listeners until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(listeners())
}

impl Listener {
    /// From now on `hear` is called with each line, on whichever thread that may be, with no lock of tokenshim's held.
    pub fn begin(hear: impl Fn(&str) + Send + Sync + 'static) -> Arc<Self> {
        let listener = Arc::new(Self { hear: Box::new(hear), calls: HostCalls::none() });
        listeners().push(Arc::clone(&listener));
        IS_HEARD.store(true, Ordering::Release);
        listener
    }

    /// From now on it is not called any more. Returns whether a call still runs.
    pub fn end(self: &Arc<Self>) -> bool {
        let mut listeners = listeners();
        listeners.retain(|other| !Arc::ptr_eq(other, self));
        IS_HEARD.store(!listeners.is_empty(), Ordering::Release);
        self.calls.close()
    }
}

fn tell_listeners(words: &str) {
    if !IS_HEARD.load(Ordering::Acquire) {
        return;
    }
    let now = listeners().clone();
    let line = one_line(words);
    for listener in &now {
        if let Some(_call) = listener.calls.begin(MOST_CALLS) {
            (listener.hear)(&line);
        }
    }
}

/// Tells the person before this program what to do next, and the program, which may have a window to show it in.
pub fn tell(words: &str) {
    tell_listeners(words);
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
pub fn utc(time: SystemTime) -> String {
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
    fn a_listener_hears_each_line_and_what_a_person_is_told_also_where_no_log_is_written_until_it_ends() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hear = Arc::clone(&heard);
        let listener = Listener::begin(move |line| hear.lock().expect("the lines").push(line.to_owned()));
        Log::Off.warning("one\nline, which only this test says");
        tell("Sign in,\nwhich only this test says");
        assert!(!listener.end());
        Log::Off.warning("another, which only this test says");
        let heard = heard.lock().expect("the lines");
        let ours: Vec<&String> = heard.iter().filter(|line| line.ends_with("which only this test says")).collect();
        assert_eq!(ours, ["one line, which only this test says", "Sign in, which only this test says"]);
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
