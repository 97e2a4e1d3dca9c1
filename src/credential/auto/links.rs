//! The links of a chain: one table, in the order in which they are asked. First what the settings name, then what the environment
//! and the machine bring along, last whoever has to sign in.
//!
//! A link is set up where what it needs is there; whether that is any good is found out by asking.

use crate::config::resolve::{Config, SecretPlace};
use crate::credential::databricks::Workspace;
use crate::credential::person::has_browser;
use crate::credential::{az, child, databricks_cli, managed_identity, workload_identity};
use crate::environment;
use std::any::Any;
use std::path::PathBuf;

/// One row of the table.
pub struct Link {
    /// In messages.
    pub name: &'static str,
    /// The word of `TokenSource` that it stands for.
    pub source: &'static str,
    /// What it lacks, in a few words: all of them must fit into one message.
    pub missing: fn(&Config, Option<&Workspace>) -> Option<String>,
    /// The configuration that it uses.
    pub config: fn(&Config, Option<&Workspace>) -> Config,
}

const fn link(name: &'static str, missing: fn(&Config, Option<&Workspace>) -> Option<String>) -> Link {
    Link { name, source: name, missing, config: as_it_is }
}

fn as_it_is(config: &Config, _: Option<&Workspace>) -> Config {
    config.clone()
}

/// Every link.
pub const LINKS: &[Link] = &[
    link("client-credentials", |config, _| client_of_settings(config)),
    link("command", |config, _| administrators(config, config.command.is_some(), "no TokenCommand")),
    link("file", |config, _| administrators(config, config.file.is_some(), "no TokenFile")),
    link("env", |config, _| administrators(config, config.variable.is_some(), "no TokenEnv")),
    link("callback", |config, _| unless(config.callback.is_some(), "no provider")),
    Link { name: "environment", source: "client-credentials", missing: client_of_environment, config: with_client_of_environment },
    Link { config: of_workload, ..link("workload-identity", |config, workspace| workload_identity::missing(&of_workload(config, None), workspace)) },
    Link { config: of_machine, ..link("managed-identity", managed_identity::missing) },
    link("azure-cli", |config, _| azure_cli(config)),
    link("databricks-cli", databricks_cli::missing),
    link("authorization-code", |config, workspace| person(config, workspace.is_some()).or_else(|| unless(has_browser(), "no browser"))),
    link("device-code", |config, _| person(config, false)),
];

/// Lets no other thread at what is kept until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    az::hold()
}

/// `reason`, unless what it speaks of is there.
fn unless(is_there: bool, reason: &str) -> Option<String> {
    (!is_there).then(|| reason.to_owned())
}

fn client_of_settings(config: &Config) -> Option<String> {
    unless(config.client_id.is_some(), "no TokenClientId")
        .or_else(|| unless(config.client_secret.is_some() || config.certificate.is_some(), "no client secret"))
}

/// What runs or reads what it is told to is never at a connection string's word.
fn administrators(config: &Config, is_set: bool, reason: &str) -> Option<String> {
    unless(is_set, reason).or_else(|| unless(!config.is_of_string, "not in a connection string"))
}

/// In place of a secret.
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";

/// The variables of azure-identity's EnvironmentCredential, or of Databricks' SDKs: id, secret, tenant.
fn variables(workspace: Option<&Workspace>) -> (&'static str, &'static str, Option<&'static str>) {
    match workspace {
        Some(_) => ("DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET", None),
        None => ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", Some("AZURE_TENANT_ID")),
    }
}

fn client_of_environment(config: &Config, workspace: Option<&Workspace>) -> Option<String> {
    let (id, secret, tenant) = variables(workspace);
    let is_set =
        |name: &str| environment::text(name).is_some() || name == secret && workspace.is_none() && environment::variable(CERTIFICATE).is_some();
    let missing = [Some(id), Some(secret), tenant].into_iter().flatten().find(|name| !is_set(name));
    if let Some(name) = missing {
        return Some(format!("no {name}"));
    }
    if workspace.is_some() {
        return None;
    }
    // A secret of Entra's goes to Entra only.
    let is_entra = config.endpoint.is_none() && config.discovery.is_none();
    unless(is_entra, "it is Entra's").or_else(|| unless(config.scope.is_some(), "no TokenScope"))
}

fn with_client_of_environment(config: &Config, workspace: Option<&Workspace>) -> Config {
    let (id, secret, tenant) = variables(workspace);
    let has_secret = environment::variable(secret).is_some();
    Config {
        client_id: environment::text(id),
        client_secret: has_secret.then(|| SecretPlace::Environment(secret.to_owned())),
        certificate: if has_secret { None } else { environment::variable(CERTIFICATE).map(PathBuf::from) },
        secret_by_string: false,
        tenant: tenant.map_or_else(|| config.tenant.clone(), environment::text),
        tenant_by_string: tenant.is_none() && config.tenant_by_string,
        ..config.clone()
    }
}

fn of_workload(config: &Config, _: Option<&Workspace>) -> Config {
    Config { client_id: config.client_id.clone().or_else(|| config.identity_client.clone()), ..config.clone() }
}

/// The variable that says which identity is the process's own is azure-identity's default for a machine that has several, too.
fn of_machine(config: &Config, workspace: Option<&Workspace>) -> Config {
    let config = of_workload(config, workspace);
    match environment::text("AZURE_CLIENT_ID") {
        Some(id) if config.client_id.is_none() && managed_identity::may_choose() => Config { client_id: Some(id), client_id_is_msi: false, ..config },
        _ => config,
    }
}

fn azure_cli(config: &Config) -> Option<String> {
    unless(config.scope.is_some(), "no TokenScope")
        .or_else(|| unless(child::on_path("az").is_some(), "no az on PATH"))
        .or_else(|| unless(az::is_signed_in(), "nobody is signed in"))
}

/// `knows_provider`: there is one where nothing is set.
fn person(config: &Config, knows_provider: bool) -> Option<String> {
    if config.public_client.is_some() {
        return None;
    }
    let has_provider = knows_provider || config.endpoint.is_some() || config.discovery.is_some() || config.tenant.is_some();
    unless(config.client_id.is_some(), "no TokenClientId").or_else(|| unless(has_provider, "no TokenTenant or TokenDiscovery"))
}
