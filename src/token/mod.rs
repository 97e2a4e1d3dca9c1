//! Tokens and secrets: values that are wiped when dropped and cannot be printed by accident.

use std::time::SystemTime;
use zeroize::Zeroizing;

/// Text that nobody else may see. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the memory is wiped when the last clone is dropped.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

/// An access token as a provider gave it.
#[derive(Clone, Debug)]
pub struct Token {
    /// What the driver gets: printable ASCII, not empty (RFC 6749, appendix A.12).
    pub text: Secret,
    /// When it ends, where the provider said so.
    pub expires_at: Option<SystemTime>,
}

impl Token {
    /// Checks `text` for what no driver can carry.
    ///
    /// # Errors
    /// Says in words what is wrong with it, without showing it.
    pub fn new(text: Secret, expires_at: Option<SystemTime>) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("its access_token is empty");
        }
        if !text.expose().bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err("its access_token has characters that no token may have (RFC 6749, A.12)");
        }
        Ok(Self { text, expires_at })
    }

    /// Whether it is certainly of no use any more.
    pub fn is_over(&self) -> bool {
        self.expires_at.is_some_and(|end| end <= SystemTime::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<Token, &'static str> {
        Token::new(Secret::new(text.into()), None)
    }

    #[test]
    fn a_secret_does_not_show_itself_in_debug_output() {
        let token = token("abc").expect("a token");
        assert_eq!(format!("{token:?}"), "Token { text: ***, expires_at: None }");
    }

    #[test]
    fn a_token_is_printable_ascii_and_not_empty() {
        assert!(token("eyJ.a-b_c~+/=").is_ok());
        for bad in ["", "a\nb", "a\0b", "tök", "a\x7f"] {
            assert!(token(bad).is_err(), "{bad:?}");
        }
    }
}
