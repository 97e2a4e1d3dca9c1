//! The host's signals are the host's: no thread of tokenshim's takes one, and a program that it starts is open to those to
//! which one is that the host starts.

use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};
use std::cell::Cell;
use std::io;
use std::thread::{self, Builder, JoinHandle};

thread_local! {
    /// In a thread of tokenshim's: the mask of the host's thread for which it works.
    static HOST: Cell<Option<SigSet>> = const { Cell::new(None) };
}

/// What tokenshim's threads are called.
pub const NAME: &str = "tokenshim";

/// Starts a thread that takes no signal.
///
/// # Errors
/// The system has no room for it.
pub fn spawn(builder: Builder, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let host = HOST.get().or_else(|| SigSet::thread_get_mask().ok());
    let body = move || {
        HOST.set(host);
        body();
    };
    blocked(|| builder.name(NAME.into()).spawn(body))
}

/// Runs `start`, which starts threads: they inherit a mask that blocks every signal. The calling thread's own mask is
/// as before afterwards.
pub fn blocked<R>(start: impl FnOnce() -> R) -> R {
    masked(&SigSet::all(), start)
}

/// Runs `start`, which starts a program: it inherits the mask of the host's thread, also where a thread of [`spawn`] starts
/// it. Just so long a signal may come to that thread that would else have come to the host's.
pub fn as_host<R>(start: impl FnOnce() -> R) -> R {
    match HOST.get() {
        Some(host) => masked(&host, start),
        None => start(),
    }
}

fn masked<R>(mask: &SigSet, start: impl FnOnce() -> R) -> R {
    let mut before = SigSet::empty();
    let masked = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(mask), Some(&mut before));
    let result = start();
    if masked.is_ok() {
        let _ = before.thread_set_mask();
    }
    result
}

/// Runs `body` on a thread of its own, which takes no signal, not even one that the body itself causes, such as SIGPIPE and
/// SIGXFSZ: those end with it. `None` where there could be no thread, or the body panicked.
pub fn apart<R: Send>(body: impl FnOnce() -> R + Send) -> Option<R> {
    thread::scope(|scope| {
        let thread = blocked(|| thread::Builder::new().name(NAME.into()).spawn_scoped(scope, body));
        thread.ok()?.join().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::Signal::{SIGTERM, SIGUSR1};
    use std::sync::mpsc::channel;

    fn is_blocked() -> [bool; 2] {
        let mask = SigSet::thread_get_mask().expect("a mask");
        [SIGTERM, SIGUSR1].map(|signal| mask.contains(signal))
    }

    #[test]
    fn a_thread_takes_no_signal_and_what_it_starts_those_that_the_host_takes() {
        let mut hosts = SigSet::empty();
        hosts.add(SIGUSR1);
        let (say, said) = channel();
        let again = say.clone();
        let of = || (is_blocked(), as_host(is_blocked), is_blocked());
        let body = move || {
            say.send(of()).expect("a listener");
            let second = spawn(Builder::new(), move || again.send(of()).expect("a listener"));
            second.expect("a thread").join().expect("no panic");
        };
        masked(&hosts, || {
            spawn(Builder::new(), body).expect("a thread").join().expect("no panic");
            assert_eq!(of(), ([false, true], [false, true], [false, true]));
        });
        assert_eq!(said.iter().collect::<Vec<_>>(), [([true, true], [false, true], [true, true]); 2]);
    }
}
