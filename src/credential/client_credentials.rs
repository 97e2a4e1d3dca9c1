//! OAuth 2 client credentials: an application signs in as itself (RFC 6749, section 4.4).

use super::Source;
use super::client::Client;
use super::databricks::{self, Workspace};
use crate::config::resolve::{ClientAuth, Config};
use crate::error::Error;
use crate::oauth::{http::Http, provider::Provider};
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::sync::Arc;

/// What a provider says to a client that it does not know (RFC 6749, section 5.2), and Entra to an unknown id or secret.
const UNKNOWN: &[&str] = &["invalid_client", "unauthorized_client", "AADSTS700016", "AADSTS7000215"];

/// A client with its id and secret, and the provider that takes them.
pub struct ClientCredentials {
    config: Arc<Config>,
    provider: Provider,
    client: Client,
    scope: Option<String>,
    headers: &'static [(&'static str, &'static str)],
    /// Where the provider is, the environment has a say.
    by_tenant: bool,
    /// A secret may be Entra's or Databricks' own.
    takes_two_kinds: bool,
}

impl ClientCredentials {
    /// # Errors
    /// What is missing.
    pub fn of(config: Arc<Config>, workspace: Option<&Workspace>) -> Result<Self, Error> {
        let client = Client::of(&config, "client-credentials")?;
        if !client.has_proof() {
            return Err(Error::bad(
                &config.section,
                "TokenClientSecret",
                "is missing, which client-credentials needs (or TokenClientSecretFile, TokenClientSecretEnv, TokenClientCertificate)",
            ));
        }
        let service = workspace.map(|workspace| workspace.service(&config)).transpose()?.flatten();
        let (endpoint, form) = service.map_or((None, None), |service| (service.endpoint, Some(service.form)));
        let provider = match endpoint {
            Some(endpoint) => Provider::of(&config, Some(&endpoint)),
            None => Provider::of_tenant(&config)?,
        };
        let missing = "is missing, which client-credentials needs with this driver (or TokenTenant, where Entra is the provider)";
        let provider = provider.ok_or_else(|| Error::bad(&config.section, "TokenEndpoint", missing))?;
        let by_tenant = config.endpoint.is_none() && config.discovery.is_none() && form.is_none_or(|form| form == &databricks::ENTRA);
        if by_tenant && client.key.is_some() && config.tenant.is_none() {
            // The workspace would pass on to Entra what was signed for the workspace.
            return Err(Error::bad(&config.section, "TokenTenant", "is missing, which TokenClientCertificate needs with Databricks in Azure"));
        }
        if by_tenant {
            client.check_tenant(&config)?;
        }
        Ok(Self {
            by_tenant: by_tenant && config.tenant.is_some(),
            provider,
            client: Client {
                auth: config.client_auth.or(form.map(|form| form.auth)).unwrap_or(ClientAuth::Basic),
                // An endpoint that Databricks' guide describes is asked to the letter.
                encodes: form.is_none(),
                ..client
            },
            scope: config.scope.clone().or(form.map(|form| form.scope.to_owned())),
            headers: form.map_or(&[], |form| form.headers),
            takes_two_kinds: workspace.is_some_and(Workspace::is_in_azure),
            config,
        })
    }

    /// In Azure a workspace's users have two kinds of secrets, and neither provider knows the other's.
    fn told(&self, error: Error) -> Error {
        match error {
            Error::SignInRefused { who, words, section, .. } if self.takes_two_kinds && UNKNOWN.iter().any(|word| words.contains(word)) => {
                let advice = "Check the client id and secret in {section}: a secret of Entra's needs no TokenEndpoint, one of Databricks' own needs the workspace's (docs/sources.md).";
                Error::SignInRefused { who, words, advice, section }
            }
            error => error,
        }
    }
}

impl Source for ClientCredentials {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let http = Http { route: &self.config.route, section: &self.config.section, patience, timeout: self.config.timeout, log: &self.config.log };
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        // A secret that was changed since the connection was opened is still the same client's.
        let client = self.client.now(&self.config)?;
        let reply = client.post(&http, &self.provider.token_endpoint(&http)?, self.headers, &fields)?;
        client.token(&reply, &[], &self.config.section).map_err(|error| self.told(error))
    }

    fn identity(&self) -> Identity {
        self.client.identity("client-credentials", &self.provider, None, self.scope.as_deref(), &self.config.route)
    }

    fn is_current(&self, _: &Identity) -> Result<bool, Error> {
        let same_place = !self.by_tenant || Provider::of_tenant(&self.config)?.is_some_and(|now| now.parts() == self.provider.parts());
        Ok(same_place && self.client.is_current(&self.config)?)
    }

    fn who(&self) -> String {
        self.provider.host()
    }
}
