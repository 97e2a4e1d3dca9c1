//! Where a token may go. A connection string can come from anyone who may type one; it must not be able to send
//! this machine's token or secret to a host of theirs, or in the clear.

mod harmful;

use super::encryption::{self, Attributes};
use super::profiles::{self, Profile};
use crate::config::settings::Settings;
use crate::error::{Error, quoted};
use harmful::{HARMFUL, Harmful};
use std::iter;
use std::sync::Arc;

/// Keywords by which a driver of any profile names its server: not the profile's own alone, for a connection string may name another
/// profile. Where they are empty these take the DSN's server away: psqlodbc and Microsoft's driver turn to this machine then, where
/// anybody may listen, and psqlodbc without encryption.
const SERVER_KEYWORDS: &[&str] = &["Host", "HostName", "Server", "ServerName", "Address", "Addr", "Network Address"];
/// Whose certificate is taken for the server's, DataDirect's short form among them: perhaps that of every name below a domain.
const CERTIFICATE_KEYWORDS: &[&str] = &["HostNameInCertificate", "HNIC"];
/// Other keywords that name a server; the first three are DataDirect's, for Oracle and for ASE.
const FURTHER_HOST_KEYWORDS: &[&str] = &["SRVR", "NetworkAddress", "NA", "Failover_Partner", "TCP", "Hostaddr", "Socket", "URL", "Endpoint", "DBQ"];

/// All of them.
fn host_keywords() -> impl Iterator<Item = &'static str> {
    [SERVER_KEYWORDS, CERTIFICATE_KEYWORDS, FURTHER_HOST_KEYWORDS].into_iter().flatten().copied()
}

/// By these the drivers whose services have a provider of their own name the host.
const SERVICE_KEYWORDS: &[&str] = &["Host", "Server", "ServerName"];
/// By these a driver names a proxy (the second is DataDirect's short form), which sees what is not encrypted.
const PROXY_KEYWORDS: &[&str] = &["ProxyHost", "PXHN", "Proxy", "HTTPS_Proxy_Host"];

/// The host of the service, for messages and for a Databricks endpoint; `None` where nothing names one.
///
/// # Errors
/// The name has characters that no host has: it could lead a URL somewhere else.
pub fn host(settings: &Settings) -> Result<Option<String>, Error> {
    let Some(setting) = settings.first_of(SERVICE_KEYWORDS) else { return Ok(None) };
    let host = bare(&setting.value);
    if host.is_empty() || !is_plain(&host) {
        return Err(Error::bad(setting.origin, "Host", "has characters that no host name has"));
    }
    Ok(Some(host))
}

/// The same, of the sections alone.
pub fn host_of_sections(settings: &Settings) -> Option<String> {
    let mut named = SERVICE_KEYWORDS.iter().filter_map(|keyword| settings.in_sections(keyword));
    named.find(|setting| !setting.value.is_empty()).map(|setting| bare(&setting.value))
}

/// Refuses to send a token to a host that only the connection string names, unless the driver's own profile or
/// `TokenAllowedHosts` knows it; and over a connection whose encryption is switched off.
///
/// `attributes` are those that the application set; `real_driver` is the real driver's file; `section` is named in advice.
///
/// # Errors
/// 28000, with the key that would allow it.
pub fn check(settings: &Settings, attributes: &Attributes, profile: &Profile, real_driver: &str, section: &str) -> Result<(), Error> {
    let drivers_own = profiles::of_sections(settings, real_driver);
    check_data_source(settings)?;
    check_options(settings, section)?;
    check_hosts(settings, drivers_own, section)?;
    // Almost always they are one and the same.
    let mut profiles = iter::once(profile).chain(drivers_own.filter(|own| own.name != profile.name));
    profiles.try_for_each(|profile| encryption::check(settings, attributes, profile, real_driver, section))
}

/// Drivers and driver managers differ on which of two data sources they read, and either may name a server: it must be the one
/// that the settings come from. unixODBC takes the last `DSN`, be it empty, and knows no keyword with a blank behind it; iODBC none with
/// a blank before it. Driver managers take out the `FILEDSN` that they have read.
///
/// # Errors
/// 28000, with the other one's name.
pub fn check_data_source(settings: &Settings) -> Result<(), Error> {
    let named = || settings.string().pairs().iter().filter(|pair| pair.is_any(&["DSN", "DRIVER"]));
    let first = settings.named();
    for knows in [|name: &str| !name.ends_with(' '), |name: &str| !name.ends_with(' ') && !name.starts_with(' ')] {
        let theirs = named().find(|pair| pair.raw.decode().split_once('=').is_some_and(|(name, _)| knows(name)));
        if let Some(other) = theirs.filter(|theirs| first.is_some_and(|first| !Arc::ptr_eq(first, theirs))) {
            let keyword = if other.is("DSN") { "DSN" } else { "DRIVER" };
            return Err(Error::SecondDataSource { keyword, name: quoted(&other.value, &[]) });
        }
    }
    // unixODBC takes the last of two.
    let driver = first.filter(|pair| pair.is("DRIVER"));
    if let Some(other) = driver.and_then(|first| named().find(|pair| pair.is("DRIVER") && pair.value != first.value)) {
        return Err(Error::SecondDataSource { keyword: "DRIVER", name: quoted(&other.value, &[]) });
    }
    let first_dsn = first.filter(|pair| pair.is("DSN")).map(|pair| pair.value.as_str());
    let counts = |name: &str| first_dsn.map_or(name.is_empty(), |first| first.eq_ignore_ascii_case(name));
    let second = settings.every_reading("DSN").find(|name| !counts(name));
    let second = second.map(|name| ("DSN", name)).or_else(|| settings.every_reading("FILEDSN").last().map(|name| ("FILEDSN", name)));
    second.map_or(Ok(()), |(keyword, name)| Err(Error::SecondDataSource { keyword, name: quoted(name, &[]) }))
}

