//! Exchanges whose reply must not be lost, such as those of a refresh token that is used up by being shown: the end of the process
//! waits for them, if it does not take too long.

use std::any::Any;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The end of the process waits no longer.
const END_MAX: Duration = Duration::from_secs(3);

/// What this process has under way. A child of `fork` has none of its parent's.
struct UnderWay {
    process: u32,
    exchanges: usize,
    is_ending: bool,
}

static UNDER_WAY: Mutex<UnderWay> = Mutex::new(UnderWay { process: 0, exchanges: 0, is_ending: false });
static NEWS: Condvar = Condvar::new();

fn under_way() -> MutexGuard<'static, UnderWay> {
    let mut under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if under_way.process != process {
        *under_way = UnderWay { process, exchanges: 0, is_ending: false };
    }
    under_way
}

/// Lets no other thread at what is under way until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(under_way())
}

/// One exchange, until it is dropped.
pub struct Exchange {
    process: u32,
}

/// Before one begins; `None` where the process is ending.
pub fn begin() -> Option<Exchange> {
    let mut under_way = under_way();
    if under_way.is_ending {
        return None;
    }
    under_way.exchanges += 1;
    Some(Exchange { process: under_way.process })
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut under_way = under_way();
        if under_way.process == self.process {
            under_way.exchanges -= 1;
            NEWS.notify_all();
        }
    }
}

/// Whether none begins any more.
pub fn is_ending() -> bool {
    under_way().is_ending
}

/// The process ends: no exchange begins any more, and those that have begun come to their end, if it does not take too long.
pub fn end_of_process() {
    let mut under_way = under_way();
    under_way.is_ending = true;
    let deadline = Instant::now() + END_MAX;
    while under_way.exchanges > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        (under_way, _) = NEWS.wait_timeout(under_way, left).unwrap_or_else(PoisonError::into_inner);
    }
}
