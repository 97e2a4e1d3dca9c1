//! Registering an application in a Databricks account, so that its users can sign in through it.
//!
//! Source: "OAuth Integration guide for Cloud-Based Partners with Databricks", V 1.2.3, section "Registering on OAuth application by
//! REST API".

use super::http::{Http, Reply};
use super::provider::{is_loopback, safe};
use crate::config::resolve::Route;
use crate::error::{Error, quoted};
use crate::log::Log;
use crate::token::Secret;
use crate::token::patience::{Patience, Tries};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// Where accounts are, in each cloud. The guide's own list has Azure's with a point too many.
pub const ACCOUNTS_HOSTS: [&str; 3] = ["accounts.cloud.databricks.com", "accounts.azuredatabricks.net", "accounts.gcp.databricks.com"];
/// What the guide wants where nothing else is said.
pub const SCOPES: [&str; 2] = ["sql", "offline_access"];

/// An application to register.
pub struct Registration {
    /// One of [`ACCOUNTS_HOSTS`], or a URL of it; http on loopback.
    pub accounts_host: String,
    /// The account's id.
    pub account: String,
    /// Under which name.
    pub name: String,
    /// Where browsers may come back to.
    pub redirect_urls: Vec<String>,
    /// Whether it gets a secret, which it must be able to keep.
    pub confidential: bool,
    /// What it may ask for; none stand for [`SCOPES`].
    pub scopes: Vec<String>,
}

/// One that is registered.
pub struct Registered {
    /// By which the account knows it.
    pub integration_id: String,
    /// Its client id.
    pub client_id: String,
    /// Its secret, where it is confidential. The account shows it this once.
    pub client_secret: Option<Secret>,
}

impl Registration {
    /// Registers it for the bearer of `token`, an admin of the account. It is asked once: a second try could register it twice.
    ///
    /// # Errors
    /// Something here is none; or what the account said.
    pub fn register(&self, token: &Secret, timeout: Duration) -> Result<Registered, Error> {
        let url = self.url()?;
        if token.is_empty() || !token.expose().bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
            return Err(bad("the token", "is empty, or has characters that none has"));
        }
        let patience = Patience { deadline: Instant::now() + timeout, tries: Tries::One };
        let http = Http { route: &Route::default(), section: "the account", log: &Log::default(), patience, timeout };
        let reply = http.post_json(&url, token, &self.body()?).map_err(|error| unheard(error, &url))?;
        read(&reply, token)
    }

    fn url(&self) -> Result<Url, Error> {
        let host = &self.accounts_host;
        let host = if host.contains("://") { host.clone() } else { format!("https://{host}") };
        let mut url = safe(&host).map_err(|problem| bad("accounts_host", problem))?;
        let is_known = url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(|host| ACCOUNTS_HOSTS.contains(&host));
        if !is_known && !is_loopback(&url) || url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("accounts_host", &format!("must be one of {}", ACCOUNTS_HOSTS.join(", "))));
        }
        if self.account.is_empty() || !self.account.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(bad("account_id", "is none: it is shown in the account console, such as 123e4567-e89b-12d3-a456-426614174000"));
        }
        url.set_path(&format!("/api/2.0/accounts/{}/oauth2/custom-app-integrations", self.account));
        Ok(url)
    }

    /// As the guide has it.
    fn body(&self) -> Result<String, Error> {
        if self.name.trim().is_empty() {
            return Err(bad("name", "is empty"));
        }
        if self.redirect_urls.is_empty() {
            return Err(bad("redirect_urls", "has none: name the URL of the application that browsers come back to"));
        }
        for redirect in &self.redirect_urls {
            safe(redirect).map_err(|problem| bad("redirect_urls", &format!("has one that {problem}")))?;
        }
        let scopes = if self.scopes.is_empty() { SCOPES.map(str::to_owned).to_vec() } else { self.scopes.clone() };
        let body = json!({"redirect_urls": self.redirect_urls, "confidential": self.confidential, "name": self.name, "scopes": scopes});
        Ok(body.to_string())
    }
}

fn bad(key: &'static str, problem: &str) -> Error {
    Error::bad("the application to register", key, problem)
}

