//! Diagnostics: where tokenshim let the last call on a connection fail, its one record; else the real driver's own.

use super::cancellation::HeldOff;
use super::text;
use super::{ERROR, NO_DATA, Return, SUCCESS, bound, real};
use crate::binding::abi::{Binding, Handle, Letter, TextPointer};
use crate::config::text::{Text, Width};
use crate::connection::{self, Record};
use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
    let from_driver = || {
        // SAFETY: the binding is the driver library's, the arguments are the application's own.
        real(&unsafe { bound(binding) }.real.get_diag_rec, letter)
            .map_or(ERROR, |get| unsafe { get(handle_type, handle, record, state, native, message, message_max, message_len) })
    };
    first_of(own(handle_type, handle, letter), from_driver, |own, width| match record {
        // SAFETY: as the caller promised.
        1 if !own.was_read => unsafe { put_record(own, width, state, native, message, message_max, message_len) },
        1.. => NO_DATA,
        _ => ERROR,
    })
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
    let own = own(HANDLE_DBC, dbc, letter).filter(|_| stmt.is_null());
    let width = own.as_ref().map(|(_, width)| *width);
    let from_driver = || {
        // SAFETY: the binding is the driver library's, the arguments are the application's own.
        let code = real(&unsafe { bound(binding) }.real.error, letter)
            .map_or(ERROR, |get| unsafe { get(env, dbc, stmt, state, native, message, message_max, message_len) });
        // MariaDB's driver has no SQL_NO_DATA here, but a record of the state 00000.
        // SAFETY: ODBC: room for the five characters of a state, which a driver that succeeds has just written.
        let is_none = |width| unsafe { text::read(state, 5, width) }.is_some_and(|state| state.decode() == "00000");
        if code == SUCCESS && width.is_some_and(is_none) { NO_DATA } else { code }
    };
    first_of(own, from_driver, |own, width| {
        if own.was_read {
            return NO_DATA;
        }
        connection::with(dbc as usize, |connection| connection.record.iter_mut().for_each(|record| record.was_read = true));
        // SAFETY: as the caller promised.
        unsafe { put_record(own, width, state, native, message, message_max, message_len) }
    })
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
    let from_driver = || {
        // SAFETY: the binding is the driver library's, the arguments are the application's own.
        real(&unsafe { bound(binding) }.real.get_diag_field, letter)
            .map_or(ERROR, |get| unsafe { get(handle_type, handle, record, field, value, value_max_bytes, value_bytes) })
    };
    // SAFETY: as the caller promised.
    first_of(own(handle_type, handle, letter), from_driver, |own, width| unsafe {
        put_field(own, width, record, field, value, value_max_bytes, value_bytes)
    })
}

/// A failure of ours hides whatever the driver still has from earlier calls. A warning of ours goes behind what the
/// driver has: it may be from a call that came later, and of which tokenshim knows nothing.
fn first_of(own: Option<(Record, Width)>, from_driver: impl FnOnce() -> Return, ours: impl FnOnce(&Record, Width) -> Return) -> Return {
    // A driver manager reads records in the midst of a connect: a thread cancelled there would unwind through here.
    let _held_off = HeldOff::begin();
    let Some((own, width)) = own else { return from_driver() };
    if own.return_code != ERROR {
        let code = from_driver();
        if code != NO_DATA {
            return code;
        }
    }
    // A panic, too, is an answer: none may reach the caller.
    catch_unwind(AssertUnwindSafe(|| ours(&own, width))).unwrap_or(ERROR)
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
        // SAFETY: as the caller promised; the standard gives these fields these types.
        (0, field::NUMBER) => return unsafe { put_number(value, i32::from(!own.was_read)) },
        // SAFETY: as above.
        (0, field::RETURNCODE) => return unsafe { put_number(value, own.return_code) },
        (1.., _) if own.was_read || record > 1 => return NO_DATA,
        // SAFETY: as above.
        (1, field::NATIVE) => return unsafe { put_number(value, 0i32) },
        (1, field::SQLSTATE) => own.state,
        (1, field::MESSAGE_TEXT) => &own.message,
        (1, field::CLASS_ORIGIN | field::SUBCLASS_ORIGIN) => origin,
        (1, field::CONNECTION_NAME | field::SERVER_NAME) => "",
        _ => return ERROR,
    };
    let unit = width.bytes();
    let max = i16::try_from(usize::try_from(value_max_bytes).unwrap_or(0) / unit).unwrap_or(i16::MAX);
    // SAFETY: as the caller promised.
    unsafe {
        let (length, code) = text::write(&Text::encode(text, width), value, max);
        text::put_length(value_bytes, length * unit);
        code
    }
}

/// # Safety
/// `value` is NULL or has room for a `T`.
unsafe fn put_number<T>(value: *mut c_void, number: T) -> Return {
    if !value.is_null() {
        // SAFETY: as the caller promised.
        unsafe { value.cast::<T>().write_unaligned(number) };
    }
    SUCCESS
}
