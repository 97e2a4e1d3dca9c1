//! The ACCESSTOKEN structure of attribute 1256, SQL_COPT_SS_ACCESS_TOKEN.
//!
//! Source: Microsoft, "Using Microsoft Entra ID with the ODBC Driver", "Authenticating with an access token": a
//! 4-byte length, then that many bytes, each byte of the token followed by a zero byte.

use crate::token::Secret;
use crate::token::memory::Block;
use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

/// The structure in memory that does not move: Microsoft's driver keeps only the address, and reads it again
/// whenever it logs in. So it must live as long as the connection's handle, and a newer token may be written into it.
///
/// A driver that reads just then may find parts of both tokens, which costs that login; but the length is written at once,
/// and never leads beyond the memory.
pub struct AccessToken {
    /// The length, then two characters of the token in each word; zeros up to the end.
    words: Block,
    held: Mutex<Secret>,
}

/// What is in use, so that all connections with one token share its memory.
/// With a number of its token, which most often tells that it is another one.
static SHARED: Mutex<Vec<(u64, Weak<AccessToken>)>> = Mutex::new(Vec::new());

fn shared() -> MutexGuard<'static, Vec<(u64, Weak<AccessToken>)>> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the shared structures until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    LazyLock::force(&NUMBERS); // whoever is just making it has made it then
    Box::new(shared())
}

impl AccessToken {
    /// The structure of this token, which is laid out where no other connection has it.
    pub fn of(token: &Secret) -> Arc<Self> {
        let number = number(token);
        let mut shared = shared();
        shared.retain(|(_, known)| known.strong_count() > 0);
        let mut same = shared.iter().filter(|(other, _)| *other == number).filter_map(|(_, known)| known.upgrade());
        if let Some(known) = same.find(|known| *known.held() == *token) {
            return known;
        }
        let laid_out = Arc::new(Self::new(token));
        shared.push((number, Arc::downgrade(&laid_out)));
        laid_out
    }

    fn new(token: &Secret) -> Self {
        let words = 1 + token.expose().len().div_ceil(2);
        // Tokens of one identity differ little in length: a later one should fit.
        let room = words + words / 2 + 64;
        let structure = Self { words: Block::zeroed(4 * room), held: Mutex::new(token.clone()) };
        structure.lay_out(token);
        structure
    }

    /// Writes a newer token in the old one's place; `false` where it does not fit.
    pub fn replace(&self, token: &Secret) -> bool {
        if 1 + token.expose().len().div_ceil(2) > self.words().len() {
            return false;
        }
        // With the lock that a `fork` waits for, so that no child finds `held` locked.
        let mut shared = shared();
        // No longer than the shorter of the two, as long as both are there.
        let mut held = self.held();
        let shorter = held.expose().len().min(token.expose().len());
        self.words()[0].store(length(shorter), Ordering::Relaxed);
        fence(Ordering::Release);
        self.lay_out(token);
        *held = token.clone();
        let own = |(_, known): &&mut (u64, Weak<Self>)| ptr::eq(known.as_ptr(), self);
        shared.iter_mut().filter(own).for_each(|(number, _)| *number = self::number(token));
        true
    }

    fn lay_out(&self, token: &Secret) {
        let mut pairs = token.expose().as_bytes().chunks(2);
        for word in &self.words()[1..] {
            let pair = pairs.next().unwrap_or_default();
            let at = |index| pair.get(index).copied().unwrap_or_default();
            word.store(u32::from_le_bytes([at(0), 0, at(1), 0]).to_le(), Ordering::Relaxed);
        }
        fence(Ordering::Release);
        self.words()[0].store(length(token.expose().len()), Ordering::Relaxed);
    }

    /// The structure, whose address stays the same while this value lives.
    pub fn words(&self) -> &[AtomicU32] {
        self.words.words()
    }

    fn held(&self) -> MutexGuard<'_, Secret> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static NUMBERS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

fn number(token: &Secret) -> u64 {
    NUMBERS.hash_one(token.expose())
}

/// The length that stands first, of a token of `characters`.
fn length(characters: usize) -> u32 {
    (2 * characters as u32).to_le()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    /// What a driver reads.
    fn bytes(structure: &AccessToken) -> Vec<u8> {
        let all: Vec<u8> = structure.words().iter().flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes()).collect();
        let length = u32::from_le_bytes([all[0], all[1], all[2], all[3]]) as usize;
        all[..4 + length].to_vec()
    }

    #[test]
    fn the_structure_is_a_little_endian_length_and_bytes_padded_with_zeros() {
        assert_eq!(bytes(&AccessToken::new(&secret("abc"))), [6, 0, 0, 0, b'a', 0, b'b', 0, b'c', 0]);
        assert_eq!(bytes(&AccessToken::new(&secret("ab"))), [4, 0, 0, 0, b'a', 0, b'b', 0]);
    }

    #[test]
    fn its_memory_stays_where_it_is_when_a_longer_or_a_shorter_token_replaces_the_first() {
        let structure = AccessToken::new(&secret(&"x".repeat(60_000)));
        let before = structure.words().as_ptr();
        for token in ["y".repeat(80_000), "z".into(), "a".repeat(60_001)] {
            assert!(structure.replace(&secret(&token)));
            assert_eq!(bytes(&structure), bytes(&AccessToken::new(&secret(&token))));
            assert_eq!(structure.words().as_ptr(), before);
        }
    }

    #[test]
    fn a_token_that_does_not_fit_leaves_the_old_one() {
        let structure = AccessToken::new(&secret("old"));
        assert!(!structure.replace(&secret(&"n".repeat(1000))));
        assert_eq!(bytes(&structure), bytes(&AccessToken::new(&secret("old"))));
    }

    #[test]
    fn whoever_reads_while_it_is_replaced_never_reads_beyond_the_memory() {
        let structure = AccessToken::new(&secret(&"a".repeat(1000)));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..2000 {
                    assert!(structure.replace(&secret(&["b".repeat(1400), "c".repeat(3)][round % 2])));
                }
            });
            for _ in 0..20_000 {
                let length = u32::from_le(structure.words()[0].load(Ordering::Relaxed)) as usize;
                assert!([6, 2000, 2800].contains(&length), "{length}");
                assert!(4 + length <= structure.words().len() * 4);
            }
        });
    }

    #[test]
    fn connections_with_one_token_share_it_and_one_that_was_replaced_serves_for_the_new_token_only() {
        let [old, new] = ["shared-old", "shared-new"].map(secret);
        let first = AccessToken::of(&old);
        assert!(Arc::ptr_eq(&first, &AccessToken::of(&secret("shared-old"))));
        assert!(!Arc::ptr_eq(&first, &AccessToken::of(&new)));
        assert!(first.replace(&new));
        assert!(!Arc::ptr_eq(&first, &AccessToken::of(&old)));
        assert!(Arc::ptr_eq(&first, &AccessToken::of(&new)));
    }
}
