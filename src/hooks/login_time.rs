//! The application's login timeout is for the token and the login together: of what the token took, the real driver gets
//! nothing any more. The application never sees that: it is told the timeout that it set.

use super::{Return, SUCCESS, SUCCESS_WITH_INFO, any};
use crate::binding::Bound;
use crate::binding::abi::Handle;
use crate::connection;
use core::ffi::c_void;
use std::time::{Duration, Instant};

/// SQL_ATTR_LOGIN_TIMEOUT.
pub const LOGIN_TIMEOUT: i32 = odbc_sys::ConnectionAttribute::LOGIN_TIMEOUT.0;
/// SQL_IS_UINTEGER.
const IS_UINTEGER: i32 = -5;

/// Leaves the real driver what is left of the login timeout, of a connect that began at `begun`. A token that came at once
/// changes nothing.
pub fn shorten(bound: &Bound, dbc: Handle, begun: Instant) {
    let known = connection::look(dbc as usize, |connection| connection.login_timeout_seconds.map(|whole| (whole, connection.login_is_shortened)));
    let Some((whole, was_shortened)) = known.flatten() else { return };
    let rest = rest(whole, begun.elapsed());
    if rest < whole || was_shortened {
        let accepted = set(bound, dbc, rest);
        connection::with(dbc as usize, |connection| connection.login_is_shortened = if accepted { rest < whole } else { was_shortened });
    }
}

/// Gives the real driver the application's timeout again. One that refuses this, because it is connected, is asked again
/// before the next connect.
pub fn give_back(bound: &Bound, dbc: Handle) {
    if let Some(whole) = hidden(dbc, LOGIN_TIMEOUT)
        && set(bound, dbc, whole)
    {
        connection::with(dbc as usize, |connection| connection.login_is_shortened = false);
    }
}

/// What the application is told of `attribute`, where the real driver has a shortened timeout.
pub fn hidden(dbc: Handle, attribute: i32) -> Option<u32> {
    let whole = |connection: &connection::Connection| connection.login_timeout_seconds.filter(|_| connection.login_is_shortened);
    (attribute == LOGIN_TIMEOUT).then(|| connection::look(dbc as usize, whole))??
}

/// In whole seconds, as the attribute has it; 0 stands for no limit.
fn rest(whole: u32, spent: Duration) -> u32 {
    if whole == 0 {
        return 0;
    }
    let rest = Duration::from_secs(whole.into()).saturating_sub(spent);
    let seconds = rest.as_secs() + u64::from(rest.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(whole).max(1)
}

fn set(bound: &Bound, dbc: Handle, seconds: u32) -> bool {
    let accepted = |code: Return| code == SUCCESS || code == SUCCESS_WITH_INFO;
    if let Some(set) = any(&bound.real.set_connect_attr) {
        // SAFETY: the handle is the real driver's; the value of this attribute is the number itself.
        return accepted(unsafe { set(dbc, LOGIN_TIMEOUT, seconds as usize as *mut c_void, IS_UINTEGER) });
    }
    // SAFETY: as above.
    any(&bound.real.set_connect_option).is_some_and(|set| accepted(unsafe { set(dbc, LOGIN_TIMEOUT as u16, seconds as usize) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_in_whole_seconds_and_never_none() {
        for (whole, spent_millis, left) in
            [(0, 5000, 0), (5, 0, 5), (5, 999, 5), (5, 1000, 4), (5, 1300, 4), (5, 4999, 1), (5, 9000, 1), (u32::MAX, 0, u32::MAX)]
        {
            assert_eq!(rest(whole, Duration::from_millis(spent_millis)), left, "{whole} s, of which {spent_millis} ms are over");
        }
    }
}
