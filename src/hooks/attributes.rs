//! Connection attributes: what the application sets is noted, what tokenshim set is not shown.

use super::live::CREDENTIALS;
use super::login_time::{self, LOGIN_TIMEOUT};
use super::text::{self, Buffer};
use super::token_attributes::{RENEW_TOKEN, TOKEN_EXPIRY, expiry, put_expiry, renew};
use super::{ERROR, Return, SUCCESS, SUCCESS_WITH_INFO, bound, guard, real};
use crate::binding::Bound;
use crate::binding::abi::{Binding, Handle, Letter};
use crate::config::text::Width;
use crate::connection::signed::Signed;
use crate::connection::{self, renewal};
use crate::delivery::encryption;
use crate::delivery::out_string::completed;
use crate::error::Error;
use core::ffi::c_void;
use odbc_sys::ConnectionAttribute;
use std::sync::Arc;

/// SQL_COPT_SS_ACCESS_TOKEN of Microsoft's driver.
const ACCESS_TOKEN: i32 = ConnectionAttribute::SS_ACCESS_TOKEN.0;
/// SQL_ATTR_CONNECTION_DEAD, which driver managers ask of a pooled connection before they use it again.
const DEAD: i32 = ConnectionAttribute::CONNECTION_DEAD.0;
/// SQL_CD_TRUE.
const DEAD_TRUE: u32 = 1;
/// Drivers answer [`CREDENTIALS`] with their connection string. Longer than any connection string, in characters.
const CREDENTIALS_MAX: usize = 128 * 1024;

/// SQLSetConnectAttr[A|W].
///
/// # Safety
/// As ODBC asks of SQLSetConnectAttr's caller; `binding` came from the driver library.
pub unsafe extern "C" fn set_connect_attr(
    binding: *const Binding,
    letter: Letter,
    dbc: Handle,
    attribute: i32,
    value: *mut c_void,
    value_bytes: i32,
) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLSetConnectAttr", dbc, || {
        let Some(set) = real(&bound.real.set_connect_attr, letter) else { return Ok(ERROR) };
        // SAFETY: the application's own arguments.
        noted(dbc, attribute, value as usize, || unsafe { set(dbc, attribute, value, value_bytes) })
    })
}

/// SQLSetConnectOption[A|W].
///
/// # Safety
/// As ODBC asks of SQLSetConnectOption's caller; `binding` came from the driver library.
pub unsafe extern "C" fn set_connect_option(binding: *const Binding, letter: Letter, dbc: Handle, option: u16, value: usize) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLSetConnectOption", dbc, || {
        let Some(set) = real(&bound.real.set_connect_option, letter) else { return Ok(ERROR) };
        // SAFETY: the application's own arguments.
        noted(dbc, option.into(), value, || unsafe { set(dbc, option, value) })
    })
}

/// SQLGetConnectAttr[A|W].
///
/// # Safety
/// As ODBC asks of SQLGetConnectAttr's caller; `binding` came from the driver library.
pub unsafe extern "C" fn get_connect_attr(
    binding: *const Binding,
    letter: Letter,
    dbc: Handle,
    attribute: i32,
    value: *mut c_void,
    value_max_bytes: i32,
    value_bytes: *mut i32,
) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLGetConnectAttr", dbc, || {
        let Some(get) = real(&bound.real.get_connect_attr, letter) else { return Ok(ERROR) };
        connection::clear_record(dbc as usize);
        match ours(dbc, attribute) {
            // SAFETY: the application's own arguments.
            None => Ok(unsafe { or_dead(dbc, attribute, value, get(dbc, attribute, value, value_max_bytes, value_bytes)) }),
            Some(Ours::Token) => {
                // SAFETY: as ODBC asks of the caller: room for a pointer, and for a length.
                unsafe { put(core::ptr::null_mut::<c_void>(), value, value_bytes) };
                Ok(SUCCESS)
            }
            Some(Ours::LoginTimeout(seconds)) => {
                // SAFETY: as ODBC asks of the caller: room for a SQLUINTEGER, and for a length.
                unsafe { put(seconds, value, value_bytes) };
                Ok(SUCCESS)
            }
            // SAFETY: as the caller promised.
            Some(Ours::Expiry(end)) => unsafe { put_expiry(end, value, Some(value_max_bytes), value_bytes) },
            Some(Ours::Credentials(signed, wide)) => {
                let width = if letter == Letter::W { wide } else { Width::One };
                // SAFETY: as the caller promised.
                Ok(unsafe { credentials(bound, letter, dbc, &signed, width, value, value_max_bytes, value_bytes) })
            }
        }
    })
}

/// SQLGetConnectOption[A|W].
///
/// # Safety
/// As ODBC asks of SQLGetConnectOption's caller; `binding` came from the driver library.
pub unsafe extern "C" fn get_connect_option(binding: *const Binding, letter: Letter, dbc: Handle, option: u16, value: *mut c_void) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLGetConnectOption", dbc, || {
        let Some(get) = real(&bound.real.get_connect_option, letter) else { return Ok(ERROR) };
        connection::clear_record(dbc as usize);
        match ours(dbc, option.into()) {
            // SAFETY: the application's own arguments.
            None => Ok(unsafe { or_dead(dbc, option.into(), value, get(dbc, option, value)) }),
            Some(Ours::Token) => {
                // SAFETY: as ODBC asks of the caller: room for a pointer.
                unsafe { put(core::ptr::null_mut::<c_void>(), value, core::ptr::null_mut()) };
                Ok(SUCCESS)
            }
            Some(Ours::LoginTimeout(seconds)) => {
                // SAFETY: as ODBC asks of the caller: room for 32 bits.
                unsafe { put(seconds, value, core::ptr::null_mut()) };
                Ok(SUCCESS)
            }
            // SAFETY: as the attribute asks of the caller.
            Some(Ours::Expiry(end)) => unsafe { put_expiry(end, value, None, core::ptr::null_mut()) },
            // This function does not say how much room there is.
            Some(Ours::Credentials(..)) => Err(Error::Hidden),
        }
    })
}

