//! Who the client is, and how it shows that: of several words for one thing the one in the highest place counts.

use super::{ClientAuth, Config, Defaults, SecretPlace, administrators};
use crate::config::settings::{Origin, Setting, Settings};
use crate::error::Error;
use crate::token::Secret;
use std::path::PathBuf;
use std::sync::Arc;

/// Its id, the tenant to sign in to, and whether the connection string names that.
pub(super) fn client(settings: &Settings, defaults: &Defaults) -> (Option<String>, Option<String>, bool) {
    let tenant = settings.first_of(&["TokenTenant"]);
    let by_string = |setting: &Setting| setting.origin == Origin::ConnectionString;
    let tenant_by_string = tenant.as_ref().is_some_and(by_string);
    let tenant = tenant.map(|setting| setting.value);
    match highest(settings, &[Some("TokenClientId"), defaults.client_id_keyword]) {
        Some((keyword, setting)) => match setting.value.split_once('@') {
            Some((id, of)) if defaults.client_id_names_tenant && keyword != "TokenClientId" => {
                (Some(id.to_owned()), Some(of.to_owned()), by_string(&setting))
            }
            _ => (Some(setting.value), tenant, tenant_by_string),
        },
        None => (None, tenant, tenant_by_string),
    }
}

impl Config {
    /// The same for a source that asks somebody.
    pub fn for_people(self: Arc<Self>) -> Arc<Self> {
        match self.public_client {
            Some((id, of)) if self.client_id.is_none() && self.endpoint.is_none() && self.discovery.is_none() => {
                let tenant = self.tenant.clone().unwrap_or_else(|| of.to_owned());
                // It has no secret: one that stands there is another client's.
                Arc::new(Self { client_id: Some(id.to_owned()), client_secret: None, certificate: None, tenant: Some(tenant), ..Self::clone(&self) })
            }
            _ => self,
        }
    }
}

pub(super) fn client_secret(settings: &Settings, defaults: &Defaults) -> Option<SecretPlace> {
    let (keyword, setting) = highest(settings, &secrets(defaults))?;
    Some(match keyword {
        "TokenClientSecretFile" => SecretPlace::File(setting.value.into()),
        "TokenClientSecretEnv" => SecretPlace::Environment(setting.value),
        _ => SecretPlace::Value(Secret::new(setting.value)),
    })
}

/// The certificate, which counts before a secret in the same place, but not before one in a higher.
pub(super) fn certificate(settings: &Settings, defaults: &Defaults) -> Option<PathBuf> {
    let setting = administrators(settings, "TokenClientCertificate")?;
    let secret = highest(settings, &secrets(defaults));
    secret.is_none_or(|(_, secret)| setting.origin <= secret.origin).then(|| PathBuf::from(setting.value))
}

/// The keywords for a secret.
pub(super) fn secrets(defaults: &Defaults) -> [Option<&'static str>; 4] {
    [Some("TokenClientSecret"), defaults.client_secret_keyword, Some("TokenClientSecretFile"), Some("TokenClientSecretEnv")]
}

/// Which of several keywords for one thing stands in the highest place, the first of them where that place has more. So
/// an id and a secret written in one place go together, whatever words a lower place has for them.
pub(super) fn highest(settings: &Settings, keywords: &[Option<&'static str>]) -> Option<(&'static str, Setting)> {
    let set = keywords.iter().flatten().filter_map(|keyword| Some((*keyword, settings.first_of(&[keyword])?)));
    set.min_by(|(_, one), (_, other)| one.origin.cmp(&other.origin))
}

pub(super) fn client_auth(settings: &Settings) -> Result<Option<ClientAuth>, Error> {
    let Some(setting) = settings.first_of(&["TokenClientAuth"]) else { return Ok(None) };
    match setting.value.to_ascii_lowercase().as_str() {
        "basic" => Ok(Some(ClientAuth::Basic)),
        "post" => Ok(Some(ClientAuth::Post)),
        _ => Err(Error::bad(setting.origin, "TokenClientAuth", "must be basic or post")),
    }
}
