//! Texts at the ODBC boundary: reading what an application passed, and writing what it gets, in units of 1, 2 or 4 bytes.

use crate::binding::Bound;
use crate::binding::abi::{Letter, TextPointer};
use crate::config::text::{Text, Width, position};
use crate::hooks::{Return, SUCCESS, SUCCESS_WITH_INFO};
use odbc_sys::NTS;

/// Longer texts than this are not searched for their end: nobody writes them, but a missing NUL would never end.
const SEARCH_MAX_UNITS: usize = 1 << 20;

/// How wide this call's characters are.
///
/// unixODBC's SQLWCHAR has two bytes. iODBC's is `wchar_t`, but newer versions hand drivers UTF-16 or UTF-8 where the
/// driver or its section asks for it, so there the text itself tells.
///
/// # Safety
/// `pointer` is NULL or points to text as `length` says.
pub unsafe fn width(bound: &Bound, letter: Letter, pointer: TextPointer, length: i16) -> Width {
    if letter != Letter::W {
        return Width::One;
    }
    if !bound.present.iodbc {
        return Width::Two;
    }
    if pointer.is_null() || length == 0 {
        return Width::Four;
    }
    // SAFETY: the application's text, whose characters have four bytes; or iODBC's own conversion of it, which ends
    // in a NUL, and which iODBC allocates with room for characters of four bytes.
    width_of(unsafe { pointer.cast::<[u8; 4]>().read_unaligned() })
}

/// How wide the characters of a text are that begins with these bytes: four, wherever that can be.
///
/// No character of Unicode is beyond 0x10FFFF. So a first character of four bytes is always known; what is taken for
/// one wrongly is a text of a single UTF-16 character.
fn width_of(first: [u8; 4]) -> Width {
    match first {
        [.., 0..=0x10, 0] => Width::Four,
        [one, two, three, _] if [one, two, three].iter().all(|byte| *byte != 0 && byte.is_ascii()) => Width::One,
        _ => Width::Two,
    }
}

/// The text at `pointer`; `None` for NULL, and for a length that ODBC does not know.
///
/// # Safety
/// `pointer` is NULL, or points to `length` characters of `width`, or for SQL_NTS to a NUL-terminated text.
pub unsafe fn read(pointer: TextPointer, length: i16, width: Width) -> Option<Text> {
    if pointer.is_null() {
        return None;
    }
    let count = match usize::try_from(length) {
        Ok(count) => count,
        Err(_) if isize::from(length) != NTS => return None,
        // SAFETY: NUL-terminated, as the caller promised.
        Err(_) => (0..SEARCH_MAX_UNITS).find(|index| unsafe { unit(pointer, *index, width) } == 0)?,
    };
    // SAFETY: `count` characters are there, as the caller promised.
    let mut units: Vec<u32> = (0..count).map(|index| unsafe { unit(pointer, index, width) }).collect();
    // A counted text may have its NUL counted in.
    let end = units.iter().position(|unit| *unit == 0);
    units.truncate(end.unwrap_or(count));
    Some(Text { width, units })
}

/// The character at `index`.
///
/// # Safety
/// It is there. Texts need not be aligned: some applications keep them in packed buffers.
unsafe fn unit(pointer: TextPointer, index: usize, width: Width) -> u32 {
    // SAFETY: as the caller promised.
    unsafe {
        match width {
            Width::One => u32::from(*pointer.cast::<u8>().add(index)),
            Width::Two => u32::from(pointer.cast::<u16>().add(index).read_unaligned()),
            Width::Four => pointer.cast::<u32>().add(index).read_unaligned(),
        }
    }
}

/// A text in memory that a driver can read: its characters and a NUL.
pub struct Buffer {
    bytes: Vec<u8>,
    width: Width,
}

impl Buffer {
    /// `text` with a NUL.
    pub fn of(text: &Text) -> Self {
        Self::of_units(&text.units, text.width)
    }

    fn of_units(units: &[u32], width: Width) -> Self {
        let units = || units.iter().chain(&[0]);
        let bytes = match width {
            Width::One => units().map(|unit| *unit as u8).collect(),
            Width::Two => units().flat_map(|unit| (*unit as u16).to_ne_bytes()).collect(),
            Width::Four => units().flat_map(|unit| unit.to_ne_bytes()).collect(),
        };
        Self { bytes, width }
    }

    /// Room for `units` characters of `width`, all zero.
    pub fn room(units: usize, width: Width) -> Self {
        Self { bytes: vec![0; units * width.bytes()], width }
    }

    /// For a driver to read or to fill.
    pub fn pointer(&mut self) -> TextPointer {
        self.bytes.as_mut_ptr().cast()
    }

