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
mod kept;
mod parse;
mod section;
#[cfg(test)]
pub mod tests;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::PathBuf,
    sync::Arc,
};

pub use files::{Environment, Manager, hold};
use files::{IodbcPlaces, UnixOdbcFiles, first_sections, sections};
use parse::Rules;
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
    iodbc: bool,
    /// In each: the sections of one file, then those of the next, which count where the first has none.
    drivers: [Arc<[Section]>; 2],
    data_sources: [Arc<[Section]>; 2],
    /// unixODBC reads the same two files once more, by other rules, for `Driver` alone.
    drivers_of_data_sources: [Arc<[Section]>; 2],
    files: Vec<PathBuf>,
}

impl Registry {
    /// Reads the files. What is missing, unreadable or malformed is what the driver manager does without, too.
    pub fn read(manager: &Manager, environment: &Environment) -> Registry {
        match manager {
            Manager::UnixOdbc { system_folder } => Self::unix_odbc(UnixOdbcFiles::of(system_folder, environment)),
            Manager::Iodbc => Self::iodbc(environment),
        }
    }

    fn unix_odbc(files: UnixOdbcFiles) -> Registry {
        // Without a system file it never opens the user's.
        let drivers = match sections(&files.system_drivers, Rules::UnixOdbc) {
            Some(system) => [system, sections(&files.user_drivers, Rules::UnixOdbcAdded).unwrap_or_default()],
            None => Default::default(),
        };
        // The user's file it also opens for writing, which a folder does not allow.
        let user = Some(&files.user_data_sources).filter(|file| !file.is_dir());
        let user = user.and_then(|file| sections(file, Rules::UnixOdbc));
        let system = sections(&files.system_data_sources, Rules::UnixOdbc).unwrap_or_default();
        // From a user's file that may not be written a driver gets none of its keys. tokenshim takes
        // its own from there all the same: the driver manager found the driver in it.
        let data_sources = match &user {
            Some(user) => [user.clone(), sections(&files.system_data_sources, Rules::UnixOdbcAdded).unwrap_or_default()],
            None => [system.clone(), Arc::default()],
        };
        Registry {
            iodbc: false,
            drivers,
            data_sources,
            drivers_of_data_sources: [user.unwrap_or_default(), system],
            files: vec![files.system_drivers, files.user_drivers, files.user_data_sources, files.system_data_sources],
        }
    }

    fn iodbc(environment: &Environment) -> Registry {
        let read = |places: &IodbcPlaces| [&places.user, &places.system].map(|files| first_sections(files, Rules::Iodbc));
        let drivers = IodbcPlaces::of_drivers(environment);
        let data_sources = IodbcPlaces::of_data_sources(environment);
        let mut registry = Registry {
            iodbc: true,
            drivers: read(&drivers),
            data_sources: read(&data_sources),
            drivers_of_data_sources: Default::default(),
            files: Vec::new(),
        };
        for file in [drivers.user, drivers.system, data_sources.user, data_sources.system].into_iter().flatten() {
            if !registry.files.contains(&file) {
                registry.files.push(file);
            }
        }
        registry
    }

    /// The section of `odbcinst.ini` with this name, in whatever case.
    pub fn driver(&self, name: &str) -> Option<Section> {
        self.merged(&self.drivers, name)
    }

    /// The section of `odbc.ini` with this name, in whatever case, as the real driver would see it.
    pub fn data_source(&self, name: &str) -> Option<Section> {
        self.merged(&self.data_sources, name)
    }

    /// Every driver section, without those that speak of ODBC itself.
    pub fn drivers(&self) -> Vec<Section> {
        self.all(&self.drivers)
    }

    /// Every data source, listed under `[ODBC Data Sources]` or not, without the default one.
    pub fn data_sources(&self) -> Vec<Section> {
        self.all(&self.data_sources)
    }

