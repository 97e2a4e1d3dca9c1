//! The end of a connection, and of its handle: then what was known about it goes, the token's memory last.

use super::{ERROR, Return, SUCCESS, SUCCESS_WITH_INFO, bound, guard, real, statements};
use crate::binding::Bound;
use crate::binding::abi::{Binding, Handle, Letter};
use crate::connection::{self, renewal};
use crate::refresh;

/// SQL_HANDLE_DBC.
const HANDLE_DBC: i16 = odbc_sys::HandleType::Dbc as i16;
/// SQL_HANDLE_STMT.
const HANDLE_STMT: i16 = odbc_sys::HandleType::Stmt as i16;

/// SQLDisconnect.
///
/// # Safety
/// As ODBC asks of SQLDisconnect's caller; `binding` came from the driver library.
pub unsafe extern "C" fn disconnect(binding: *const Binding, letter: Letter, dbc: Handle) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLDisconnect", dbc, || {
        let Some(disconnect) = real(&bound.real.disconnect, letter) else { return Ok(ERROR) };
        connection::clear_record(dbc as usize);
        renewal::hold_off(dbc as usize);
        // SAFETY: the application's own handle.
        let code = unsafe { disconnect(dbc) };
        if code == SUCCESS || code == SUCCESS_WITH_INFO {
            forget_statements(bound, dbc);
            // The token's memory stays: the driver may read it until the handle is freed.
            if connection::close(dbc as usize).is_some() {
                refresh::closed();
            }
        }
        renewal::let_go(dbc as usize);
        Ok(code)
    })
}

/// SQLFreeHandle.
///
/// # Safety
/// As ODBC asks of SQLFreeHandle's caller; `binding` came from the driver library.
pub unsafe extern "C" fn free_handle(binding: *const Binding, letter: Letter, handle_type: i16, handle: Handle) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    let Some(free) = real(&bound.real.free_handle, letter) else { return ERROR };
    // SAFETY: the application's own handle.
    let free = || unsafe { free(handle_type, handle) };
    match handle_type {
        HANDLE_DBC => forgetting(bound, handle, free),
        HANDLE_STMT if bound.statements.is_some() => statements::freeing(handle, free),
        _ => free(),
    }
}

/// SQLFreeConnect.
///
/// # Safety
/// As ODBC asks of SQLFreeConnect's caller; `binding` came from the driver library.
pub unsafe extern "C" fn free_connect(binding: *const Binding, letter: Letter, dbc: Handle) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    let Some(free) = real(&bound.real.free_connect, letter) else { return ERROR };
    // SAFETY: the application's own handle.
    forgetting(bound, dbc, || unsafe { free(dbc) })
}

/// Frees `dbc`. What was known about it is taken out first, since the very next handle may have its address, and is
/// dropped last, since the driver may look at the token until it is done.
fn forgetting(bound: &Bound, dbc: Handle, free: impl FnOnce() -> Return) -> Return {
    let known = connection::forget(dbc as usize);
    let code = free();
    let is_gone = code == SUCCESS || code == SUCCESS_WITH_INFO;
    if is_gone {
        forget_statements(bound, dbc);
    }
    if let (Some(known), false) = (known, is_gone) {
        connection::remember(dbc as usize, known);
    }
    code
}

/// A connection that ends takes its statements along.
fn forget_statements(bound: &Bound, dbc: Handle) {
    if bound.statements.is_some() {
        connection::statements::closed(dbc as usize);
    }
}
