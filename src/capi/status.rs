//! What a call of a C program comes to: its status, and the failure that the program reads.

use crate::error::Error;
use core::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a call came to. Further values may come with later versions.
///
/// No call ends the process, or does anything with an address that it was not told of: what is wrong is a status.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It did what it was asked for.
    Ok = 0,
    /// An argument is NULL or has a value that means nothing.
    InvalidArgument = 1,
    /// The handle is none, is freed, or is of another kind.
    InvalidHandle = 2,
    /// The room is too short. Nothing was written there, and the length says how much would be.
    BufferTooShort = 3,
    /// Nothing that is set asks for a token, or the connection string brings one of its own.
    NoToken = 4,
    /// A setting is missing or means nothing; or an answer is no token.
    Setting = 5,
    /// The provider refused the sign-in; or the token may not be used as it is asked for, such as with a host that nobody vouches for.
    Refused = 6,
    /// Somebody has to sign in, and could not be asked.
    SignInNeeded = 7,
    /// The provider cannot be reached, or is out of order.
    Unreachable = 8,
    /// The time is over.
    Timeout = 9,
    /// There is no such data source, or its real driver is not told.
    NoDataSource = 10,
    /// The name is taken by another provider of this process.
    NameTaken = 11,
    /// A call of the function is still running: its data may not be freed yet.
    StillRunning = 12,
    /// A defect of tokenshim's own.
    Internal = 13,
    /// The connection takes no other token while it is open, or there is no newer one yet.
    NotRenewable = 14,
    /// The real driver did not take the token.
    DriverRefused = 15,
    /// The sign-in was finished already, took too long, or the settings are no longer those with which it began: begin another.
    SessionOver = 16,
    /// What a browser brought back is not of this sign-in, which goes on.
    WrongState = 17,
}

/// Bytes of a failure's SQLSTATE, with its NUL.
pub const SQLSTATE_BYTES: usize = 6;
/// Bytes of a failure's message, with its NUL.
pub const MESSAGE_BYTES: usize = 512;

/// How a call failed: memory of the caller's, which the call fills, and nothing else ever looks at.
///
/// Each call writes it, also one that succeeds: then the state is "00000" and the message is empty. Where the caller passes NULL
/// nothing is written. Messages hold no token and no secret.
#[repr(C)]
pub struct Failure {
    /// The SQLSTATE that a connect would have had, NUL-terminated.
    pub sqlstate: [c_char; SQLSTATE_BYTES],
    /// Who said no, where the setting stands, and what to change: one line of UTF-8, NUL-terminated.
    pub message: [c_char; MESSAGE_BYTES],
}

/// What a call fails with.
#[derive(Debug)]
pub struct Problem {
    /// What the program should do about it.
    pub status: Status,
    /// SQLSTATE.
    pub sqlstate: &'static str,
    /// In words, as a diagnostic record has them.
    pub message: String,
}

impl Problem {
    /// One of these functions' own.
    pub fn new(status: Status, sqlstate: &'static str, words: &str) -> Self {
        Self { status, sqlstate, message: format!("[tokenshim] {words}") }
    }

    /// An argument that is NULL, or means nothing.
    pub fn argument(words: &str) -> Self {
        Self::new(Status::InvalidArgument, "HY009", words)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { status: of_error(&error), sqlstate: error.sqlstate(), message: error.message() }
    }
}

fn of_error(error: &Error) -> Status {
    match error {
        Error::OfChain { error, .. } => of_error(error),
        Error::SignInNeeded { .. } => Status::SignInNeeded,
        Error::Panicked(_) => Status::Internal,
        Error::KeepsItsToken { .. } | Error::NothingNewer { .. } | Error::InOtherHands => Status::NotRenewable,
        Error::NotTaken { .. } => Status::DriverRefused,
        _ => of_sqlstate(error.sqlstate()),
    }
}

fn of_sqlstate(sqlstate: &str) -> Status {
    match sqlstate {
        "28000" => Status::Refused,
        "08001" => Status::Unreachable,
        "HYT00" => Status::Timeout,
        "IM001" | "IM002" | "IM003" => Status::NoDataSource,
        _ => Status::Setting,
    }
}

