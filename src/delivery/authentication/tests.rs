//! What each word asks for, wherever it stands.

use super::*;
use crate::config::connection_string::ConnectionString;
use crate::config::ini::tests::registry;
use crate::config::resolve::{Config, SecretPlace};
use crate::config::text::{Text, Width};
use crate::delivery::profiles::{self, of_name};
use std::sync::Arc;

const DRIVERS: &str = "[SQL]\nDriver=/shim.so\n[Set]\nDriver=/shim.so\nTokenClientId=set\nTokenClientSecret=its\nTokenTenant=home\n";
const DATA_SOURCES: &str = "\
[plain]\nDriver=SQL\n\
[windows]\nDriver=SQL\nAuthentication={ActiveDirectoryInteractive}\nUID=me@example.com\n\
[principal]\nDriver=SQL\nAuthentication=ActiveDirectoryServicePrincipal\nUID=app@there\nPWD=shown\nTokenSource=client-credentials\n\
[set]\nDriver=Set\nTokenSource=client-credentials\n\
[chain]\nDriver=Set\nTokenSource=auto\n";

fn config(profile: &str, string: &str) -> Option<Config> {
    let string = ConnectionString::parse(&Text::encode(string, Width::Two));
    let settings = Settings::of(string, &registry(DRIVERS, DATA_SOURCES), &[]);
    let defaults = profiles::defaults(of_name(profile), &settings);
    Config::resolve(&settings, &defaults).expect("settings that mean something")
}

fn sources(string: &str) -> Option<String> {
    config("sqlserver", string).map(|config| config.source)
}

#[test]
fn words_that_the_driver_cannot_follow_on_linux_choose_a_source_in_any_case_and_place() {
    for (string, source) in [
        ("DSN=plain;Authentication=ActiveDirectoryInteractive;UID=u", Some("azure-cli,authorization-code,device-code")),
        ("DSN=plain;authentication={ACTIVEDIRECTORYinteractive}", Some("azure-cli,authorization-code,device-code")),
        ("DSN=windows", Some("azure-cli,authorization-code,device-code")),
        ("DSN=windows;Authentication=ActiveDirectoryDefault", Some("auto")),
        ("DSN=plain;Authentication=ActiveDirectoryWorkloadIdentity", Some("workload-identity")),
        ("DSN=plain;Authentication=ActiveDirectoryDeviceCodeFlow", Some("device-code")),
        ("DSN=plain;Authentication=ActiveDirectoryDeviceCode", Some("device-code")),
        ("DSN=plain;Authentication=ActiveDirectoryAzCli", Some("azure-cli")),
        ("DSN=plain;Authentication=ActiveDirectoryManagedIdentity", Some("managed-identity")),
        // TokenSource is tokenshim's own word, and counts first.
        ("DSN=plain;Authentication=ActiveDirectoryDefault;TokenSource=device-code", Some("device-code")),
    ] {
        assert_eq!(sources(string).as_deref(), source, "{string}");
    }
}

#[test]
fn what_the_driver_does_itself_is_left_to_it() {
    for string in [
        "DSN=plain;Authentication=ActiveDirectoryPassword;UID=u;PWD=p",
        "DSN=plain;Authentication=ActiveDirectoryIntegrated",
        "DSN=plain;Authentication=ActiveDirectoryMsi;UID=u",
        "DSN=plain;Authentication=ActiveDirectoryServicePrincipal;UID=u;PWD=p",
        "DSN=plain;Authentication=SqlPassword;UID=u;PWD=p",
        "DSN=plain;Authentication=no such word",
        "DSN=plain;UID=u;PWD=p",
        // Switched off, as the driver reads it; or by TokenSource.
        "DSN=windows;Authentication=",
        "DSN=windows;Authentication={}",
        "DSN=windows;TokenSource=",
        "DSN=plain;Authentication={};Authentication=ActiveDirectoryInteractive",
    ] {
        assert_eq!(sources(string), None, "{string}");
    }
    for profile in ["databricks", "password"] {
        assert!(config(profile, "DSN=windows").is_none(), "{profile}");
    }
}

