//! Renewing the token of open connections, one at a time each: who holds a connection, and what it had and gets.

use super::signed::Signed;
use super::{Connection, Table, table};
use crate::config::text::Width;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Somebody let go of a connection.
static LET_GO: Condvar = Condvar::new();

/// When the first token ends of those in use, in milliseconds since the machine started: before that no statement need ask.
static FIRST_END_MILLIS: AtomicU64 = AtomicU64::new(u64::MAX);

/// How long a disconnect waits for a real driver that takes its time with a new token. Then it goes ahead: ODBC asks of
/// drivers that they can be called from several threads.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Who must not be disturbed at a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Held {
    /// Nobody.
    #[default]
    Free,
    /// A thread of this process gives the driver a new token. In a child that was forked meanwhile there is no such thread.
    Renewing(u32),
    /// The application is about to end the connection, or to set its token itself.
    Leaving,
}

impl Connection {
    /// Whether its token is tokenshim's business: it is open, and the application did not set one itself.
    fn has(&self, signed: &Arc<Signed>) -> bool {
        !self.taken_over && !self.browsing && self.signed.as_ref().is_some_and(|own| Arc::ptr_eq(own, signed))
    }
}

/// The connections whose token is that of `signed`, and is to be renewed.
pub fn connections_of(signed: &Arc<Signed>) -> Vec<usize> {
    table().connections.iter().filter(|(_, connection)| connection.has(signed)).map(|(dbc, _)| *dbc).collect()
}

/// Whether `dbc` still has it.
pub fn has(dbc: usize, signed: &Arc<Signed>) -> bool {
    table().connections.get(&dbc).is_some_and(|connection| connection.has(signed))
}

/// Begins to give `dbc` another token than that of `from`. `None` where it has another one by now, is about to be closed, or is in
/// somebody else's hands; else how wide its characters are. Whoever began must [`end`] it.
pub fn begin(dbc: usize, from: &Arc<Signed>) -> Option<Option<Width>> {
    let mut table = table();
    let connection = table.connections.get_mut(&dbc)?;
    if !connection.has(from) || is_held(connection) {
        return None;
    }
    connection.held = Held::Renewing(std::process::id());
    Some(connection.wide)
}

/// Ends what [`begin`] began; `to` is what the driver has now, where it took it.
pub fn end(dbc: usize, to: Option<&Arc<Signed>>) {
    let mut table = table();
    let before = table.connections.get_mut(&dbc).and_then(|connection| {
        connection.held = Held::Free;
        to.and_then(|to| connection.signed.replace(Arc::clone(to)))
    });
    drop(table);
    LET_GO.notify_all();
    drop(before);
}

/// Waits for a renewal in flight on `dbc`, and lets none begin until [`let_go`]. A connection that is not known, or that nobody
/// renews, costs a look.
pub fn hold_off(dbc: usize) {
    let mut table = wait(dbc);
    if let Some(connection) = table.connections.get_mut(&dbc) {
        connection.held = Held::Leaving;
    }
}

/// Waits for a renewal in flight on `dbc`.
pub fn await_others(dbc: usize) {
    drop(wait(dbc));
}

/// Renewals of `dbc` may begin again.
pub fn let_go(dbc: usize) {
    if let Some(connection) = table().connections.get_mut(&dbc) {
        connection.held = Held::Free;
    }
}

/// The table, once nobody renews the token of `dbc`.
pub(super) fn wait(dbc: usize) -> MutexGuard<'static, Table> {
    let mut table = table();
    let deadline = Instant::now() + WAIT_MAX;
    while table.connections.get(&dbc).is_some_and(is_renewing) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        (table, _) = LET_GO.wait_timeout(table, left).unwrap_or_else(PoisonError::into_inner);
    }
    table
}

fn is_renewing(connection: &Connection) -> bool {
    matches!(connection.held, Held::Renewing(process) if process == std::process::id())
}

fn is_held(connection: &Connection) -> bool {
    connection.held == Held::Leaving || is_renewing(connection)
}

/// The one value for what is like `signed`.
pub fn one(signed: Signed) -> Arc<Signed> {
    let mut table = table();
    let one = table.signed.one(signed);
    note_end(&one);
    one
}

/// All that connections have at this moment. The caller drops them without the lock.
pub fn all() -> Vec<Arc<Signed>> {
    let table = table();
    let all: Vec<_> = table.signed.all().collect();
    FIRST_END_MILLIS.store(u64::MAX, Ordering::Relaxed);
    all.iter().for_each(note_end);
    all
}

/// What `dbc` has, where its token ended before `now` and is to be renewed.
pub fn ended(dbc: usize, now: Duration) -> Option<Arc<Signed>> {
    if (now.as_millis() as u64) < FIRST_END_MILLIS.load(Ordering::Relaxed) {
        return None;
    }
    let table = wait(dbc);
    let connection = table.connections.get(&dbc)?;
    let signed = connection.signed.as_ref()?;
    (connection.has(signed) && signed.ends().is_some_and(|end| end <= now) && signed.due().is_some_and(|due| due <= now)).then(|| Arc::clone(signed))
}

/// Whether any token in use ended before `now`.
pub fn any_ended(now: Duration) -> bool {
    now.as_millis() as u64 >= FIRST_END_MILLIS.load(Ordering::Relaxed)
}

/// With the table's lock, so that none is forgotten.
fn note_end(signed: &Arc<Signed>) {
    if let Some(end) = signed.ends() {
        FIRST_END_MILLIS.fetch_min(end.as_millis() as u64, Ordering::Relaxed);
    }
}
