//! Which link is chosen, and what is said where none is.

use super::*;
use crate::config::connection_string::ConnectionString;
use crate::config::ini::tests::registry;
use crate::config::resolve::Defaults;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::credential::person::has_browser;

fn config(section: &str, string: &str) -> Config {
    let string = ConnectionString::parse(&Text::encode(&format!("DSN=d;{string}"), Width::One));
    let drivers = format!("[A rather long name of a driver for SQL Server]\nDriver=/shim.so\n{section}");
    let settings = Settings::of(string, &registry(&drivers, "[d]\nDriver=A rather long name of a driver for SQL Server\n"), &[]);
    Config::resolve(&settings, &Defaults::default()).expect("settings that mean something").expect("a source")
}

fn chain(section: &str, string: &str) -> Result<Chain, Error> {
    let config = Arc::new(config(section, string));
    Ok(Chain { links: links_of(&config)?, config, workspace: None })
}

/// Who asks somebody on the machine of this test.
fn asks() -> &'static str {
    if has_browser() { "authorization-code" } else { "device-code" }
}

fn first(section: &str, string: &str) -> Result<&'static str, Vec<String>> {
    chain(section, string).expect("links").first().map(|link| link.name)
}

#[test]
fn what_the_settings_name_comes_first() {
    for (section, link) in [
        ("TokenSource=auto\nTokenClientId=c\nTokenClientSecret=s\nTokenTenant=t\nTokenCommand=/bin/x\n", "client-credentials"),
        ("TokenSource=AUTO\nTokenClientId=c\nTokenTenant=t\nTokenCommand=/bin/x\nTokenFile=/x\n", "command"),
        ("TokenSource=auto\nTokenClientId=c\nTokenTenant=t\nTokenFile=/x\nTokenEnv=X\n", "file"),
        ("TokenSource=auto\nTokenClientId=c\nTokenTenant=t\nTokenEnv=X\n", "env"),
        ("TokenSource=auto\nTokenClientId=c\nTokenTenant=t\n", asks()),
        ("TokenSource=device-code , env\nTokenEnv=X\n", "env"),
        ("TokenSource=device-code,env\nTokenEnv=X\nTokenClientId=c\nTokenDiscovery=https://idp.example\n", "device-code"),
    ] {
        assert_eq!(first(section, ""), Ok(link), "{section}");
    }
}

#[test]
fn a_chain_of_a_connection_strings_runs_and_reads_nothing_that_it_is_told_to() {
    let section = "TokenCommand=/bin/x\nTokenFile=/x\nTokenEnv=X\nTokenClientId=c\nTokenTenant=t\n";
    assert_eq!(first(section, "TokenSource=auto"), Ok(asks()));
    assert_eq!(first(&format!("TokenSource=auto\n{section}"), "TokenScope=s"), Ok("command"));
}

#[test]
fn where_nothing_is_set_up_the_reasons_fit_into_one_message() {
    let chain = chain("TokenSource=auto\n", "").expect("links");
    let reasons = chain.first().map(|link| link.name).expect_err("nothing");
    assert_eq!(reasons.len(), LINKS.len());
    let message = chain.nothing(&reasons).message();
    for link in LINKS {
        assert!(message.contains(&format!("{} (no ", link.name)), "{message}");
    }
    assert!(message.ends_with("of odbcinst.ini."), "{message}");
}

#[test]
fn only_who_asks_somebody_has_the_time_of_a_person() {
    for (section, seconds) in [("TokenSource=auto\n", [30, 300]), ("TokenSource=auto\nTokenTimeout=100\n", [100, 100])] {
        let chain = chain(section, "").expect("links");
        let of = |name| LINKS.iter().find(|link| link.name == name).map(|link| chain.config_of(link).timeout.as_secs());
        assert_eq!([of("azure-cli"), of("device-code")], seconds.map(Some), "{section}");
    }
}

#[test]
fn every_source_is_a_link() {
    for source in sources::SOURCES.iter().filter(|source| source.name != AUTO) {
        assert!(LINKS.iter().any(|link| link.name == source.name && link.source == source.name), "{}", source.name);
    }
}

#[test]
fn the_table_of_the_documentation_has_the_links_in_their_order() {
    let page = include_str!("../../../docs/sources.md");
    let table =
        page.split("## auto").nth(1).expect("a section").lines().skip_while(|line| !line.starts_with("|")).take_while(|line| line.starts_with("|"));
    let names =
        |line: &str| line.split('|').nth(2).expect("a source").split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect::<Vec<_>>();
    let documented: Vec<String> = table.skip(2).flat_map(names).collect();
    assert_eq!(documented, LINKS.iter().map(|link| link.name).collect::<Vec<_>>());
}

#[test]
fn a_word_that_is_no_link_is_refused() {
    for source in ["azure-cli,nobody", "auto,azure-cli", "azure-cli,", ","] {
        let error = chain(&format!("TokenSource={source}\n"), "").err().expect(source).message();
        assert!(error.contains("TokenSource has a word that is no source"), "{error}");
    }
}

#[test]
fn what_a_link_says_is_told_with_its_name_and_else_as_it_is() {
    let (who, problem) = ("az".to_owned(), "nonsense".to_owned());
    let error = Error::BadReply { who, problem, key: "TokenSource", section: "DSN [one]".into() };
    let again = Error::TooSlow { who: "az".into(), seconds: 1, section: "DSN [one]".into() };
    let chain = chain("TokenSource=auto\n", "").expect("links");
    let told = |error: Error| chain.told(&LINKS[0], error).told_in("DSN [other]");
    assert_eq!((told(error.clone()).sqlstate(), told(again.clone()).sqlstate()), ("HY000", "HYT00"));
    assert_eq!((told(error.clone()).again_after(), told(again.clone()).again_after()), (None, again.again_after()));
    let message = "[tokenshim] client-credentials, the first of TokenSource=auto that is set up: az answered, but not with a token: nonsense. \
                   Check TokenSource in DSN [other].";
    assert_eq!(told(error).message(), message);
}