/// Runs a call's body: what it fails with, or a panic, becomes a status and, where `failure` is not NULL, a message.
///
/// # Safety
/// `failure` is NULL or may be written.
pub unsafe fn call(name: &'static str, failure: *mut Failure, body: impl FnOnce() -> Result<(), Problem>) -> Status {
    let result = catch_unwind(AssertUnwindSafe(|| {
        super::begin();
        body()
    }));
    let problem = result.unwrap_or_else(|_| Err(Error::Panicked(name).into())).err();
    if !failure.is_null() {
        let (sqlstate, message) = problem.as_ref().map_or(("00000", ""), |problem| (problem.sqlstate, problem.message.as_str()));
        // SAFETY: as the caller promised. What stands there now may be anything: it is written whole, and not read.
        unsafe { failure.write(Failure { sqlstate: text(sqlstate), message: text(message) }) };
    }
    problem.map_or(Status::Ok, |problem| problem.status)
}

/// `text` with its NUL, and zeros behind it; cut at a character where it is too long.
pub fn text<const BYTES: usize>(text: &str) -> [c_char; BYTES] {
    let mut written = [0; BYTES];
    let fit = &text.as_bytes()[..text.floor_char_boundary(BYTES - 1)];
    written.iter_mut().zip(fit).for_each(|(to, from)| *to = *from as c_char);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &[c_char]) -> String {
        let bytes: Vec<u8> = text.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
        String::from_utf8(bytes).expect("whole characters")
    }

    fn called(body: impl FnOnce() -> Result<(), Problem>) -> (Status, String, String) {
        let mut failure = Failure { sqlstate: [1; SQLSTATE_BYTES], message: [1; MESSAGE_BYTES] };
        // SAFETY: a failure of ours.
        let status = unsafe { call("a test", &raw mut failure, body) };
        assert_eq!((failure.sqlstate[5], failure.message[511]), (0, 0));
        (status, shown(&failure.sqlstate), shown(&failure.message))
    }

    #[test]
    fn a_failure_is_written_whole_by_each_call_and_cut_at_a_character() {
        assert_eq!(called(|| Ok(())), (Status::Ok, "00000".into(), String::new()));
        let (status, state, message) = called(|| Err(Problem::argument(&"ä".repeat(600))));
        assert_eq!((status, state.as_str()), (Status::InvalidArgument, "HY009"));
        assert!(message.len() >= 510 && message.ends_with('ä'));
    }

    #[test]
    fn a_panic_is_a_status() {
        let (status, state, message) = called(|| panic!("of this test"));
        assert_eq!((status, state.as_str()), (Status::Internal, "HY000"));
        assert!(message.contains("internal error in a test"), "{message}");
        // SAFETY: there may be no failure.
        assert_eq!(unsafe { call("a test", core::ptr::null_mut(), || panic!("of this test")) }, Status::Internal);
    }

    #[test]
    fn each_error_has_a_status_that_says_what_to_do() {
        let section = || "DSN [x]".to_owned();
        let refused = Error::SignInRefused { who: "idp".into(), words: "no".into(), advice: "-", section: section() };
        let busy = Error::ProviderUnreachable { who: "idp".into(), words: "no".into(), advice: "-", section: section(), again_after: None };
        for (error, status) in [
            (refused, Status::Refused),
            (busy, Status::Unreachable),
            (Error::HostNotAllowed { host: "h".into(), section: section() }, Status::Refused),
            (Error::SignInNeeded { problem: "nobody".into(), section: section() }, Status::SignInNeeded),
            (
                Error::OfChain { link: "x", chain: "auto".into(), error: Box::new(Error::SignInNeeded { problem: "n".into(), section: section() }) },
                Status::SignInNeeded,
            ),
            (Error::TooSlow { who: "idp".into(), seconds: 1, section: section() }, Status::Timeout),
            (Error::KeepsItsToken { reason: "r", section: section() }, Status::NotRenewable),
            (Error::NothingNewer { who: "idp".into(), section: section() }, Status::NotRenewable),
            (Error::InOtherHands, Status::NotRenewable),
            (Error::NotTaken { words: "08S01 no".into() }, Status::DriverRefused),
            (Error::bad("x", "TokenScope", "is missing"), Status::Setting),
            (Error::DriverNotLoaded("no".into()), Status::NoDataSource),
            (Error::Panicked("x"), Status::Internal),
        ] {
            let (message, state) = (error.message(), error.sqlstate());
            let problem = Problem::from(error);
            assert_eq!((problem.status, problem.sqlstate, problem.message), (status, state, message));
        }
    }
}