    /// The driver that a data source names. `None`: the driver manager says `IM002`.
    pub fn driver_of(&self, data_source: &str) -> Option<DriverOf> {
        let driver = if self.iodbc {
            self.data_source(data_source)?.non_empty("Driver")?.to_owned()
        } else {
            let mut sections = self.drivers_of_data_sources.iter().filter_map(|file| find(file, data_source));
            sections.find_map(|section| section.non_empty("Driver"))?.to_owned()
        };
        if driver.starts_with('/') {
            return Some(DriverOf::File(driver.into()));
        }
        match self.driver_named(&driver) {
            // Only the keyword DRIVER may name a library without a path.
            DriverOf::File(_) if !self.iodbc => None,
            driver => Some(driver),
        }
    }

    /// What the value of the keyword `DRIVER` means, braces removed: a section that names a file, else a library.
    pub fn driver_named(&self, driver: &str) -> DriverOf {
        // iODBC takes braces in odbc.ini as well, and what begins with a dot for a path.
        let name = match driver.strip_prefix('{') {
            Some(inner) if self.iodbc => inner.strip_suffix('}').unwrap_or(inner),
            _ => driver,
        };
        let path = self.iodbc && driver.starts_with(['/', '.']);
        match self.driver(name) {
            Some(section) if !path && self.file_of(&section).is_some() => DriverOf::Section(name.to_owned()),
            _ => DriverOf::File(driver.into()),
        }
    }

    /// The library that a driver section names, for a program of this one's word size.
    pub fn file_of<'a>(&self, section: &'a Section) -> Option<&'a str> {
        let wide = !self.iodbc && cfg!(target_pointer_width = "64");
        section.non_empty("Driver64").filter(|_| wide).or_else(|| section.non_empty("Driver"))
    }

    /// The data source whose driver `SQLConnect` loads: with unixODBC `[DEFAULT]` for an unknown one.
    /// The real driver still gets the name that the application gave.
    pub fn data_source_to_connect<'a>(&self, name: &'a str) -> &'a str {
        if self.iodbc || (!name.is_empty() && self.driver_of(name).is_some()) { name } else { DEFAULT }
    }

    /// `[Default]`, which is not among [`data_sources`](Self::data_sources). A connection string without `DSN` and
    /// `DRIVER` means it when the driver manager may ask the user.
    pub fn default_data_source(&self) -> Option<Section> {
        self.data_source(DEFAULT)
    }

    /// The files, in the order they are looked for, whether or not they are there. For messages.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    fn merged(&self, [first, second]: &[Arc<[Section]>; 2], name: &str) -> Option<Section> {
        match (find(first, name), find(second, name)) {
            (Some(section), Some(other)) if self.iodbc => Some(section.clone().over(other)),
            (section, other) => section.or(other).cloned(),
        }
    }

    /// As `merged`, for every name at once: a file may hold very many sections.
    fn all(&self, [first, second]: &[Arc<[Section]>; 2]) -> Vec<Section> {
        let lower = |name: &str| name.to_ascii_lowercase();
        let others: HashMap<_, _> = second.iter().map(|section| (lower(&section.name), section)).collect();
        let mut seen: HashSet<_> = RESERVED.map(lower).into();
        let mut all = Vec::new();
        for section in first.iter().chain(second.iter()).filter(|section| !section.name.is_empty()) {
            if seen.insert(lower(&section.name)) {
                let other = others.get(&lower(&section.name)).filter(|_| self.iodbc);
                all.push(other.map_or_else(|| section.clone(), |other| section.clone().over(other)));
            }
        }
        all
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Registry")
            .field("files", &self.files)
            .field("drivers", &self.drivers)
            .field("data_sources", &self.data_sources)
            .finish_non_exhaustive()
    }
}

/// The first section of that name. An empty name means none here; the driver managers take it for
/// any section, or for a question about all.
fn find<'a>(sections: &'a [Section], name: &str) -> Option<&'a Section> {
    sections.iter().find(|section| !name.is_empty() && section.name.eq_ignore_ascii_case(name))
}
