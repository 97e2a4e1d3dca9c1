//! Whose token it is.

use ring::digest::{SHA256, digest};
use std::hash::{Hash, Hasher};
use zeroize::Zeroizing;

/// Everything that makes one sign-in another than the next: source, endpoint, tenant, client, secret, scope … The secret
/// is part of it, so that nobody gets a token by another one's.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(Zeroizing<Vec<u8>>);

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_slice().hash(state);
    }
}

impl Identity {
    /// Of all that counts, in one order for each source.
    pub fn of(parts: &[Option<&str>]) -> Self {
        let room = parts.iter().map(|part| 1 + size_of::<usize>() + part.map_or(0, str::len)).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room)); // so that growing leaves no copy behind
        for part in parts {
            bytes.push(u8::from(part.is_some()));
            bytes.extend_from_slice(&part.map_or(0, str::len).to_ne_bytes());
            bytes.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        Self(bytes)
    }

    /// A name for it that tells nothing of it: its SHA-256, in hex.
    pub fn name(&self) -> String {
        digest(&SHA256, &self.0).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_identities_are_equal_only_where_every_part_is() {
        let all = [&[Some("a"), Some("bc")][..], &[Some("ab"), Some("c")], &[Some("a"), None], &[Some("a"), Some("")], &[Some("a")], &[]];
        for (at, one) in all.iter().enumerate() {
            for (other_at, other) in all.iter().enumerate() {
                assert_eq!(Identity::of(one) == Identity::of(other), at == other_at, "{one:?} {other:?}");
            }
        }
    }
}
