//! Microsoft Entra: where a tenant's sign-ins are made.

use super::provider::safe;
use crate::config::resolve::Config;
use crate::environment;
use crate::error::Error;

/// Behind a tenant.
pub const TOKEN_PATH: &str = "/oauth2/v2.0/token";
/// The variable by which Microsoft's libraries are told of another cloud than the public one.
const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// The token URL of a tenant: at `AZURE_AUTHORITY_HOST`, if that is set, else in the cloud of the server.
///
/// # Errors
/// The tenant, or the variable, is none.
pub fn token_url(tenant: &str, config: &Config) -> Result<String, Error> {
    if !tenant.starts_with(|c: char| c.is_ascii_alphanumeric()) || !tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
        return Err(Error::bad(&config.section, "TokenTenant", "has characters that no tenant has"));
    }
    let authority = match environment::text(AUTHORITY_HOST) {
        Some(host) => named(&host).map_err(|problem| Error::bad(&config.section, AUTHORITY_HOST, problem))?,
        None => config.authority.to_owned(),
    };
    Ok(format!("{authority}/{tenant}{TOKEN_PATH}"))
}

/// Whether an administrator's secret may go to the cloud of these settings: the connection string has no say in that.
///
/// # Errors
/// Only the server that the string names says which one it is, and `AZURE_AUTHORITY_HOST` says nothing.
pub fn check_cloud(config: &Config) -> Result<(), Error> {
    let said = environment::text(AUTHORITY_HOST).and_then(|host| named(&host).ok());
    // A workspace without a tenant is asked itself, whatever the variable says.
    let is_said = said.is_some_and(|host| config.tenant.is_some() || host == config.authority);
    if !config.authority_by_string || is_said {
        return Ok(());
    }
    Err(Error::CloudNotAllowed { authority: config.authority.trim_start_matches("https://"), section: config.section.clone() })
}

/// `login.example`, `https://login.example` and `https://login.example/` are one.
fn named(host: &str) -> Result<String, String> {
    let url = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let url = safe(&url).map_err(|problem| format!("in the environment {problem}"))?;
    match url.path() {
        "/" if url.query().is_none() && url.fragment().is_none() => Ok(url.as_str().trim_end_matches('/').to_owned()),
        _ => Err("in the environment must be a host, and nothing behind it".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host_that_a_secret_may_go_to() {
        for host in ["login.example", "https://login.example", "https://LOGIN.example/"] {
            assert_eq!(named(host).as_deref(), Ok("https://login.example"), "{host}");
        }
        assert_eq!(named("http://127.0.0.1:8080").as_deref(), Ok("http://127.0.0.1:8080"));
        for host in ["http://login.example", "ftp://login.example", "https://a:b@login.example", "login.example/x", "login.example?x", "a b", ""] {
            assert!(named(host).is_err(), "{host}");
        }
    }
}
