//! Where people are sent to sign in, and by what an answer from there is known (RFC 6749, section 3.1; RFC 9207).

use super::{Document, Provider, beside_entras_token};
use crate::config::workspaces;
use crate::error::Error;
use crate::oauth::{entra, http::Http};
use url::{Origin, Url};

/// Stands in the issuer of Entra's document of all tenants.
const ANY_TENANT: &str = "{tenantid}";

/// One provider's two ends of a sign-in in a browser.
pub struct Authorization {
    /// Where people are sent.
    pub endpoint: Url,
    /// Where the code that they come back with is good for a token.
    pub token: Url,
    issuer: Issuer,
}

/// Who must have given the answer, where it says who did.
enum Issuer {
    /// The document's; it says as well whether each answer will tell.
    Named { name: String, tells: bool },
    /// There is no document: somebody on this host.
    At(Origin),
}

impl Provider {
    /// Whether it is Entra, as far as its URLs tell.
    pub fn is_entra(&self) -> bool {
        let is_entras = |token: &str| token.ends_with(entra::TOKEN_PATH);
        workspaces::is_entras(&self.host()) || self.token.as_deref().is_some_and(is_entras)
    }

    /// Both, which are asked for where they are not set.
    ///
    /// # Errors
    /// As [`token_endpoint`](Self::token_endpoint).
    pub fn authorization(&self, http: &Http<'_>) -> Result<Authorization, Error> {
        let token = self.token()?;
        if let Some(token) = token.clone().filter(|_| self.discovery.is_none())
            && let Some(endpoint) = self.authorize.clone().or_else(|| beside_entras_token(&token, "authorize"))
        {
            return Ok(Authorization { endpoint, issuer: Issuer::At(token.origin()), token });
        }
        let document = self.document(http)?;
        let endpoint = self.endpoint(&document, "authorization_endpoint")?;
        let token = token.map_or_else(|| self.endpoint(&document, "token_endpoint"), Ok)?;
        Ok(Authorization { endpoint, token, issuer: Issuer::of(&document) })
    }
}

impl Provider {
    /// Where a refresh token is revoked (RFC 7009), if the provider tells.
    ///
    /// # Errors
    /// As [`token_endpoint`](Self::token_endpoint).
    pub fn revocation_endpoint(&self, http: &Http<'_>) -> Result<Option<Url>, Error> {
        if self.discovery.is_none() {
            return Ok(None);
        }
        let (document, name) = (self.document(http)?, "revocation_endpoint");
        document.json.get(name).is_some().then(|| self.endpoint(&document, name)).transpose()
    }
}

impl Authorization {
    /// Checks the issuer that an answer names, if it does: it may be another provider's, whose code is not for this one.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check_issuer(&self, named: Option<&str>) -> Result<(), &'static str> {
        let is_ours = match (&self.issuer, named) {
            (Issuer::Named { tells: true, .. }, None) => return Err("what the browser brought does not say who gave it (iss)"),
            (_, None) => true,
            (Issuer::Named { name, .. }, Some(named)) => is_of(name, named),
            (Issuer::At(origin), Some(named)) => Url::parse(named).is_ok_and(|named| named.origin() == *origin),
        };
        is_ours.then_some(()).ok_or("what the browser brought was given by another issuer (iss)")
    }
}

impl Issuer {
    fn of(document: &Document) -> Self {
        let text = |name: &str| document.json.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let tells = document.json.get("authorization_response_iss_parameter_supported").and_then(serde_json::Value::as_bool);
        Self::Named { name: text("issuer").to_owned(), tells: tells.unwrap_or(false) }
    }
}

/// To the letter (RFC 9207, section 2.4), but for the tenant where the document leaves it open.
fn is_of(name: &str, named: &str) -> bool {
    let Some((before, after)) = name.split_once(ANY_TENANT) else { return name == named };
    let tenant = named.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    tenant.is_some_and(|tenant| !tenant.is_empty() && tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(issuer: Issuer, named: Option<&str>) -> bool {
        let url = || Url::parse("https://idp.example/x").expect("a URL");
        Authorization { endpoint: url(), token: url(), issuer }.check_issuer(named).is_ok()
    }

    #[test]
    fn an_answer_counts_only_if_this_provider_gave_it() {
        let named = |name: &str, tells| Issuer::Named { name: name.into(), tells };
        for (name, answers) in
            [("https://idp.example/a", "https://idp.example/a"), ("https://idp.example/{tenantid}/v2.0", "https://idp.example/11111111-2222/v2.0")]
        {
            assert!(checked(named(name, true), Some(answers)), "{name}");
        }
        for (name, answers) in [
            ("https://idp.example/a", "https://idp.example/a/"),
            ("https://idp.example/a", "https://idp.example/b"),
            ("https://idp.example/a", ""),
            ("https://idp.example/{tenantid}/v2.0", "https://idp.example//v2.0"),
            ("https://idp.example/{tenantid}/v2.0", "https://idp.example/a/b/v2.0"),
            ("https://idp.example/{tenantid}/v2.0", "https://evil.example/a/v2.0"),
        ] {
            assert!(!checked(named(name, false), Some(answers)), "{name} {answers}");
        }
        assert!(checked(named("https://idp.example", false), None), "it need not say");
        assert!(!checked(named("https://idp.example", true), None), "it said that it would");
        let at = || Issuer::At(Url::parse("https://idp.example/t/token").expect("a URL").origin());
        assert!(checked(at(), None) && checked(at(), Some("https://idp.example/t/v2.0")));
        assert!(!checked(at(), Some("https://evil.example/t/v2.0")) && !checked(at(), Some("x")));
    }
}
