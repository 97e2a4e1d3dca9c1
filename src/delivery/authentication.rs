//! Microsoft's own words for how to sign in: `Authentication=ActiveDirectory…` of its driver for SQL Server, in a connection string
//! or a DSN. Those that the driver cannot follow on Linux choose a source; those that it can are its own, unless `TokenSource` is set.
//!
//! Source: Microsoft, "Using Microsoft Entra ID with the ODBC Driver", "DSN and connection string keywords"; for the words that only its
//! other drivers know, "Connect to Azure SQL with Microsoft Entra authentication and SqlClient", and go-mssqldb's and mssql-python's pages.

use super::profiles::{Profile, Way};
use crate::config::resolve::Defaults;
use crate::config::settings::{Origin, Settings};
use crate::config::sources::AUTO;

/// What `UID` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum User {
    /// Nothing that a source could use.
    Nothing,
    /// Who signs in.
    Person,
    /// The client id of an identity that needs no secret.
    Client,
    /// The id of a managed identity as Microsoft's driver has it: its object's, but on App Service its client's.
    Msi,
    /// A client id, maybe with its tenant (`id@tenant`), whose secret `PWD` is.
    Principal,
}

/// One row of the table.
struct Word {
    /// As it is written; read in any case.
    name: &'static str,
    /// The source that it stands for.
    source: &'static str,
    /// Microsoft's driver follows it itself: it chooses no source, but says what `UID` and `PWD` are where `TokenSource` names that one.
    is_drivers: bool,
    user: User,
}

const fn word(name: &'static str, source: &'static str, user: User) -> Word {
    Word { name, source, is_drivers: false, user }
}

const fn drivers(word: Word) -> Word {
    Word { is_drivers: true, ..word }
}

/// Every word that stands for a source. On Linux Interactive is the sign-in of the Azure CLI, else a browser: of this machine, or where
/// it has none, of another.
#[rustfmt::skip]
const WORDS: &[Word] = &[
    word("ActiveDirectoryInteractive",      "azure-cli,authorization-code,device-code", User::Person),
    word("ActiveDirectoryDefault",          AUTO,                           User::Client),
    word("ActiveDirectoryWorkloadIdentity", "workload-identity",            User::Client),
    word("ActiveDirectoryDeviceCodeFlow",   "device-code",                  User::Person),
    word("ActiveDirectoryDeviceCode",       "device-code",                  User::Person), // as mssql-python and go-mssqldb have it
    word("ActiveDirectoryAzCli",            "azure-cli",                    User::Nothing),
    word("ActiveDirectoryManagedIdentity",  "managed-identity",             User::Client), // as SqlClient has it
    drivers(word("ActiveDirectoryMsi",              "managed-identity",     User::Msi)),
    drivers(word("ActiveDirectoryServicePrincipal", "client-credentials",   User::Principal)),
];

/// The client that people sign in with where nobody names one: Microsoft's own for these words (Microsoft.Data.SqlClient), which may ask
/// for tokens of Azure SQL and comes back to `http://localhost`. That of azure-identity, the Azure CLI's, may do all that the person may.
const SQL_CLIENT: &str = "2fd908ad-0664-4344-b9be-cd3e8b574c38";
/// Any person with an account at work or school. Azure SQL knows no other.
const ORGANIZATIONS: &str = "organizations";

/// `defaults` of a profile, with what `Authentication` adds where its driver knows these words.
pub fn defaults(profile: Option<&Profile>, settings: &Settings, defaults: Defaults) -> Defaults {
    let access_token = Way::Attribute(odbc_sys::ConnectionAttribute::SS_ACCESS_TOKEN.0);
    if profile.is_none_or(|profile| profile.way != access_token) {
        return defaults;
    }
    // The first counts, also where it is empty, which switches off what the DSN says: so the driver reads it.
    let Some(authentication) = settings.get("Authentication") else { return defaults };
    let Some(word) = WORDS.iter().find(|word| word.name.eq_ignore_ascii_case(&authentication.value)) else { return defaults };
    let text = |keyword: &str| settings.first_of(&[keyword]).map(|setting| setting.value);
    let source = text("TokenSource").unwrap_or_else(|| word.source.to_owned());
    let (is_it, is_auto) = (source.eq_ignore_ascii_case(word.source), source.eq_ignore_ascii_case(AUTO));
    let mut defaults = Defaults {
        source: (!word.is_drivers).then_some(word.source).or(defaults.source),
        source_is_of_string: !word.is_drivers && authentication.origin == Origin::ConnectionString,
        client_id_is_msi: word.user == User::Msi,
        ..defaults
    };
    match word.user {
        User::Nothing => {}
        User::Person => {
            defaults.user_keyword = Some("UID");
            defaults.public_client = Some((SQL_CLIENT, ORGANIZATIONS));
        }
        // In a chain a secret of the section's is no such identity's, nor does somebody sign in with its id.
        User::Client | User::Msi if is_auto => defaults.identity_client = text("UID"),
        User::Client | User::Msi if is_it => defaults.client_id_keyword = Some("UID"),
        // Never one without the other: a secret of the section's is no other client's.
        User::Principal if (is_it || is_auto) && text("UID").is_some() && text("PWD").is_some() => {
            (defaults.client_id_keyword, defaults.client_secret_keyword) = (Some("UID"), Some("PWD"));
            defaults.client_id_names_tenant = true;
        }
        User::Client | User::Msi | User::Principal => {}
    }
    defaults
}

#[cfg(test)]
mod tests;
