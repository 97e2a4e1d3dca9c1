//! Workload identity: what runs this process (Kubernetes, a build service) writes a token to a file, and a provider that trusts it
//! gives one of its own for that. Nobody keeps a secret.
//!
//! At Entra, and at any OAuth provider, that token shows who the client is (RFC 7523, section 2.2); at Databricks it is exchanged
//! (RFC 8693). What no setting says the environment does, by the variables of azure-identity and of Databricks' SDKs.

use super::databricks::{self, Workspace};
use super::{Source, assertion, machine};
use crate::config::resolve::Config;
use crate::environment;
use crate::error::Error;
use crate::oauth::http::Http;
use crate::oauth::provider::Provider;
use crate::oauth::{entra, token_reply};
use crate::plain_file;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use crate::token::{Secret, Token};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::form_urlencoded;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// No such token is longer.
const FILE_MAX_BYTES: usize = 64 * 1024;

/// What is done with the token of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grant {
    /// It shows who the client is.
    Assertion,
    /// It is exchanged.
    Exchange,
}

/// A workload, and the provider that trusts what runs it.
pub struct WorkloadIdentity {
    config: Arc<Config>,
    workspace: Option<Workspace>,
    provider: Provider,
    grant: Grant,
    client_id: Option<String>,
    scope: Option<String>,
    /// Where the token is, and what says so.
    file: (PathBuf, &'static str),
}

impl WorkloadIdentity {
    /// # Errors
    /// What is missing.
    pub fn of(config: Arc<Config>, workspace: Option<&Workspace>) -> Result<Self, Error> {
        let missing = |key, problem| Error::bad(&config.section, key, problem);
        let grant = grant(&config, workspace);
        let endpoint = match (grant, workspace) {
            _ if config.endpoint.is_some() || config.discovery.is_some() => None,
            (Grant::Exchange, Some(workspace)) => Some(format!("https://{}{}", workspace.host(&config.section)?, databricks::TOKEN_PATH)),
            _ if config.tenant_by_string => return Err(Error::NotInConnectionString { key: "TokenTenant" }), // as in client-credentials
            _ => {
                entra::check_cloud(&config)?;
                tenant(&config).map(|tenant| entra::token_url(&tenant, &config)).transpose()?
            }
        };
        let provider = Provider::of(&config, endpoint.as_deref());
        let provider =
            provider.ok_or_else(|| missing("TokenTenant", "is missing, which workload-identity needs (or AZURE_TENANT_ID, or TokenEndpoint)"))?;
        let client_id = client_id(&config, grant);
        if grant == Grant::Assertion && client_id.is_none() {
            return Err(missing("TokenClientId", "is missing, which workload-identity needs (or AZURE_CLIENT_ID in the environment)"));
        }
        let file = file(&config, grant);
        let file =
            file.ok_or_else(|| missing("TokenFile", "is missing, which workload-identity needs (or AZURE_FEDERATED_TOKEN_FILE in the environment)"))?;
        let scope = config.scope.clone().or_else(|| workspace.map(|_| databricks_scope(grant).to_owned()));
        Ok(Self { provider, grant, client_id, scope, file, workspace: workspace.cloned(), config })
    }

    /// The token of the file, which is written anew from time to time.
    fn token(&self) -> Result<Secret, Error> {
        let (path, key) = &self.file;
        read(path).map_err(|problem| Error::bad(&self.config.section, key, problem))
    }

    fn form(&self, token: &Secret) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(self.client_id.as_deref().map(|id| ("client_id", id)));
        match self.grant {
            Grant::Assertion => form.extend_pairs([
                ("grant_type", "client_credentials"),
                ("client_assertion_type", assertion::TYPE),
                ("client_assertion", token.expose()),
            ]),
            Grant::Exchange => form.extend_pairs([("grant_type", EXCHANGE), ("subject_token", token.expose()), ("subject_token_type", JWT)]),
        };
        form.extend_pairs(self.scope.as_deref().map(|scope| ("scope", scope)));
        form.finish()
    }
}

