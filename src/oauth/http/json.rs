//! Requests to a service's own interface, with a bearer token.

use super::{Http, Manner, Reply, Way};
use crate::error::Error;
use crate::token::Secret;
use url::Url;
use zeroize::Zeroizing;

impl Http<'_> {
    /// POSTs JSON for the bearer of `token` (RFC 6750, section 2.1), as [`post_form`](Self::post_form) does a form.
    ///
    /// # Errors
    /// As there.
    pub fn post_json(&self, url: &Url, token: &Secret, json: &str) -> Result<Reply, Error> {
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
        let answer = self.request(url, Manner::of(url), || {
            let request = self.client(Way::of(url))?.post(url.clone()).header("authorization", self.sensitive(&bearer, "the token")?);
            Ok(request.header("content-type", "application/json").header("accept", "application/json").body(json.to_owned()))
        });
        answer.map(|(reply, ..)| reply)
    }
}
