//! What is set for one connection, and where: connection string before DSN before driver section.

use super::connection_string::ConnectionString;
use super::ini::{DriverOf, Registry, Section};
use super::keys::{self, Place, State};
use crate::error::Error;
use std::fmt;

/// Where a setting stands, in the words of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The application's own text.
    ConnectionString,
    /// A section of odbc.ini.
    DataSource(String),
    /// A section of odbcinst.ini.
    Driver(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::ConnectionString => out.write_str("the connection string"),
            Origin::DataSource(name) => write!(out, "DSN [{name}] of odbc.ini"),
            Origin::Driver(name) => write!(out, "section [{name}] of odbcinst.ini"),
        }
    }
}

/// One value and where it stands. No `Debug`: it may be a secret.
pub struct Setting {
    /// Without braces and surrounding blanks; may be empty, which switches off what a lower place says.
    pub value: String,
    /// Where it stands.
    pub origin: Origin,
}

/// Everything that is set for one connection.
pub struct Settings {
    string: ConnectionString,
    data_source: Option<Section>,
    driver: Option<Section>,
}

impl Settings {
    /// For a connection string: `DSN=` or `DRIVER=`, whichever comes first, says which sections count.
    ///
    /// `sections` are the driver sections that name this very driver file: where the string names a file, or
    /// nothing, the only one of them counts.
    pub fn of(string: ConnectionString, registry: &Registry, sections: &[String]) -> Self {
        let named = string.pairs().iter().find(|pair| pair.is_any(&["DSN", "DRIVER"]));
        let (data_source, driver) = match named {
            Some(pair) if pair.is("DRIVER") => (None, driver_section(registry.driver_named(&pair.value), registry)),
            Some(pair) => sections_of(&pair.value, registry),
            None => (None, None),
        };
        Self { string, data_source, driver: driver.or_else(|| only(sections, registry)) }
    }

    /// For SQLConnect: a DSN's name, beside which nothing can be said.
    pub fn of_data_source(name: &str, string: ConnectionString, registry: &Registry, sections: &[String]) -> Self {
        let (data_source, driver) = sections_of(registry.data_source_to_connect(name), registry);
        Self { string, data_source, driver: driver.or_else(|| only(sections, registry)) }
    }

    /// The application's own text.
    pub fn string(&self) -> &ConnectionString {
        &self.string
    }

    /// What `keyword` is set to, and where.
    pub fn get(&self, keyword: &str) -> Option<Setting> {
        if let Some(pair) = self.string.get(keyword) {
            return Some(Setting { value: pair.value.clone(), origin: Origin::ConnectionString });
        }
        self.in_sections(keyword)
    }

    /// As [`get`](Self::get), but never from the connection string.
    pub fn in_sections(&self, keyword: &str) -> Option<Setting> {
        let from = |section: &Option<Section>, origin: fn(String) -> Origin| {
            let section = section.as_ref()?;
            let value = section.get(keyword)?.to_owned();
            Some(Setting { value: unbraced(value), origin: origin(section.name.clone()) })
        };
        from(&self.data_source, Origin::DataSource).or_else(|| from(&self.driver, Origin::Driver))
    }

    /// The first of `keywords` that is set to something.
    pub fn first_of(&self, keywords: &[&str]) -> Option<Setting> {
        keywords.iter().filter_map(|keyword| self.get(keyword)).find(|setting| !setting.value.is_empty())
    }

    /// Where an administrator would put a key for this connection.
    pub fn home(&self) -> Origin {
        match (&self.driver, &self.data_source) {
            (Some(driver), _) => Origin::Driver(driver.name.clone()),
            (None, Some(data_source)) => Origin::DataSource(data_source.name.clone()),
            (None, None) => Origin::ConnectionString,
        }
    }

    /// Refuses keys in places where they may not stand, and keys that this version does not act on.
    ///
    /// # Errors
    /// Names the key and what to do.
    pub fn check_keys(&self) -> Result<(), Error> {
        for pair in self.string.pairs() {
            match keys::find(&pair.keyword) {
                Some(key) if key.place == Place::Section => return Err(Error::NotInConnectionString { key: key.name }),
                _ => {}
            }
        }
        for key in keys::KEYS.iter().filter(|key| key.state == State::Reserved) {
            if let Some(setting) = self.get(key.name) {
                return Err(Error::Setting {
                    section: setting.origin.to_string(),
                    key: key.name,
                    problem: "is not supported by this version of tokenshim: remove it".into(),
                });
            }
        }
        Ok(())
    }
}

/// The DSN's own section and its driver's.
fn sections_of(name: &str, registry: &Registry) -> (Option<Section>, Option<Section>) {
    let driver = registry.driver_of(name).and_then(|driver| driver_section(driver, registry));
    (registry.data_source(name), driver)
}

fn driver_section(driver: DriverOf, registry: &Registry) -> Option<Section> {
    match driver {
        DriverOf::Section(name) => registry.driver(&name),
        DriverOf::File(_) => None,
    }
}

/// The one section that names this driver file, where there is but one.
fn only(sections: &[String], registry: &Registry) -> Option<Section> {
    match sections {
        [section] => registry.driver(section),
        _ => None,
    }
}

/// Administrators write braces round values in ini files as in connection strings.
fn unbraced(value: String) -> String {
    match value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) => inner.replace("}}", "}"),
        None => value,
    }
}
