//! Where people sign in to a Databricks workspace, and for what.
//!
//! Source: "OAuth Integration guide for Cloud-Based Partners with Databricks", V 1.2.3, section "Configuration and endpoints for
//! U2M".

use crate::config::resolve::Config;
use crate::config::workspaces::{self, Cloud};
use crate::credential::databricks::Workspace;
use crate::error::Error;

/// As far as it is known.
#[derive(Debug, PartialEq, Eq)]
pub struct People {
    /// Where the workspace tells its endpoints.
    pub discovery: Option<String>,
    /// The scope, where the settings name none.
    pub scope: Option<&'static str>,
}

/// What `workspace` has for people; nothing where an administrator says where they sign in and its cloud is unknown.
///
/// # Errors
/// Nobody says where.
pub fn people(workspace: &Workspace, config: &Config) -> Result<People, Error> {
    let is_set = config.discovery.is_some() || config.tenant.is_some();
    let host = match workspace.host(&config.section) {
        Err(_) if is_set && matches!(workspace.host, Ok(None)) => return Ok(People { discovery: None, scope: None }),
        host => host?,
    };
    match scope(host) {
        None if !is_set => {
            let problem = format!("is missing: people sign in to Databricks in AWS and Azure by what {host} tells, which is in neither");
            Err(Error::bad(&config.section, "TokenDiscovery", problem))
        }
        None => Ok(People { discovery: None, scope: None }),
        scope => Ok(People { discovery: Some(format!("https://{host}/oidc/.well-known/openid-configuration")), scope }),
    }
}

/// The scope that the guide wants, and `None` where it says nothing of people.
fn scope(host: &str) -> Option<&'static str> {
    match workspaces::cloud(host)? {
        Cloud::Aws => Some("sql offline_access"),
        Cloud::Azure(_) => Some("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/user_impersonation offline_access"),
        Cloud::Google => None,
    }
}
