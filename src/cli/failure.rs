//! How a command ends that did not do what it was asked for.

use tokenshim::error::Error;

/// Its exit status, and what a person reads: who said no, and what to do next.
#[derive(Debug)]
pub struct Failure {
    pub status: u8,
    pub words: String,
}

/// It could not be done, and no file of ODBC was changed.
const FAILED: u8 = 1;
/// There is no such driver section or data source.
const NOT_THERE: u8 = 3;
/// The provider refused the sign-in, or somebody has to sign in first.
const REFUSED: u8 = 4;
/// The provider cannot be reached, or gave no answer in time.
const UNREACHABLE: u8 = 5;

impl Failure {
    pub fn new(words: impl Into<String>) -> Self {
        Self { status: FAILED, words: words.into() }
    }

    /// What is wrong was said already.
    pub fn said(status: Option<u8>) -> Self {
        Self { status: status.unwrap_or(FAILED), words: String::new() }
    }

    pub fn not_there(words: impl Into<String>) -> Self {
        Self { status: NOT_THERE, words: words.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.sqlstate() {
            "28000" => REFUSED,
            "08001" | "HYT00" => UNREACHABLE,
            "IM002" => NOT_THERE,
            _ => FAILED,
        };
        Self { status, words: error.to_string() }
    }
}