/// Lets the application set an attribute, and notes what a connect, or a renewal, will need to know.
fn noted(dbc: Handle, attribute: i32, value: usize, set: impl FnOnce() -> Return) -> Result<Return, Error> {
    if let Some(renewed) = (attribute == RENEW_TOKEN).then(|| renew(dbc, value)).flatten() {
        return renewed;
    }
    if attribute == CREDENTIALS {
        renewal::hold_off(dbc as usize); // the application's token must be the last one
    }
    let code = set();
    connection::clear_record(dbc as usize);
    let accepted = code == SUCCESS || code == SUCCESS_WITH_INFO;
    match attribute {
        LOGIN_TIMEOUT => connection::with(dbc as usize, |connection| {
            connection.login_timeout_seconds = Some(value as u32);
            connection.login_is_shortened &= !accepted;
        }),
        ACCESS_TOKEN if accepted => connection::with(dbc as usize, |connection| connection.application_token = value != 0),
        CREDENTIALS => {
            if accepted {
                connection::with(dbc as usize, |connection| connection.taken_over = true);
            }
            renewal::let_go(dbc as usize);
        }
        _ if accepted && encryption::decides(attribute) => {
            connection::with(dbc as usize, |connection| _ = connection.attributes.insert(attribute, value as u32));
        }
        _ => {}
    }
    Ok(code)
}

/// An attribute that would show the token, or what tokenshim has set.
enum Ours {
    LoginTimeout(u32),
    Expiry(i64),
    Token,
    Credentials(Arc<Signed>, Width),
}

fn ours(dbc: Handle, attribute: i32) -> Option<Ours> {
    match attribute {
        LOGIN_TIMEOUT => login_time::hidden(dbc, attribute).map(Ours::LoginTimeout),
        ACCESS_TOKEN => {
            connection::look(dbc as usize, |connection| (connection.access_token.is_some() && !connection.application_token).then_some(Ours::Token))?
        }
        CREDENTIALS => connection::look(dbc as usize, |connection| {
            let wide = connection.wide.unwrap_or(Width::Two);
            connection.signed.clone().map(|signed| Ours::Credentials(signed, wide))
        })?,
        TOKEN_EXPIRY => expiry(dbc.addr()).map(Ours::Expiry),
        _ => None,
    }
}

/// Where the driver takes a connection for alive, and nobody should use it again: says that it is dead. From memory alone, for the
/// driver manager holds the lock of its pool meanwhile.
///
/// # Safety
/// The real driver answered `code` for `attribute`, and `value` is where it wrote its answer.
unsafe fn or_dead(dbc: Handle, attribute: i32, value: *mut c_void, code: Return) -> Return {
    let accepted = code == SUCCESS || code == SUCCESS_WITH_INFO;
    if attribute == DEAD && accepted && connection::is_over(dbc as usize) {
        // SAFETY: as the caller promised; ODBC: an SQLUINTEGER.
        unsafe { put(DEAD_TRUE, value, core::ptr::null_mut()) };
    }
    code
}

/// An attribute's value that is no text. For a token it is NULL: what Microsoft's driver answers where none was set.
///
/// # Safety
/// `value` is NULL or has room for a `T`; `value_bytes` is NULL or writable.
pub(super) unsafe fn put<T>(answer: T, value: *mut c_void, value_bytes: *mut i32) {
    // SAFETY: as the caller promised.
    unsafe {
        if !value.is_null() {
            value.cast::<T>().write_unaligned(answer);
        }
        if !value_bytes.is_null() {
            value_bytes.write_unaligned(size_of::<T>() as i32);
        }
    }
}

/// The driver's connection string as the application may see it. Lengths are in bytes.
///
/// # Safety
/// As ODBC asks of SQLGetConnectAttr's caller.
#[allow(clippy::too_many_arguments)]
unsafe fn credentials(
    bound: &Bound,
    letter: Letter,
    dbc: Handle,
    signed: &Signed,
    width: Width,
    value: *mut c_void,
    value_max_bytes: i32,
    value_bytes: *mut i32,
) -> Return {
    let Some(get) = real(&bound.real.get_connect_attr, letter) else { return ERROR };
    let mut room = Buffer::room(CREDENTIALS_MAX, width);
    let max_bytes = room.len_bytes() as i32;
    let mut written_bytes = 0;
    // SAFETY: room of ours, with its size.
    let code = unsafe { get(dbc, CREDENTIALS, room.pointer(), max_bytes, &mut written_bytes) };
    if code != SUCCESS && code != SUCCESS_WITH_INFO {
        return code;
    }
    // The driver may still have the first of several tokens in it, or one of the application's own: no keyword of a token is told.
    let text = completed(&room.text(), &signed.written.string(), &signed.sign_in.edits, &signed.sign_in.token.text);
    let max = i16::try_from(value_max_bytes / width.bytes() as i32).unwrap_or(i16::MAX);
    // SAFETY: as the caller promised.
    unsafe {
        let (length, cut) = text::write(&text, value, max);
        if !value_bytes.is_null() {
            value_bytes.write_unaligned((length * width.bytes()) as i32);
        }
        cut
    }
}
