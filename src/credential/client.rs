//! A client before its provider: who it is, and how it shows that (RFC 6749, section 2.3.1).

use super::{assertion, client_secret};
use crate::config::resolve::{ClientAuth, Config, Route};
use crate::error::Error;
use crate::oauth::entra;
use crate::oauth::http::{Http, Reply};
use crate::oauth::provider::Provider;
use crate::oauth::token_reply;
use crate::token::identity::Identity;
use crate::token::{Secret, Token};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

/// An application that a provider knows.
#[derive(Clone)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret, if it has one: an application on people's own machines can keep none.
    pub secret: Option<Secret>,
    /// In its place a key, and perhaps its certificate: the PEM file of them.
    pub key: Option<Secret>,
    /// How it shows its secret.
    pub auth: ClientAuth,
    /// Id and secret are form-encoded in the header. RFC 6749 says so; Databricks' guide does not.
    pub encodes: bool,
}

impl Client {
    /// Of an application that may be without a secret; `source` needs it.
    ///
    /// # Errors
    /// It has no id, or a secret or a key that cannot be read.
    pub fn of(config: &Config, source: &str) -> Result<Self, Error> {
        let id = config.client_id.clone().ok_or_else(|| Error::bad(&config.section, "TokenClientId", format!("is missing, which {source} needs")))?;
        let [secret, key] = proofs(config)?;
        Ok(Self { id, secret, key, auth: config.client_auth.unwrap_or(ClientAuth::Basic), encodes: true })
    }

    /// The same client with the secret or the key that `config` names now.
    ///
    /// # Errors
    /// That can no longer be read.
    pub fn now(&self, config: &Config) -> Result<Self, Error> {
        let [secret, key] = proofs(config)?;
        Ok(Self { secret, key, ..self.clone() })
    }

    /// Whether its secret and its key are still those that `config` names.
    ///
    /// # Errors
    /// As [`now`](Self::now).
    pub fn is_current(&self, config: &Config) -> Result<bool, Error> {
        let [secret, key] = proofs(config)?;
        Ok(secret == self.secret && key == self.key)
    }

    /// Whether it can show who it is.
    pub fn has_proof(&self) -> bool {
        self.secret.is_some() || self.key.is_some()
    }

    /// A secret goes only where an administrator says, and a connection string may name a tenant. Microsoft alone would see it, but
    /// a token that somebody's own tenant gave for it should sign nobody in. It may name a server in another cloud as well, whose
    /// Entra somebody else may run.
    ///
    /// # Errors
    /// It has one that the connection string does not bring, and would go to a tenant or a cloud that the string names.
    pub fn check_tenant(&self, config: &Config) -> Result<(), Error> {
        if !self.has_proof() || config.secret_by_string {
            return Ok(());
        }
        if config.tenant_by_string { Err(Error::NotInConnectionString { key: "TokenTenant" }) } else { entra::check_cloud(config) }
    }

    /// POSTs a form with `fields`, and shows who asks.
    ///
    /// # Errors
    /// As [`Http::post_form`].
    pub fn post(&self, http: &Http<'_>, url: &Url, headers: &[(&'static str, &'static str)], fields: &[(&str, &str)]) -> Result<Reply, Error> {
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, Zeroizing::new((*value).to_owned()))).collect();
        if let Some(basic) = self.basic() {
            headers.push(("authorization", basic));
        }
        let bad = |problem| Error::bad(http.section, "TokenClientCertificate", problem);
        http.post_form(url, &headers, || {
            // A provider takes each signature once (RFC 7523, section 3), and may have taken one that it could not answer.
            let assertion = self.key.as_ref().map(|key| assertion::signed(key, &self.id, url)).transpose().map_err(bad)?;
            Ok(self.form(fields, assertion.as_ref().map(|text| text.as_str())))
        })
    }

    /// The token in a reply. Neither the client's secret nor one of `more` that were sent with it gets into a message, should
    /// the provider repeat it.
    ///
    /// # Errors
    /// As [`token_reply::token`].
    pub fn token(&self, reply: &Reply, more: &[&Secret], section: &str) -> Result<Token, Error> {
        let spellings = |secret: &Secret| [Zeroizing::new(secret.expose().to_owned()), Zeroizing::new(encoded(secret.expose()))];
        let mut hidden: Vec<_> = self.basic().map(|basic| Zeroizing::new(basic.trim_start_matches("Basic ").to_owned())).into_iter().collect();
        hidden.extend(self.secret.iter().chain(more.iter().copied()).flat_map(spellings));
        let hidden: Vec<&str> = hidden.iter().map(|text| text.as_str()).collect();
        token_reply::token(reply, &hidden, section)
    }

    /// Whose sign-in it is that `source` makes at `provider`, perhaps for a person, and for `scope`.
    pub fn identity(&self, source: &str, provider: &Provider, user: Option<&str>, scope: Option<&str>, route: &Route) -> Identity {
        let [token, discovery] = provider.parts();
        let auth = match self.auth {
            _ if self.key.is_some() => "key",
            ClientAuth::Basic => "basic",
            ClientAuth::Post => "post",
        };
        Identity::of(&[
            Some(source),
            token,
            discovery,
            user,
            Some(&self.id),
            self.key.as_ref().or(self.secret.as_ref()).map(Secret::expose),
            scope,
            Some(auth),
            // One who cannot reach the provider by a way of his own should hear of it.
            route.proxy.as_deref(),
            route.ca_file.as_ref().map(|file| file.to_string_lossy()).as_deref(),
        ])
    }

    /// `Basic base64(id:secret)`
    fn basic(&self) -> Option<Zeroizing<String>> {
        let secret = self.secret.as_ref().filter(|_| self.auth == ClientAuth::Basic)?;
        let pair = if self.encodes {
            let secret = Zeroizing::new(encoded(secret.expose()));
            Zeroizing::new(format!("{}:{}", encoded(&self.id), *secret))
        } else {
            Zeroizing::new(format!("{}:{}", self.id, secret.expose()))
        };
        let base64 = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
        Some(Zeroizing::new(format!("Basic {}", *base64)))
    }

    /// The form, its fields in the order of Databricks' guide.
    fn form(&self, fields: &[(&str, &str)], assertion: Option<&str>) -> String {
        let posted = self.secret.as_ref().filter(|_| self.auth == ClientAuth::Post);
        let mut form = form_urlencoded::Serializer::new(String::new());
        if posted.is_some() || self.secret.is_none() {
            form.append_pair("client_id", &self.id);
        }
        form.extend_pairs(fields);
        if let Some(secret) = posted {
            form.append_pair("client_secret", secret.expose());
        }
        if let Some(assertion) = assertion {
            form.extend_pairs([("client_assertion_type", assertion::TYPE), ("client_assertion", assertion)]);
        }
        form.finish()
    }
}

/// The secret and the key that `config` names.
fn proofs(config: &Config) -> Result<[Option<Secret>; 2], Error> {
    let secret = config.client_secret.is_some().then(|| client_secret::read(config)).transpose()?;
    let bad = |problem| Error::bad(&config.section, "TokenClientCertificate", problem);
    let key = config.certificate.as_ref().map(|path| client_secret::file(path).map_err(bad)).transpose()?;
    Ok([secret, key])
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
