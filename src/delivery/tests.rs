//! From what an application wrote to what the driver gets, and back: one row a case.

use super::edits::{Edits, edits};
use super::out_string::completed;
use super::profiles::{PROFILES, defaults, profile_for};
use crate::config::connection_string::ConnectionString;
use crate::config::ini::tests::registry;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::token::{Secret, Token};

const DATA_SOURCES: &str =
    "[plain]\nDriver=/shim.so\n[windows]\nDriver=/shim.so\nAuthentication=ActiveDirectoryIntegrated\nTrusted_Connection=yes\nUID=u\nPWD=p\n";

fn parse(text: &str) -> ConnectionString {
    ConnectionString::parse(&Text::encode(text, Width::Two))
}

fn settings(text: &str) -> Settings {
    Settings::of(parse(text), &registry("", DATA_SOURCES), &[])
}

fn token(text: &str) -> Token {
    Token::new(Secret::new(text.into()), None).expect("a token")
}

fn edits_for(profile: &str, text: &str, token_text: &str) -> Edits {
    let profile = PROFILES.iter().find(|row| row.name == profile).expect(profile);
    edits(profile, &settings(text), &token(token_text))
}

#[test]
fn each_profile_puts_the_token_in_and_takes_out_what_contradicts_it() {
    for (profile, token, written, given) in [
        ("databricks", "eyJ.t", "DSN=plain;UID=u;Host=h;pwd=p;", "DSN=plain;Host=h;AuthMech=11;Auth_Flow=0;Auth_AccessToken=eyJ.t;"),
        ("databricks", "t t", "Auth_Flow=1;AUTHMECH=3;Auth_Client_Secret={a;b};X=1", "X=1;AuthMech=11;Auth_Flow=0;Auth_AccessToken={t t}"),
        ("password", "a}b%+;", "DSN=plain;PWD=x;UID=u;password=y", "DSN=plain;PWD={a}}b%+;};UID=u"),
        ("password", "t", "DSN=plain;;X={;PWD=z};TokenScope=s", "DSN=plain;;X={;PWD=z};PWD={t}"),
        ("sqlserver", "t", "DSN=plain;UID=;PWD=;Trusted_Connection=yes;Authentication=x;APP={a}", "DSN=plain;APP={a}"),
        ("sqlserver", "t", "DSN=windows;Encrypt=yes", "DSN=windows;Encrypt=yes;Authentication={};Trusted_Connection=no"),
    ] {
        let edits = edits_for(profile, written, token);
        assert_eq!(edits.apply(&parse(written)).to_text().decode(), given, "{profile}: {written}");
    }
}

#[test]
fn sqlconnect_is_enough_where_no_keyword_is_needed() {
    for (profile, dsn, enough) in
        [("password", "plain", true), ("sqlserver", "plain", true), ("sqlserver", "windows", false), ("databricks", "plain", false)]
    {
        assert_eq!(edits_for(profile, &format!("DSN={dsn}"), "t").fit_connect(), enough, "{profile} {dsn}");
    }
}

#[test]
fn what_the_application_gets_back_is_its_own_and_never_the_token() {
    for (profile, written, from_driver, shown) in [
        // Completed by the driver, with the application's own password in its place.
        ("password", "DSN=d;PWD=mine;TokenScope=s", "DSN=d;UID=u;PWD={tok};PORT=1", "DSN=d;UID=u;PWD=mine;TokenScope=s;PORT=1"),
        // What the driver was not given stands where a driver that repeats its string would have it from a direct connect.
        ("sqlserver", "UID=me;SERVER=s;PWD=p;APP=a", "SERVER=s;APP=a;PORT=1", "UID=me;SERVER=s;PWD=p;APP=a;PORT=1"),
        ("password", "DSN=d;TokenScope=s;UID=u;TokenTimeout=1;", "DSN=d;UID=u;PWD={tok};;PORT=1", "DSN=d;TokenScope=s;UID=u;TokenTimeout=1;;PORT=1"),
        // A password that the application did not write does not appear, whatever the driver had it from.
        ("password", "DSN=d", "DSN=d;PWD={tok};PORT=1;", "DSN=d;PORT=1;"),
        ("password", "DSN=d", "DSN=d;Password=from-odbc-ini", "DSN=d"),
        // The token in a place that nobody expects, also URL-encoded.
        ("password", "DSN=d", "DSN=d;Options=x tok y;Z=1", "DSN=d;Z=1"),
        // Microsoft's driver answers UID=, with which a token could not connect again.
        ("sqlserver", "DRIVER={x};SERVER=s", "DRIVER={x};SERVER=s;UID=;APP=a", "DRIVER={x};SERVER=s;APP=a"),
        ("sqlserver", "SERVER=s;UID=me;Trusted_Connection=yes", "SERVER=s;UID=", "SERVER=s;UID=me;Trusted_Connection=yes"),
        (
            "databricks",
            "Host=h;Auth_Flow=1;Auth_Client_Secret=mine",
            "Host=h;AuthMech=11;Auth_Flow=0;Auth_AccessToken=tok",
            "Host=h;Auth_Flow=1;Auth_Client_Secret=mine",
        ),
        // A string that cannot be split is not shown at all.
        ("password", "DSN=d", "DSN=d;PWD={tok", "DSN=d"),
        ("password", "DSN=d", "", ""),
    ] {
        let edits = edits_for(profile, written, "tok");
        let text = completed(&Text::encode(from_driver, Width::Two), &parse(written), &edits, &Secret::new("tok".into()));
        assert_eq!(text.decode(), shown, "{profile}: {written} / {from_driver}");
    }
    let (edits, odd) = (edits_for("password", "DSN=d", "a+b%"), Secret::new("a+b%".into()));
    let text = completed(&Text::encode("DSN=d;X=a%2Bb%25", Width::Two), &parse("DSN=d"), &edits, &odd);
    assert_eq!(text.decode(), "DSN=d");
}

#[test]
fn databricks_own_words_switch_a_service_principal_on() {
    let databricks = PROFILES.iter().find(|profile| profile.name == "databricks");
    for (text, on) in [
        ("AuthMech=11;Auth_Flow=1", true),
        ("Auth_Type=OAuth_2.0", true),
        ("Auth_Type=0Auth_2.0", true),
        ("Auth_Client_ID=i;Auth_Client_Secret=s", true),
        ("Auth_Client_ID=i", false),
        ("AuthMech=11", false),
        ("AuthMech=3;Auth_Client_ID=i;Auth_Client_Secret=s", false),
        ("AuthMech=11;Auth_Flow=0;Auth_Client_ID=i;Auth_Client_Secret=s", false),
        ("AuthMech=11;Auth_Flow=2", false),
    ] {
        assert_eq!(defaults(databricks, &settings(text)).source.is_some(), on, "{text}");
    }
}

#[test]
fn the_profile_is_known_by_the_real_drivers_file_name() {
    for (file, profile) in [
        ("/opt/simba/spark/lib/64/libsparkodbc_sb64.so", Some("databricks")),
        ("/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18.6.so.2.1", Some("sqlserver")),
        ("/usr/lib/odbc/psqlodbcw.so", Some("password")),
        ("libmaodbc.so", Some("password")),
        ("/psqlodbc/libother.so", None),
    ] {
        let found = profile_for(&settings(""), file).expect("no error");
        assert_eq!(found.map(|profile| profile.name), profile, "{file}");
    }
    let error = profile_for(&settings("TokenProfile=nobody"), "x").expect_err("an error").message();
    assert!(error.contains("TokenProfile is not one of databricks, sqlserver, password"), "{error}");
}