#[test]
fn with_its_source_the_uid_and_pwd_of_a_service_principal_are_client_and_secret() {
    for (string, id, secret, tenant) in [
        ("DSN=principal", "app", "shown", Some("there")),
        ("DSN=plain;TokenSource=client-credentials;Authentication=ActiveDirectoryServicePrincipal;UID=a;PWD=p;TokenTenant=t", "a", "p", Some("t")),
        ("DSN=set;Authentication=ActiveDirectoryServicePrincipal;UID={a@t};PWD={p;}", "a", "p;", Some("t")),
        ("DSN=chain;Authentication=activedirectoryserviceprincipal;UID=a;PWD=p", "a", "p", Some("home")),
        // One without the other is of no use, nor is either with another word.
        ("DSN=set;Authentication=ActiveDirectoryServicePrincipal;UID=a@t", "set", "its", Some("home")),
        ("DSN=set;Authentication=ActiveDirectoryServicePrincipal;PWD=p", "set", "its", Some("home")),
        ("DSN=set;Authentication=ActiveDirectoryMsi;UID=a", "set", "its", Some("home")),
        ("DSN=set;Authentication=ActiveDirectoryPassword;UID=a;PWD=p", "set", "its", Some("home")),
        ("DSN=set;UID=a;PWD=p", "set", "its", Some("home")),
        ("DSN=chain;Authentication=ActiveDirectoryDefault;UID=a;PWD=p", "set", "its", Some("home")),
    ] {
        let config = config("sqlserver", string).expect(string);
        let found = match &config.client_secret {
            Some(SecretPlace::Value(secret)) => secret.expose(),
            _ => "",
        };
        assert_eq!((config.client_id.as_deref(), found, config.tenant.as_deref()), (Some(id), secret, tenant), "{string}");
    }
}

#[test]
fn the_uid_of_an_identity_without_a_secret_is_its_id_and_no_other_clients() {
    for (string, id) in [
        ("DSN=plain;TokenSource=managed-identity;Authentication=ActiveDirectoryMsi;UID=a", Some("a")),
        ("DSN=plain;TokenSource=managed-identity;Authentication=ActiveDirectoryMsi;UID=a;TokenClientId=b", Some("b")),
        ("DSN=plain;TokenSource=managed-identity;UID=a", None),
        ("DSN=plain;Authentication=ActiveDirectoryWorkloadIdentity;UID=a@b", Some("a@b")),
        ("DSN=plain;Authentication=ActiveDirectoryDefault;UID=a", Some("a")),
        ("DSN=plain;TokenSource=auto;Authentication=ActiveDirectoryMsi;UID=a", Some("a")),
        ("DSN=plain;Authentication=ActiveDirectoryDefault", None),
    ] {
        let config = config("sqlserver", string).expect(string);
        let of_chain = config.source == AUTO;
        let (of_client, of_identity) = if of_chain { (None, id) } else { (id, None) };
        assert_eq!((config.client_id.as_deref(), config.identity_client.as_deref(), config.user), (of_client, of_identity, None), "{string}");
        assert_eq!(config.client_id_is_msi, string.contains("Msi") && !string.contains("TokenClientId"), "{string}");
    }
}

#[test]
fn people_sign_in_by_name_with_microsofts_own_client_unless_another_is_named() {
    let organizations = Some("organizations");
    for (string, user, id, tenant) in [
        ("DSN=windows", Some("me@example.com"), Some(SQL_CLIENT), organizations),
        ("DSN=plain;Authentication=ActiveDirectoryDeviceCodeFlow", None, Some(SQL_CLIENT), organizations),
        ("DSN=windows;TokenTenant=t;TokenUser=me", Some("me"), Some(SQL_CLIENT), Some("t")),
        ("DSN=windows;UID=you;TokenClientId=c", Some("you"), Some("c"), None),
        ("DSN=plain;TokenSource=device-code;UID=u", None, None, None),
    ] {
        let of_others = config("sqlserver", string).expect(string);
        let config = Arc::new(of_others.clone()).for_people();
        assert_eq!(of_others.client_id.as_deref(), id.filter(|id| *id != SQL_CLIENT), "{string}");
        assert_eq!((config.user.as_deref(), config.client_id.as_deref(), config.tenant.as_deref()), (user, id, tenant), "{string}");
    }
}

#[test]
fn whoever_types_a_connection_string_chooses_no_source_that_runs_or_reads_what_it_is_told_to() {
    for (string, is_of_string) in [
        ("DSN=plain;Authentication=ActiveDirectoryDefault", true),
        ("DSN=plain;TokenSource=auto", true),
        ("DSN=chain;Authentication=ActiveDirectoryDefault", false),
        ("DSN=windows", false),
    ] {
        assert_eq!(config("sqlserver", string).expect(string).is_of_string, is_of_string, "{string}");
    }
    let section = |name: &&str| crate::config::sources::find(name).is_some_and(|row| row.place == crate::config::keys::Place::Section);
    assert!(!WORDS.iter().flat_map(|word| crate::config::sources::words(word.source)).any(|name| section(&name)));
}
