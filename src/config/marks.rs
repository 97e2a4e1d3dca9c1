//! A quick answer to the question that is asked most: is this word among those? Almost always it is not.

/// What a list of words could have in it, by the length and two letters of each, in any case.
#[derive(Clone, Copy, Default)]
pub(super) struct Marks(u64);

impl Marks {
    /// Of all these words.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self(words.into_iter().fold(0, |marks, word| marks | mark(word)))
    }

    /// One word more.
    pub fn add(&mut self, word: &str) {
        self.0 |= mark(word);
    }

    /// `false`: none of the words is this one. `true`: one of them may be.
    pub fn may_have(self, word: &str) -> bool {
        self.0 & mark(word) != 0
    }
}

fn mark(word: &str) -> u64 {
    let letters = word.as_bytes();
    let letter = |at: usize| u32::from(letters.get(at).map_or(0, |letter| letter | 0x20));
    // tokenshim's own words begin alike, so these are of the middle and the end.
    1_u64.rotate_left(letter(letters.len() / 2) * 5 + letter(letters.len().wrapping_sub(1)) + letters.len() as u32 * 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_there_is_never_denied_in_whatever_case() {
        let words = ["Driver", "TokenSource", "", "größe", "x"];
        let marks = Marks::of(words);
        for word in words {
            assert!([word.to_owned(), word.to_ascii_uppercase(), word.to_ascii_lowercase()].iter().all(|word| marks.may_have(word)), "{word}");
        }
        assert!(!marks.may_have("TokenClientId") && !Marks::default().may_have("Driver"));
    }
}
