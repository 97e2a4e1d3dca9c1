//! Text that only the holders of a key can read or make: AEAD, under a key of its own for each text.

use crate::token::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of a key.
pub const KEY_BYTES: usize = crate::capi::partner::SESSION_KEY_BYTES;
/// Another key for each text; so no nonce is ever used twice, however many there are.
const SALT_BYTES: usize = 32;
/// What is sealed, and in which version: part of the seal.
const WHAT: &[u8] = b"tokenshim sign-in 1";

fn key_of(key: &[u8; KEY_BYTES], salt: &[u8]) -> Option<LessSafeKey> {
    let secret = Salt::new(HKDF_SHA256, salt).extract(key);
    let expanded = secret.expand(&[WHAT], &CHACHA20_POLY1305).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(expanded)))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

/// `None` where the system has no random numbers.
pub fn seal(key: &[u8; KEY_BYTES], text: &Secret) -> Option<String> {
    let mut bytes = vec![0; SALT_BYTES];
    SystemRandom::new().fill(&mut bytes).ok()?;
    let key = key_of(key, &bytes)?;
    let mut sealed = text.expose().as_bytes().to_vec();
    key.seal_in_place_append_tag(nonce(), Aad::from(WHAT), &mut sealed).ok()?;
    bytes.append(&mut sealed);
    Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// `None` where it was sealed with another key, or changed.
pub fn open(key: &[u8; KEY_BYTES], text: &[u8]) -> Option<Secret> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (salt, sealed) = bytes.split_at_checked(SALT_BYTES)?;
    let mut sealed = sealed.to_vec();
    let opened = key_of(key, salt)?.open_in_place(nonce(), Aad::from(WHAT), &mut sealed).ok()?;
    Some(Secret::new(String::from_utf8(opened.to_vec()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_with_its_key_alone_and_only_as_it_was() {
        let secret = Secret::new("a verifier".into());
        let [one, two] = [(); 2].map(|()| seal(&[7; KEY_BYTES], &secret).expect("random numbers"));
        assert_ne!(one, two);
        assert_eq!(open(&[7; KEY_BYTES], one.as_bytes()).expect("its key").expose(), "a verifier");
        assert!(open(&[8; KEY_BYTES], one.as_bytes()).is_none());
        for at in 0..one.len() {
            let mut changed = one.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(open(&[7; KEY_BYTES], &changed).is_none(), "{at}");
            assert!(open(&[7; KEY_BYTES], &one.as_bytes()[..at]).is_none(), "{at}");
        }
    }
}
