//! `odbcinst.ini` and `odbc.ini`, read the way the driver manager reads them that loads tokenshim.
//!
//! | | unixODBC | iODBC |
//! |---|---|---|
//! | drivers | the system's sections, then what the user adds | the user's keys over the system's |
//! | data sources | the user's sections, then what the system adds | the user's keys over the system's |
//! | `Driver` of a data source | the user's, else the system's | like any other key |
//! | library of a driver | `Driver64`, else `Driver` | `Driver` |
//!
//! Where one key stands in for another, an empty value counts as none.

#![forbid(unsafe_code)]

mod files;
mod parse;
mod reading;
mod section;
#[cfg(test)]
pub mod tests;

use super::connection_string::{ConnectionString, Pair};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use files::{Environment, Manager};
use reading::Files;
pub use reading::hold;
pub use section::Section;

/// Sections that speak of ODBC itself, not of a driver or a data source.
const RESERVED: [&str; 6] = ["ODBC", "ODBC Drivers", "ODBC Data Sources", "ODBC Translators", "ODBC Connection Pooling", "Default"];

/// The data source that stands in for none.
const DEFAULT: &str = "DEFAULT";

/// What stands behind the name of a data source or the keyword `DRIVER`.
#[derive(Clone, Debug, PartialEq)]
pub enum DriverOf {
    /// The section of that name in `odbcinst.ini`.
    Section(String),
    /// A library: a full path, or a name that the loader searches.
    File(PathBuf),
}

/// What a driver manager knows of drivers and data sources.
pub struct Registry {
    files: Files,
}

impl Registry {
    /// What is missing, unreadable or malformed is what the driver manager does without, too. A file is read when somebody
    /// asks for what may stand in it, and then stays as it is for this registry.
    pub fn read(manager: &Manager, environment: &Environment) -> Registry {
        Registry { files: Files::of(manager, environment) }
    }

    /// Whether a section of this name speaks of ODBC itself.
    pub fn is_reserved(name: &str) -> bool {
        RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
    }

    /// The section of `odbcinst.ini` with this name, in whatever case.
    pub fn driver(&self, name: &str) -> Option<Section> {
        self.driver_section(name).map(Cow::into_owned)
    }

    /// The section of `odbc.ini` with this name, in whatever case, as the real driver would see it.
    pub fn data_source(&self, name: &str) -> Option<Section> {
        self.merged(|layer| self.files.data_sources(layer), name).map(Cow::into_owned)
    }

    /// The same, if `file` said `text`: what a change of it would come to.
    pub fn instead(mut self, file: &Path, text: &[u8]) -> Registry {
        self.files.instead(file, text);
        self
    }

    /// Where the system's drivers stand, or would stand.
    pub fn system_drivers(&self) -> &Path {
        self.files.system_drivers()
    }

