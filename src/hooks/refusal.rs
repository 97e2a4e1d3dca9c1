//! Whether a server refused the token: its driver's own records tell. They are the application's, so they are only looked
//! at, by SQLGetDiagField: SQLError takes away what it reads, and so does one driver's (SQLite's) SQLGetDiagRec.

use super::text::Buffer;
use super::{ERROR, Return, SUCCESS, SUCCESS_WITH_INFO, same_width};
use crate::binding::Bound;
use crate::binding::abi::{Handle, Letter};
use crate::config::text::Width;
use crate::connection;
use crate::delivery::profiles::Profile;

/// SQL_HANDLE_DBC.
const HANDLE_DBC: i16 = odbc_sys::HandleType::Dbc as i16;
/// SQL_DIAG_SQLSTATE.
const SQLSTATE: i16 = 4;
/// SQL_DIAG_MESSAGE_TEXT.
const MESSAGE_TEXT: i16 = 6;
/// A driver has one or two records of a failed connect.
const RECORDS_MAX: i16 = 8;
/// Longer messages are cut, as the driver managers do.
const MESSAGE_MAX: usize = 512;

/// Whether a connect that ended with `code` was refused for the token's sake.
pub fn is_refused(bound: &Bound, dbc: Handle, letter: Letter, profile: &Profile, code: Return) -> bool {
    if code != ERROR {
        return false;
    }
    let width = match letter {
        Letter::W => connection::look(dbc as usize, |connection| connection.wide).flatten().unwrap_or(Width::Two),
        Letter::Plain | Letter::A => Width::One,
    };
    records(bound, dbc, letter, width).any(|(state, message)| profile.is_refusal(&state, message))
}

/// The records of the last call on `dbc`: each one's state, and what reads its message.
pub fn records(bound: &Bound, dbc: Handle, letter: Letter, width: Width) -> impl Iterator<Item = (String, impl Fn() -> String)> {
    let get = same_width(&bound.real.get_diag_field, letter);
    let text = move |record, field| {
        let get = get?;
        let mut text = Buffer::room(MESSAGE_MAX, width);
        // The last character stays NUL, whatever the driver writes. The length is in bytes.
        let max = ((MESSAGE_MAX - 1) * width.bytes()) as i16;
        let mut length = 0;
        // SAFETY: the real driver's own handle; the room is there.
        let code = unsafe { get(HANDLE_DBC, dbc, record, field, text.pointer(), max, &mut length) };
        matches!(code, SUCCESS | SUCCESS_WITH_INFO).then(|| text.text().decode())
    };
    (1..=RECORDS_MAX).map_while(move |record| Some((text(record, SQLSTATE)?, move || text(record, MESSAGE_TEXT).unwrap_or_default())))
}
