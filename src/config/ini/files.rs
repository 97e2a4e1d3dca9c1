//! Where each driver manager looks for its files, and what it gets from them.

use std::{
    any::Any,
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    fmt,
    fs::{File, Metadata},
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Section,
    kept::Kept,
    parse::{Rules, parse},
};

/// The sections of the files that were read; `None` where the driver manager refuses a file.
static SECTIONS: Kept<Rules, Option<Arc<[Section]>>> = Kept::nothing();
/// The home folders of the users that were asked for.
static HOMES: Kept<u32, Option<OsString>> = Kept::nothing();

/// Lets no other thread read what is kept until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new([SECTIONS.hold(), HOMES.hold()])
}

/// Of a larger file only the beginning is read: a driver manager waits while tokenshim reads.
const MOST_BYTES: u64 = 1 << 20;

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

/// What decides, beside the driver manager, which files are read.
pub struct Environment {
    variables: HashMap<&'static str, OsString>,
    account_home: Option<OsString>,
}

impl Environment {
    /// This process's variables, and the home folder of its user.
    pub fn process() -> Environment {
        let variables: HashMap<_, _> = VARIABLES.into_iter().filter_map(|name| Some((name, env::var_os(name)?))).collect();
        // A user that /etc/passwd does not know comes from a directory service; there HOME says the same.
        let account_home = account_home().or_else(|| variables.get("HOME").cloned());
        Environment { variables, account_home }
    }

    /// These variables and no other, and a user without a home folder of its own.
    pub fn of(variables: &[(&str, &str)]) -> Environment {
        let known = |name: &str| VARIABLES.into_iter().find(|known| *known == name);
        let variables = variables.iter().filter_map(|(name, value)| Some((known(name)?, value.into()))).collect();
        Environment { variables, account_home: None }
    }

    /// The same, for a user whose account names this home folder. unixODBC asks the account even when `HOME` is set.
    pub fn with_account_home(self, home: impl Into<OsString>) -> Environment {
        Environment { account_home: Some(home.into()), ..self }
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Environment").field("variables", &self.variables.keys()).finish_non_exhaustive()
    }
}

/// The home folder in the account of the real user, as `getpwuid` says it for a local account.
fn account_home() -> Option<OsString> {
    let accounts = Path::new("/etc/passwd");
    let user = nix::unistd::getuid().as_raw();
    let find = |about: &Metadata| {
        let accounts = String::from_utf8_lossy(&bytes(accounts, about)?).into_owned();
        let mut accounts = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let account = accounts.find(|fields| fields.get(2).is_some_and(|field| field.parse() == Ok(user)));
        Some(account.and_then(|fields| Some(fields.get(5)?.into())))
    };
    HOMES.get(accounts, user, find)?
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
        let system = environment.get("ODBCSYSINI").unwrap_or(system_folder.as_os_str());
        let drivers = environment.get("ODBCINSTINI").unwrap_or(OsStr::new("odbcinst.ini"));
        // The two home folders are not the same one: HOME for the drivers, the account's for the data sources.
        let home = environment.get("HOME").unwrap_or(OsStr::new("/home"));
        let account_home = environment.account_home.as_deref().unwrap_or(OsStr::new("/home"));
        let own = environment.get("ODBCINI").filter(|file| !file.is_empty());
        UnixOdbcFiles {
            system_drivers: file_in(system, drivers),
            user_drivers: file_in(home, OsStr::new(".odbcinst.ini")),
            user_data_sources: own.map_or_else(|| file_in(account_home, OsStr::new(".odbc.ini")), PathBuf::from),
            system_data_sources: file_in(system, OsStr::new("odbc.ini")),
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
        let home = environment.get("HOME").or(environment.account_home.as_deref());
        let in_home = home.map(|home| file_in(home, &OsString::from(format!(".{name}"))));
        IodbcPlaces {
            user: set(user).into_iter().chain(in_home).collect(),
            system: set(system).into_iter().chain([Path::new("/etc").join(name)]).collect(),
        }
    }
}

fn file_in(folder: &OsStr, name: &OsStr) -> PathBuf {
    let mut file = folder.to_owned();
    file.push("/");
    file.push(name);
    file.into()
}

/// The sections of a file, or `None` when the driver manager cannot or will not read it.
///
/// unixODBC creates a file that it misses. One that is still missing is one that it could not create.
pub(super) fn sections(file: &Path, rules: Rules) -> Option<Arc<[Section]>> {
    SECTIONS.get(file, rules, |about| Some(parse(&bytes(file, about)?, rules, file).map(Arc::from)))?
}

/// The sections of the first of these files that can be read; of none when none can.
pub(super) fn first_sections(files: &[PathBuf], rules: Rules) -> Arc<[Section]> {
    files.iter().find_map(|file| sections(file, rules)).unwrap_or_default()
}

/// A folder or a device counts as an empty file: driver managers open it and get nothing, or would wait for ever.
fn bytes(file: &Path, about: &Metadata) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    if about.is_file() {
        File::open(file).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    }
    // Better no last line than half a path or half a secret.
    if bytes.len() as u64 == MOST_BYTES {
        bytes.truncate(bytes.iter().rposition(|&c| c == b'\n').map_or(0, |newline| newline + 1));
    }
    Some(bytes)
}
