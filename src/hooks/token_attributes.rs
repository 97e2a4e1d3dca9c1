//! Connection attributes of tokenshim's own, for a program that asks about its token and wants a newer one. Of a connection that has no
//! token of tokenshim's they are as unknown as they would be without it: the real driver says so.
//!
//! Their numbers are of the range that ODBC 3.8 leaves to drivers, 0x4000 to 0x7FFF (sqlext.h, SQL_DRIVER_CONN_ATTR_BASE), which also
//! fits the old functions' 16 bits. Drivers count from its begin, such as Snowflake's from 0x4053; or keep outside of it, as Microsoft's (1200 and up),
//! IBM's (up to 10014, sqlcli1.h) and psqlodbc (65536 and up, pgapifunc.h) do. So these stand near the end, at "ts" in ASCII.

use super::cancellation::HeldOff;
use super::{ERROR, Return, SUCCESS};
use crate::binding::abi::Handle;
use crate::connection::{self, renewal};
use crate::error::Error;
use crate::refresh::{Renewed, renew_now};
use core::ffi::c_void;
use std::time::Duration;

/// When the token ends.
pub const TOKEN_EXPIRY: i32 = 0x7473;
/// Get a newer token now.
pub const RENEW_TOKEN: i32 = 0x7474;
/// Whether somebody knows when that is.
pub const EXPIRY_UNKNOWN: i64 = -1;

/// When the token of the connection on `dbc` ends, in seconds since 1970; `None` where it has none of tokenshim's.
pub fn expiry(dbc: usize) -> Option<i64> {
    let open = renewal::open(dbc)?;
    let end = if open.taken_over { None } else { open.signed.sign_in.token.ends_at() };
    Some(end.map_or(EXPIRY_UNKNOWN, |end| i64::try_from(end).unwrap_or(i64::MAX)))
}

/// [`RENEW_TOKEN`] was set; `value` is the most seconds that it may take, where it is not 0. `None`: the attribute is the real driver's business.
pub fn renew(dbc: Handle, value: usize) -> Option<Result<Return, Error>> {
    renewal::open(dbc.addr())?;
    let _held_off = HeldOff::begin();
    connection::clear_record(dbc.addr());
    // 32 bits of it are the value: what stands above them is the caller's register.
    match renew_now(dbc.addr(), Duration::from_secs(u64::from(value as u32))) {
        Ok(Renewed::Yes) => Some(Ok(SUCCESS)),
        Ok(Renewed::NotOurs) => None,
        // The driver's own record tells why.
        Ok(Renewed::Refused(_)) => Some(Ok(ERROR)),
        Err(error) => Some(Err(error)),
    }
}

/// Writes an [`expiry`].
///
/// # Errors
/// There is too little room for it, as far as the caller says how much there is.
///
/// # Safety
/// `value` is NULL or has as much room; `value_bytes` is NULL or writable.
pub unsafe fn put_expiry(end: i64, value: *mut c_void, room: Option<i32>, value_bytes: *mut i32) -> Result<Return, Error> {
    if let Some(room) = room.filter(|room| !value.is_null() && *room < size_of::<i64>() as i32) {
        return Err(Error::NoRoom { needed: size_of::<i64>(), room });
    }
    // SAFETY: as the caller promised.
    unsafe { super::attributes::put(end, value, value_bytes) };
    Ok(SUCCESS)
}
