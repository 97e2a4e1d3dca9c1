//! Where an identity provider is asked: at the URLs that are set, or at those that it tells of itself (OpenID Connect Discovery
//! 1.0, section 4; RFC 8414; RFC 8628, section 4).

mod authorization;

pub use authorization::Authorization;

use super::entra;
use super::http::Http;
use crate::config::resolve::Config;
use crate::error::Error;
use serde_json::Value;
use url::{Host, Url};

/// A provider's URLs, as far as they are known. They are looked at only when it is asked.
pub struct Provider {
    token: Option<String>,
    /// Where it tells the others.
    discovery: Option<String>,
    /// Where people begin to sign in, of one that is known to have that beside its token endpoint.
    authorize: Option<Url>,
    section: String,
}

impl Provider {
    /// At what `TokenEndpoint` and `TokenDiscovery` say; where they say nothing, at `endpoint`; `None` where nothing says anything.
    pub fn of(config: &Config, endpoint: Option<&str>) -> Option<Self> {
        let discovery = config.discovery.clone();
        let token = config.endpoint.clone().or_else(|| endpoint.filter(|_| discovery.is_none()).map(str::to_owned));
        let is_known = token.is_some() || discovery.is_some();
        is_known.then(|| Self { token, discovery, authorize: None, section: config.section.clone() })
    }

    /// As [`of`](Self::of); where nothing is said but `TokenTenant`, Entra.
    ///
    /// # Errors
    /// The tenant is none, or the authority that the environment names.
    pub fn of_tenant(config: &Config) -> Result<Option<Self>, Error> {
        let is_said = config.endpoint.is_some() || config.discovery.is_some();
        let tenant = config.tenant.as_ref().filter(|_| !is_said);
        let endpoint = tenant.map(|tenant| entra::token_url(tenant, config)).transpose()?;
        Ok(Self::of(config, endpoint.as_deref()))
    }