fn check_options(settings: &Settings, section: &str) -> Result<(), Error> {
    for Harmful { keywords, is_harmful, harm } in HARMFUL {
        for &keyword in *keywords {
            // A driver's completed string repeats what the DSN says.
            let administrators = settings.in_sections(keyword).map(|setting| setting.value);
            let is_harmful = |value| is_harmful(value) && administrators.as_deref() != Some(value);
            if settings.every_reading(keyword).any(is_harmful) {
                return Err(Error::OptionsNotAllowed { keyword, harm, section: section.into() });
            }
        }
    }
    Ok(())
}

fn check_hosts(settings: &Settings, profile: Option<&Profile>, section: &str) -> Result<(), Error> {
    let allowed = settings.in_sections("TokenAllowedHosts").map(|setting| setting.value).unwrap_or_default();
    let suffixes = profile.map_or(&[][..], |profile| profile.hosts);
    let known = |host: &str| {
        (is_plain(host) && suffixes.iter().any(|suffix| host.len() > suffix.len() && host.ends_with(suffix)))
            || allowed.split(',').any(|pattern| matches(&bare(pattern), host))
    };
    let may_be_here = sections_stay_here(settings);
    // Whatever way the driver reads the string: none of the hosts it could see may be a stranger.
    for keyword in host_keywords() {
        let takes_away = !may_be_here && SERVER_KEYWORDS.contains(&keyword);
        for value in settings.every_reading(keyword) {
            let instead = (takes_away && hosts(value).next().is_none()).then(|| "localhost".to_owned());
            for host in hosts(value).chain(instead) {
                let fixed = host_keywords().any(|keyword| settings.in_sections(keyword).is_some_and(|setting| bare(&setting.value) == host));
                let any = host.strip_prefix("*.").filter(|_| CERTIFICATE_KEYWORDS.contains(&keyword)).map(|domain| format!("any.{domain}"));
                if !fixed && !known(any.as_ref().unwrap_or(&host)) {
                    return Err(Error::HostNotAllowed { host: quoted(&host, &[]), section: section.into() });
                }
            }
        }
    }
    Ok(())
}

/// Whether the connection does not leave this machine: neither the string nor a section names another, nor a proxy elsewhere.
pub fn stays_here(settings: &Settings) -> bool {
    let in_string = |keyword| settings.every_reading(keyword).all(is_of_here);
    let proxies_stay = PROXY_KEYWORDS.iter().all(|keyword| settings.in_sections(keyword).is_none_or(|setting| is_of_here(&setting.value)));
    host_keywords().chain(PROXY_KEYWORDS.iter().copied()).all(in_string) && sections_stay_here(settings) && proxies_stay
}

fn sections_stay_here(settings: &Settings) -> bool {
    host_keywords().all(|keyword| settings.in_sections(keyword).is_none_or(|setting| is_of_here(&setting.value)))
}

/// Whether a server's name is this machine's.
fn is_of_here(value: &str) -> bool {
    hosts(value).all(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || host.starts_with('/') || address.is_ok_and(|address| address.is_loopback())
    })
}

/// The hosts in a server's name, some of which have a list of them; a port after a comma is none. What has no
/// host's form (a pipe, a number that an IPv4 address may be written as) is one all the same: a stranger.
fn hosts(value: &str) -> impl Iterator<Item = String> {
    let is_host = |(index, piece): &(usize, &str)| !piece.trim().is_empty() && (*index == 0 || !is_port(piece.trim()));
    value.split(',').enumerate().filter(is_host).map(|(_, piece)| {
        let host = bare(piece);
        if host.is_empty() { piece.trim().to_owned() } else { host }
    })
}

/// Whether this is a name or an IPv4 address and nothing else: no path, no user, nothing that a URL could begin with.
fn is_plain(host: &str) -> bool {
    host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
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
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// `*.example.com` stands for every host below it, but not for `example.com`.
fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => suffix.starts_with('.') && is_plain(host) && host.len() > suffix.len() && host.ends_with(suffix),
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
