//! Doctor: the way to the identity provider, and what time it is there.

use super::report::Line;
use crate::cli::masked::without_user;
use std::time::{Duration, Instant, SystemTime};
use tokenshim::config::resolve::Config;
use tokenshim::oauth::entra;
use tokenshim::oauth::http::Http;
use tokenshim::oauth::provider::safe;
use tokenshim::sign_in::Account;
use tokenshim::token::patience::{Patience, Tries};
use url::Url;

/// Whoever has not answered by then is as good as away.
const PATIENCE: Duration = Duration::from_secs(10);
/// Beyond it some providers refuse what is signed, and tokens seem to end early.
const SKEW: Duration = Duration::from_secs(30);
/// Beyond it all do.
const GREAT_SKEW: Duration = Duration::from_secs(300);
/// Variables that the HTTP client looks at, in either case.
const PROXIES: [&str; 3] = ["HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Proxy and CA, whether somebody answers, and his clock.
pub fn lines(account: &Account) -> Vec<Line> {
    let config = account.config();
    let Some(url) = url(account) else {
        let who = account.who();
        return vec![Line::ok("provider", format!("TokenSource={} asks {who}, which has no address in the settings: see the token", config.source))];
    };
    let mut lines = vec![route(config, &url)];
    let patience = Patience { deadline: Instant::now() + PATIENCE.min(account.timeout()), tries: Tries::One };
    let http = Http { route: &config.route, section: &config.section, patience, timeout: PATIENCE.min(account.timeout()), log: &config.log };
    let (host, before) = (url.host_str().unwrap_or_default(), Instant::now());
    match http.get_date(&url) {
        Err(error) => lines.push(Line::refused("provider", &error.message())),
        Ok((reply, tells_date)) => {
            lines.push(Line::ok("provider", format!("{host} answers within {} ms (HTTP {})", before.elapsed().as_millis(), reply.status)));
            lines.push(clock(host, tells_date.then_some(reply.date)));
        }
    }
    lines
}

/// Where the token is asked for, or where its endpoint is told.
fn url(account: &Account) -> Option<Url> {
    let config = account.config();
    let of_tenant = || config.tenant.as_ref().and_then(|tenant| entra::token_url(tenant, config).ok());
    let is_tool =
        ["azure-cli", "command", "file", "env", "callback", "managed-identity"].iter().any(|source| config.source.eq_ignore_ascii_case(source));
    let set = config.endpoint.clone().or_else(|| config.discovery.clone());
    let url = set.or_else(of_tenant).or_else(|| Some(format!("https://{}/", account.host()?)));
    url.filter(|_| !is_tool).and_then(|url| safe(&url).ok())
}

fn route(config: &Config, url: &Url) -> Line {
    let variable = |name: &str| [name.to_owned(), name.to_lowercase()].into_iter().find_map(|name| Some((std::env::var(&name).ok()?, name)));
    let variables = |names: &[&str]| names.iter().filter_map(|name| variable(name)).filter(|(value, _)| !value.is_empty()).collect::<Vec<_>>();
    let proxy = match (&config.route.proxy, url.scheme()) {
        (_, "http") => "none, for plain http stays on this machine".to_owned(),
        (Some(proxy), _) => format!("{}, from TokenProxy", without_user(proxy)),
        (None, _) => {
            let set = variables(&PROXIES);
            let words: Vec<String> = set.iter().map(|(value, name)| format!("{name}={}", without_user(value))).collect();
            if words.is_empty() { "none".into() } else { format!("{} of the environment", words.join(", ")) }
        }
    };
    let mut authorities = "the system's".to_owned();
    for (value, name) in variables(&CERTIFICATES) {
        authorities = format!("those of {name}={value}");
    }
    if let Some(file) = &config.route.ca_file {
        authorities += &format!(", and TokenCAFile={}", file.display());
    }
    Line::ok("way", format!("to {}", url.host_str().unwrap_or_default())).with(vec![format!("proxy: {proxy}"), format!("authorities: {authorities}")])
}

fn clock(host: &str, date: Option<SystemTime>) -> Line {
    let Some(date) = date else {
        return Line::ok("clock", format!("{host} does not say what time it is"));
    };
    let now = SystemTime::now();
    let (skew, fast) = match now.duration_since(date) {
        Ok(skew) => (skew, "fast"),
        Err(error) => (error.duration(), "slow"),
    };
    let words = format!("this machine's clock is {} s {fast} by {host}'s", skew.as_secs());
    let next = "set this machine's clock (timedatectl shows it, and whether it is kept right).";
    match skew {
        skew if skew > GREAT_SKEW => Line::failed("clock", words, next),
        skew if skew > SKEW => Line::warning("clock", words, next),
        _ => Line::ok("clock", format!("as {host}'s, within {} s", skew.as_secs() + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_is_told_by_how_much() {
        let state = |seconds, later: bool| {
            let (now, seconds) = (SystemTime::now(), Duration::from_secs(seconds));
            clock("h", Some(if later { now + seconds } else { now - seconds })).state()
        };
        use crate::cli::doctor::report::State::{Failed, Ok, Warning};
        assert_eq!([state(0, true), state(20, false), state(60, true), state(60, false), state(400, false)], [Ok, Ok, Warning, Warning, Failed]);
        assert_eq!(clock("h", None).state(), Ok);
    }
}
