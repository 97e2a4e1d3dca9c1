//! Azure's managed identities: the machine itself, or the service that runs this process, signs in, and nobody keeps a secret.
//!
//! Source: "How managed identities for Azure resources work with virtual machines", "… for App Service and Azure Functions" and "… with
//! Azure Arc-enabled servers" of Microsoft; what they leave open is done as azure-identity does it.

mod arc;
mod service;

pub use service::may_choose;

use super::databricks::{self, Workspace};
use super::{Source, machine, workload_identity};
use crate::config::resolve::Config;
use crate::error::Error;
use crate::oauth::http::{Ask, Http, Reply};
use crate::oauth::token_reply;
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use service::{Kind, OBJECT_ID, Service};
use std::fs;
use std::sync::Arc;
use url::Url;
use zeroize::Zeroizing;

/// A managed identity of this machine's.
pub struct ManagedIdentity {
    config: Arc<Config>,
    service: Service,
    resource: String,
    /// Which identity, where there are several.
    id: Option<String>,
}

/// What the environment says: as in azure-identity, where a pod of Kubernetes has an identity of its own, it is that one, and not
/// that of the machine below.
///
/// # Errors
/// What is missing, or cannot be.
pub fn of(config: Arc<Config>, workspace: Option<&Workspace>) -> Result<Box<dyn Source>, Error> {
    if service::is_pod() {
        return Ok(Box::new(workload_identity::WorkloadIdentity::of(config, workspace)?));
    }
    let resource = resource(&config, workspace)?;
    let service = Service::of_environment(&config.section)?;
    let is_object = config.client_id_is_msi && service.kind != Kind::AppService;
    let id = config.client_id.as_ref().map(|id| if is_object { format!("{OBJECT_ID}{id}") } else { id.clone() });
    service.parameters(&resource, id.as_deref(), &config.section)?;
    Ok(Box::new(ManagedIdentity { config, service, resource, id }))
}

/// What is not there that a managed identity needs, in a few words. Nobody is asked for it.
pub fn missing(config: &Config, workspace: Option<&Workspace>) -> Option<String> {
    if service::is_named() || service::is_pod() || is_machine_of_azures() {
        return resource(config, workspace).is_err().then(|| "no TokenScope".into());
    }
    Some("no machine of Azure's".into())
}

/// As the firmware of Azure's virtual machines has it.
fn is_machine_of_azures() -> bool {
    fs::read("/sys/class/dmi/id/chassis_asset_tag").is_ok_and(|tag| tag.trim_ascii() == b"7783-7084-3265-9085-8269-3286-77")
}

/// The v2 scope of a resource is the resource and `/.default`.
fn resource(config: &Config, workspace: Option<&Workspace>) -> Result<String, Error> {
    let databricks = workspace.filter(|workspace| workspace.is_in_azure()).map(|_| databricks::ENTRA.scope);
    let scope = config.scope.as_deref().or(databricks);
    let scope = scope.ok_or_else(|| Error::bad(&config.section, "TokenScope", "is missing, which managed-identity needs with this driver"))?;
    if scope.is_empty() || scope.contains(char::is_whitespace) {
        return Err(Error::bad(
            &config.section,
            "TokenScope",
            "must be one scope for managed-identity, such as https://database.windows.net/.default",
        ));
    }
    Ok(scope.strip_suffix("/.default").unwrap_or(scope).to_owned())
}

impl ManagedIdentity {
    fn ask(&self, http: &Http<'_>, more: Option<Zeroizing<String>>) -> Result<(Reply, Option<String>), Error> {
        let parameters = self.service.parameters(&self.resource, self.id.as_deref(), &self.config.section)?;
        let mut url = self.service.url.clone();
        let form = match self.service.kind {
            Kind::CloudShell => Some(parameters),
            _ => {
                url.set_query(Some(&parameters));
                None
            }
        };
        let mut headers: Vec<_> = self.service.headers().into_iter().collect();
        headers.extend(more.map(|value| ("authorization", value, "the key of Azure Arc")));
        http.here(Ask { url: &url, headers: &headers, form, passes: self.service.kind.passes() })
    }

