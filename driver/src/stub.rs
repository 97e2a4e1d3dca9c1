//! What stands in for a real driver that cannot be loaded: just enough that a connect fails with one record that
//! says why. Without these the driver manager would only say IM004.

use crate::abi::{Handle, Return, TextPointer};
use crate::attach::refusal;
use core::ffi::c_void;
use core::ptr;

const SUCCESS: Return = 0;
const SUCCESS_WITH_INFO: Return = 1;
const NO_DATA: Return = 100;
const ERROR: Return = -1;

const HANDLE_DBC: i16 = 2;
/// "Specified driver could not be loaded", ODBC's Appendix A.
const STATE: &[u8; 6] = b"IM003\0";

const DIAG_RETURNCODE: i16 = 1;
const DIAG_NUMBER: i16 = 2;
const DIAG_SQLSTATE: i16 = 4;
const DIAG_NATIVE: i16 = 5;
const DIAG_MESSAGE_TEXT: i16 = 6;
const DIAG_CLASS_ORIGIN: i16 = 8;
const DIAG_SUBCLASS_ORIGIN: i16 = 9;
const DIAG_CONNECTION_NAME: i16 = 10;
const DIAG_SERVER_NAME: i16 = 11;

/// What every handle points to; nobody reads it.
static HANDLE: u8 = 0;

pub unsafe extern "C" fn SQLAllocHandle(_handle_type: i16, _parent: Handle, out: *mut Handle) -> Return {
    if out.is_null() {
        return ERROR;
    }
    // SAFETY: ODBC: `out` points to a writable handle.
    unsafe { *out = (&raw const HANDLE).cast_mut().cast() };
    SUCCESS
}

pub unsafe extern "C" fn SQLFreeHandle(_handle_type: i16, _handle: Handle) -> Return {
    SUCCESS
}

pub unsafe extern "C" fn SQLSetEnvAttr(_env: Handle, _attribute: i32, _value: *mut c_void, _bytes: i32) -> Return {
    SUCCESS
}

pub unsafe extern "C" fn SQLGetEnvAttr(_env: Handle, _attribute: i32, value: *mut c_void, _max: i32, _bytes: *mut i32) -> Return {
    if !value.is_null() {
        // SAFETY: all environment attributes that a driver manager asks for are 32-bit integers. 3: SQL_OV_ODBC3.
        unsafe { *value.cast::<i32>() = 3 };
    }
    SUCCESS
}

pub unsafe extern "C" fn SQLSetConnectAttr(_dbc: Handle, _attribute: i32, _value: *mut c_void, _bytes: i32) -> Return {
    SUCCESS
}

pub unsafe extern "C" fn SQLConnect(
    _dbc: Handle,
    _dsn: TextPointer,
    _dsn_len: i16,
    _user: TextPointer,
    _user_len: i16,
    _password: TextPointer,
    _password_len: i16,
) -> Return {
    ERROR
}

pub unsafe extern "C" fn SQLDriverConnect(
    _dbc: Handle,
    _window: *mut c_void,
    _text: TextPointer,
    _len: i16,
    _out: TextPointer,
    _max: i16,
    _out_len: *mut i16,
    _completion: u16,
) -> Return {
    ERROR
}

pub unsafe extern "C" fn SQLBrowseConnect(_dbc: Handle, _text: TextPointer, _len: i16, _out: TextPointer, _max: i16, _out_len: *mut i16) -> Return {
    ERROR
}

pub unsafe extern "C" fn SQLDisconnect(_dbc: Handle) -> Return {
    SUCCESS
}

pub unsafe extern "C" fn SQLGetDiagRec(
    handle_type: i16,
    _handle: Handle,
    record: i16,
    state: TextPointer,
    native: *mut i32,
    message: TextPointer,
    max: i16,
    len: *mut i16,
) -> Return {
    if handle_type != HANDLE_DBC || record != 1 {
        return NO_DATA;
    }
    if !state.is_null() {
        // SAFETY: ODBC: room for the state's five characters and the NUL.
        unsafe { ptr::copy_nonoverlapping(STATE.as_ptr(), state.cast(), STATE.len()) };
    }
    if !native.is_null() {
        // SAFETY: ODBC: a writable integer.
        unsafe { *native = 0 };
    }
    // SAFETY: as the caller promised.
    unsafe { put(refusal().to_bytes(), message, max, len) }
}

pub unsafe extern "C" fn SQLGetDiagField(
    handle_type: i16,
    _handle: Handle,
    record: i16,
    field: i16,
    value: *mut c_void,
    max: i16,
    len: *mut i16,
) -> Return {
    if handle_type != HANDLE_DBC {
        return NO_DATA;
    }
    match (record, field) {
        (0, DIAG_NUMBER | DIAG_RETURNCODE) | (1, DIAG_NATIVE) => {
            if !value.is_null() {
                let number = match field {
                    DIAG_NUMBER => 1,
                    DIAG_RETURNCODE => i32::from(ERROR),
                    _ => 0,
                };
                // SAFETY: ODBC: these fields are integers; the return code is a SQLRETURN, 16 bits.
                unsafe { if field == DIAG_RETURNCODE { *value.cast::<i16>() = number as i16 } else { *value.cast::<i32>() = number } }
            }
            SUCCESS
        }
        // SAFETY: as the caller promised.
        (1, DIAG_SQLSTATE) => unsafe { put(&STATE[..5], value, max, len) },
        // SAFETY: as the caller promised.
        (1, DIAG_MESSAGE_TEXT) => unsafe { put(refusal().to_bytes(), value, max, len) },
        // Class IM is ODBC's own (Appendix A). iODBC hands these questions on.
        // SAFETY: as the caller promised.
        (1, DIAG_CLASS_ORIGIN | DIAG_SUBCLASS_ORIGIN) => unsafe { put(b"ODBC 3.0", value, max, len) },
        // SAFETY: as the caller promised.
        (1, DIAG_CONNECTION_NAME | DIAG_SERVER_NAME) => unsafe { put(b"", value, max, len) },
        (1, _) => ERROR,
        _ => NO_DATA,
    }
}

/// Copies `text` and a NUL to `out`, which has room for `max` bytes; tells the whole length.
///
/// # Safety
/// `out` is NULL or has room for `max` bytes; `len` is NULL or writable.
unsafe fn put(text: &[u8], out: TextPointer, max: i16, len: *mut i16) -> Return {
    if !len.is_null() {
        // SAFETY: as the caller promised.
        unsafe { *len = text.len() as i16 };
    }
    let room = usize::try_from(max).unwrap_or(0);
    if out.is_null() || room == 0 {
        return SUCCESS_WITH_INFO;
    }
    let fit = text.len().min(room - 1);
    // SAFETY: `fit` bytes and the NUL are within `max`.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), out.cast::<u8>(), fit);
        *out.cast::<u8>().add(fit) = 0;
    }
    if fit < text.len() { SUCCESS_WITH_INFO } else { SUCCESS }
}
