//! To which connection a statement belongs: known only of drivers whose open connections take new tokens.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

static STATEMENTS: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

fn statements() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the statements until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(statements())
}

/// `statement` was made on `dbc`.
pub fn made(statement: usize, dbc: usize) {
    statements().insert(statement, dbc);
}

/// `statement` is gone.
pub fn freed(statement: usize) {
    statements().remove(&statement);
}

/// All statements of `dbc` are gone, as they are with its connection.
pub fn closed(dbc: usize) {
    statements().retain(|_, of| *of != dbc);
}

/// The connection of `statement`.
pub fn connection_of(statement: usize) -> Option<usize> {
    statements().get(&statement).copied()
}
