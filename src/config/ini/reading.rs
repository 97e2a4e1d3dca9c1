//! What each driver manager gets from its files. A file is read when somebody asks for what may stand in it, and only where
//! it has changed since.

use std::{
    any::Any,
    cell::OnceCell,
    ffi::OsString,
    fs::{File, Metadata},
    io::Read,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use super::{
    Section,
    files::{Environment, IodbcPlaces, Manager, UnixOdbcFiles},
    parse::{Rules, parse},
};
use crate::plain_file::kept::{Kept, Reader, Seen};

/// The sections of the files that were read; `None` where the driver manager refuses a file.
static SECTIONS: Kept<Rules, Option<Arc<[Section]>>> = Kept::nothing();
/// The home folders of the users that were asked for.
static HOMES: Kept<u32, Option<OsString>> = Kept::nothing();

/// Of a larger file only the beginning is read: a driver manager waits while tokenshim reads.
const MOST_BYTES: u64 = 1 << 20;

/// Lets no other thread read what is kept until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new([SECTIONS.hold(), HOMES.hold()])
}

/// The home folder in the account of the real user, as `getpwuid` says it for a local account.
pub(super) fn account_home() -> Option<OsString> {
    let accounts = Reader::now().file("/etc/passwd".into());
    let user = nix::unistd::getuid().as_raw();
    let find = |about: &Metadata| {
        let accounts = String::from_utf8_lossy(&bytes(accounts.path(), about)?).into_owned();
        let mut accounts = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let account = accounts.find(|fields| fields.get(2).is_some_and(|field| field.parse() == Ok(user)));
        Some(account.and_then(|fields| Some(fields.get(5)?.into())))
    };
    HOMES.get(&accounts, user, find)?
}

/// One file, read by one set of rules.
pub(super) struct Reading {
    file: Rc<Seen>,
    rules: Rules,
    sections: OnceCell<Option<Arc<[Section]>>>,
}

impl Reading {
    fn new(file: Rc<Seen>, rules: Rules) -> Reading {
        Reading { file, rules, sections: OnceCell::new() }
    }

    /// The file's sections, or `None` when the driver manager cannot or will not read it.
    ///
    /// unixODBC creates a file that it misses. One that is still missing is one that it could not create.
    fn sections(&self) -> Option<&[Section]> {
        let read = |about: &Metadata| Some(parse(&bytes(self.file.path(), about)?, self.rules, self.file.path()).map(Arc::from));
        self.sections.get_or_init(|| SECTIONS.get(&self.file, self.rules, read)?).as_deref()
    }
}

/// The files of one driver manager, two layers of each kind: what the second has counts where the first has none.
pub(super) enum Files {
    UnixOdbc {
        system_drivers: Reading,
        user_drivers: Reading,
        user_data_sources: Reading,
        system_data_sources: Reading,
        added_data_sources: Reading,
    },
    /// Of each list only the first file that can be read.
    Iodbc {
        drivers: [Vec<Reading>; 2],
        data_sources: [Vec<Reading>; 2],
    },
}

impl Files {
    pub fn of(manager: &Manager, environment: &Environment) -> Files {
        let reader = Reader::now();
        let file = |path| Rc::new(reader.file(path));
        match manager {
            Manager::UnixOdbc { system_folder } => {
                let files = UnixOdbcFiles::of(system_folder, environment);
                let system = file(files.system_data_sources);
                Files::UnixOdbc {
                    system_drivers: Reading::new(file(files.system_drivers), Rules::UnixOdbc),
                    user_drivers: Reading::new(file(files.user_drivers), Rules::UnixOdbcAdded),
                    user_data_sources: Reading::new(file(files.user_data_sources), Rules::UnixOdbc),
                    system_data_sources: Reading::new(Rc::clone(&system), Rules::UnixOdbc),
                    added_data_sources: Reading::new(system, Rules::UnixOdbcAdded),
                }
            }
            Manager::Iodbc => {
                let list = |files: Vec<PathBuf>| files.into_iter().map(|path| Reading::new(file(path), Rules::Iodbc)).collect();
                let readings = |places: IodbcPlaces| [list(places.user), list(places.system)];
                Files::Iodbc {
                    drivers: readings(IodbcPlaces::of_drivers(environment)),
                    data_sources: readings(IodbcPlaces::of_data_sources(environment)),
                }
            }
        }
    }

