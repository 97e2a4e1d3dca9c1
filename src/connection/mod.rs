//! What tokenshim knows about one of the real driver's connection handles: a table beside the driver, which no call
//! but the hooks ever looks at.

pub mod renewal;
pub mod signed;
pub mod statements;

use crate::config::text::Width;
use crate::delivery::access_token::AccessToken;
use crate::delivery::encryption::Attributes;
use crate::error::Error;
use renewal::Held;
use signed::{Signed, SignedTable};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The one diagnostic record of tokenshim's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// SQLSTATE.
    pub state: &'static str,
    /// Message text.
    pub message: String,
    /// SQL_DIAG_RETURNCODE.
    pub return_code: i16,
    /// SQLError has taken it. An error's stays until the next call, so that nothing older of the driver's shows through.
    pub was_read: bool,
}

impl Record {
    /// What an error looks like to an application whose connect failed.
    pub fn of(error: &Error) -> Self {
        Self { state: error.sqlstate(), message: error.message(), return_code: -1, was_read: false }
    }
}

/// One connection handle.
#[derive(Default)]
pub struct Connection {
    /// Set where tokenshim itself let the last call fail. Hardly any connection has one: it takes no room in the others.
    pub record: Option<Box<Record>>,
    /// SQL_ATTR_LOGIN_TIMEOUT in seconds, as the application set it.
    pub login_timeout_seconds: Option<u32>,
    /// The real driver has less than that, since getting the token took its part.
    pub login_is_shortened: bool,
    /// The connect that is under way may ask a person for what is missing.
    pub may_ask: bool,
    /// The application set an access token itself: then it has the say.
    pub application_token: bool,
    /// What the application set of the attributes that decide about encryption.
    pub attributes: Attributes,
    /// The memory that the real driver reads its token from. It must outlive the handle.
    pub access_token: Option<Arc<AccessToken>>,
    /// The sign-in of the connection that is open, or being browsed for.
    pub signed: Option<Arc<Signed>>,
    /// Since it was opened, another one was for the same words, in another identity's name.
    pub is_outdated: bool,
    /// An SQLBrowseConnect is under way.
    pub browsing: bool,
    /// How wide this connection's SQLWCHAR was last seen to be.
    pub wide: Option<Width>,
    /// The application set the token of its open connection itself: from then on it has the say.
    pub taken_over: bool,
    /// The process that opened it: one that was forked shares it with its parent.
    process: u32,
    /// Before that nobody gives its driver a new token, in milliseconds by the clock of tokens.
    retry_at_millis: u64,
    /// Who must not be disturbed.
    held: Held,
}

struct Table {
    connections: BTreeMap<usize, Connection>,
    signed: SignedTable,
}

/// The standard library's lock, for a waiting thread leaves no trace outside it, which a `fork` would copy.
static TABLE: Mutex<Table> = Mutex::new(Table { connections: BTreeMap::new(), signed: SignedTable::new() });
/// How many handles have a record of ours: where none has, a diagnostic hook need not look.
static RECORDS: AtomicUsize = AtomicUsize::new(0);

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the table until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(table())
}

/// Reads or changes what is known about `dbc`, which becomes known by it.
pub fn with<R>(dbc: usize, change: impl FnOnce(&mut Connection) -> R) -> R {
    let mut table = table();
    let connection = table.connections.entry(dbc).or_default();
    let before = connection.record.is_some();
    let result = change(connection);
    count(before, connection.record.is_some());
    result
}

/// Reads what is known about `dbc`, if anything is.
pub fn look<R>(dbc: usize, read: impl FnOnce(&Connection) -> R) -> Option<R> {
    table().connections.get(&dbc).map(read)
}

/// The record of ours on `dbc`. Almost always there is none anywhere, and then this takes no lock.
pub fn record(dbc: usize) -> Option<(Record, Option<Width>)> {
    if RECORDS.load(Ordering::Acquire) == 0 {
        return None;
    }
    look(dbc, |connection| connection.record.as_deref().map(|record| (record.clone(), connection.wide))).flatten()
}

/// Drops our record on `dbc`, as every call that is not about diagnostics does.
pub fn clear_record(dbc: usize) {
    if RECORDS.load(Ordering::Acquire) != 0 && table().connections.get_mut(&dbc).and_then(|connection| connection.record.take()).is_some() {
        count(true, false);
    }
}

/// The connection on `dbc` was opened, or a browsing for it has begun; or that failed. Whatever is open for the same words
/// in another identity's name is outdated by it. Returns what the caller drops.
pub fn settle(dbc: usize, signed: Option<Arc<Signed>>) -> Option<Arc<Signed>> {
    let mut table = table();
    if let Some(newer) = signed.as_ref().filter(|newer| table.signed.has_another(newer)) {
        let by = newer.sign_in.by;
        let is_outdated = |older: &Signed| older.sign_in.by.words == by.words && older.sign_in.by.identity != by.identity;
        for older in table.connections.values_mut() {
            older.is_outdated |= older.signed.as_deref().is_some_and(is_outdated);
        }
    }
    let connection = table.connections.entry(dbc).or_default();
    connection.is_outdated = false;
    connection.process = std::process::id();
    connection.retry_at_millis = 0;
    signed.iter().for_each(renewal::note_end);
    std::mem::replace(&mut connection.signed, signed)
}

/// Whether nobody should use the connection on `dbc` again.
pub fn is_over(dbc: usize) -> bool {
    look(dbc, |connection| connection.signed.as_ref().is_some_and(|signed| connection.is_outdated || signed.is_over() && !connection.taken_over))
        .unwrap_or(false)
}

/// The connection on `dbc` is closed; the handle, and the token's memory, live on. Returns what the caller drops.
pub fn close(dbc: usize) -> Option<Arc<Signed>> {
    let mut table = table();
    let connection = table.connections.get_mut(&dbc)?;
    connection.browsing = false;
    connection.taken_over = false;
    connection.signed.take()
}

/// Takes everything known about `dbc` out of the table, once nobody gives its driver a token, for the caller to drop after the
/// handle is gone.
pub fn forget(dbc: usize) -> Option<Connection> {
    let connection = renewal::wait(dbc).connections.remove(&dbc)?;
    count(connection.record.is_some(), false);
    Some(connection)
}

/// Puts back what was taken, where the driver did not free the handle after all.
pub fn remember(dbc: usize, connection: Connection) {
    count(false, connection.record.is_some());
    table().connections.insert(dbc, connection);
}

fn count(before: bool, after: bool) {
    match (before, after) {
        (false, true) => RECORDS.fetch_add(1, Ordering::AcqRel),
        (true, false) => RECORDS.fetch_sub(1, Ordering::AcqRel),
        _ => return,
    };
}
