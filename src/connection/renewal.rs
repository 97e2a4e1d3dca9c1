//! Renewing the token of open connections, one at a time each: who holds a connection, and what it had and gets.

use super::signed::Signed;
use super::{Connection, Table, table};
use crate::config::text::Width;
use crate::token::clock::{Clock, SinceBoot};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Somebody let go of a connection.
static LET_GO: Condvar = Condvar::new();
/// When the first token ends of those in use, in milliseconds since the machine started: before that no statement need ask.
static FIRST_END_MILLIS: AtomicU64 = AtomicU64::new(u64::MAX);
/// Which renewal of a connection is whose.
static TICKETS: AtomicU32 = AtomicU32::new(1);

/// How long a disconnect waits for a real driver that takes its time with a new token. Then it goes ahead: ODBC asks of
/// drivers that they can be called from several threads.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// When a connection is looked at again that was in somebody else's hands.
const BUSY_WAIT: Duration = Duration::from_secs(1);

/// Longer than any fetch takes.
const A_FETCH: Duration = Duration::from_secs(4000);

/// Who must not be disturbed at a connection. In a child that was forked meanwhile there is no such thread any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // of fields: their names say it
pub enum Held {
    /// Nobody.
    #[default]
    Free,
    /// A thread of this process gives the driver a new token.
    Renewing { process: u32, ticket: u32 },
    /// So many threads are about to end the connection, or to set the application's own token.
    Leaving { process: u32, threads: u32 },
}

impl Held {
    fn now(self) -> Self {
        match self {
            Held::Renewing { process, .. } | Held::Leaving { process, .. } if process != std::process::id() => Held::Free,
            held => held,
        }
    }
}

/// What came of the attempt to begin a renewal.
#[allow(missing_docs)] // as above
pub enum Begun {
    /// It has begun. Whoever began must [`end`] it with the ticket. The width is that of the driver's wide characters, if it was
    /// opened by a function with such.
    Yes { ticket: u32, wide: Option<Width> },
    /// Somebody else is at it.
    Busy,
    /// That token is not there any more.
    Gone,
}

impl Connection {
    /// Whether its token is tokenshim's business: it is open, and the application did not set one itself.
    fn has(&self, signed: &Arc<Signed>) -> bool {
        self.renewable().is_some_and(|own| Arc::ptr_eq(own, signed))
    }

    fn retry_at(&self) -> Duration {
        Duration::from_millis(self.retry_at_millis)
    }

    fn wait_until(&mut self, retry_at: Duration) {
        self.retry_at_millis = retry_at.as_millis() as u64;
    }

    fn hold(&mut self) -> Begun {
        let ticket = TICKETS.fetch_add(1, Ordering::Relaxed);
        self.held = Held::Renewing { process: std::process::id(), ticket };
        Begun::Yes { ticket, wide: self.wide }
    }

    fn renewable(&self) -> Option<&Arc<Signed>> {
        self.signed.as_ref().filter(|_| !self.taken_over && !self.browsing)
    }
}

/// Connections that have the same token, which is to be renewed.
pub struct Group {
    /// Their sign-in.
    pub signed: Arc<Signed>,
    /// When that is due for the first of them, by [`SinceBoot`].
    pub due: Duration,
    /// Those for which it is due now.
    pub connections: Vec<usize>,
}

/// What there is to renew, of connections that this process opened itself: those of a parent it shares with that.
pub fn groups() -> Vec<Group> {
    let (mut groups, mut first_end) = (HashMap::<*const Signed, Group>::new(), u64::MAX);
    let (process, now) = (std::process::id(), SinceBoot.now());
    let table = table();
    for (dbc, connection) in &table.connections {
        let Some((signed, due)) = connection.renewable().and_then(|signed| Some((signed, signed.due()?))) else { continue };
        first_end = first_end.min(end_millis(signed));
        if connection.process == process {
            // Whoever fetches has news.
            let due = if signed.attempts.is_fetching() { now + A_FETCH } else { due.max(connection.retry_at()) };
            let group = groups.entry(Arc::as_ptr(signed)).or_insert_with(|| Group { signed: Arc::clone(signed), due, connections: Vec::new() });
            group.due = group.due.min(due);
            group.connections.extend(Some(*dbc).filter(|_| due <= now));
        }
    }
    FIRST_END_MILLIS.store(first_end, Ordering::Relaxed);
    // Whoever drops them does so without the lock.
    groups.into_values().collect()
}

/// Begins to give `dbc` another token than that of `from`.
pub fn begin(dbc: usize, from: &Arc<Signed>, now: Duration) -> Begun {
    let mut table = table();
    match table.connections.get_mut(&dbc) {
        Some(connection) if connection.has(from) => {
            // It may have refused since somebody decided to give it.
            if connection.retry_at() > now {
                return Begun::Busy;
            }
            if connection.held.now() != Held::Free {
                connection.wait_until(now + BUSY_WAIT);
                return Begun::Busy;
            }
            connection.hold()
        }
        _ => Begun::Gone,
    }
}

