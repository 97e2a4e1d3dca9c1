//! Whom a C program asks for a token of: a connection string, read as a connect would read it.

use super::status::{Problem, Status};
use crate::binding::{registry_of_process, sections_of};
use crate::config::connection_string::ConnectionString;
use crate::config::ini::{DriverOf, Registry};
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::error::quoted;
use core::ffi::CStr;

/// What is set for one connection string, and the driver that a connect would reach in the end.
pub struct DataSource {
    /// The program's own words.
    pub string: ConnectionString,
    /// What is set.
    pub settings: Settings,
    /// The file that the driver manager loads, as it is written.
    pub driver: String,
    /// The real driver's file: `RealDriver`, else the file that the driver manager loads.
    pub real_driver: String,
}

/// The words of a connection string.
pub fn string_of(text: &CStr) -> ConnectionString {
    ConnectionString::parse(&Text { width: Width::One, units: text.to_bytes().iter().map(|byte| u32::from(*byte)).collect() })
}

/// `DSN=name`.
pub fn string_of_name(name: &CStr) -> ConnectionString {
    let mut string = ConnectionString::empty(Width::One);
    string.set_text("DSN", &Text { width: Width::One, units: name.to_bytes().iter().map(|byte| u32::from(*byte)).collect() }, false);
    string
}

impl DataSource {
    /// What is set at this moment, where the driver manager of this process would look for it.
    ///
    /// # Errors
    /// The string names no data source and no driver, or one that is not there.
    pub fn of(string: ConnectionString) -> Result<Self, Problem> {
        Self::read(string, &registry_of_process())
    }

    /// The same by these files.
    ///
    /// # Errors
    /// As above.
    pub fn read(string: ConnectionString, registry: &Registry) -> Result<Self, Problem> {
        let none = |words: &str| Problem::new(Status::NoDataSource, "IM002", words);
        let unknown = |name: &str| {
            let name = quoted(name, &[]);
            none(&format!("there is no data source [{name}] in odbc.ini, or its Driver is none of odbcinst.ini: correct the name, or add it."))
        };
        let named = registry.named(&string);
        let driver = match named {
            None => return Err(none("the connection string names no DSN and no DRIVER: add one.")),
            Some(pair) if pair.is("DRIVER") => registry.driver_named(&pair.value),
            Some(pair) => registry.driver_of(&pair.value).ok_or_else(|| unknown(&pair.value))?,
        };
        let (sections, file) = match driver {
            DriverOf::File(file) => {
                let sections = sections_of(&file, registry).iter().map(|section| section.name.to_string()).collect();
                (sections, file.to_string_lossy().into_owned())
            }
            DriverOf::Section(name) => {
                let file = registry.driver(&name).and_then(|section| registry.file_of(&section).map(str::to_owned));
                (vec![name], file.unwrap_or_default())
            }
        };
        let settings = Settings::of(string.clone(), registry, &sections);
        let real_driver = settings.in_sections("RealDriver").map(|setting| setting.value).filter(|file| !file.is_empty());
        let real_driver = real_driver.unwrap_or_else(|| file.clone());
        Ok(Self { string, settings, driver: file, real_driver })
    }
}

impl DataSource {
    /// Nothing asks for a token of it.
    pub fn no_token(&self) -> Problem {
        let home = self.settings.home();
        let words = format!("nothing asks for a token here, or the connection string brings one of its own: set TokenSource in {home}.");
        Problem::new(Status::NoToken, "HY000", &words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ini::tests::registry;

    const DRIVERS: &str = "[Shim]\nDriver=/no/shim.so\nRealDriver=/no/psqlodbcw.so\n[Direct]\nDriver=/no/libmaodbc.so\n";
    const SOURCES: &str = "[dsn]\nDriver=Shim\nServer=db\n[own]\nDriver=Shim\nRealDriver=/no/other.so\n[file]\nDriver=/no/shim.so\n";

    fn read(text: &CStr) -> Result<DataSource, Problem> {
        DataSource::read(string_of(text), &registry(DRIVERS, SOURCES))
    }

    #[test]
    fn the_real_driver_is_the_one_that_a_connect_would_reach() {
        for (text, real_driver) in [
            (c"DSN=dsn;UID=u", "/no/psqlodbcw.so"),
            (c"DSN=own", "/no/other.so"),
            (c"DSN=file", "/no/psqlodbcw.so"),
            (c"DRIVER={Shim}", "/no/psqlodbcw.so"),
            (c"DRIVER=/no/shim.so", "/no/psqlodbcw.so"),
            (c"Driver=Direct", "/no/libmaodbc.so"),
            (c"DRIVER=/no/where.so", "/no/where.so"),
        ] {
            assert_eq!(read(text).expect("a data source").real_driver, real_driver, "{text:?}");
        }
        assert_eq!(read(c"DSN=dsn").expect("a data source").settings.get("Server").map(|setting| setting.value).as_deref(), Some("db"));
    }

    #[test]
    fn what_is_not_there_is_said_as_a_driver_manager_does() {
        for text in [c"", c"UID=u", c"DSN=nobody", c"DSN="] {
            let problem = read(text).err().expect("a problem");
            assert_eq!((problem.status, problem.sqlstate), (Status::NoDataSource, "IM002"), "{text:?}");
        }
        let message = read(c"DSN=nobody").err().expect("a problem").message;
        assert!(message.starts_with("[tokenshim] there is no data source [nobody] in odbc.ini"), "{message}");
    }

    #[test]
    fn a_name_is_one_whatever_is_in_it() {
        assert_eq!(string_of_name(c"a;b}=c").to_text().decode(), "DSN={a;b}}=c}");
        assert!(string_of_name(c"plain").to_text().decode() == "DSN=plain");
    }
}
