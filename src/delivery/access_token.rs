//! The ACCESSTOKEN structure of attribute 1256, SQL_COPT_SS_ACCESS_TOKEN.
//!
//! Source: Microsoft, "Using Microsoft Entra ID with the ODBC Driver", "Authenticating with an access token": a
//! 4-byte length, then that many bytes, each byte of the token followed by a zero byte.

use crate::token::Secret;
use zeroize::Zeroizing;

/// The structure in memory that does not move: Microsoft's driver keeps only the address, and reads it again
/// whenever it logs in. So it must live as long as the connection's handle.
pub struct AccessToken(Box<Zeroizing<Vec<u8>>>);

impl AccessToken {
    /// Lays the token out.
    pub fn new(token: &Secret) -> Self {
        let bytes = token.expose().as_bytes();
        let mut structure = Zeroizing::new(Vec::with_capacity(4 + 2 * bytes.len()));
        structure.extend_from_slice(&(2 * bytes.len() as u32).to_le_bytes());
        structure.extend(bytes.iter().flat_map(|byte| [*byte, 0]));
        Self(Box::new(structure))
    }

    /// The structure's bytes; their address stays the same while this value lives, wherever it is moved to.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_structure_is_a_little_endian_length_and_bytes_padded_with_zeros() {
        let token = AccessToken::new(&Secret::new("abc".into()));
        assert_eq!(token.bytes(), [6, 0, 0, 0, b'a', 0, b'b', 0, b'c', 0]);
    }

    #[test]
    fn its_memory_stays_where_it_is_when_it_is_moved() {
        let token = AccessToken::new(&Secret::new("x".repeat(60_000)));
        let before = token.bytes().as_ptr();
        let moved = [token];
        assert_eq!(moved[0].bytes().as_ptr(), before);
    }
}
