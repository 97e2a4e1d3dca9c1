//! Whose token it is.

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// Everything that makes one sign-in another than the next: source, endpoint, tenant, client, secret, scope … The secret
/// is part of it, so that nobody gets a token by another one's; kept is only the SHA-256 of it all.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity([u8; SHA256_OUTPUT_LEN]);

/// The last bytes are copied to the stack while the digest is made, which nobody wipes: they should say nothing.
const LAST_BYTES: [u8; 64] = [0; 64];

impl Identity {
    /// Of all that counts, in one order for each source.
    pub fn of(parts: &[Option<&str>]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.push(u8::from(part.is_some()));
            bytes.extend_from_slice(&part.map_or(0, str::len).to_ne_bytes());
            bytes.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        bytes.extend_from_slice(&LAST_BYTES);
        let mut identity = [0; SHA256_OUTPUT_LEN];
        identity.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        Self(identity)
    }

    /// A name for it, in hex.
    pub fn name(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
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
