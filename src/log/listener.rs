//! Functions of the host program's that hear lines.

use super::line::one_line;
use crate::host_calls::HostCalls;
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// Whether there is anybody.
#[inline]
pub(super) fn is_heard() -> bool {
    IS_HEARD.load(Ordering::Acquire)
}

pub(super) fn tell_listeners(words: &str) {
    if !is_heard() {
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
