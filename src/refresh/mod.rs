//! Renewal of tokens that open connections use.
//!
//! One thread, which is there as long as there is something to renew: when a token is old (at half of its life), it gets a new one
//! and gives it to each connection that has the old one, also while a statement is being executed there (partner guide, "Refreshing
//! Token": "you can use a different thread which at time t/2 sets the refreshed OAuth access token").

mod alone;

use crate::connection::renewal::{self, begin, connections_of, end, has};
use crate::connection::signed::{Given, Signed};
use crate::sign_in::Live;
use crate::signals;
use crate::token::clock::{Clock, SinceBoot};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the thread sleeps at the most. No timer of a sleeping thread counts the sleep of the machine, and nobody tells it when
/// the last other thread has ended.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long the end of the process waits for a real driver that was just given a token: its destructors come next.
const END_MAX: Duration = Duration::from_secs(2);
/// What threads get that nobody asks for their stack: drivers are used to it.
const STACK_BYTES: usize = 8 << 20;

/// What is known of the thread.
struct Worker {
    /// Whose it is; in a child that was forked there is none.
    process: u32,
    /// It is inside a real driver.
    in_driver: bool,
    /// The process is about to end.
    is_ending: bool,
    /// How often there was something new.
    news: u64,
    /// When it wakes, by [`SinceBoot`].
    wakes: Duration,
}

static WORKER: Mutex<Worker> = Mutex::new(Worker { process: 0, in_driver: false, is_ending: false, news: 0, wakes: Duration::ZERO });
static NEWS: Condvar = Condvar::new();

fn worker() -> MutexGuard<'static, Worker> {
    WORKER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at what is known of the thread until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(worker())
}

/// A connection with this sign-in was opened: from now on somebody sees to its token. `true`: a thread was started for it.
pub fn watch(signed: &Signed) -> bool {
    let Some(due) = signed.due() else { return false };
    let mut worker = worker();
    worker.news += 1;
    if worker.process == std::process::id() {
        if due < worker.wakes {
            NEWS.notify_all();
        }
        return false;
    }
    *worker = Worker { process: std::process::id(), in_driver: false, wakes: Duration::ZERO, ..*worker };
    drop(worker);
    let thread = thread::Builder::new().name("tokenshim".into()).stack_size(STACK_BYTES);
    // Without a thread the token is renewed before a statement, at the latest.
    let is_started = signals::blocked(|| thread.spawn(run)).is_ok();
    if !is_started {
        self::worker().process = 0;
    }
    is_started
}

/// The process ends: no driver is entered any more, and who is in one comes out, if it does not take too long.
pub fn end_of_process() {
    let mut worker = worker();
    worker.is_ending = true;
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
    // A panic is a defect, but must not end the renewals for good: the next connect starts a new thread.
    let _ = catch_unwind(|| while round() {});
    let mut worker = worker();
    worker.process = 0;
    worker.in_driver = false;
}

/// Renews what is due, and sleeps until there is more to do. `false`: there is nothing to renew any more.
fn round() -> bool {
    let news = worker().news;
    let now = SinceBoot.now();
    for signed in renewal::all().iter().filter(|signed| signed.due().is_some_and(|due| due <= now)) {
        renew(signed, true, connections_of, in_driver);
        if worker().is_ending {
            return false;
        }
    }
    let next = renewal::all().iter().filter_map(|signed| signed.due()).min().filter(|_| !alone::is_alone());
    let mut worker = worker();
    if worker.news != news {
        return true; // it may be due sooner
    }
    let Some(next) = next.filter(|_| !worker.is_ending) else {
        worker.process = 0; // with the lock, so that whoever opens a connection now starts another thread
        return false;
    };
    let wait = next.saturating_sub(SinceBoot.now()).min(LOOK_EVERY);
    worker.wakes = SinceBoot.now() + wait;
    drop(NEWS.wait_timeout(worker, wait).unwrap_or_else(PoisonError::into_inner));
    true
}

/// `dbc` is about to execute a statement: where its token is over, it gets a new one first.
pub fn before_statement(dbc: usize, now: Duration) {
    if let Some(signed) = renewal::ended(dbc, now) {
        renew(&signed, false, |_| vec![dbc], |give| Some(give()));
        renewal::await_others(dbc); // the thread may have been faster, and be about to give it
    }
}

/// Gets a new token in place of that of `signed`, and gives it to `connections` of those that have the old one. `enter` calls the
/// real driver, or does not. For a renewal nobody waits.
fn renew(
    signed: &Arc<Signed>,
    is_renewal: bool,
    connections: impl Fn(&Arc<Signed>) -> Vec<usize>,
    enter: impl Fn(&mut dyn FnMut() -> Given) -> Option<Given>,
) {
    let old = &signed.sign_in;
    if !old.renewer.is_the_same() {
        return signed.attempts.give_up();
    }
    let token = match connections(signed).is_empty() {
        true => None,
        false => old.renewer.get(Instant::now() + old.renewer.timeout, Some(&old.token), is_renewal, false).ok().map(|got| got.token),
    };
    // A tool may have given the same token again.
    let Some(token) = token.filter(|token| token.text != old.token.text) else { return signed.attempts.failed() };
    if old.live == Live::Memory && !old.edits.attribute.as_ref().is_some_and(|(_, memory)| memory.replace(&token.text)) {
        return signed.attempts.give_up(); // it does not fit: the next login is refused, as it would be without tokenshim
    }
    let newer = renewal::one(signed.with(token));
    let connections = connections(signed);
    for &dbc in &connections {
        let Some(wide) = begin(dbc, signed) else { continue };
        let given = match old.live {
            Live::Memory => Some(Given::Taken),
            _ => enter(&mut || catch_unwind(AssertUnwindSafe(|| (signed.give)(signed.driver, dbc, wide, &newer.sign_in))).unwrap_or(Given::Refused)),
        };
        end(dbc, Some(&newer).filter(|_| given == Some(Given::Taken)));
        match given {
            Some(Given::Taken | Given::Refused) => {}
            Some(Given::Unknown) => return leave_alone(signed.driver),
            None => return,
        }
    }
    if connections.iter().any(|&dbc| has(dbc, signed)) {
        signed.attempts.failed();
    }
}

/// A real driver that does not know the attributes is not asked again.
fn leave_alone(driver: usize) {
    renewal::all()
        .iter()
        .filter(|signed| signed.driver == driver && signed.sign_in.live == Live::Attributes)
        .for_each(|signed| signed.attempts.give_up());
}

/// Calls a real driver, but not once the process ends.
fn in_driver(give: &mut dyn FnMut() -> Given) -> Option<Given> {
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