    /// Its host, for messages.
    pub fn host(&self) -> String {
        let url = self.token.as_ref().or(self.discovery.as_ref());
        url.and_then(|url| Url::parse(url).ok()?.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// What makes it another provider than the next.
    pub fn parts(&self) -> [Option<&str>; 2] {
        [self.token.as_deref(), self.discovery.as_deref()]
    }

    /// At what `TokenEndpoint` and `TokenDiscovery` say; where nothing says anything but the first, also at `discovery`.
    pub fn told_at(config: &Config, discovery: &str) -> Self {
        let discovery = config.discovery.clone().or_else(|| Some(discovery.to_owned()));
        Self { token: config.endpoint.clone(), discovery, authorize: None, section: config.section.clone() }
    }

    /// At `TokenEndpoint`, and for people at `authorize`, which is beside it.
    pub fn beside(config: &Config, authorize: Url) -> Self {
        Self { token: config.endpoint.clone(), discovery: None, authorize: Some(authorize), section: config.section.clone() }
    }

    /// Whether it is known, or can be asked, where people and devices begin to sign in.
    pub fn tells_all(&self) -> bool {
        self.discovery.is_some() || self.authorize.is_some() || self.token.as_ref().is_some_and(|token| token.ends_with(entra::TOKEN_PATH))
    }

    /// The token endpoint, which is asked for where it is not set.
    ///
    /// # Errors
    /// A URL that no secret may go to; or the provider could not be asked, or told something of no use.
    pub fn token_endpoint(&self, http: &Http<'_>) -> Result<Url, Error> {
        self.token()?.map_or_else(|| self.told(http, "token_endpoint"), Ok)
    }

    /// The device authorization endpoint (RFC 8628, section 3.1).
    ///
    /// # Errors
    /// As above.
    pub fn device_endpoint(&self, http: &Http<'_>) -> Result<Url, Error> {
        let entras = self.token()?.filter(|_| self.discovery.is_none());
        let entras = entras.as_ref().and_then(|token| beside_entras_token(token, "devicecode"));
        entras.map_or_else(|| self.told(http, "device_authorization_endpoint"), Ok)
    }

    fn token(&self) -> Result<Option<Url>, Error> {
        let bad = |problem| Error::bad(&self.section, "TokenEndpoint", problem);
        self.token.as_deref().map(|token| safe(token).map_err(bad)).transpose()
    }

    fn told(&self, http: &Http<'_>, name: &'static str) -> Result<Url, Error> {
        self.endpoint(&self.document(http)?, name)
    }

    fn document(&self, http: &Http<'_>) -> Result<Document, Error> {
        let bad = |problem| Error::bad(&self.section, "TokenDiscovery", problem);
        let discovery = self.discovery.as_ref().ok_or_else(|| bad("is missing: without it nobody knows all of this provider's URLs"))?;
        let url = safe(discovery).map_err(bad)?;
        let reply = http.get(&url)?;
        if reply.status != 200 {
            return Err(self.problem(&reply.host, format!("with HTTP {}", reply.status)));
        }
        let json = serde_json::from_slice(&reply.body).map_err(|_| self.problem(&reply.host, "the answer is no JSON".into()))?;
        Ok(Document { url, host: reply.host, json })
    }

    fn endpoint(&self, document: &Document, name: &str) -> Result<Url, Error> {
        let endpoint = endpoint(&document.json, &document.url, self.token()?.as_ref(), name);
        endpoint.map_err(|problem| self.problem(&document.host, problem))
    }

    fn problem(&self, who: &str, problem: String) -> Error {
        Error::BadReply { who: who.to_owned(), problem, key: "TokenDiscovery", section: self.section.clone() }
    }
}

/// What a provider tells of itself.
struct Document {
    /// Where it tells that,
    url: Url,
    /// on which host, for messages.
    host: String,
    json: Value,
}

/// One URL of the document that came from `discovery`. It must be on a host that an administrator named, there or with the
/// token endpoint.
fn endpoint(document: &Value, discovery: &Url, token: Option<&Url>, name: &str) -> Result<Url, String> {
    let url = |name: &str| {
        let text = document.get(name).and_then(Value::as_str).ok_or(format!("the document has no {name}"))?;
        safe(text).map_err(|problem| format!("the document's {name} {problem}"))
    };
    // RFC 8414, section 3.3. Entra's document of all tenants has an issuer with `{tenantid}` in it.
    // Where the token endpoint is set, nothing that is sent depends on it.
    if url("issuer")?.origin() != discovery.origin() && token.is_none() {
        return Err("the document's issuer is another host than TokenDiscovery's: if that is right, set TokenEndpoint as well".into());
    }
    let endpoint = url(name)?;
    if endpoint.origin() != discovery.origin() && token.is_none_or(|token| endpoint.origin() != token.origin()) {
        return Err(format!("the document's {name} is on another host than TokenDiscovery's: if that is right, set TokenEndpoint to a URL there"));
    }
    Ok(endpoint)
}

/// Entra has its endpoints beside each other.
fn beside_entras_token(token: &Url, name: &str) -> Option<Url> {
    let tenant = token.path().strip_suffix(entra::TOKEN_PATH)?;
    let mut beside = token.clone();
    beside.set_path(&format!("{tenant}/oauth2/v2.0/{name}"));
    Some(beside)
}

/// `https`, or `http` to this very machine: a secret goes nowhere else.
///
/// # Errors
/// What is wrong with the URL, in words that go on where its key ends.
pub fn safe(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user or a password in it: use TokenClientId and TokenClientSecret");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("must begin with https:// (http:// only on loopback)"),
    }
}

/// Whether it is on this very machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(token: Option<&str>, document: Value) -> Result<String, String> {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let discovery = url("https://idp.example/oidc/.well-known/openid-configuration");
        endpoint(&document, &discovery, token.map(url).as_ref(), "token_endpoint").map(String::from)
    }

    #[test]
    fn what_a_provider_tells_counts_on_hosts_that_an_administrator_named() {
        for (token, issuer, endpoint) in [
            (None, "https://idp.example/oidc", "https://idp.example/token"),
            (None, "https://idp.example:443", "https://idp.example/token"),
            (None, "https://idp.example/{tenantid}/v2.0", "https://idp.example/token"),
            (Some("https://other.example/token"), "https://idp.example", "https://other.example/device"),
            (Some("https://other.example/token"), "https://other.example", "https://idp.example/device"),
            (Some("https://idp.example/token"), "https://third.example", "https://idp.example/device"),
        ] {
            assert_eq!(told(token, json!({"issuer": issuer, "token_endpoint": endpoint})).as_deref(), Ok(endpoint));
        }
        for (issuer, endpoint, words) in [
            ("https://evil.example", "https://idp.example/token", "issuer is another host"),
            ("https://idp.example", "https://evil.example/token", "token_endpoint is on another host"),
            ("https://idp.example", "https://idp.example:444/token", "token_endpoint is on another host"),
            ("https://idp.example", "https://idp.example@evil.example/token", "has a user or a password in it"),
            ("https://idp.example", "http://idp.example/token", "must begin with https://"),
            ("https://idp.example", "http://127.0.0.1/token", "token_endpoint is on another host"),
            ("", "https://idp.example/token", "issuer is no URL"),
        ] {
            let problem = told(None, json!({"issuer": issuer, "token_endpoint": endpoint})).expect_err(endpoint);
            assert!(problem.contains(words), "{problem}");
        }
        let third = json!({"issuer": "https://third.example", "token_endpoint": "https://third.example/token"});
        let problem = told(Some("https://idp.example/token"), third).expect_err("a third host");
        assert!(problem.contains("token_endpoint is on another host"), "{problem}");
        for document in [json!({}), json!([]), json!({"issuer": "https://idp.example"}), json!({"issuer": 1, "token_endpoint": 2})] {
            assert!(told(None, document).expect_err("no URL").contains("the document has no "));
        }
    }

    #[test]
    fn entras_endpoints_are_beside_its_token_endpoint() {
        let beside = |url: &str| beside_entras_token(&Url::parse(url).expect("a URL"), "devicecode").map(String::from);
        assert_eq!(beside("https://login/t/oauth2/v2.0/token").as_deref(), Some("https://login/t/oauth2/v2.0/devicecode"));
        for other in ["https://login/t/oauth2/token", "https://login/token", "https://login/oauth2/v2.0/token/x"] {
            assert_eq!(beside(other), None);
        }
    }
}
