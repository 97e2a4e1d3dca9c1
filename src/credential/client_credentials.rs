//! OAuth 2 client credentials: an application signs in as itself (RFC 6749, section 4.4).

use super::client::Client;
use super::{Source, client_secret, databricks::Workspace};
use crate::config::resolve::{ClientAuth, Config};
use crate::error::Error;
use crate::oauth::{http::Http, provider::Provider};
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::sync::Arc;

/// A client with its id and secret, and the provider that takes them.
pub struct ClientCredentials {
    config: Arc<Config>,
    provider: Provider,
    client: Client,
    scope: Option<String>,
    headers: &'static [(&'static str, &'static str)],
}

impl ClientCredentials {
    /// # Errors
    /// What is missing.
    pub fn of(config: Arc<Config>, workspace: Option<&Workspace>) -> Result<Self, Error> {
        let id =
            config.client_id.clone().ok_or_else(|| Error::bad(&config.section, "TokenClientId", "is missing, which client-credentials needs"))?;
        let secret = client_secret::read(&config)?;
        let service = workspace.map(|workspace| workspace.service(&config)).transpose()?.flatten();
        let provider = Provider::of(&config, service.as_ref().map(|service| service.endpoint.as_str()))
            .ok_or_else(|| Error::bad(&config.section, "TokenEndpoint", "is missing, which client-credentials needs with this driver"))?;
        let service_auth = service.as_ref().map(|service| service.auth);
        Ok(Self {
            provider,
            client: Client {
                id,
                secret: Some(secret),
                auth: config.client_auth.or(service_auth).unwrap_or(ClientAuth::Basic),
                // An endpoint that Databricks' guide describes is asked to the letter.
                encodes: service.is_none(),
            },
            scope: config.scope.clone().or(service.as_ref().map(|service| service.scope.to_owned())),
            headers: service.map_or(&[], |service| service.headers),
            config,
        })
    }
}

impl Source for ClientCredentials {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let http = Http { route: &self.config.route, section: &self.config.section, patience, timeout: self.config.timeout };
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        // A secret that was changed since the connection was opened is still the same client's.
        let client = Client { secret: Some(client_secret::read(&self.config)?), ..self.client.clone() };
        let reply = client.post(&http, &self.provider.token_endpoint(&http)?, self.headers, &fields)?;
        client.token(&reply, &[], &self.config.section)
    }

    fn identity(&self) -> Identity {
        self.client.identity("client-credentials", &self.provider, None, self.scope.as_deref(), &self.config.route)
    }

    fn is_current(&self, _: &Identity) -> Result<bool, Error> {
        self.client.is_current(&self.config)
    }

    fn who(&self) -> String {
        self.provider.host()
    }
}
