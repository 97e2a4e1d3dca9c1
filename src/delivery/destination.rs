//! Where a token may go. A connection string can come from anyone who may type one; it must not be able to send
//! this machine's token or secret to a host of theirs, or in the clear.

use super::profiles::{self, Profile, file_name};
use crate::config::resolve;
use crate::config::settings::{Origin, Settings};
use crate::error::{Error, quoted};

/// Every keyword by which a driver of any profile names its server. The union, not the profile's own: a connection
/// string may name another profile.
const HOST_KEYWORDS: &[&str] =
    &["Host", "HostName", "Server", "ServerName", "Address", "Addr", "Network Address", "Failover_Partner", "TCP", "Hostaddr", "Socket"];

/// Keywords that carry options of the driver's client library (`D5` is psqlodbc's short form), and parts of those
/// options that lead elsewhere: another host (libpq takes a URI as well), a file that names one, no encryption.
const OPTION_KEYWORDS: &[&str] = &["pqopt", "D5", "ServerOptions"];
const LEADS_ELSEWHERE: &[&str] = &["host", "service", "://", "sslmode", "requiressl"];

/// The host of the service, for messages and for a Databricks endpoint; `None` where nothing names one.
///
/// # Errors
/// The name has characters that no host has: it could lead a URL somewhere else.
pub fn host(settings: &Settings) -> Result<Option<String>, Error> {
    let Some(setting) = settings.first_of(&["Host", "Server", "ServerName"]) else { return Ok(None) };
    let host = bare(&setting.value);
    if host.is_empty() || !is_plain(&host) {
        return Err(Error::Setting { section: setting.origin.to_string(), key: "Host", problem: "has characters that no host name has".into() });
    }
    Ok(Some(host))
}

/// Refuses to send a token to a host that only the connection string names, unless the driver's own profile or
/// `TokenAllowedHosts` knows it; and over a connection whose encryption is switched off.
///
/// `real_driver` is the real driver's file; `section` is named in advice.
///
/// # Errors
/// 28000, with the key that would allow it.
pub fn check(settings: &Settings, profile: &Profile, real_driver: &str, section: &str) -> Result<(), Error> {
    let drivers_own = profiles::of_sections(settings, real_driver);
    check_data_source(settings)?;
    check_options(settings, section)?;
    check_hosts(settings, drivers_own, section)?;
    [Some(profile), drivers_own].into_iter().flatten().try_for_each(|profile| check_encryption(settings, profile, real_driver, section))
}

/// Drivers differ on which of two data sources they read, and either may name a server: it must be the one that the
/// settings come from. Driver managers take out the `FILEDSN` that they have read.
fn check_data_source(settings: &Settings) -> Result<(), Error> {
    let string = settings.string();
    let first = string.pairs().iter().find(|pair| pair.is_any(&["DSN", "DRIVER"]));
    let counts = |name: &String| first.is_some_and(|pair| pair.is("DSN") && pair.value.eq_ignore_ascii_case(name));
    let second = string.every_reading("DSN").into_iter().find(|name| !name.is_empty() && !counts(name));
    let second = second.map(|name| ("DSN", name)).or_else(|| string.every_reading("FILEDSN").pop().map(|name| ("FILEDSN", name)));
    second.map_or(Ok(()), |(keyword, name)| Err(Error::SecondDataSource { keyword, name: quoted(&name, &[]) }))
}

fn check_options(settings: &Settings, section: &str) -> Result<(), Error> {
    for keyword in OPTION_KEYWORDS {
        let leads_elsewhere = |value: &String| LEADS_ELSEWHERE.iter().any(|part| value.to_ascii_lowercase().contains(part));
        if settings.string().every_reading(keyword).iter().any(leads_elsewhere) {
            return Err(Error::OptionsNotAllowed { keyword, section: section.into() });
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
    // Whatever way the driver reads the string: none of the hosts it could see may be a stranger.
    for value in HOST_KEYWORDS.iter().flat_map(|keyword| settings.string().every_reading(keyword)) {
        for host in hosts(&value) {
            let fixed = HOST_KEYWORDS.iter().any(|keyword| settings.in_sections(keyword).is_some_and(|setting| bare(&setting.value) == host));
            if !fixed && !known(&host) {
                return Err(Error::HostNotAllowed { host: quoted(&host, &[]), section: section.into() });
            }
        }
    }
    Ok(())
}

fn check_encryption(settings: &Settings, profile: &Profile, real_driver: &str, section: &str) -> Result<(), Error> {
    if resolve::yes(settings, "TokenAllowUnencrypted")? {
        return Ok(());
    }
    let file = file_name(real_driver).to_ascii_lowercase();
    for switch in profile.unencrypted.iter().filter(|switch| file.contains(switch.file)) {
        let mut in_string = settings.string().every_reading(switch.keyword);
        in_string.extend(as_written(settings, switch.keyword));
        let set = in_string.into_iter().find(|value| (switch.is_off)(value)).map(|value| (value, Origin::ConnectionString));
        // A string that sets the keyword itself overrides the DSN's; one that is empty there says nothing.
        let below = || settings.get(switch.keyword).filter(|setting| !setting.value.is_empty() && (switch.is_off)(&setting.value));
        if let Some((value, origin)) = set.or_else(|| below().map(|setting| (setting.value, setting.origin))) {
            let setting = format!("{}={} of {origin}", switch.keyword, quoted(&value, &[]));
            return Err(Error::Unencrypted { setting, section: section.into() });
        }
    }
    let mut must_be_set = profile.unencrypted.iter().filter(|switch| switch.must_be_set && file.contains(switch.file)).peekable();
    match must_be_set.peek().map(|switch| switch.keyword) {
        Some(keyword) if must_be_set.all(|switch| settings.first_of(&[switch.keyword]).is_none()) && !stays_here(settings) => {
            Err(Error::EncryptionUnset { keyword, section: section.into() })
        }
        _ => Ok(()),
    }
}

/// Whether the connection does not leave this machine.
fn stays_here(settings: &Settings) -> bool {
    let in_string: Vec<String> = HOST_KEYWORDS.iter().flat_map(|keyword| settings.string().every_reading(keyword)).collect();
    let in_sections = || HOST_KEYWORDS.iter().filter_map(|keyword| settings.in_sections(keyword)).map(|setting| setting.value).collect();
    let named: Vec<String> = if in_string.is_empty() { in_sections() } else { in_string };
    named.iter().flat_map(|value| hosts(value)).all(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || host.starts_with('/') || address.is_ok_and(|address| address.is_loopback())
    })
}

/// The values of `keyword` with their braces and blanks, as some drivers read them.
fn as_written(settings: &Settings, keyword: &str) -> Vec<String> {
    let string = settings.string().to_text().decode();
    let pairs = string.split(';').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case(keyword)).map(|(_, value)| value.to_owned()).collect()
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