    pub fn is_iodbc(&self) -> bool {
        matches!(self, Files::Iodbc { .. })
    }

    /// A layer, 0 or 1, of what `odbcinst.ini` says.
    pub fn drivers(&self, layer: usize) -> &[Section] {
        match self {
            Files::UnixOdbc { system_drivers, .. } if layer == 0 => system_drivers.sections(),
            // Without a system file it never opens the user's.
            Files::UnixOdbc { system_drivers, user_drivers, .. } => system_drivers.sections().and_then(|_| user_drivers.sections()),
            Files::Iodbc { drivers, .. } => first(&drivers[layer]),
        }
        .unwrap_or_default()
    }

    /// A layer, 0 or 1, of what `odbc.ini` says.
    pub fn data_sources(&self, layer: usize) -> &[Section] {
        match self {
            // From a user's file that may not be written a driver gets none of its keys. tokenshim takes
            // its own from there all the same: the driver manager found the driver in it.
            Files::UnixOdbc { system_data_sources, added_data_sources, .. } => match (self.users_own(), layer) {
                (Some(user), 0) => Some(user),
                (Some(_), _) => added_data_sources.sections(),
                (None, 0) => system_data_sources.sections(),
                (None, _) => None,
            },
            Files::Iodbc { data_sources, .. } => first(&data_sources[layer]),
        }
        .unwrap_or_default()
    }

    /// unixODBC reads the same two files once more, by other rules, for `Driver` alone.
    pub fn drivers_of_data_sources(&self, layer: usize) -> &[Section] {
        match self {
            Files::UnixOdbc { .. } if layer == 0 => self.users_own(),
            Files::UnixOdbc { system_data_sources, .. } => system_data_sources.sections(),
            Files::Iodbc { data_sources, .. } => first(&data_sources[layer]),
        }
        .unwrap_or_default()
    }

    /// The user's data sources of unixODBC, which opens that file for writing as well: a folder does not allow it.
    fn users_own(&self) -> Option<&[Section]> {
        match self {
            Files::UnixOdbc { user_data_sources, .. } if !user_data_sources.file.about()?.is_dir() => user_data_sources.sections(),
            _ => None,
        }
    }

    /// From now on `file` says `text`.
    pub fn instead(&mut self, file: &Path, text: &[u8]) {
        let readings: Vec<&mut Reading> = match self {
            Files::UnixOdbc { system_drivers, user_drivers, user_data_sources, system_data_sources, added_data_sources } => {
                vec![system_drivers, user_drivers, user_data_sources, system_data_sources, added_data_sources]
            }
            Files::Iodbc { drivers, data_sources } => drivers.iter_mut().chain(data_sources).flatten().collect(),
        };
        for reading in readings.into_iter().filter(|reading| reading.file.path() == file) {
            reading.sections = OnceCell::from(parse(text, reading.rules, file).map(Arc::from));
        }
    }

    /// The system's file of drivers; of iODBC's places the first where there is one.
    pub fn system_drivers(&self) -> &Path {
        match self {
            Files::UnixOdbc { system_drivers, .. } => system_drivers.file.path(),
            Files::Iodbc { drivers: [_, system], .. } => {
                let there = system.iter().find(|reading| reading.file.about().is_some());
                there.or(system.first()).map_or(Path::new(""), |reading| reading.file.path())
            }
        }
    }

    /// In the order they are looked for.
    pub fn paths(&self) -> Vec<&Path> {
        let readings: Vec<&Reading> = match self {
            Files::UnixOdbc { system_drivers, user_drivers, user_data_sources, system_data_sources, .. } => {
                vec![system_drivers, user_drivers, user_data_sources, system_data_sources]
            }
            Files::Iodbc { drivers, data_sources } => drivers.iter().chain(data_sources).flatten().collect(),
        };
        let mut paths: Vec<&Path> = Vec::new();
        for reading in readings {
            if !paths.contains(&reading.file.path()) {
                paths.push(reading.file.path());
            }
        }
        paths
    }
}

/// The sections of the first of these files that can be read.
fn first(readings: &[Reading]) -> Option<&[Section]> {
    readings.iter().find_map(Reading::sections)
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
