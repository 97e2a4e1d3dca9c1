//! What is set for one connection, and where: connection string before DSN before driver section.

use super::connection_string::{ConnectionString, Pair};
use super::ini::{DriverOf, Registry, Section};
use super::keys::{self, Place};
use super::pieces::{Pieces, bare};
use crate::error::Error;
use std::cell::OnceCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Where a setting stands, in the words of a message. The place that counts first comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The application's own text.
    ConnectionString,
    /// A section of odbc.ini.
    DataSource(Arc<str>),
    /// A section of odbcinst.ini.
    Driver(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::ConnectionString => out.write_str("the connection string"),
            Origin::DataSource(name) => ["DSN [", name, "] of odbc.ini"].iter().try_for_each(|part| out.write_str(part)),
            Origin::Driver(name) => ["section [", name, "] of odbcinst.ini"].iter().try_for_each(|part| out.write_str(part)),
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
    named: Option<Arc<Pair>>,
    data_source: Option<Section>,
    driver: Option<Section>,
    /// What readers find in the string that pay no heed to braces: looked for when first asked for, and then asked often.
    pieces: OnceCell<Pieces>,
}

impl Settings {
    /// For a connection string, whose `DSN` or `DRIVER` says which sections count.
    ///
    /// `sections` are the driver sections that name this very driver file: where the string names a file, or
    /// nothing, the only one of them counts.
    pub fn of(string: ConnectionString, registry: &Registry, sections: &[String]) -> Self {
        let named = registry.named(&string).cloned();
        let (data_source, driver) = match &named {
            Some(pair) if pair.is("DRIVER") => (None, driver_section(registry.driver_named(&pair.value), registry)),
            Some(pair) => sections_of(&pair.value, registry),
            None => (None, None),
        };
        Self { named, ..Self::new(string, data_source, driver.or_else(|| only(sections, registry))) }
    }

    /// For SQLConnect: a DSN's name, beside which nothing can be said. It may stand in the string as well, once that is made.
    pub fn of_data_source(name: &str, string: ConnectionString, registry: &Registry, sections: &[String]) -> Self {
        let (data_source, driver) = sections_of(registry.data_source_to_connect(name), registry);
        // In the string that SQLDriverConnect gets in its place the name stands first: it is no second one.
        let named = registry.named(&string).cloned();
        Self { named, ..Self::new(string, data_source, driver.or_else(|| only(sections, registry))) }
    }

    fn new(string: ConnectionString, data_source: Option<Section>, driver: Option<Section>) -> Self {
        Self { string, named: None, data_source, driver, pieces: OnceCell::new() }
    }

    /// The `DSN` or `DRIVER` of the string that says which sections count.
    pub fn named(&self) -> Option<&Arc<Pair>> {
        self.named.as_ref()
    }

    /// What the application said, and of which sections it spoke: by this a driver manager knows a connection again.
    pub fn hash_words(&self, state: &mut impl Hasher) {
        for section in self.sections() {
            section.map(|section| &section.name).hash(state);
        }
        self.string.to_text().units.as_slice().hash(state);
    }

    /// The sections that count: the DSN's, and the driver's.
    pub fn sections(&self) -> [Option<&Section>; 2] {
        [self.data_source.as_ref(), self.driver.as_ref()]
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

    /// Every value that any reading of the string could give `keyword`: ours, and those of readers that pay no heed to
    /// braces or blanks. For decisions that must not depend on which parser a driver has.
    pub fn every_reading<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        let ours = self.string.all(keyword).map(|pair| pair.value.as_str());
        ours.chain(self.pieces().named(keyword).map(|piece| bare(piece.value)))
    }

