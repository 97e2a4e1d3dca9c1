//! SQLDriverConnect: the application's string goes to the real driver with the token in it, and comes back without.

use super::cancellation::HeldOff;
use super::connect::{begin, given, hand_over, note_width, settle, with_token};
use super::text::{self, Buffer};
use super::{ERROR, NEED_DATA, NTS, Return, SUCCESS, SUCCESS_WITH_INFO, bound, guard, real};
use crate::binding::Bound;
use crate::binding::abi::{Binding, Handle, Letter, TextPointer};
use crate::config::connection_string::ConnectionString;
use crate::config::settings::Settings;
use crate::config::text::Text;
use crate::connection::signed::Signed;
use crate::connection::{self, Record};
use crate::delivery::out_string::{self, asked, completed};
use crate::error::Error;
use core::ffi::c_void;
use std::time::Instant;

/// SQLDriverConnect[A|W].
///
/// # Safety
/// As ODBC asks of SQLDriverConnect's caller; `binding` came from the driver library.
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn driver_connect(
    binding: *const Binding,
    letter: Letter,
    dbc: Handle,
    window: *mut c_void,
    string: TextPointer,
    string_len: i16,
    out: TextPointer,
    out_max: i16,
    out_len: *mut i16,
    completion: u16,
) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLDriverConnect", dbc, || {
        let held_off = HeldOff::begin();
        let Some(real_connect) = real(&bound.real.driver_connect, letter) else { return Ok(ERROR) };
        // SAFETY: as the caller promised.
        let (width, read) = unsafe {
            let width = note_width(bound, letter, dbc, string, string_len);
            (width, text::read(string, string_len, width))
        };
        let written = ConnectionString::parse(&read.unwrap_or_else(|| Text::empty(width)));
        let settings = Settings::of(written.clone(), &bound.registry(), &bound.sections);
        let may_ask = completion != odbc_sys::DriverConnectOption::NoPrompt as u16;
        connection::with(dbc as usize, |connection| connection.may_ask = may_ask);
        let begun = Instant::now();
        let Some(sign_in) = begin(bound, dbc, &settings, begun)? else {
            drop(held_off);
            // SAFETY: the application's own arguments.
            return Ok(unsafe { real_connect(dbc, window, string, string_len, out, out_max, out_len, completion) });
        };
        let completion = match sign_in.edits.delivery.never_prompts() {
            true => odbc_sys::DriverConnectOption::NoPrompt as u16,
            false => completion,
        };
        with_token(bound, dbc, letter, &settings, (sign_in, begun), |sign_in| {
            let mut given = given(&sign_in.edits, &written);
            let mut answer = Answer::wanted(bound, out, out_max, out_len, &given);
            // SAFETY: the handle and the window are the application's; the texts are ours.
            let code = unsafe {
                hand_over(bound, dbc, &sign_in, begun)?;
                let (room, max, length) = answer.arguments();
                real_connect(dbc, window, given.pointer(), NTS, room, max, length, completion)
            };
            let signed = settle(bound, dbc, code, sign_in, &written);
            // SAFETY: as the caller promised.
            Ok(unsafe { answer.deliver(code, signed.as_deref().map(|signed| (signed, &written)), dbc, out, out_max, out_len) })
        })
    })
}

/// The driver's completed string, in room of ours: the application's may be too small, and must never hold the token.
pub struct Answer {
    room: Option<Buffer>,
    max: i16,
    length: i16,
}

/// A length that no driver writes: it tells whether the driver wrote one.
const UNWRITTEN: i16 = i16::MIN;

impl Answer {
    /// Room for it, if the application wants to know anything of it.
    pub fn wanted(bound: &Bound, out: TextPointer, out_max: i16, out_len: *mut i16, given: &Buffer) -> Self {
        let wanted = !out.is_null() || !out_len.is_null();
        let given_chars = given.len_bytes() / given.width().bytes();
        let max = out_string::room(&bound.real_driver, given_chars, if out.is_null() { 0 } else { out_max });
        let length = if max == 0 { 0 } else { UNWRITTEN };
        Self { room: wanted.then(|| Buffer::room(max as usize + 1, given.width())), max, length }
    }

    /// What the real driver gets for its last three arguments.
    pub fn arguments(&mut self) -> (TextPointer, i16, *mut i16) {
        match &mut self.room {
            Some(room) if self.max > 0 => (room.pointer(), self.max, &mut self.length),
            _ => (core::ptr::null_mut(), 0, core::ptr::null_mut()),
        }
    }

    /// Gives the application its string, completed from what it wrote with its sign-in, and returns what its connect returns.
    ///
    /// # Safety
    /// `out` is NULL or has room for `out_max` characters; `out_len` is NULL or writable.
    pub unsafe fn deliver(
        self,
        code: Return,
        signed: Option<(&Signed, &ConnectionString)>,
        dbc: Handle,
        out: TextPointer,
        out_max: i16,
        out_len: *mut i16,
    ) -> Return {
        let (Some(room), Some((signed, written))) = (self.room, signed) else { return code };
        let from_driver = room.text();
        if from_driver.units.is_empty() && self.length == UNWRITTEN {
            return code; // the driver wrote nothing, so neither do we
        }
        let token = &signed.sign_in.token.text;
        let text = if code == NEED_DATA {
            asked(&from_driver, token)
        } else if self.length >= self.max || from_driver.units.is_empty() {
            // No room for all of it, here or in the driver's own: half a string is no use to anyone.
            written.to_text()
        } else {
            completed(&from_driver, written, &signed.sign_in.edits, token)
        };
        // SAFETY: as the caller promised.
        let cut = unsafe {
            let (length, cut) = text::write(&text, out, out_max);
            text::put_length(out_len, length);
            cut
        };
        if cut == SUCCESS_WITH_INFO && code == SUCCESS {
            // A direct connect would have this record, from the driver; here the driver had room enough.
            let record = Record { return_code: SUCCESS_WITH_INFO, ..Record::of(&Error::OutTextTruncated) };
            connection::with(dbc as usize, |connection| connection.record = Some(Box::new(record)));
            return SUCCESS_WITH_INFO;
        }
        code
    }
}
