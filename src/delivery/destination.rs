//! Where a token may go. A connection string can come from anyone who may type one; it must not be able to send
//! this machine's token or secret to a host of theirs, or in the clear.

use super::profiles::Profile;
use crate::config::resolve::{self, Config};
use crate::config::settings::{Origin, Settings};
use crate::error::Error;

/// Every keyword by which a driver of any profile names its server. The union, not the profile's own: a connection
/// string may name another profile.
const HOST_KEYWORDS: &[&str] =
    &["Host", "HostName", "Server", "ServerName", "Address", "Addr", "Network Address", "Failover_Partner", "TCP", "Hostaddr"];

/// Keywords that carry options of the driver's client library, a host among them.
const OPTION_KEYWORDS: &[&str] = &["pqopt", "ServerOptions"];

/// The host of the service, for messages and for a Databricks endpoint; `None` where nothing names one.
///
/// # Errors
/// The name has characters that no host has: it could lead a URL somewhere else.
pub fn host(settings: &Settings) -> Result<Option<String>, Error> {
    let Some(setting) = settings.first_of(&["Host", "Server", "ServerName"]) else { return Ok(None) };
    let host = bare(&setting.value);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(Error::Setting { section: setting.origin.to_string(), key: "Host", problem: "has characters that no host name has".into() });
    }
    Ok(Some(host))
}

/// Refuses to send a token to a host that only the connection string names, unless the profile or
/// `TokenAllowedHosts` knows it; and over a connection whose encryption is switched off.
///
/// # Errors
/// 28000, with the key that would allow it.
pub fn check(settings: &Settings, profile: &Profile, config: &Config) -> Result<(), Error> {
    check_hosts(settings, profile, config)?;
    check_encryption(settings, profile, config)
}

fn check_hosts(settings: &Settings, profile: &Profile, config: &Config) -> Result<(), Error> {
    let allowed = settings.in_sections("TokenAllowedHosts").map(|setting| setting.value).unwrap_or_default();
    let known = |host: &str| {
        profile.hosts.iter().any(|suffix| host.len() > suffix.len() && host.ends_with(suffix))
            || allowed.split(',').any(|pattern| matches(&bare(pattern), host))
    };
    let refused = |host: String| Err(Error::HostNotAllowed { host, section: config.section.clone() });
    // Whatever way the driver reads the string: none of the hosts it could see may be a stranger.
    for value in HOST_KEYWORDS.iter().flat_map(|keyword| settings.string().every_reading(keyword)) {
        for host in value.split(',').map(bare).filter(|host| !host.is_empty() && !is_port(host)) {
            let fixed = HOST_KEYWORDS.iter().any(|keyword| settings.in_sections(keyword).is_some_and(|setting| bare(&setting.value) == host));
            if !fixed && !known(&host) {
                return refused(crate::error::quoted(&host, &[]));
            }
        }
    }
    for keyword in OPTION_KEYWORDS {
        if let Some(value) = settings.string().every_reading(keyword).into_iter().find(|value| value.to_ascii_lowercase().contains("host")) {
            return refused(crate::error::quoted(&format!("{keyword}={value}"), &[]));
        }
    }
    Ok(())
}

fn check_encryption(settings: &Settings, profile: &Profile, config: &Config) -> Result<(), Error> {
    if resolve::yes(settings, "TokenAllowUnencrypted")? {
        return Ok(());
    }
    for (keyword, off) in profile.unencrypted {
        let is_off = |value: &str| off.iter().any(|word| word.eq_ignore_ascii_case(value.trim()));
        let in_string = settings.string().every_reading(keyword);
        let set = in_string.into_iter().find(|value| is_off(value)).map(|value| (value, Origin::ConnectionString));
        // A string that sets the keyword itself overrides the DSN's.
        let set = set.or_else(|| settings.get(keyword).filter(|setting| is_off(&setting.value)).map(|setting| (setting.value, setting.origin)));
        if let Some((value, origin)) = set {
            return Err(Error::Unencrypted { setting: format!("{keyword}={} of {origin}", value.trim()), section: config.section.clone() });
        }
    }
    Ok(())
}

/// `tcp:Host.Example.com.,1433` and `host\instance` and `host:5432` are `host.example.com`.
fn bare(value: &str) -> String {
    let value = value.trim().to_ascii_lowercase();
    let value = ["tcp:", "np:", "lpc:", "admin:"].iter().find_map(|prefix| value.strip_prefix(prefix)).unwrap_or(&value);
    let end = value.find(['\\', ',']).unwrap_or(value.len());
    let host = &value[..end];
    // One colon begins a port; more are an IPv6 address.
    let host = match host.split_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    host.trim().trim_end_matches('.').to_owned()
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `*.example.com` stands for every host below it, but not for `example.com`.
fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix),
        None => !pattern.is_empty() && pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_bare_of_protocol_port_instance_and_final_dot() {
        for (value, host) in [
            ("tcp:Srv.database.windows.net,1433", "srv.database.windows.net"),
            ("srv\\SQLEXPRESS", "srv"),
            ("db.example.com.:5432", "db.example.com."),
            ("db.example.com:5432", "db.example.com"),
            ("::1", "::1"),
            (" 127.0.0.1 ", "127.0.0.1"),
            ("x.cloud.databricks.com.", "x.cloud.databricks.com"),
        ] {
            assert_eq!(bare(value), bare(host), "{value}");
        }
    }

    #[test]
    fn a_star_stands_for_every_host_below_a_suffix() {
        assert!(matches("*.example.com", "db.example.com"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*.example.com", "dbexample.com"));
        assert!(!matches("*", "db.example.com"));
        assert!(matches("db.example.com", "db.example.com"));
        assert!(!matches("", ""));
    }
}
