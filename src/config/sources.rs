//! The words of `TokenSource`: one table of where tokens come from. Several with commas between them are a chain.

use super::keys::Place;
use Place::{Anywhere, Section};

/// One row of the table.
#[derive(Debug)]
pub struct SourceName {
    /// As it is written; read in any case.
    pub name: &'static str,
    /// Who may name it. One that runs or reads what it is told to is never named by a connection string.
    pub place: Place,
    /// Somebody may have to sign in meanwhile, which takes longer.
    pub asks_somebody: bool,
}

const fn source(name: &'static str, place: Place) -> SourceName {
    SourceName { name, place, asks_somebody: false }
}

const fn asks(source: SourceName) -> SourceName {
    SourceName { asks_somebody: true, ..source }
}

/// Every source that this version knows.
pub const SOURCES: &[SourceName] = &[
    source("client-credentials", Anywhere), //
    source("azure-cli", Anywhere),
    asks(source("authorization-code", Anywhere)),
    source("databricks-cli", Anywhere),
    asks(source("device-code", Anywhere)),
    source("command", Section),
    source("file", Section),
    source("env", Section),
    source("managed-identity", Anywhere),
    source("workload-identity", Anywhere),
    asks(source(AUTO, Anywhere)),
    source("callback", Anywhere),
];

/// Whichever source is set up (`credential::auto`).
pub const AUTO: &str = "auto";

/// The row of `name`, in any case.
pub fn find(name: &str) -> Option<&'static SourceName> {
    SOURCES.iter().find(|source| source.name.eq_ignore_ascii_case(name))
}

/// The words of a `TokenSource`.
pub fn words(source: &str) -> impl Iterator<Item = &str> {
    source.split(',').map(str::trim)
}

/// The rows of those that this version knows.
pub fn named(source: &str) -> impl Iterator<Item = &'static SourceName> {
    words(source).filter_map(find)
}

/// All names, for a message.
pub fn names() -> String {
    SOURCES.iter().map(|source| source.name).collect::<Vec<_>>().join(", ")
}
