//! Diagnostics: where tokenshim let the last call on a connection fail, its one record; else the real driver's own.

use super::text;
use super::{ERROR, NO_DATA, Return, SUCCESS, SUCCESS_WITH_INFO, bound, real};
use crate::binding::abi::{Binding, Handle, Letter, TextPointer};
use crate::config::text::{Text, Width};
use crate::connection::{self, Record};
use core::ffi::c_void;

/// SQL_HANDLE_DBC.
const HANDLE_DBC: i16 = odbc_sys::HandleType::Dbc as i16;

/// Fields of SQLGetDiagField (ODBC, "SQLGetDiagField", identifiers SQL_DIAG_…).
mod field {
    pub const RETURNCODE: i16 = 1;
    pub const NUMBER: i16 = 2;
    pub const SQLSTATE: i16 = 4;
    pub const NATIVE: i16 = 5;
    pub const MESSAGE_TEXT: i16 = 6;
    pub const CLASS_ORIGIN: i16 = 8;
    pub const SUBCLASS_ORIGIN: i16 = 9;
    pub const CONNECTION_NAME: i16 = 10;
    pub const SERVER_NAME: i16 = 11;
}

/// SQLGetDiagRec[A|W].
///
/// # Safety
/// As ODBC asks of SQLGetDiagRec's caller; `binding` came from the driver library.
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn get_diag_rec(
    binding: *const Binding,
    letter: Letter,
    handle_type: i16,
    handle: Handle,
    record: i16,
    state: TextPointer,
    native: *mut i32,
    message: TextPointer,
    message_max: i16,
    message_len: *mut i16,
) -> Return {
    if let Some((own, width)) = own(handle_type, handle, letter) {
        return match record {
            // SAFETY: as the caller promised.
            1 => unsafe { put_record(&own, width, state, native, message, message_max, message_len) },
            2.. => NO_DATA,
            _ => ERROR,
        };
    }
    // SAFETY: the binding is the driver library's.
    match real(&unsafe { bound(binding) }.real.get_diag_rec, letter) {
        // SAFETY: the application's own arguments.
        Some(get) => unsafe { get(handle_type, handle, record, state, native, message, message_max, message_len) },
        None => ERROR,
    }
}

/// SQLError[A|W]: as SQLGetDiagRec, but what was read is gone.
///
/// # Safety
/// As ODBC asks of SQLError's caller; `binding` came from the driver library.
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn error(
    binding: *const Binding,
    letter: Letter,
    env: Handle,
    dbc: Handle,
    stmt: Handle,
    state: TextPointer,
    native: *mut i32,
    message: TextPointer,
    message_max: i16,
    message_len: *mut i16,
) -> Return {
    if let (true, Some((own, width))) = (stmt.is_null(), own(HANDLE_DBC, dbc, letter)) {
        connection::with(dbc as usize, |connection| {
            connection.record = None;
            connection.record_was_read = true;
        });
        // SAFETY: as the caller promised.
        return unsafe { put_record(&own, width, state, native, message, message_max, message_len) };
    }
    // A loop over SQLError must end after our one record, whatever the driver still has from earlier calls.
    if stmt.is_null() && connection::take_read_mark(dbc as usize) {
        return NO_DATA;
    }
    // SAFETY: the binding is the driver library's.
    match real(&unsafe { bound(binding) }.real.error, letter) {
        // SAFETY: the application's own arguments.
        Some(get) => unsafe { get(env, dbc, stmt, state, native, message, message_max, message_len) },
        None => ERROR,
    }
}

/// SQLGetDiagField[A|W]. Text lengths are in bytes, also of wide text.
///
/// # Safety
/// As ODBC asks of SQLGetDiagField's caller; `binding` came from the driver library.
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn get_diag_field(
    binding: *const Binding,
    letter: Letter,
    handle_type: i16,
    handle: Handle,
    record: i16,
    field: i16,
    value: *mut c_void,
    value_max_bytes: i16,
    value_bytes: *mut i16,
) -> Return {
    if let Some((own, width)) = own(handle_type, handle, letter) {
        // SAFETY: as the caller promised.
        return unsafe { put_field(&own, width, record, field, value, value_max_bytes, value_bytes) };
    }
    // SAFETY: the binding is the driver library's.
    match real(&unsafe { bound(binding) }.real.get_diag_field, letter) {
        // SAFETY: the application's own arguments.
        Some(get) => unsafe { get(handle_type, handle, record, field, value, value_max_bytes, value_bytes) },
        None => ERROR,
    }
}

/// The record of ours that this call is about, and how wide its characters are.
fn own(handle_type: i16, handle: Handle, letter: Letter) -> Option<(Record, Width)> {
    if handle_type != HANDLE_DBC {
        return None;
    }
    let (record, wide) = connection::record(handle as usize)?;
    Some((record, if letter == Letter::W { wide.unwrap_or(Width::Two) } else { Width::One }))
}

/// # Safety
/// As ODBC asks of SQLGetDiagRec's caller: room for six characters of state, and for `message_max` of message.
unsafe fn put_record(
    own: &Record,
    width: Width,
    state: TextPointer,
    native: *mut i32,
    message: TextPointer,
    message_max: i16,
    message_len: *mut i16,
) -> Return {
    // SAFETY: as the caller promised.
    unsafe {
        text::write(&Text::encode(own.state, width), state, 6);
        if !native.is_null() {
            native.write_unaligned(0);
        }
        let (length, code) = text::write(&Text::encode(&own.message, width), message, message_max);
        text::put_length(message_len, length);
        code
    }
}

/// # Safety
/// As ODBC asks of SQLGetDiagField's caller: room for an integer, or for `value_max_bytes` of text.
unsafe fn put_field(own: &Record, width: Width, record: i16, field: i16, value: *mut c_void, value_max_bytes: i16, value_bytes: *mut i16) -> Return {
    // Appendix A: classes IM and HY, and HYT00, are ODBC's own; the rest is the standard's.
    let origin = if own.state.starts_with("IM") || own.state.starts_with("HY") { "ODBC 3.0" } else { "ISO 9075" };
    let text = match (record, field) {
        (0, field::NUMBER) => return unsafe_put(value, 1i32),
        (0, field::RETURNCODE) => return unsafe_put(value, own.return_code),
        (1, field::NATIVE) => return unsafe_put(value, 0i32),
        (1, field::SQLSTATE) => own.state,
        (1, field::MESSAGE_TEXT) => &own.message,
        (1, field::CLASS_ORIGIN | field::SUBCLASS_ORIGIN) => origin,
        (1, field::CONNECTION_NAME | field::SERVER_NAME) => "",
        (2.., _) => return NO_DATA,
        _ => return ERROR,
    };
    let unit = width.bytes();
    let max = i16::try_from(usize::try_from(value_max_bytes).unwrap_or(0) / unit).unwrap_or(i16::MAX);
    // SAFETY: as the caller promised.
    return unsafe {
        let (length, code) = text::write(&Text::encode(text, width), value, max);
        text::put_length(value_bytes, length * unit);
        code
    };

    fn unsafe_put<T>(value: *mut c_void, number: T) -> Return {
        if !value.is_null() {
            // SAFETY: ODBC: these fields are integers of `T`'s size, and the caller has room for one.
            unsafe { value.cast::<T>().write_unaligned(number) };
        }
        SUCCESS
    }
}

const _: () = assert!(SUCCESS_WITH_INFO == 1 && NO_DATA == 100, "as the driver managers know them");
