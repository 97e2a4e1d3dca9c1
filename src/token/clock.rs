//! The clock that tokens age by: it goes on while the machine sleeps, and nobody can set it.

use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Tells the time since some moment in the past.
pub trait Clock: Send + Sync + 'static {
    /// Never less than what it told before.
    fn now(&self) -> Duration;
}

/// Time since the machine started, its sleep included (clock_gettime(2), CLOCK_BOOTTIME).
pub struct SinceBoot;

impl Clock for SinceBoot {
    fn now(&self) -> Duration {
        // It fails for an unknown clock only: every Linux that glibc still knows has this one.
        clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
    }
}