    fn driver_section(&self, name: &str) -> Option<Cow<'_, Section>> {
        self.merged(|layer| self.files.drivers(layer), name)
    }

    /// Every driver section, without those that speak of ODBC itself.
    pub fn drivers(&self) -> Vec<Section> {
        self.all([0, 1].map(|layer| self.files.drivers(layer)))
    }

    /// Every data source, listed under `[ODBC Data Sources]` or not, without the default one.
    pub fn data_sources(&self) -> Vec<Section> {
        self.all([0, 1].map(|layer| self.files.data_sources(layer)))
    }

    /// What says in a connection string which sections count: `DSN` or `DRIVER`, whichever comes first; with iODBC `DRIVER`, wherever it stands.
    pub fn named<'a>(&self, string: &'a ConnectionString) -> Option<&'a Arc<Pair>> {
        let pairs = string.pairs();
        // For driver managers a word alone at the beginning may be a data source's name, and then nothing else counts.
        if pairs.first().is_some_and(|pair| pair.keyword.is_empty() && !pair.raw.decode().trim().is_empty()) {
            return None;
        }
        let first = |keywords: &[&str]| pairs.iter().find(|pair| pair.is_any(keywords));
        let driver = if self.files.is_iodbc() { first(&["DRIVER"]) } else { None };
        driver.or_else(|| first(&["DSN", "DRIVER"]))
    }

    /// The driver that a data source names. `None`: the driver manager says `IM002`.
    pub fn driver_of(&self, data_source: &str) -> Option<DriverOf> {
        let driver = if self.files.is_iodbc() {
            self.data_source(data_source)?.non_empty("Driver")?.to_owned()
        } else {
            let mut sections = [0, 1].into_iter().filter_map(|layer| find(self.files.drivers_of_data_sources(layer), data_source));
            sections.find_map(|section| section.non_empty("Driver"))?.to_owned()
        };
        if driver.starts_with('/') {
            return Some(DriverOf::File(driver.into()));
        }
        match self.driver_named(&driver) {
            // Only the keyword DRIVER may name a library without a path.
            DriverOf::File(_) if !self.files.is_iodbc() => None,
            driver => Some(driver),
        }
    }

    /// What the value of the keyword `DRIVER` means, braces removed: a section that names a file, else a library.
    pub fn driver_named(&self, driver: &str) -> DriverOf {
        // iODBC takes braces in odbc.ini as well, and what begins with a dot for a path.
        let name = match driver.strip_prefix('{') {
            Some(inner) if self.files.is_iodbc() => inner.strip_suffix('}').unwrap_or(inner),
            _ => driver,
        };
        let path = self.files.is_iodbc() && driver.starts_with(['/', '.']);
        match self.driver_section(name) {
            Some(section) if !path && self.file_of(&section).is_some() => DriverOf::Section(name.to_owned()),
            _ => DriverOf::File(driver.into()),
        }
    }

    /// The library that a driver section names, for a program of this one's word size.
    pub fn file_of<'a>(&self, section: &'a Section) -> Option<&'a str> {
        let wide = !self.files.is_iodbc() && cfg!(target_pointer_width = "64");
        section.non_empty("Driver64").filter(|_| wide).or_else(|| section.non_empty("Driver"))
    }

    /// The data source whose driver `SQLConnect` loads: with unixODBC `[DEFAULT]` for an unknown one.
    /// The real driver still gets the name that the application gave.
    pub fn data_source_to_connect<'a>(&self, name: &'a str) -> &'a str {
        if self.files.is_iodbc() || (!name.is_empty() && self.driver_of(name).is_some()) { name } else { DEFAULT }
    }

    /// `[Default]`, which is not among [`data_sources`](Self::data_sources). A connection string without `DSN` and
    /// `DRIVER` means it when the driver manager may ask the user.
    pub fn default_data_source(&self) -> Option<Section> {
        self.data_source(DEFAULT)
    }

    /// The files, in the order they are looked for, whether or not they are there. For messages.
    pub fn files(&self) -> Vec<&Path> {
        self.files.paths()
    }

    fn merged<'a>(&self, layer: impl Fn(usize) -> &'a [Section], name: &str) -> Option<Cow<'a, Section>> {
        let Some(section) = find(layer(0), name) else { return find(layer(1), name).map(Cow::Borrowed) };
        let other = find(if self.files.is_iodbc() { layer(1) } else { &[] }, name);
        Some(other.map_or(Cow::Borrowed(section), |other| Cow::Owned(section.clone().over(other))))
    }

    /// As `merged`, for every name at once: a file may hold very many sections.
    fn all(&self, [first, second]: [&[Section]; 2]) -> Vec<Section> {
        let lower = |name: &str| name.to_ascii_lowercase();
        let others: HashMap<_, _> = second.iter().map(|section| (lower(&section.name), section)).collect();
        let mut seen: HashSet<_> = RESERVED.map(lower).into();
        let mut all = Vec::new();
        for section in first.iter().chain(second).filter(|section| !section.name.is_empty()) {
            if seen.insert(lower(&section.name)) {
                let other = others.get(&lower(&section.name)).filter(|_| self.files.is_iodbc());
                all.push(other.map_or_else(|| section.clone(), |other| section.clone().over(other)));
            }
        }
        all
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Registry")
            .field("files", &self.files())
            .field("drivers", &self.drivers())
            .field("data_sources", &self.data_sources())
            .finish_non_exhaustive()
    }
}

/// The first section of that name. An empty name means none here; the driver managers take it for
/// any section, or for a question about all.
fn find<'a>(sections: &'a [Section], name: &str) -> Option<&'a Section> {
    sections.iter().find(|section| !name.is_empty() && section.name.eq_ignore_ascii_case(name))
}
