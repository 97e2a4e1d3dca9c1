//! Where each driver manager looks for its files.

use std::{
    cell::OnceCell,
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
};

use super::reading::account_home;

/// Every variable that either driver manager looks at.
const VARIABLES: [&str; 6] = ["ODBCSYSINI", "ODBCINSTINI", "ODBCINI", "SYSODBCINI", "SYSODBCINSTINI", "HOME"];

/// Which driver manager's rules to follow.
#[derive(Clone, Debug, PartialEq)]
pub enum Manager {
    /// unixODBC.
    UnixOdbc {
        /// Where this build of it keeps its files when `ODBCSYSINI` does not say; usually `/etc`.
        system_folder: PathBuf,
    },
    /// iODBC.
    Iodbc,
}

/// What decides, beside the driver manager, which files are read: asked for only where it does.
pub struct Environment {
    /// `None`: those of this process.
    variables: Option<HashMap<&'static str, OsString>>,
    account_home: OnceCell<Option<OsString>>,
}

impl Environment {
    /// This process's variables, and the home folder of its user.
    pub fn process() -> Environment {
        Environment { variables: None, account_home: OnceCell::new() }
    }

    /// These variables and no other, and a user without a home folder of its own.
    pub fn of(variables: &[(&str, &str)]) -> Environment {
        let known = |name: &str| VARIABLES.into_iter().find(|known| *known == name);
        let variables = variables.iter().filter_map(|(name, value)| Some((known(name)?, value.into()))).collect();
        Environment { variables: Some(variables), account_home: None.into() }
    }

    /// The same, for a user whose account names this home folder. unixODBC asks the account even when `HOME` is set.
    pub fn with_account_home(self, home: impl Into<OsString>) -> Environment {
        Environment { account_home: Some(home.into()).into(), ..self }
    }

    fn get(&self, name: &str) -> Option<OsString> {
        match &self.variables {
            Some(variables) => variables.get(name).cloned(),
            None => env::var_os(name),
        }
    }

    fn account_home(&self) -> Option<&OsStr> {
        // A user that /etc/passwd does not know comes from a directory service; there HOME says the same.
        self.account_home.get_or_init(|| account_home().or_else(|| self.get("HOME"))).as_deref()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let set: Vec<_> = VARIABLES.into_iter().filter(|name| self.get(name).is_some()).collect();
        f.debug_struct("Environment").field("variables", &set).finish_non_exhaustive()
    }
}

/// The four files of unixODBC. Its variables are texts put together, not paths joined: `ODBCINSTINI` is a name in the
/// system folder even when it begins with a slash.
pub(super) struct UnixOdbcFiles {
    pub system_drivers: PathBuf,
    pub user_drivers: PathBuf,
    pub user_data_sources: PathBuf,
    pub system_data_sources: PathBuf,
}

impl UnixOdbcFiles {
    pub fn of(system_folder: &Path, environment: &Environment) -> UnixOdbcFiles {
        let or = |name, default: &str| environment.get(name).unwrap_or_else(|| default.into());
        let system = environment.get("ODBCSYSINI").unwrap_or_else(|| system_folder.into());
        // The two home folders are not the same one: HOME for the drivers, the account's for the data sources.
        let of_account = || file_in(environment.account_home().unwrap_or(OsStr::new("/home")), OsStr::new(".odbc.ini"));
        UnixOdbcFiles {
            system_drivers: file_in(&system, &or("ODBCINSTINI", "odbcinst.ini")),
            user_drivers: file_in(&or("HOME", "/home"), OsStr::new(".odbcinst.ini")),
            user_data_sources: environment.get("ODBCINI").filter(|file| !file.is_empty()).map_or_else(of_account, PathBuf::from),
            system_data_sources: file_in(&system, OsStr::new("odbc.ini")),
        }
    }
}

/// The places where iODBC looks for one of its two files, best first; it takes the first it can read.
pub(super) struct IodbcPlaces {
    pub user: Vec<PathBuf>,
    pub system: Vec<PathBuf>,
}

impl IodbcPlaces {
    pub fn of_drivers(environment: &Environment) -> IodbcPlaces {
        let mut places = Self::of(environment, ["ODBCINSTINI", "SYSODBCINSTINI"], "odbcinst.ini");
        // A user without drivers has the system's.
        places.user.extend_from_slice(&places.system);
        places
    }

    pub fn of_data_sources(environment: &Environment) -> IodbcPlaces {
        Self::of(environment, ["ODBCINI", "SYSODBCINI"], "odbc.ini")
    }

    fn of(environment: &Environment, [user, system]: [&str; 2], name: &str) -> IodbcPlaces {
        let set = |variable| environment.get(variable).map(PathBuf::from);
        let home = environment.get("HOME").or_else(|| environment.account_home().map(OsStr::to_owned));
        let in_home = home.map(|home| file_in(&home, &OsString::from(format!(".{name}"))));
        IodbcPlaces {
            user: set(user).into_iter().chain(in_home).collect(),
            system: set(system).into_iter().chain([Path::new("/etc").join(name)]).collect(),
        }
    }
}

fn file_in(folder: &OsStr, name: &OsStr) -> PathBuf {
    [folder, OsStr::new("/"), name].into_iter().collect::<OsString>().into()
}
