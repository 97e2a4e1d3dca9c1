//! The log: nothing is written anywhere, unless `TokenLog` says where; then there is a line for each [`Event`]. No secret and no
//! token is ever handed to it.

mod event;
mod line;
mod listener;

pub use event::{EVENTS, Event, Level};
pub use line::{Format, Line, utc};
pub use listener::{Listener, hold};

use crate::{plain_file, signals};
use line::{Head, one_line};
use listener::{is_heard, tell_listeners};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;
use std::cell::Cell;
use std::io::stderr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// How long a line may wait for room in the pipe or the terminal that stderr is.
const ROOM_WAIT_MILLIS: u16 = 1000;

/// `TokenLog`, `TokenLogLevel` and `TokenLogFormat`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Where lines go.
    pub to: To,
    /// How much is said, where somebody says so.
    pub level: Option<Level>,
    /// In what shape.
    pub format: Format,
}

/// `TokenLog`: where lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum To {
    /// Nowhere.
    #[default]
    Nowhere,
    /// To the program's stderr.
    Stderr,
    /// To the end of a file.
    File(PathBuf),
}

impl To {
    /// What `TokenLog` says; `None` where that means nothing.
    pub fn of(value: &str) -> Option<Self> {
        match value {
            "stderr" => Some(To::Stderr),
            path if Path::new(path).is_absolute() => Some(To::File(path.into())),
            _ => None,
        }
    }
}

impl Log {
    /// Says `event`, of which `fill` tells more. Where nobody hears it that costs a look, and `fill` is not called.
    #[inline]
    pub fn say(&self, event: Event, fill: impl FnOnce(&mut Line)) {
        if !matches!(self.to, To::Nowhere) || is_heard() {
            self.say_aloud(event, fill);
        }
    }

    /// Something did not work, and was done without. A log that cannot be written is done without as well.
    pub fn warning(&self, words: &str) {
        self.say(Event::Warning, |line| _ = line.text("words", words));
    }

    #[cold]
    fn say_aloud(&self, event: Event, fill: impl FnOnce(&mut Line)) {
        let level = event.row().level;
        // A log is written to be read later. A listener may be a window: it hears what went wrong, unless somebody asks for more.
        let is_written = !matches!(self.to, To::Nowhere) && level <= self.level.unwrap_or(Level::Info);
        let is_told = is_heard() && level <= self.level.unwrap_or(Level::Warning);
        if !is_written && !is_told {
            return;
        }
        let mut line = Line::of(event);
        fill(&mut line);
        if is_told {
            tell_listeners(&line.words());
        }
        if is_written {
            self.write(&line.written(self.format, &Head { time: SystemTime::now(), process: std::process::id(), thread: thread() }));
        }
    }

    fn write(&self, line: &str) {
        match &self.to {
            To::Nowhere => {}
            To::Stderr => to_stderr(line),
            // It may be full, or over the process's limit, which the host is not to hear of by a signal. It is opened for each line, so
            // that whoever moves it away (logrotate) finds no later line in it.
            To::File(path) => drop(signals::apart(|| plain_file::append(path, line.as_bytes()))),
        }
    }
}

thread_local! {
    /// In a thread of tokenshim's that works for one of the host's: that one.
    static WORKS_FOR: Cell<Option<i32>> = const { Cell::new(None) };
}

/// The thread that lines speak of: this one, or the one for which it works.
pub fn thread() -> i32 {
    WORKS_FOR.get().unwrap_or_else(|| unistd::gettid().as_raw())
}

/// From now on this thread works for that one.
pub fn work_for(thread: i32) {
    WORKS_FOR.set(Some(thread));
}

/// Tells the person before this program what to do next, and the program, which may have a window to show it in.
pub fn tell(words: &str) {
    tell_listeners(&one_line(words));
    to_stderr(&format!("[tokenshim] {}\n", one_line(words)));
}

/// Where nobody reads what stderr gets, the line is lost rather than waited for.
fn to_stderr(line: &str) {
    /// Somebody has waited in vain: no further line waits before there is room.
    static IS_STUCK: AtomicBool = AtomicBool::new(false);
    signals::apart(|| {
        let stderr = stderr();
        let mut room = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
        let wait = if IS_STUCK.load(Ordering::Relaxed) { 0 } else { ROOM_WAIT_MILLIS };
        let has_room = poll(&mut room, PollTimeout::from(wait)).is_ok_and(|ready| ready > 0);
        IS_STUCK.store(!has_room, Ordering::Relaxed);
        if has_room {
            // Past the standard library's lock, which a child of `fork` could find locked for ever.
            let _ = unistd::write(stderr, line.as_bytes());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_warning_is_one_line_at_the_end_of_a_file_that_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("tokenshim-log-{}", std::process::id()));
        let log = Log { to: To::File(path.clone()), ..Log::default() };
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
        Log::default().warning("one\nline, which only this test says");
        tell("Sign in,\nwhich only this test says");
        assert!(!listener.end());
        Log::default().warning("another, which only this test says");
        let heard = heard.lock().expect("the lines");
        let ours: Vec<&String> = heard.iter().filter(|line| line.ends_with("which only this test says")).collect();
        assert_eq!(ours, ["one line, which only this test says", "Sign in, which only this test says"]);
    }

    #[test]
    fn a_log_is_stderr_or_a_full_path() {
        assert_eq!(To::of("stderr"), Some(To::Stderr));
        assert_eq!(To::of("/var/log/x"), Some(To::File("/var/log/x".into())));
        for word in ["", "x.log", "./x", "yes"] {
            assert_eq!(To::of(word), None, "{word}");
        }
    }
}
