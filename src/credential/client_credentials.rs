//! OAuth 2 client credentials: an application signs in as itself (RFC 6749, section 4.4).

use super::{Source, client_secret, databricks::Service};
use crate::config::resolve::{ClientAuth, Config};
use crate::error::Error;
use crate::oauth::{http::Http, token_reply};
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use crate::token::{Secret, Token};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::sync::Arc;
use url::{Host, Url, form_urlencoded};
use zeroize::Zeroizing;

/// A client with its id and secret, and the endpoint that takes them.
pub struct ClientCredentials {
    config: Arc<Config>,
    endpoint: String,
    id: String,
    secret: Secret,
    scope: Option<String>,
    auth: ClientAuth,
    /// Whether the endpoint is one that Databricks' guide describes, which is then followed to the letter.
    by_the_guide: bool,
    headers: &'static [(&'static str, &'static str)],
}

impl ClientCredentials {
    /// # Errors
    /// What is missing.
    pub fn of(config: Arc<Config>, service: Option<Service>) -> Result<Self, Error> {
        let id =
            config.client_id.clone().ok_or_else(|| Error::bad(&config.section, "TokenClientId", "is missing, which client-credentials needs"))?;
        let secret = client_secret::read(&config)?;
        let endpoint = match (&config.endpoint, &service) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(service)) => service.endpoint.clone(),
            (None, None) => return Err(Error::bad(&config.section, "TokenEndpoint", "is missing, which client-credentials needs with this driver")),
        };
        let service_auth = service.as_ref().map(|service| service.auth);
        Ok(Self {
            endpoint,
            id,
            secret,
            scope: config.scope.clone().or(service.as_ref().map(|service| service.scope.to_owned())),
            auth: config.client_auth.or(service_auth).unwrap_or(ClientAuth::Basic),
            by_the_guide: service.is_some(),
            headers: service.map_or(&[], |service| service.headers),
            config,
        })
    }

    /// `Basic base64(id:secret)`. RFC 6749, 2.3.1, form-encodes both first; Databricks' guide does not.
    fn basic(&self) -> Zeroizing<String> {
        let pair = if self.by_the_guide {
            Zeroizing::new(format!("{}:{}", self.id, self.secret.expose()))
        } else {
            let secret = Zeroizing::new(encoded(self.secret.expose()));
            Zeroizing::new(format!("{}:{}", encoded(&self.id), *secret))
        };
        let base64 = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
        Zeroizing::new(format!("Basic {}", *base64))
    }

    /// The form, its fields in the order of the guide.
    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        if self.auth == ClientAuth::Post {
            form.append_pair("client_id", &self.id);
        }
        form.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        if self.auth == ClientAuth::Post {
            form.append_pair("client_secret", self.secret.expose());
        }
        form.finish()
    }
}

impl Source for ClientCredentials {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let endpoint = safe_url(&self.config, &self.endpoint)?;
        let http = Http { route: &self.config.route, section: &self.config.section, patience, timeout: self.config.timeout };
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, Zeroizing::new((*value).to_owned()))).collect();
        let basic = self.basic();
        // A refusal may repeat the secret in any of the ways in which it was sent.
        let sent = Zeroizing::new(encoded(self.secret.expose()));
        let secrets = [basic.trim_start_matches("Basic "), self.secret.expose(), &sent];
        if self.auth == ClientAuth::Basic {
            headers.push(("authorization", basic.clone()));
        }
        let reply = http.post_form(&endpoint, &headers, self.form())?;
        token_reply::token(&reply, &secrets, &self.config.section)
    }

    fn identity(&self) -> Identity {
        let route = &self.config.route;
        Identity::of(&[
            Some("client-credentials"),
            Some(&self.endpoint),
            Some(&self.id),
            Some(self.secret.expose()),
            self.scope.as_deref(),
            Some(match self.auth {
                ClientAuth::Basic => "basic",
                ClientAuth::Post => "post",
            }),
            // One who cannot reach the provider by a way of his own should hear of it.
            route.proxy.as_deref(),
            route.ca_file.as_ref().map(|file| file.to_string_lossy()).as_deref(),
        ])
    }

    fn who(&self) -> String {
        Url::parse(&self.endpoint).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// `https`, or `http` to this very machine: a secret goes nowhere else.
fn safe_url(config: &Config, endpoint: &str) -> Result<Url, Error> {
    let url = Url::parse(endpoint).map_err(|_| Error::bad(&config.section, "TokenEndpoint", "is no URL"))?;
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::bad(&config.section, "TokenEndpoint", "has a user or a password in it: use TokenClientId and TokenClientSecret"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(Error::bad(&config.section, "TokenEndpoint", "must begin with https:// (http:// only on loopback)")),
    }
}
