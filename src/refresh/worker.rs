//! The one thread: when it is there, when it sleeps, and how it ends.

use super::{alone, renew};
use crate::connection::renewal;
use crate::connection::signed::{Given, Signed};
use crate::signals;
use crate::token::clock::{Clock, SinceBoot};
use std::any::Any;
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How long the thread sleeps at the most. No timer of a sleeping thread counts the sleep of the machine, and nobody tells it when
/// the last other thread has ended.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long the end of the process waits for a real driver that was just given a token: its destructors come next.
const END_MAX: Duration = Duration::from_secs(2);
/// What threads get that nobody asks for their stack: drivers are used to it.
const STACK_BYTES: usize = 8 << 20;

/// What is known of the thread. Times are by [`SinceBoot`].
struct Worker {
    /// Whose it is; in a child that was forked there is none.
    process: u32,
    /// It is inside a real driver.
    in_driver: bool,
    /// The process is about to end.
    is_ending: bool,
    /// The first thing that it must do which came after it last looked.
    soonest: Duration,
    /// There was news which changes nothing about that: it looks again when it wakes.
    has_news: bool,
    /// It sleeps until then.
    wakes: Duration,
}

static WORKER: Mutex<Worker> =
    Mutex::new(Worker { process: 0, in_driver: false, is_ending: false, soonest: Duration::MAX, has_news: false, wakes: Duration::ZERO });
static NEWS: Condvar = Condvar::new();

fn worker() -> MutexGuard<'static, Worker> {
    WORKER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at what is known of the thread until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(worker())
}

/// There is something to do at `due`, or no more ([`Duration::MAX`]). `false`: there is no thread that could.
pub(super) fn news(due: Duration) -> bool {
    let mut worker = worker();
    if worker.process != std::process::id() {
        return false;
    }
    worker.has_news = true;
    if due < worker.soonest {
        worker.soonest = due;
        if due < worker.wakes {
            NEWS.notify_all();
        }
    }
    true
}

/// A connection with this sign-in was opened: from now on somebody sees to its token. `true`: a thread was started for it.
pub fn watch(signed: &Signed) -> bool {
    let Some(due) = signed.due() else { return false };
    if news(due) {
        return false;
    }
    let mut mine = worker();
    if mine.process == std::process::id() {
        return false; // somebody was faster, and its thread has not looked yet
    }
    *mine = Worker {
        process: std::process::id(),
        in_driver: false,
        is_ending: mine.is_ending,
        soonest: Duration::MAX,
        has_news: true,
        wakes: Duration::ZERO,
    };
    drop(mine);
    // Without a thread the token is renewed before a statement, at the latest.
    let is_started = signals::spawn(Builder::new().stack_size(STACK_BYTES), run).is_ok();
    if !is_started {
        worker().process = 0;
    }
    is_started
}

/// The process ends: no driver is entered any more, and who is in one comes out, if it does not take too long.
pub fn end_of_process() {
    let mut worker = worker();
    if std::mem::replace(&mut worker.is_ending, true) {
        return; // an exit handler that came before this one has waited
    }
    let deadline = Instant::now() + END_MAX;
    while worker.in_driver && worker.process == std::process::id() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        (worker, _) = NEWS.wait_timeout(worker, left).unwrap_or_else(PoisonError::into_inner);
    }
}

fn run() {
    let mut next = None;
    // A panic is a defect, but must not end the renewals for good: then the next connect starts a new thread. Else whoever leaves
    // the loop has said so itself, and another thread may be there by now.
    if catch_unwind(move || while round(&mut next) {}).is_err() {
        let mut worker = worker();
        worker.process = 0;
        worker.in_driver = false;
    }
}

/// Renews what is due, and sleeps until there is more to do, which may be known from the last round. `false`: there is nothing to
/// renew any more.
fn round(next: &mut Option<Duration>) -> bool {
    let mut worker = self::worker();
    let has_news = std::mem::take(&mut worker.has_news);
    worker.soonest = Duration::MAX;
    drop(worker);
    if has_news || next.is_none_or(|next| next <= SinceBoot.now()) {
        for group in renewal::groups() {
            if group.due <= SinceBoot.now() {
                renew(&group);
            }
        }
        *next = renewal::groups().iter().map(|group| group.due).min();
    }
    let is_alone = alone::is_alone();
    let mut worker = self::worker();
    let soonest = next.map_or(worker.soonest, |next| next.min(worker.soonest));
    if worker.is_ending || is_alone || soonest == Duration::MAX && !worker.has_news {
        worker.process = 0; // with the lock, so that whoever opens a connection now starts another thread
        return false;
    }
    let wait = soonest.saturating_sub(SinceBoot.now()).min(LOOK_EVERY);
    worker.wakes = SinceBoot.now() + wait;
    drop(NEWS.wait_timeout(worker, wait).unwrap_or_else(PoisonError::into_inner));
    true
}

/// Calls a real driver, but not once the process ends.
pub(super) fn in_driver(give: &mut dyn FnMut() -> Given) -> Option<Given> {
    let mut before = worker();
    if before.is_ending {
        return None;
    }
    before.in_driver = true;
    drop(before);
    let given = give();
    worker().in_driver = false;
    NEWS.notify_all();
    Some(given)
}
