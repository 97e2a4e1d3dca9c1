//! To which connection a statement belongs: known only of drivers whose open connections take new tokens.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Each statement's connection, and the same the other way round.
struct Statements {
    connections: BTreeMap<usize, usize>,
    of: BTreeSet<(usize, usize)>,
}

static STATEMENTS: Mutex<Statements> = Mutex::new(Statements { connections: BTreeMap::new(), of: BTreeSet::new() });

fn statements() -> MutexGuard<'static, Statements> {
    STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the statements until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(statements())
}

/// `statement` was made on `dbc`.
pub fn made(statement: usize, dbc: usize) {
    let mut statements = statements();
    if let Some(before) = statements.connections.insert(statement, dbc) {
        statements.of.remove(&(before, statement));
    }
    statements.of.insert((dbc, statement));
}

/// `statement` is gone.
pub fn freed(statement: usize) {
    let mut statements = statements();
    if let Some(dbc) = statements.connections.remove(&statement) {
        statements.of.remove(&(dbc, statement));
    }
}

/// All statements of `dbc` are gone, as they are with its connection.
pub fn closed(dbc: usize) {
    let mut statements = statements();
    while let Some(&(of, statement)) = statements.of.range((dbc, 0)..=(dbc, usize::MAX)).next() {
        statements.of.remove(&(of, statement));
        statements.connections.remove(&statement);
    }
}

/// The connection of `statement`.
pub fn connection_of(statement: usize) -> Option<usize> {
    statements().connections.get(&statement).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_belongs_to_the_connection_on_which_it_was_made_last_until_either_is_gone() {
        const DBC: [usize; 2] = [usize::MAX - 1, usize::MAX];
        made(usize::MAX, DBC[0]);
        made(usize::MAX, DBC[1]); // its address, once more
        made(usize::MAX - 1, DBC[1]);
        closed(DBC[0]);
        assert_eq!(connection_of(usize::MAX), Some(DBC[1]));
        freed(usize::MAX);
        assert_eq!([connection_of(usize::MAX), connection_of(usize::MAX - 1)], [None, Some(DBC[1])]);
        closed(DBC[1]);
        assert_eq!(connection_of(usize::MAX - 1), None);
        assert!(statements().of.range((DBC[0], 0)..).next().is_none());
    }
}
