//! Memory that keeps secrets and forgets them: what is freed is wiped, all of the heap ([`wiping`]); and what is secret and
//! stays has memory of its own ([`Hidden`], [`Block`]), which no core dump has in it where the system allows that.

mod arena;
pub mod wiping;

use arena::Place;
use std::any::Any;
use std::sync::atomic::AtomicU32;

/// Lets no other thread at this memory until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(arena::arena())
}

/// A text that never changes.
pub struct Hidden(Place);

impl Hidden {
    /// A copy of `text`.
    pub fn of(text: &str) -> Self {
        let place = Place::new(text.len());
        // SAFETY: nobody else knows this place yet, and it has as many bytes as the text.
        unsafe { place.at().copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        Self(place)
    }

    /// The text.
    pub fn text(&self) -> &str {
        // SAFETY: a copy of a text, as long, that nobody writes to while this value lives.
        unsafe { str::from_utf8_unchecked(core::slice::from_raw_parts(self.0.at(), self.0.bytes())) }
    }
}

/// Numbers at an address that stays the same, however this value is moved. Others may read there, or write, at any time.
pub struct Block(Place);

impl Block {
    /// Of at least `bytes` bytes, all zero.
    pub fn zeroed(bytes: usize) -> Self {
        Self(Place::new(bytes.next_multiple_of(size_of::<AtomicU32>())))
    }

    /// What is in it.
    pub fn words(&self) -> &[AtomicU32] {
        // SAFETY: the place has as many bytes, begins at a multiple of more than four, and lives as long as this value.
        unsafe { core::slice::from_raw_parts(self.0.at().cast(), self.0.bytes() / size_of::<AtomicU32>()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    #[test]
    fn a_text_is_what_it_was_whatever_its_length() {
        for length in [0, 1, 63, 64, 65, 2000, 70_000, 3_000_000] {
            let text = "ü".repeat(length / 2) + &"x".repeat(length % 2);
            assert!(Hidden::of(&text).text() == text, "{length}");
        }
    }

    #[test]
    fn a_block_is_zero_at_first_holds_what_is_written_and_does_not_move() {
        for bytes in [1, 4, 100, 5000] {
            let block = Block::zeroed(bytes);
            let before = block.words().as_ptr();
            assert!(block.words().len() * 4 >= bytes && block.words().iter().all(|word| word.load(Relaxed) == 0));
            block.words().iter().for_each(|word| word.store(u32::MAX, Relaxed));
            let moved = [block];
            assert_eq!(moved[0].words().as_ptr(), before);
            assert!(moved[0].words().iter().all(|word| word.load(Relaxed) == u32::MAX));
        }
    }
}
