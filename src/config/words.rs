//! A connection string that stays for long: as it may hold a password, in hidden memory.

use super::connection_string::ConnectionString;
use super::text::{Text, Width};
use crate::token::memory::Block;
use std::sync::atomic::Ordering::Relaxed;

/// The units of a connection string.
pub struct Words {
    width: Width,
    count: usize,
    units: Block,
}

impl Words {
    /// A copy of `string`.
    pub fn of(string: &ConnectionString) -> Self {
        let text = string.to_text();
        let count = text.units.len();
        let units = Block::zeroed(count * size_of::<u32>());
        for (word, unit) in units.words().iter().zip(&text.units) {
            word.store(*unit, Relaxed);
        }
        Self { width: text.width, count, units }
    }

    /// The string.
    pub fn string(&self) -> ConnectionString {
        ConnectionString::parse(&Text { width: self.width, units: self.units().collect() })
    }

    /// Whether these are the words of `text`, unit for unit.
    pub fn are(&self, text: &Text) -> bool {
        self.width == text.width && self.count == text.units.len() && self.units().eq(text.units.iter().copied())
    }

    fn units(&self) -> impl Iterator<Item = u32> {
        self.units.words()[..self.count].iter().map(|word| word.load(Relaxed))
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.width == other.width && self.units().eq(other.units())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_very_string_and_no_other() {
        let string = |text: &str, width| ConnectionString::parse(&Text::encode(text, width));
        for text in ["", "DSN=x;PWD={a;b}}};;", "DSN=größe;x"] {
            for width in [Width::One, Width::Two, Width::Four] {
                let (words, its_own) = (Words::of(&string(text, width)), string(text, width));
                assert!(words.string().to_text() == its_own.to_text() && words.are(&its_own.to_text()) && words == Words::of(&its_own), "{text}");
                for other in [string("DSN=y", width), string(&format!("{text};"), width), string(text, Width::Two)] {
                    let is_same = other.to_text() == its_own.to_text();
                    assert_eq!([words.are(&other.to_text()), words == Words::of(&other)], [is_same; 2], "{text}");
                }
            }
        }
    }
}
