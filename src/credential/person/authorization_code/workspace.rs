//! Where people sign in to a Databricks workspace, and for what.
//!
//! Source: "OAuth Integration guide for Cloud-Based Partners with Databricks", V 1.2.3, section "Configuration and endpoints for
//! U2M".

use crate::config::resolve::Config;
use crate::config::workspaces::{self, Cloud};
use crate::credential::databricks::{TOKEN_PATH, Workspace};
use crate::error::Error;
use url::Url;

/// As far as it is known.
#[derive(Debug, PartialEq, Eq)]
pub struct People {
    /// Where the workspace tells its endpoints.
    pub discovery: Option<String>,
    /// Where it has them itself, beside its own token endpoint.
    pub authorize: Option<Url>,
    /// The scope, where the settings name none.
    pub scope: Option<&'static str>,
}

/// What Databricks itself gives people.
const DATABRICKS: &str = "sql offline_access";

/// What `workspace` has for people; nothing where an administrator says where they sign in and its cloud is unknown.
///
/// # Errors
/// Nobody says where.
pub fn people(workspace: &Workspace, config: &Config) -> Result<People, Error> {
    let is_set = config.discovery.is_some() || config.tenant.is_some();
    let host = match workspace.host(&config.section) {
        Err(_) if is_set && matches!(workspace.host, Ok(None)) => return Ok(People { discovery: None, authorize: None, scope: None }),
        host => host?,
    };
    if let Some(authorize) = config.endpoint.as_deref().filter(|_| config.discovery.is_none()).and_then(|endpoint| beside(endpoint, host)) {
        return Ok(People { discovery: None, authorize: Some(authorize), scope: Some(DATABRICKS) });
    }
    match scope(host) {
        None if !is_set => {
            let problem = format!("is missing: people sign in to Databricks in AWS and Azure by what {host} tells, which is in neither");
            Err(Error::bad(&config.section, "TokenDiscovery", problem))
        }
        None => Ok(People { discovery: None, authorize: None, scope: None }),
        scope => {
            let discovery = format!("https://{host}/oidc/.well-known/openid-configuration");
            Ok(People { discovery: Some(discovery), authorize: None, scope })
        }
    }
}

/// Where people begin to sign in to Databricks itself, if `endpoint` is where the workspace at `host` gives its own tokens.
fn beside(endpoint: &str, host: &str) -> Option<Url> {
    let mut url = Url::parse(endpoint).ok()?;
    let is_its_own = url == Url::parse(&format!("https://{host}{TOKEN_PATH}")).ok()?;
    url.set_path("/oidc/v1/authorize");
    is_its_own.then_some(url)
}

/// The scope that the guide wants, and `None` where it says nothing of people.
fn scope(host: &str) -> Option<&'static str> {
    match workspaces::cloud(host)? {
        Cloud::Aws => Some(DATABRICKS),
        Cloud::Azure(_) => Some("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/user_impersonation offline_access"),
        Cloud::Google => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_sign_in_beside_a_workspaces_own_token_endpoint_and_no_others() {
        let authorize = |endpoint: &str| beside(endpoint, "dbc-1.cloud.databricks.com").map(String::from);
        for endpoint in ["https://dbc-1.cloud.databricks.com/oidc/v1/token", "https://DBC-1.cloud.databricks.com:443/oidc/v1/token"] {
            assert_eq!(authorize(endpoint).as_deref(), Some("https://dbc-1.cloud.databricks.com/oidc/v1/authorize"), "{endpoint}");
        }
        for endpoint in [
            "http://dbc-1.cloud.databricks.com/oidc/v1/token",
            "https://dbc-1.cloud.databricks.com:444/oidc/v1/token",
            "https://dbc-2.cloud.databricks.com/oidc/v1/token",
            "https://dbc-1.cloud.databricks.com/oidc/oauth2/v2.0/token",
            "https://dbc-1.cloud.databricks.com/oidc/v1/token?x",
            "https://a:b@dbc-1.cloud.databricks.com/oidc/v1/token",
            "",
        ] {
            assert_eq!(authorize(endpoint), None, "{endpoint}");
        }
    }
}