/// As [`begin`], for somebody who waits for it: whatever went before, and once nobody else is at it, which may take until
/// `deadline`. [`Begun::Busy`]: somebody is about to end the connection, or to set another token; or the time is over.
pub fn begin_by(dbc: usize, from: &Arc<Signed>, deadline: Instant) -> Begun {
    let mut table = table();
    loop {
        let Some(connection) = table.connections.get_mut(&dbc).filter(|connection| connection.has(from)) else { return Begun::Gone };
        let left = deadline.saturating_duration_since(Instant::now());
        match connection.held.now() {
            Held::Free => return connection.hold(),
            Held::Renewing { .. } if !left.is_zero() => (table, _) = LET_GO.wait_timeout(table, left).unwrap_or_else(PoisonError::into_inner),
            Held::Renewing { .. } | Held::Leaving { .. } => return Begun::Busy,
        }
    }
}

/// Ends what [`begin`] began: the driver took the token of `taken`, or is asked again at `retry_at`. A connection that has been
/// closed in the meantime, and perhaps opened anew, is another one.
pub fn end(dbc: usize, ticket: u32, taken: Option<&Arc<Signed>>, retry_at: Duration) {
    let mut table = table();
    let own = Held::Renewing { process: std::process::id(), ticket };
    let before = table.connections.get_mut(&dbc).filter(|connection| connection.held == own).and_then(|connection| {
        connection.held = Held::Free;
        if taken.is_none() {
            connection.wait_until(retry_at);
        }
        taken.and_then(|taken| connection.signed.replace(Arc::clone(taken)))
    });
    if let Some(taken) = taken {
        note_end(taken);
    }
    drop(table);
    LET_GO.notify_all();
    drop(before);
}

/// Waits for a renewal in flight on `dbc`, and lets none begin until [`let_go`].
pub fn hold_off(dbc: usize) {
    let mut table = wait(dbc);
    if let Some(connection) = table.connections.get_mut(&dbc) {
        let others = if let Held::Leaving { threads, .. } = connection.held.now() { threads } else { 0 };
        connection.held = Held::Leaving { process: std::process::id(), threads: others + 1 };
    }
}

/// Renewals of `dbc` may begin again, as far as this thread is concerned.
pub fn let_go(dbc: usize) {
    if let Some(connection) = table().connections.get_mut(&dbc)
        && let Held::Leaving { process, threads } = connection.held
    {
        connection.held = if threads > 1 { Held::Leaving { process, threads: threads - 1 } } else { Held::Free };
    }
}

/// An open connection whose token is tokenshim's, or was.
pub struct Open {
    /// Its sign-in.
    pub signed: Arc<Signed>,
    /// The application set another token since.
    pub taken_over: bool,
    /// SQL_ATTR_LOGIN_TIMEOUT, where the application set it.
    pub login_timeout: Option<Duration>,
}

/// The open connection on `dbc`, where there is one that was signed in with a token.
pub fn open(dbc: usize) -> Option<Open> {
    let table = table();
    let connection = table.connections.get(&dbc).filter(|connection| !connection.browsing)?;
    let login_timeout = connection.login_timeout_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    connection.signed.clone().map(|signed| Open { signed, taken_over: connection.taken_over, login_timeout })
}

/// Waits for a renewal in flight on `dbc`.
pub fn await_others(dbc: usize) {
    drop(wait(dbc));
}

/// The table, once nobody renews the token of `dbc`, or it takes too long.
pub(super) fn wait(dbc: usize) -> MutexGuard<'static, Table> {
    let mut table = table();
    let deadline = Instant::now() + WAIT_MAX;
    while table.connections.get(&dbc).is_some_and(|connection| matches!(connection.held.now(), Held::Renewing { .. })) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        (table, _) = LET_GO.wait_timeout(table, left).unwrap_or_else(PoisonError::into_inner);
    }
    table
}

/// The one value for what is like `signed`.
pub fn one(signed: Signed) -> Arc<Signed> {
    let mut table = table();
    let one = table.signed.one(signed);
    note_end(&one);
    one
}

/// Of this real driver's connections no token is renewed any more.
pub fn give_up(driver: usize) {
    let table = table();
    let all: Vec<_> = table.signed.all().collect();
    drop(table);
    all.iter().filter(|signed| signed.driver == driver).for_each(|signed| signed.give_up());
}

/// What `dbc` has, where its token ended before `now`, and another one may be had.
pub fn ended(dbc: usize, now: Duration) -> Option<Arc<Signed>> {
    let table = wait(dbc);
    let connection = table.connections.get(&dbc).filter(|connection| connection.retry_at() <= now)?;
    let signed = connection.renewable()?;
    (signed.ends().is_some_and(|end| end <= now) && signed.attempts.is_open_to_statements(now)).then(|| Arc::clone(signed))
}

/// Whether any token in use ended before `now`.
pub fn any_ended(now: Duration) -> bool {
    now.as_millis() as u64 >= FIRST_END_MILLIS.load(Ordering::Relaxed)
}

/// With the table's lock, so that none is forgotten.
pub(super) fn note_end(signed: &Arc<Signed>) {
    FIRST_END_MILLIS.fetch_min(end_millis(signed), Ordering::Relaxed);
}

fn end_millis(signed: &Signed) -> u64 {
    signed.ends().map_or(u64::MAX, |end| end.as_millis() as u64)
}
