//! Memory of the caller's: texts that come in, and room for what goes out.

use super::handles::{self, Handle};
use super::status::{Failure, Problem, Status, call};
use core::ffi::{CStr, c_char};
use std::any::Any;

/// A text that must be there.
///
/// # Safety
/// `text` is NULL or NUL-terminated.
pub unsafe fn read<'a>(text: *const c_char, name: &str) -> Result<&'a CStr, Problem> {
    if text.is_null() {
        return Err(Problem::argument(&format!("{name} is NULL.")));
    }
    // SAFETY: as the caller promised.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// Writes a value where the caller wants it.
///
/// # Safety
/// `to` is NULL or may be written.
pub unsafe fn put<T>(to: *mut T, value: T, name: &str) -> Result<(), Problem> {
    if to.is_null() {
        return Err(Problem::argument(&format!("{name} is NULL.")));
    }
    // SAFETY: as the caller promised.
    unsafe { to.write(value) };
    Ok(())
}

/// Writes `bytes`, all of them or none, and where `length` is not NULL how many there are; those of a text with a NUL behind them,
/// which does not count.
///
/// # Safety
/// `to` is NULL or has `room` bytes that may be written; `length` is NULL or may be written.
pub unsafe fn fill(bytes: &[u8], is_text: bool, to: *mut u8, room: usize, length: *mut usize) -> Result<(), Problem> {
    if room > isize::MAX as usize || to.is_null() && room > 0 {
        return Err(Problem::argument("the room is NULL, or larger than memory is: a length that is none was taken for one."));
    }
    if !length.is_null() {
        // SAFETY: as the caller promised.
        unsafe { length.write(bytes.len()) };
    }
    if bytes.len() + usize::from(is_text) > room {
        let words = format!("{} bytes are needed, and there is room for {room}.", bytes.len() + usize::from(is_text));
        return Err(Problem::new(Status::BufferTooShort, "01004", &words));
    }
    // SAFETY: as the caller promised, and there is room for all of it.
    unsafe {
        to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        if is_text {
            to.add(bytes.len()).write(0);
        }
    }
    Ok(())
}

/// A call that writes a text of what a handle stands for: `name` is the function's.
///
/// # Safety
/// As [`fill`]'s and [`call`]'s.
#[allow(clippy::too_many_arguments)] // those of the function, and what tells one from another
pub unsafe fn text_of<T: Any + Send + Sync>(
    name: &'static str,
    handle: Handle,
    text: *mut c_char,
    room: usize,
    length: *mut usize,
    failure: *mut Failure,
    which: impl FnOnce(&T) -> Result<&str, Problem>,
) -> Status {
    let body = || {
        let object = handles::get::<T>(handle)?;
        // SAFETY: as the caller promised.
        unsafe { fill(which(&object)?.as_bytes(), true, text.cast(), room, length) }
    };
    // SAFETY: as the caller promised.
    unsafe { call(name, failure, body) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ptr::null_mut;

    fn filled(bytes: &[u8], is_text: bool, room: usize) -> (Option<Status>, Vec<u8>, usize) {
        let (mut to, mut length) = (vec![b'-'; 6], 99);
        // SAFETY: memory of ours, of which the room is a part.
        let result = unsafe { fill(bytes, is_text, to.as_mut_ptr(), room.min(6), &raw mut length) };
        (result.err().map(|problem| problem.status), to, length)
    }

    #[test]
    fn room_gets_all_of_it_or_nothing_and_the_length_is_told_anyway() {
        let short = Some(Status::BufferTooShort);
        assert_eq!(filled(b"abc", true, 4), (None, b"abc\0--".to_vec(), 3));
        assert_eq!(filled(b"abc", true, 3), (short, b"------".to_vec(), 3));
        assert_eq!(filled(b"abc", false, 3), (None, b"abc---".to_vec(), 3));
        assert_eq!(filled(b"abc", false, 2), (short, b"------".to_vec(), 3));
        assert_eq!(filled(b"", true, 0), (short, b"------".to_vec(), 0));
    }

    #[test]
    fn lengths_that_are_none_are_told_and_nothing_is_written() {
        let status = |to: *mut u8, room| {
            // SAFETY: it is refused before anything is written.
            unsafe { fill(b"abc", true, to, room, null_mut()) }.expect_err("a problem").status
        };
        let mut byte = 0_u8;
        assert_eq!(status(null_mut(), 0), Status::BufferTooShort);
        assert_eq!(status(null_mut(), 5), Status::InvalidArgument);
        assert_eq!(status(&raw mut byte, usize::MAX), Status::InvalidArgument);
        // SAFETY: there may be NULL.
        unsafe {
            assert!(put(null_mut::<u32>(), 1, "it").is_err() && read(core::ptr::null(), "it").is_err());
        }
    }
}