    /// How many bytes there are.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How wide they are.
    pub fn width(&self) -> Width {
        self.width
    }

    /// What stands before the first NUL.
    pub fn text(&self) -> Text {
        let bytes = self.bytes.as_slice();
        let units = match self.width {
            Width::One => before_nul(bytes.as_chunks().0, |[byte]| u32::from(byte)),
            Width::Two => before_nul(bytes.as_chunks().0, |unit| u32::from(u16::from_ne_bytes(unit))),
            Width::Four => before_nul(bytes.as_chunks().0, u32::from_ne_bytes),
        };
        Text { width: self.width, units }
    }
}

fn before_nul<const BYTES: usize>(units: &[[u8; BYTES]], value: impl Fn([u8; BYTES]) -> u32) -> Vec<u32> {
    let end = position(units, |unit| value(unit) == 0).unwrap_or(units.len());
    units[..end].iter().map(|unit| value(*unit)).collect()
}

/// Copies `text` and a NUL to the application, cut where its `max` characters are full. Returns how many characters
/// the whole text has, and SQL_SUCCESS, or SQL_SUCCESS_WITH_INFO where it did not fit. NULL asks only for the length.
///
/// # Safety
/// `out` is NULL or has room for `max` characters of the text's width.
pub unsafe fn write(text: &Text, out: TextPointer, max: i16) -> (usize, Return) {
    let room = usize::try_from(max).unwrap_or(0);
    if out.is_null() || room == 0 {
        return (text.units.len(), if out.is_null() { SUCCESS } else { SUCCESS_WITH_INFO });
    }
    let fit = text.units.len().min(room - 1);
    let cut = Buffer::of_units(&text.units[..fit], text.width);
    // SAFETY: `fit` characters and the NUL are within `max`.
    unsafe { core::ptr::copy_nonoverlapping(cut.bytes.as_ptr(), out.cast::<u8>(), cut.bytes.len()) };
    (text.units.len(), if fit < text.units.len() { SUCCESS_WITH_INFO } else { SUCCESS })
}

/// Stores a length where the application wants to know it.
///
/// # Safety
/// `pointer` is NULL or writable.
pub unsafe fn put_length(pointer: *mut i16, length: usize) {
    if !pointer.is_null() {
        // SAFETY: as the caller promised.
        unsafe { pointer.write_unaligned(i16::try_from(length).unwrap_or(i16::MAX)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_by_its_length_or_to_its_nul_in_every_width() {
        for width in [Width::One, Width::Two, Width::Four] {
            let mut buffer = Buffer::of(&Text::encode("DSN=x;UID=y", width));
            // SAFETY: the buffer holds eleven characters and a NUL.
            let (whole, part, none) =
                unsafe { (read(buffer.pointer(), -3, width), read(buffer.pointer(), 5, width), read(buffer.pointer(), -1, width)) };
            assert_eq!(whole.map(|text| text.decode()).as_deref(), Some("DSN=x;UID=y"));
            assert_eq!(part.map(|text| text.decode()).as_deref(), Some("DSN=x"));
            assert!(none.is_none());
        }
    }

    #[test]
    fn a_first_character_of_four_bytes_is_never_taken_for_anything_else() {
        for text in ["DSN=x", "D", "日本", "Łódź", "😀=1", "\u{10FFFF}", "é"] {
            let buffer = Buffer::of(&Text::encode(text, Width::Four));
            assert_eq!(buffer.bytes.first_chunk().copied().map(width_of), Some(Width::Four), "{text}");
        }
        for (text, width) in [("DSN=x", Width::Two), ("日本", Width::Two), ("DSN=x", Width::One), ("é", Width::Four)] {
            let buffer = Buffer::of(&Text::encode(text, if width == Width::Four { Width::Two } else { width }));
            assert_eq!(buffer.bytes.first_chunk().copied().map(width_of), Some(width), "{text}");
        }
    }

    #[test]
    fn a_text_that_does_not_fit_is_cut_and_its_whole_length_told() {
        let text = Text::encode("abcdef", Width::Two);
        let mut buffer = Buffer::room(4, Width::Two);
        // SAFETY: the buffer has room for four characters.
        let (length, code) = unsafe { write(&text, buffer.pointer(), 4) };
        assert_eq!((length, code, buffer.text().decode().as_str()), (6, SUCCESS_WITH_INFO, "abc"));
        // SAFETY: NULL asks for the length.
        assert_eq!(unsafe { write(&text, core::ptr::null_mut(), 0) }, (6, SUCCESS));
    }
}
