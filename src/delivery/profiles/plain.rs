//! What rows of the table have in common, and how a row is written.

use super::safety::{if_one, if_yes, unless_no, unless_yes};
use super::{Certainty, Driver, Profile, Removed, Way};
use crate::delivery::encryption::{Safety, Switch};

pub(super) const fn driver(name: &'static str, files: &'static [&'static str], certainty: Certainty) -> Driver {
    Driver { name, files, certainty }
}

pub(super) const fn switch(keywords: &'static [&'static str], safety: fn(&str) -> Safety) -> Switch {
    Switch { keywords, safety, file: "", must_be: None, attribute: None }
}

pub(super) const fn gone(keyword: &'static str) -> Removed {
    Removed { keyword, neutral: None }
}

pub(super) const fn neutral(keyword: &'static str, value: &'static str) -> Removed {
    Removed { keyword, neutral: Some(value) }
}

/// Of Simba's drivers: what switches the check of the server's certificate off.
pub(super) const SELF_SIGNED: Switch = switch(&["AllowSelfSignedServerCert"], unless_yes);
pub(super) const HOST_MISMATCH: Switch = switch(&["AllowHostNameCNMismatch"], unless_yes);
pub(super) const NAMES_MISMATCH: Switch = switch(&["CAIssuedCertNamesMismatch"], unless_yes);

/// Of Simba's drivers that encrypt only when told to.
pub(super) const SSL_OR_NOT: Switch = Switch { must_be: Some("1"), ..switch(&["SSL"], if_yes) };

/// Of DataDirect's drivers: they encrypt only when told to, and then check the certificate.
pub(super) const METHOD: Switch = Switch { must_be: Some("1"), ..switch(&["EncryptionMethod", "EM"], if_one) };
pub(super) const METHOD_OR_NOT: Switch = switch(&["EncryptionMethod", "EM"], if_one);
pub(super) const VALIDATES: Switch = switch(&["ValidateServerCertificate", "VSC"], unless_no);

/// What goes away with Databricks' way of taking a token: another way to sign in, whole or in part.
pub(super) const OTHER_SIGN_INS: &[Removed] = &[
    gone("Auth_Client_ID"),
    gone("Auth_Client_Secret"),
    gone("Auth_Type"),
    gone("Auth_Scope"),
    gone("UID"),
    gone("PWD"),
    gone("User"),
    gone("Password"),
];

/// Databricks', and that of Simba's drivers for other servers ("OAuth Integration guide for Cloud-Based Partners", section
/// "Use the generated token").
pub(super) const PASS_THROUGH: Way = Way::Keywords(&[("AuthMech", "11"), ("Auth_Flow", "0"), ("Auth_AccessToken", "{token}")]);

/// What goes away beside DataDirect's `AuthenticationMethod`, whose short name the driver would take as well.
pub(super) const DATADIRECTS: &[Removed] = &[gone("UID"), gone("PWD"), gone("LogonID"), gone("Password"), gone("AM")];

/// A row says what is different from this: a driver that is told of by its keywords only.
pub(super) const PLAIN: Profile = Profile {
    name: "",
    drivers: &[],
    way: Way::Password,
    removed: &[],
    own_token: &[],
    scope: None,
    hosts: &[],
    switches: &[],
    refusals: &[],
    never_prompts: false,
    service_principal: false,
    session_ends_with_token: false,
    live: false,
    encrypts_by: None,
    refused: None,
    remarks: &[],
};

pub(super) const REDSHIFT_HOSTS: &[&str] = &[".redshift.amazonaws.com", ".redshift-serverless.amazonaws.com", ".redshift.amazonaws.com.cn"];
pub(super) const STARBURST_HOSTS: &[&str] = &[".trino.galaxy.starburst.io"];
pub(super) const SQL_SERVER_HOSTS: &[&str] = &[
    ".database.windows.net",
    ".database.usgovcloudapi.net",
    ".database.chinacloudapi.cn",
    ".database.fabric.microsoft.com",
    ".datawarehouse.fabric.microsoft.com",
    ".datawarehouse.pbidedicated.windows.net",
    ".sql.azuresynapse.net",
    ".sql.azuresynapse.usgovcloudapi.net",
    ".sql.azuresynapse.azure.cn",
];
