//! The hooks of statements, for real drivers only whose open connections take new tokens: a connection whose token ended while
//! nobody could renew it, since the machine slept, gets a new one before the server is asked anything.

use super::cancellation::HeldOff;
use super::{ERROR, Return, SUCCESS, SUCCESS_WITH_INFO, bound, real};
use crate::binding::abi::{Binding, Handle, Letter, StatementHooks, StatementLifeHooks, TextPointer};
use crate::connection::{renewal, statements};
use crate::refresh;
use crate::token::clock::{Clock, SinceBoot};
use std::panic::catch_unwind;

/// SQL_HANDLE_STMT.
const HANDLE_STMT: i16 = odbc_sys::HandleType::Stmt as i16;
/// SQL_DROP.
const DROP: u16 = 1;

/// Before `stmt` asks the server anything.
fn before(stmt: Handle) {
    let now = SinceBoot.now();
    if !renewal::any_ended(now) {
        return;
    }
    let _held_off = HeldOff::begin();
    // After a panic the statement goes its way all the same.
    let _ = catch_unwind(|| {
        if let Some(dbc) = statements::connection_of(stmt.addr()) {
            refresh::before_statement(dbc, now);
        }
    });
}

macro_rules! statement_hooks {
    ($($function:ident(stmt: Handle $(, $arg:ident: $type:ty)* $(,)?): $($name:ident $letter:ident),*;)*) => {
        /// Each does nothing but what [`before`] does.
        pub const EXECUTING: StatementHooks = StatementHooks { $($function),* };

        $(
            /// # Safety
            /// As ODBC asks of this function's caller; `binding` came from the driver library.
            #[allow(clippy::too_many_arguments)]
            unsafe extern "C" fn $function(binding: *const Binding, letter: Letter, stmt: Handle $(, $arg: $type)*) -> Return {
                before(stmt);
                // SAFETY: as the caller promised.
                let functions = unsafe { bound(binding) }.statements.as_ref();
                let function = functions.and_then(|statements| real(&statements.functions.$function, letter));
                // SAFETY: the application's own arguments.
                function.map_or(ERROR, |function| unsafe { function(stmt $(, $arg)*) })
            }
        )*
    };
}
for_each_statement_hook!(statement_hooks);

/// Where statements come and go.
pub const COMING_AND_GOING: StatementLifeHooks = StatementLifeHooks { alloc_handle, alloc_stmt, free_stmt };

/// SQLAllocHandle.
///
/// # Safety
/// As ODBC asks of SQLAllocHandle's caller; `binding` came from the driver library.
unsafe extern "C" fn alloc_handle(binding: *const Binding, letter: Letter, handle_type: i16, parent: Handle, handle: *mut Handle) -> Return {
    // SAFETY: as the caller promised.
    let functions = unsafe { bound(binding) }.statements.as_ref();
    let Some(alloc) = functions.and_then(|statements| real(&statements.lives.alloc_handle, letter)) else { return ERROR };
    // SAFETY: the application's own arguments.
    let code = unsafe { alloc(handle_type, parent, handle) };
    if handle_type == HANDLE_STMT {
        // SAFETY: as the caller promised: the driver has just written it.
        unsafe { note(code, parent, handle) };
    }
    code
}

/// SQLAllocStmt.
///
/// # Safety
/// As ODBC asks of SQLAllocStmt's caller; `binding` came from the driver library.
unsafe extern "C" fn alloc_stmt(binding: *const Binding, letter: Letter, dbc: Handle, stmt: *mut Handle) -> Return {
    // SAFETY: as the caller promised.
    let functions = unsafe { bound(binding) }.statements.as_ref();
    let Some(alloc) = functions.and_then(|statements| real(&statements.lives.alloc_stmt, letter)) else { return ERROR };
    // SAFETY: the application's own arguments.
    let code = unsafe { alloc(dbc, stmt) };
    // SAFETY: as the caller promised: the driver has just written it.
    unsafe { note(code, dbc, stmt) };
    code
}

/// # Safety
/// `stmt` is NULL, or holds a handle where `code` says so.
unsafe fn note(code: Return, dbc: Handle, stmt: *const Handle) {
    if (code == SUCCESS || code == SUCCESS_WITH_INFO) && !stmt.is_null() {
        // SAFETY: as the caller promised.
        statements::made(unsafe { stmt.read_unaligned() }.addr(), dbc.addr());
    }
}

/// SQLFreeStmt.
///
/// # Safety
/// As ODBC asks of SQLFreeStmt's caller; `binding` came from the driver library.
unsafe extern "C" fn free_stmt(binding: *const Binding, letter: Letter, stmt: Handle, option: u16) -> Return {
    // SAFETY: as the caller promised.
    let functions = unsafe { bound(binding) }.statements.as_ref();
    let Some(free) = functions.and_then(|statements| real(&statements.lives.free_stmt, letter)) else { return ERROR };
    // SAFETY: the application's own arguments.
    let free = || unsafe { free(stmt, option) };
    if option == DROP { freeing(stmt, free) } else { free() }
}

/// Frees `stmt`. It is forgotten first, since the very next one may have its address.
pub fn freeing(stmt: Handle, free: impl FnOnce() -> Return) -> Return {
    let dbc = statements::connection_of(stmt.addr());
    statements::freed(stmt.addr());
    let code = free();
    if let (Some(dbc), false) = (dbc, code == SUCCESS || code == SUCCESS_WITH_INFO) {
        statements::made(stmt.addr(), dbc);
    }
    code
}