/// Nobody answered: the words are of tokens, which this is not about.
fn unheard(error: Error, url: &Url) -> Error {
    let who = url.host_str().unwrap_or_default().to_owned();
    let advice = "Look in the account whether it is registered, before you try again.";
    let sqlstate = error.sqlstate();
    match error {
        Error::ProviderUnreachable { words, .. } => Error::NotRegistered { who, words, advice, sqlstate },
        Error::TooSlow { seconds, .. } => Error::NotRegistered { who, words: format!("there was no answer within {seconds} s"), advice, sqlstate },
        error => error,
    }
}

fn read(reply: &Reply, token: &Secret) -> Result<Registered, Error> {
    let json = serde_json::from_slice::<Value>(&reply.body).ok();
    let text = |name: &str| json.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let refused = |words: String, advice, sqlstate| Error::NotRegistered { who: reply.host.clone(), words, advice, sqlstate };
    if !(200..300).contains(&reply.status) {
        let words: Vec<String> = [text("error_code"), text("message")].into_iter().flatten().collect();
        let words = quoted(&words.join(": "), &[token.expose()]);
        let words = if words.is_empty() { format!("HTTP {}", reply.status) } else { format!("HTTP {}, {words}", reply.status) };
        let (advice, sqlstate) = match reply.status {
            401 | 403 => ("Use a token of an admin of this account, made for the account and not for a workspace.", "28000"),
            404 => ("Check the account's id, and whether the account is in this cloud.", "28000"),
            408 | 429 | 500.. => ("The service is busy or out of order: look in the account whether it is registered, then try again.", "08001"),
            300..=399 => ("A redirect is not followed: check the accounts host.", "HY000"),
            _ => ("Check its name, redirect URLs and scopes.", "28000"),
        };
        return Err(refused(words, advice, sqlstate));
    }
    let missing = |name: &str| refused(format!("the answer has no {name}"), "Look in the account whether it is registered.", "HY000");
    let need = |name: &str| text(name).ok_or_else(|| missing(name));
    Ok(Registered { integration_id: need("integration_id")?, client_id: need("client_id")?, client_secret: text("client_secret").map(Secret::new) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(accounts_host: &str, account: &str) -> Registration {
        let redirect_urls = vec!["https://example-partner.com/redirecturl1".into()];
        let (accounts_host, account, name) = (accounts_host.into(), account.into(), "example-partner".into());
        Registration { accounts_host, account, name, redirect_urls, confidential: true, scopes: vec![] }
    }

    #[test]
    fn a_bearers_token_goes_to_accounts_alone() {
        let url = |host: &str, account: &str| registration(host, account).url().map(String::from).map_err(|error| error.message());
        for host in ["accounts.cloud.databricks.com", "https://accounts.cloud.databricks.com", "https://accounts.cloud.databricks.com/"] {
            let path = "https://accounts.cloud.databricks.com/api/2.0/accounts/123e-4567/oauth2/custom-app-integrations";
            assert_eq!(url(host, "123e-4567").as_deref(), Ok(path));
        }
        assert!(url("http://127.0.0.1:9", "a").is_ok() && url("accounts.azuredatabricks.net", "a").is_ok());
        for host in [
            "accounts.example.com",
            "http://accounts.cloud.databricks.com",
            "accounts.cloud.databricks.com:444",
            "",
            "accounts.cloud.databricks.com/x",
        ] {
            assert!(url(host, "a").is_err(), "{host}");
        }
        for account in ["", "a/b", "../x", "a?b", "a b"] {
            assert!(url("accounts.cloud.databricks.com", account).expect_err(account).contains("account_id is none"));
        }
    }

    #[test]
    fn a_body_is_the_guides_and_a_wrong_one_is_sent_nowhere() {
        let body: Value = serde_json::from_str(&registration("", "").body().expect("a body")).expect("JSON");
        let guides = json!({"redirect_urls": ["https://example-partner.com/redirecturl1"], "confidential": true, "name": "example-partner",
                            "scopes": ["sql", "offline_access"]});
        assert_eq!(body, guides);
        for (name, urls) in [("", vec!["https://a.example"]), ("n", vec![]), ("n", vec!["http://a.example"]), ("n", vec!["x"])] {
            let redirect_urls = urls.into_iter().map(str::to_owned).collect();
            assert!(Registration { name: name.into(), redirect_urls, ..registration("", "") }.body().is_err());
        }
    }
}
