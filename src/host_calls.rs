//! Calls of functions that are the host program's: nobody can end one, so it is counted for as long as it runs. The
//! program may give up what its function needs once no call runs and none begins any more.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

/// The calls of one function. Of two processes that a `fork` parted, each has its own.
pub struct HostCalls(AtomicU64);

/// None begins any more.
const CLOSED: u64 = 1 << 31;
/// Above it stands the process.
const PROCESS: u32 = 32;

impl HostCalls {
    /// None was made yet.
    pub const fn none() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Before one is made; `None` where so many run already, or none may begin.
    pub fn begin(&self, most: u32) -> Option<HostCall<'_>> {
        let more = |state| {
            let state = of_this_process(state);
            (state & CLOSED == 0 && running(state) < most).then_some(state + 1)
        };
        self.0.fetch_update(AcqRel, Acquire, more).ok()?;
        Some(HostCall { calls: self, process: std::process::id() })
    }

    /// From now on none begins. Returns whether one still runs.
    pub fn close(&self) -> bool {
        let close = |state| Some(of_this_process(state) | CLOSED);
        let before = self.0.fetch_update(AcqRel, Acquire, close).unwrap_or_else(|state| state);
        running(of_this_process(before)) > 0
    }
}

/// One call, until it is dropped.
pub struct HostCall<'a> {
    calls: &'a HostCalls,
    process: u32,
}

impl Drop for HostCall<'_> {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            self.calls.0.fetch_sub(1, AcqRel);
        }
    }
}

fn running(state: u64) -> u32 {
    (state & (CLOSED - 1)) as u32
}

/// The threads that made a parent's calls did not come along.
fn of_this_process(state: u64) -> u64 {
    let this = u64::from(std::process::id()) << PROCESS;
    if state >> PROCESS << PROCESS == this { state } else { this | state & CLOSED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_is_closed_is_called_no_more_and_is_free_once_its_last_call_has_ended() {
        let calls = HostCalls::none();
        let (first, second) = (calls.begin(2).expect("a call"), calls.begin(2).expect("a call"));
        assert!(calls.begin(2).is_none(), "there are as many as there may be");
        drop(second);
        assert!(calls.close() && calls.begin(2).is_none());
        drop(first);
        assert!(!calls.close() && calls.begin(2).is_none());
    }

    #[test]
    fn a_child_has_none_of_its_parents_calls_but_what_was_closed_stays_closed() {
        let parents = |state: u64| HostCalls(AtomicU64::new(u64::from(std::process::id() + 1) << PROCESS | state));
        assert!(parents(3).begin(1).is_some());
        assert!(!parents(3).close());
        assert!(parents(CLOSED | 3).begin(1).is_none());
    }

    #[test]
    fn a_call_that_a_parent_began_and_a_child_ends_does_not_count_there() {
        let calls = HostCalls::none();
        drop(HostCall { calls: &calls, process: std::process::id() + 1 });
        let _call = calls.begin(1).expect("a call");
        assert!(calls.close());
    }
}
