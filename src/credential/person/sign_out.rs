//! The end of a sign-in: here, and for its provider.

use super::Person;
use crate::error::{Error, quoted};
use crate::oauth::token_reply::error;
use crate::token::Secret;
use crate::token::patience::{Patience, Tries};

impl Person {
    /// Whether there was a sign-in. It is forgotten here whatever the provider says: the log has a line where that did not hear of it.
    pub(super) fn forget_and_revoke(&self, patience: Patience) -> Result<bool, Error> {
        let taken = self.kept().take(patience.deadline).map_err(|problem| Error::SignInUnreadable { problem })?;
        let taken = taken.ok_or_else(|| self.too_slow())?;
        for token in &taken {
            if let Err(error) = self.revoke(token, patience) {
                self.config.log.warning(&format!("a sign-in is forgotten here, but is not over for {}: {error}", self.provider.host()));
            }
        }
        Ok(!taken.is_empty())
    }

    /// RFC 7009, section 2.1.
    fn revoke(&self, token: &Secret, patience: Patience) -> Result<(), Error> {
        let http = self.http(Patience { tries: Tries::One, ..patience });
        let Some(endpoint) = self.provider.revocation_endpoint(&http)? else { return Ok(()) };
        let reply = self.client.post(&http, &endpoint, &[], &[("token", token.expose()), ("token_type_hint", "refresh_token")])?;
        if (200..300).contains(&reply.status) {
            return Ok(());
        }
        let words = error(&reply).map_or_else(|| format!("HTTP {}", reply.status), |error| quoted(&error, &[token.expose()]));
        Err(Error::BadReply { who: reply.host, problem: words, key: "TokenDiscovery", section: self.config.section.clone() })
    }
}