/// What is not there that a workload identity needs, in a few words.
pub fn missing(config: &Config, workspace: Option<&Workspace>) -> Option<String> {
    let grant = grant(config, workspace);
    let has_provider = config.endpoint.is_some() || config.discovery.is_some() || grant == Grant::Exchange || tenant(config).is_some();
    let needs = [
        (file(config, grant).is_some(), "no AZURE_FEDERATED_TOKEN_FILE"),
        (grant == Grant::Exchange || client_id(config, grant).is_some(), "no AZURE_CLIENT_ID"),
        (has_provider, "no AZURE_TENANT_ID"),
    ];
    needs.into_iter().find(|(is_there, _)| !is_there).map(|(_, reason)| reason.to_owned())
}

/// Databricks in Azure takes both: Entra's where a tenant is known, for then what runs the process is trusted there.
fn grant(config: &Config, workspace: Option<&Workspace>) -> Grant {
    let Some(workspace) = workspace else { return Grant::Assertion };
    match config.endpoint.as_deref().map(databricks::form_at) {
        Some(Some(form)) if form == &databricks::ENTRA => Grant::Assertion,
        None if config.discovery.is_none() && workspace.is_in_azure() && tenant(config).is_some() => Grant::Assertion,
        _ => Grant::Exchange,
    }
}

fn databricks_scope(grant: Grant) -> &'static str {
    match grant {
        Grant::Assertion => databricks::ENTRA.scope,
        Grant::Exchange => databricks::DATABRICKS.scope,
    }
}

fn tenant(config: &Config) -> Option<String> {
    config.tenant.clone().or_else(|| environment::text("AZURE_TENANT_ID"))
}

fn client_id(config: &Config, grant: Grant) -> Option<String> {
    let variable = match grant {
        Grant::Assertion => "AZURE_CLIENT_ID",
        Grant::Exchange => "DATABRICKS_CLIENT_ID",
    };
    config.client_id.clone().or_else(|| environment::text(variable))
}

fn file(config: &Config, grant: Grant) -> Option<(PathBuf, &'static str)> {
    let of = |name: &'static str| Some((PathBuf::from(environment::variable(name)?), name));
    let databricks = || of("DATABRICKS_OIDC_TOKEN_FILEPATH").filter(|_| grant == Grant::Exchange);
    // A file of the section's may be meant for another source: at a connection string's word it is not sent to anybody.
    let own = config.file.clone().filter(|_| !config.is_of_string);
    own.map(|file| (file, "TokenFile")).or_else(databricks).or_else(|| of("AZURE_FEDERATED_TOKEN_FILE"))
}

/// Kubernetes puts a link there, to a file that others in the pod may read as well.
fn read(path: &Path) -> Result<Secret, String> {
    let (bytes, _) = plain_file::read_own(path, FILE_MAX_BYTES)?;
    let text = bytes.trim_ascii();
    if text.is_empty() {
        return Err("names a file that is empty".into());
    }
    let text = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    Ok(Secret::new(text.ok_or("names a file that holds no token")?.to_owned()))
}

impl Source for WorkloadIdentity {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let http = Http { route: &self.config.route, section: &self.config.section, patience, timeout: self.config.timeout, log: &self.config.log };
        let endpoint = self.provider.token_endpoint(&http)?;
        let token = self.token()?;
        let reply = http.post_form(&endpoint, &[], || Ok(self.form(&token)))?;
        token_reply::token(&reply, &[token.expose()], &self.config.section).map_err(|error| match error {
            Error::SignInRefused { who, words, section, .. } => {
                let advice = "Check TokenClientId, TokenTenant and TokenScope in {section}, and whether that client trusts this workload: issuer, \
                              subject and audience of its token.";
                Error::SignInRefused { who, words, advice, section }
            }
            error => error,
        })
    }

    fn identity(&self) -> Identity {
        let [token, discovery] = self.provider.parts();
        let route = &self.config.route;
        Identity::of(&[
            Some("workload-identity"),
            token,
            discovery,
            self.client_id.as_deref(),
            Some(&self.file.0.to_string_lossy()),
            self.scope.as_deref(),
            // In an exchange the file says who it is, and other machines may have one of that name.
            (self.grant == Grant::Exchange).then(machine::name).as_deref(),
            route.proxy.as_deref(),
            route.ca_file.as_ref().map(|file| file.to_string_lossy()).as_deref(),
        ])
    }

    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(Self::of(Arc::clone(&self.config), self.workspace.as_ref())?.identity() == *identity)
    }

    fn who(&self) -> String {
        self.provider.host()
    }
}