    /// The values that the string gives `keyword`, with their braces and blanks, as some drivers read them.
    pub fn as_written<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        self.pieces().named(keyword).filter(|piece| piece.name.trim().eq_ignore_ascii_case(keyword)).map(|piece| piece.value)
    }

    fn pieces(&self) -> &Pieces {
        self.pieces.get_or_init(|| Pieces::of(&self.string))
    }

    /// As [`get`](Self::get), but never from the connection string.
    pub fn in_sections(&self, keyword: &str) -> Option<Setting> {
        let from = |section: &Option<Section>, origin: fn(Arc<str>) -> Origin| {
            let section = section.as_ref()?;
            let value = unbraced(section.get(keyword)?);
            Some(Setting { value, origin: origin(Arc::clone(&section.name)) })
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
            (Some(driver), _) => Origin::Driver(Arc::clone(&driver.name)),
            (None, Some(data_source)) => Origin::DataSource(Arc::clone(&data_source.name)),
            (None, None) => Origin::ConnectionString,
        }
    }

    /// Refuses keys in places where they may not stand.
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
fn unbraced(value: &str) -> String {
    match value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) => inner.replace("}}", "}"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ini::tests::registry;
    use crate::config::text::{Text, Width};

    const DRIVERS: &str =
        "[Shim]\nDriver=/shim.so\nTokenScope=driver\nTokenTenant={t}}1}\nTokenTimeout=5\n[Other]\nDriver=/shim.so\nTokenScope=other\n";
    const DATA_SOURCES: &str = "[dsn]\nDriver=Shim\nTokenScope=dsn\nTokenTimeout=\n[bare]\nDriver=/shim.so\n[DEFAULT]\nDriver=Other\n";

    fn settings(string: &str, sections: &[&str]) -> Settings {
        let string = ConnectionString::parse(&Text::encode(string, Width::One));
        let sections: Vec<String> = sections.iter().map(|section| (*section).to_owned()).collect();
        Settings::of(string, &registry(DRIVERS, DATA_SOURCES), &sections)
    }

    fn value(settings: &Settings, keyword: &str) -> Option<(String, String)> {
        settings.get(keyword).map(|setting| (setting.value, setting.origin.to_string()))
    }

    #[test]
    fn the_string_comes_before_the_data_source_and_that_before_the_driver() {
        let expect = |string: &str, value: &str, origin: &str| {
            let found = self::value(&settings(string, &[]), "TokenScope");
            assert_eq!(found, Some((value.into(), origin.into())), "{string}");
        };
        expect("DSN=dsn;tokenSCOPE=string", "string", "the connection string");
        expect("DSN=dsn", "dsn", "DSN [dsn] of odbc.ini");
        expect("DRIVER={Shim};UID=u", "driver", "section [Shim] of odbcinst.ini");
        expect("DRIVER=Other;DSN=dsn", "other", "section [Other] of odbcinst.ini");
        expect("dsn=dsn;DRIVER=Other", "dsn", "DSN [dsn] of odbc.ini");
    }

    #[test]
    fn an_empty_value_overrides_and_counts_as_nothing() {
        let settings = settings("DSN=dsn", &[]);
        assert_eq!(value(&settings, "TokenTimeout"), Some((String::new(), "DSN [dsn] of odbc.ini".into())));
        assert!(settings.first_of(&["TokenTimeout"]).is_none());
    }

    #[test]
    fn braces_round_a_value_in_a_file_are_undone() {
        assert_eq!(value(&settings("DSN=dsn", &[]), "TokenTenant").map(|found| found.0).as_deref(), Some("t}1"));
    }

    #[test]
    fn where_only_a_file_is_named_the_one_section_of_that_file_counts() {
        for string in ["DSN=bare", "DRIVER=/shim.so", "UID=u", ""] {
            assert_eq!(value(&settings(string, &["Shim"]), "TokenScope").map(|found| found.0).as_deref(), Some("driver"), "{string}");
            assert_eq!(value(&settings(string, &["Shim", "Other"]), "TokenScope"), None, "{string}");
        }
    }

    #[test]
    fn sqlconnect_with_an_unknown_name_falls_back_to_the_default_as_unixodbc_does() {
        let settings = Settings::of_data_source("nobody", ConnectionString::empty(Width::One), &registry(DRIVERS, DATA_SOURCES), &[]);
        assert_eq!(value(&settings, "TokenScope").map(|found| found.0).as_deref(), Some("other"));
    }

    #[test]
    fn every_reading_sees_what_a_driver_with_another_parser_might() {
        let settings = settings("DSN=good;APP={a} ;Server=evil;x={y;Server = worse}", &[]);
        assert_eq!(settings.every_reading("server").collect::<Vec<_>>(), ["evil", "evil", "worse"]);
        assert_eq!(settings.as_written("SERVER").collect::<Vec<_>>(), ["evil", " worse}"]);
    }

    #[test]
    fn keys_in_the_wrong_place_are_named() {
        let message = |string: &str| settings(string, &[]).check_keys().expect_err("an error").message();
        assert!(message("DSN=dsn;TokenEndpoint=https://evil").contains("TokenEndpoint may not stand in a connection string"));
        assert!(message("DSN=dsn;realDRIVER=/evil.so").contains("RealDriver may not stand in a connection string"));
        assert!(settings("DSN=dsn;Token=x;TokenCachePassPhrase=y", &[]).check_keys().is_ok(), "a driver's own words");
    }
}