    /// In words that speak of managed identities.
    fn told(&self, error: Error) -> Error {
        let section = self.config.section.clone();
        let who = self.who();
        match error {
            Error::SignInRefused { words, .. } if words.contains("unreachable") => Error::ProviderUnreachable {
                who,
                words,
                advice: "Here is no managed identity that this process could use: choose another TokenSource in {section}.",
                section,
                again_after: None,
            },
            Error::SignInRefused { words, .. } => Error::SignInRefused {
                who,
                words,
                advice: "Give this machine of Azure's a managed identity, or check TokenClientId and TokenScope in {section}; elsewhere choose another TokenSource.",
                section,
            },
            Error::ProviderUnreachable { words, again_after: None, .. } => Error::ProviderUnreachable {
                who,
                words,
                advice: "Only machines and services of Azure's have managed identities: elsewhere choose another TokenSource in {section}.",
                section,
                again_after: None,
            },
            Error::ProviderUnreachable { words, again_after, .. } => {
                let advice = "It is busy or out of order: try again later.";
                Error::ProviderUnreachable { who, words, advice, section, again_after }
            }
            Error::BadReply { problem, .. } => Error::BadReply { who, problem, key: "TokenSource", section },
            error => error,
        }
    }
}

impl Source for ManagedIdentity {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        let http = Http { route: &self.config.route, section: &self.config.section, patience, timeout: self.config.timeout, log: &self.config.log };
        let (mut reply, challenge) = self.ask(&http, None).map_err(|error| self.told(error))?;
        let mut key = None;
        if let (Kind::Arc, 401, challenge) = (self.service.kind, reply.status, challenge) {
            let bad = |problem| Error::BadReply { who: self.who(), problem, key: "TokenSource", section: self.config.section.clone() };
            let secret = key.insert(arc::key(challenge.as_deref()).map_err(bad)?);
            let basic = Zeroizing::new(format!("Basic {}", secret.expose()));
            (reply, _) = self.ask(&http, Some(basic)).map_err(|error| self.told(error))?;
        }
        let hidden: Vec<&str> = self.service.secret.iter().chain(&key).map(|secret| secret.expose()).collect();
        token_reply::token(&reply, &hidden, &self.config.section).map_err(|error| self.told(error))
    }

    fn identity(&self) -> Identity {
        let parameters = self.service.parameters(&self.resource, self.id.as_deref(), &self.config.section);
        identity(&self.service.url, parameters.ok().as_deref(), self.id.as_deref(), &machine::name())
    }

    fn is_current(&self, _: &Identity) -> Result<bool, Error> {
        Ok(!service::is_pod() && Service::of_environment(&self.config.section)? == self.service)
    }

    fn who(&self) -> String {
        format!("the managed identity service at {}", self.service.url.host_str().unwrap_or_default())
    }
}

/// Every machine asks for its tokens at the same address: which identity answers there only `id` says.
fn identity(url: &Url, parameters: Option<&str>, id: Option<&str>, machine: &str) -> Identity {
    let machine = id.is_none().then_some(machine);
    Identity::of(&[Some("managed-identity"), Some(url.as_str()), parameters, machine])
}

/// A URL of such a service: as far as the machine and its link, plain http does; a name of any other host must have a certificate.
///
/// # Errors
/// What is wrong with the URL, in words that go on where its variable ends.
fn near(text: &str) -> Result<Url, String> {
    let bad = |problem| Err(format!("in the environment {problem}"));
    let Ok(url) = Url::parse(text) else { return bad("is no URL") };
    let on_link = matches!(url.host(), Some(url::Host::Ipv4(address)) if address.is_link_local());
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => bad("has a user or a password in it"),
        "https" => Ok(url),
        "http" if on_link || crate::oauth::provider::is_loopback(&url) => Ok(url),
        _ => bad("must be https, or http on loopback or at 169.254.0.0/16"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_of_one_machine_is_no_other_machines_but_one_that_is_named_is() {
        let url = Url::parse("http://169.254.169.254/metadata/identity/oauth2/token").expect("a URL");
        let of = |id, machine| identity(&url, Some("resource=r"), id, machine);
        assert!(of(None, "one") != of(None, "other") && of(None, "one") == of(None, "one"));
        assert!(of(Some("id"), "one") == of(Some("id"), "other"));
    }

    #[test]
    fn plain_http_goes_as_far_as_the_link() {
        for good in
            ["http://169.254.169.254", "http://169.254.130.4:8081/msi/token", "http://localhost:40342/x", "http://127.0.0.1", "http://[::1]/x"]
        {
            assert!(near(good).is_ok(), "{good}");
        }
        assert!(near("https://identity.example.com/token").is_ok());
        for bad in
            ["http://10.0.0.1", "http://169.255.0.1", "http://identity.example.com", "http://a:b@127.0.0.1", "ftp://127.0.0.1", "127.0.0.1", ""]
        {
            assert!(near(bad).is_err(), "{bad}");
        }
    }
}
