//! Text exactly as an application passed it: units of one, two or four bytes, never converted.
//!
//! A connection string may be in any code page (A functions), in UTF-16 (unixODBC) or UTF-32 (iODBC), and may hold
//! units that are no text at all. What tokenshim reads in it is ASCII, so it never needs to convert the rest.

use std::ops::Range;
use std::sync::Arc;

/// How many bytes a unit of text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// SQLCHAR, and SQLWCHAR of a driver that takes UTF-8.
    One,
    /// SQLWCHAR of unixODBC: UTF-16.
    Two,
    /// SQLWCHAR of iODBC: UTF-32.
    Four,
}

impl Width {
    /// Bytes in a unit.
    pub fn bytes(self) -> usize {
        match self {
            Width::One => 1,
            Width::Two => 2,
            Width::Four => 4,
        }
    }
}

/// Text in the application's own units, without a terminating NUL. It may hold a password, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// How wide the units are in memory.
    pub width: Width,
    /// The units, each in 32 bits whatever its width.
    pub units: Vec<u32>,
}

impl Text {
    /// No text yet, in units of `width`.
    pub fn empty(width: Width) -> Self {
        Self { width, units: Vec::new() }
    }

    /// `text` in units of `width`.
    pub fn encode(text: &str, width: Width) -> Self {
        let mut encoded = Self::empty(width);
        encoded.push_str(text);
        encoded
    }

    /// Appends units as they are.
    pub fn push_units(&mut self, units: &[u32]) {
        self.units.extend_from_slice(units);
    }

    /// Appends `text`, encoded in this text's width.
    pub fn push_str(&mut self, text: &str) {
        match self.width {
            Width::Two if !text.is_ascii() => self.units.extend(text.encode_utf16().map(u32::from)),
            Width::Four if !text.is_ascii() => self.units.extend(text.chars().map(u32::from)),
            // Each byte is a unit.
            _ => self.units.extend(text.bytes().map(u32::from)),
        }
    }

    /// What it says, for settings and messages; units that are no text become U+FFFD.
    pub fn decode(&self) -> String {
        decode(&self.units, self.width)
    }
}

/// A part of a text, which it shares with the other parts.
#[derive(Clone)]
pub struct Part {
    width: Width,
    whole: Arc<[u32]>,
    place: Range<usize>,
}

impl Part {
    /// What stands at `place` of `whole`, a text of this width.
    pub fn of(whole: &Arc<[u32]>, width: Width, place: Range<usize>) -> Self {
        Self { width, whole: Arc::clone(whole), place }
    }

    /// Its units.
    pub fn units(&self) -> &[u32] {
        &self.whole[self.place.clone()]
    }

    /// As [`Text::decode`].
    pub fn decode(&self) -> String {
        decode(self.units(), self.width)
    }
}

impl From<Text> for Part {
    fn from(text: Text) -> Self {
        let place = 0..text.units.len();
        Self { width: text.width, whole: text.units.into(), place }
    }
}

/// How many units are looked at at once.
const PIECE: usize = 16;

/// Where the first of `units` stands that `is` what is looked for. Most are near; but a token is long.
pub fn position<Unit: Copy>(units: &[Unit], is: impl Fn(Unit) -> bool) -> Option<usize> {
    let one_by_one = |units: &[Unit]| units.iter().position(|unit| is(*unit));
    let (near, far) = units.split_at(units.len().min(PIECE));
    if let Some(at) = one_by_one(near) {
        return Some(at);
    }
    let has_one = |piece: &[Unit]| piece.iter().fold(false, |found, unit| found | is(*unit));
    let before = far.chunks(PIECE).position(has_one)? * PIECE;
    Some(PIECE + before + one_by_one(&far[before..])?)
}

/// What `units` say; units of two or four bytes that are no text become U+FFFD.
pub fn decode(units: &[u32], width: Width) -> String {
    let is_ascii = |units: &[u32]| units.iter().fold(0, |all, unit| all | unit) < 0x80;
    match width {
        Width::One => text_of(units.iter().map(|unit| *unit as u8).collect()),
        // Almost all text is, and then each unit is a byte.
        _ if is_ascii(units) => text_of(units.iter().map(|unit| *unit as u8).collect()),
        Width::Two => char::decode_utf16(units.iter().map(|unit| *unit as u16)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
        Width::Four => units.iter().map(|unit| char::from_u32(*unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
    }
}

/// What `bytes` say: UTF-8, or else Latin-1, which any bytes are. unixODBC asks for a wide name by its Latin-1 bytes.
pub fn decode_bytes(bytes: &[u8]) -> String {
    text_of(bytes.to_vec())
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_every_width() {
        for width in [Width::One, Width::Two, Width::Four] {
            assert_eq!(Text::encode("Größe=日本😀", width).decode(), "Größe=日本😀", "{width:?}");
        }
    }

    #[test]
    fn the_first_unit_is_found_wherever_it_stands() {
        let units: Vec<u8> = (0..100).chain(0..100).collect();
        for unit in 0..=100 {
            assert_eq!(position(&units, |each| each == unit), units.iter().position(|each| *each == unit));
        }
        assert_eq!(position(&[0u32; 0], |_| true), None);
    }

    #[test]
    fn units_that_are_no_text_do_not_panic() {
        assert_eq!(decode(&[0xD800], Width::Two), "\u{FFFD}");
        assert_eq!(decode(&[0xFFFF_FFFF], Width::Four), "\u{FFFD}");
        assert_eq!(decode(&[0xFF], Width::One), "\u{FF}");
    }
}
