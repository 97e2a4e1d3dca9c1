//! Where Databricks takes a service principal's sign-in, and in which form.
//!
//! Source: "OAuth Integration guide for Cloud-Based Partners with Databricks", V 1.2.3, sections "Identify Databricks
//! is in which cloud" and "Use ServicePrincipal credentials to get a token".

use crate::config::resolve::{ClientAuth, Config};
use crate::config::workspaces::{self, Cloud};
use crate::error::Error;
use crate::oauth::entra;
use url::Url;

/// What a service principal's token request looks like in one cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The token URL, where that is known.
    pub endpoint: Option<String>,
    /// What is sent there.
    pub form: &'static Form,
}

/// The form of a token request.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// The scope, where the settings name none.
    pub scope: &'static str,
    /// Where id and secret go.
    pub auth: ClientAuth,
    /// Headers the guide lists, beside Authorization and Content-Type.
    pub headers: &'static [(&'static str, &'static str)],
}

/// Databricks' own provider, at `/oidc/v1/token` of a workspace.
pub const DATABRICKS: Form =
    Form { scope: "all-apis", auth: ClientAuth::Basic, headers: &[("accept", "application/json"), ("cache-control", "no-cache")] };
/// Entra, which each workspace in Azure trusts as well.
pub const ENTRA: Form = Form { scope: "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default", auth: ClientAuth::Post, headers: &[] };
/// Behind a workspace's host.
pub const TOKEN_PATH: &str = "/oidc/v1/token";

/// A workspace, as far as the settings name it.
#[derive(Clone)]
pub struct Workspace {
    /// Its host; an error where that is none, which is of no concern to a source that does not need it.
    pub host: Result<Option<String>, Error>,
}

impl Workspace {
    /// Its host, which may be asked for a token.
    ///
    /// # Errors
    /// None is set, or it is none.
    pub fn host(&self, section: &str) -> Result<&str, Error> {
        let missing = || Error::bad(section, "Host", "is missing: without it nobody knows where to get the token");
        self.host.as_ref().map_err(Error::clone)?.as_deref().ok_or_else(missing)
    }

    /// Whether Entra's tokens are good there.
    pub fn is_in_azure(&self) -> bool {
        matches!(&self.host, Ok(Some(host)) if matches!(workspaces::cloud(host), Some(Cloud::Azure(_))))
    }

    /// Where it takes a service principal's sign-in; `None` where an administrator says so and its cloud is unknown.
    ///
    /// Azure has two kinds of secrets that look alike. Entra's go to Entra: as the guide has it by way of the workspace, or
    /// straight where `TokenTenant` is set. Databricks' own go to `TokenEndpoint=https://<workspace>/oidc/v1/token`.
    ///
    /// # Errors
    /// Nobody says where.
    pub fn service(&self, config: &Config) -> Result<Option<Service>, Error> {
        let is_set = config.endpoint.is_some() || config.discovery.is_some();
        let host = match self.host(&config.section) {
            Err(_) if is_set && matches!(self.host, Ok(None)) => None,
            host => Some(host?),
        };
        let cloud = host.and_then(workspaces::cloud);
        let endpoint = match (host, cloud.map(asked), &config.tenant) {
            _ if is_set => None,
            (_, Some((_, form)), Some(tenant)) if form == &ENTRA => Some(entra::token_url(tenant, config)?),
            (Some(host), Some((Some(path), _)), _) => Some(format!("https://{host}{path}")),
            (host, ..) => {
                return Err(Error::CloudNotSupported { host: host.unwrap_or_default().to_owned(), section: config.section.clone() });
            }
        };
        let form = config.endpoint.as_deref().and_then(form_at).or(cloud.map(|cloud| asked(cloud).1));
        Ok(form.map(|form| Service { endpoint, form }))
    }
}

/// What a service principal's token request looks like in `cloud`, and the path for it: `None` where the guide knows none, though the
/// documentation of today does, and an administrator has to say.
fn asked(cloud: Cloud) -> (Option<&'static str>, &'static Form) {
    match cloud {
        Cloud::Aws => (Some(TOKEN_PATH), &DATABRICKS),
        Cloud::Azure(_) => (Some("/oidc/oauth2/v2.0/token"), &ENTRA),
        Cloud::Google => (None, &DATABRICKS),
    }
}

/// What an endpoint takes that an administrator set: its path tells whose it is.
pub fn form_at(endpoint: &str) -> Option<&'static Form> {
    match Url::parse(endpoint).ok()?.path() {
        path if path.starts_with("/oidc/") && path.ends_with("/v1/token") => Some(&DATABRICKS),
        path if path.ends_with(entra::TOKEN_PATH) => Some(&ENTRA),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_known_by_its_path() {
        for (endpoint, form) in [
            ("https://adb-1.2.azuredatabricks.net/oidc/v1/token", Some(&DATABRICKS)),
            ("https://accounts.cloud.databricks.com/oidc/accounts/0d5c/v1/token", Some(&DATABRICKS)),
            ("https://login.microsoftonline.com/contoso/oauth2/v2.0/token", Some(&ENTRA)),
            ("https://adb-1.2.azuredatabricks.net/oidc/oauth2/v2.0/token", Some(&ENTRA)),
            ("https://idp.example/token", None),
            ("https://idp.example/v1/token", None),
            ("no URL", None),
        ] {
            assert_eq!(form_at(endpoint), form, "{endpoint}");
        }
    }
}
