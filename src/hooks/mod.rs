//! The hooks: the few ODBC functions before which tokenshim stands. Each does its part and calls the real driver's own.

mod attach;
mod attributes;
mod browse;
mod cancellation;
mod connect;
mod diagnostics;
mod driver_connect;
mod fork;
mod lifetime;
mod live;
mod login_time;
mod refusal;
mod statements;
mod text;
pub mod token_attributes;

use crate::binding::abi::{Handle, Letter};
use crate::binding::{self, Bound};
use crate::connection::{self, Record};
use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use crate::binding::abi::Return;
pub use attach::begin;
pub use fork::hold_too;

/// SQL_SUCCESS.
pub const SUCCESS: Return = odbc_sys::SqlReturn::SUCCESS.0;
/// SQL_SUCCESS_WITH_INFO.
pub const SUCCESS_WITH_INFO: Return = odbc_sys::SqlReturn::SUCCESS_WITH_INFO.0;
/// SQL_NO_DATA.
pub const NO_DATA: Return = odbc_sys::SqlReturn::NO_DATA.0;
/// SQL_NEED_DATA.
pub const NEED_DATA: Return = odbc_sys::SqlReturn::NEED_DATA.0;
/// SQL_ERROR.
pub const ERROR: Return = odbc_sys::SqlReturn::ERROR.0;
/// SQL_NTS.
pub const NTS: i16 = odbc_sys::NTS as i16;

/// Runs a hook's body on `dbc`: an error or a panic becomes the one record of ours and SQL_ERROR.
fn guard(name: &'static str, dbc: Handle, body: impl FnOnce() -> Result<Return, Error>) -> Return {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(Error::Panicked(name)));
    result.unwrap_or_else(|error| {
        connection::with(dbc as usize, |connection| connection.record = Some(Box::new(Record::of(&error))));
        ERROR
    })
}

/// The real driver's function of this letter. It is there: the driver library hands out a hook only then.
fn real<F: Copy>(functions: &[Option<F>; 3], letter: Letter) -> Option<F> {
    functions[letter as usize]
}

/// The real driver's function of this letter, or else the one that takes the same width of text.
fn same_width<F: Copy>(functions: &[Option<F>; 3], letter: Letter) -> Option<F> {
    match letter {
        Letter::W => functions[Letter::W as usize],
        Letter::Plain | Letter::A => functions[letter as usize].or(functions[Letter::Plain as usize]).or(functions[Letter::A as usize]),
    }
}

/// The setter for attributes that are no text: any letter will do.
fn any<F: Copy>(functions: &[Option<F>; 3]) -> Option<F> {
    functions.iter().flatten().next().copied()
}

/// The binding of a hook's call.
///
/// # Safety
/// The driver library passed `binding`.
unsafe fn bound(binding: *const binding::abi::Binding) -> &'static Bound {
    // SAFETY: as the caller promised.
    unsafe { binding::bound(binding) }
}
