//! Where Databricks takes a service principal's sign-in, and in which form.
//!
//! Source: "OAuth Integration guide for Cloud-Based Partners with Databricks", V 1.2.3, sections "Identify Databricks
//! is in which cloud" and "Use ServicePrincipal credentials to get a token".

use crate::config::resolve::{ClientAuth, Config};
use crate::error::Error;

/// What a service principal's token request looks like in one cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The token URL.
    pub endpoint: String,
    /// The scope, where the settings name none.
    pub scope: &'static str,
    /// Where id and secret go.
    pub auth: ClientAuth,
    /// Headers the guide lists, beside Authorization and Content-Type.
    pub headers: &'static [(&'static str, &'static str)],
}

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

    /// Where it takes a service principal's sign-in; `None` where an administrator says so and its cloud is unknown.
    ///
    /// # Errors
    /// Nobody says where.
    pub fn service(&self, config: &Config) -> Result<Option<Service>, Error> {
        let is_set = config.endpoint.is_some() || config.discovery.is_some();
        match (self.host(&config.section), is_set) {
            (Ok(host), _) => match service(host) {
                None if !is_set => Err(Error::CloudNotSupported { host: host.to_owned(), section: config.section.clone() }),
                service => Ok(service),
            },
            (Err(_), true) if matches!(self.host, Ok(None)) => Ok(None),
            (Err(error), _) => Err(error),
        }
    }
}

/// A cloud's hosts, path, scope and form of request.
struct Cloud {
    suffixes: &'static [&'static str],
    path: &'static str,
    scope: &'static str,
    auth: ClientAuth,
    headers: &'static [(&'static str, &'static str)],
}

const CLOUDS: &[Cloud] = &[
    Cloud {
        suffixes: &[".azuredatabricks.net", ".databricks.azure.cn", ".databricks.azure.us"],
        path: "/oidc/oauth2/v2.0/token",
        scope: "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default",
        auth: ClientAuth::Post,
        headers: &[],
    },
    Cloud {
        suffixes: &[".cloud.databricks.com"],
        path: "/oidc/v1/token",
        scope: "all-apis",
        auth: ClientAuth::Basic,
        headers: &[("accept", "application/json"), ("cache-control", "no-cache")],
    },
];

/// The service behind `host`; `None` in any other cloud.
fn service(host: &str) -> Option<Service> {
    let cloud = CLOUDS.iter().find(|cloud| cloud.suffixes.iter().any(|suffix| host.ends_with(suffix)))?;
    Some(Service { endpoint: format!("https://{host}{}", cloud.path), scope: cloud.scope, auth: cloud.auth, headers: cloud.headers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cloud_is_known_by_the_hosts_suffix() {
        for (host, endpoint, auth) in [
            ("dbc-1.cloud.databricks.com", "https://dbc-1.cloud.databricks.com/oidc/v1/token", ClientAuth::Basic),
            ("adb-1.2.azuredatabricks.net", "https://adb-1.2.azuredatabricks.net/oidc/oauth2/v2.0/token", ClientAuth::Post),
            ("adb-1.databricks.azure.cn", "https://adb-1.databricks.azure.cn/oidc/oauth2/v2.0/token", ClientAuth::Post),
            ("adb-1.databricks.azure.us", "https://adb-1.databricks.azure.us/oidc/oauth2/v2.0/token", ClientAuth::Post),
        ] {
            let service = service(host).expect(host);
            assert_eq!((service.endpoint.as_str(), service.auth), (endpoint, auth));
        }
    }

    #[test]
    fn any_other_host_is_in_no_cloud() {
        for host in ["x.gcp.databricks.com", "cloud.databricks.com", "xcloud.databricks.com", "example.com", "", "x.cloud.databricks.com.evil.org"] {
            assert_eq!(service(host), None, "{host}");
        }
    }
}
