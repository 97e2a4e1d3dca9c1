//! Which driver manager loaded us: it decides which files count and how wide SQLWCHAR is.

use super::library;
use crate::config::ini::Manager;
use std::path::{Path, PathBuf};

/// The driver managers of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// unixODBC's libodbc is loaded.
    pub unix_odbc: bool,
    /// iODBC's libiodbc is loaded.
    pub iodbc: bool,
}

impl Present {
    /// iODBC and no unixODBC: then everything goes by its rules. With neither (a program that opens the driver
    /// itself, or has a driver manager linked in) unixODBC's rules hold.
    pub fn only_iodbc(self) -> bool {
        self.iodbc && !self.unix_odbc
    }
}

/// Looks at the libraries of this process.
pub fn present() -> (Present, Manager) {
    let files = library::loaded_files();
    let unix_odbc = files.iter().find(|file| is(file, "libodbc.so"));
    let iodbc = files.iter().any(|file| is(file, "libiodbc.so"));
    let present = Present { unix_odbc: unix_odbc.is_some(), iodbc };
    let manager = if present.only_iodbc() { Manager::Iodbc } else { Manager::UnixOdbc { system_folder: system_folder(unix_odbc) } };
    (present, manager)
}

/// What a program would call that driver manager by.
pub fn name_of(iodbc: bool) -> &'static str {
    if iodbc { "libiodbc.so.2" } else { "libodbc.so.2" }
}

/// The rules of unixODBC, or of iODBC, as it is installed here: to be asked by a program that is none of theirs. It opens unixODBC,
/// which stays loaded, to see where its files are.
pub fn manager_of(iodbc: bool) -> Manager {
    if iodbc {
        return Manager::Iodbc;
    }
    let opened = library::Library::open(Path::new(name_of(iodbc)), false);
    let (_, manager) = present();
    core::mem::forget(opened);
    manager
}

/// Whether `address` lies in a driver manager's, or in tokenshim's own library. Some drivers are linked with a driver
/// manager; a name that `dlsym` finds there is not the driver's.
pub fn is_foreign(address: *const core::ffi::c_void) -> bool {
    library::file_of(address)
        .is_some_and(|file| ["libodbc.so", "libiodbc.so", "libtokenshim.so", "libtokenshim_driver"].iter().any(|name| is(&file, name)))
}

fn is(file: &Path, name: &str) -> bool {
    file.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name))
}

/// Where this build of unixODBC keeps odbcinst.ini: `<prefix>/etc`, for the distributions' `/etc`.
fn system_folder(library: Option<&PathBuf>) -> PathBuf {
    let etc = PathBuf::from("/etc");
    let Some(library) = library else { return etc };
    let in_prefix = library
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name == "lib" || name == "lib64"))
        .and_then(Path::parent)
        .filter(|prefix| *prefix != Path::new("/usr") && *prefix != Path::new("/"))
        .map(|prefix| prefix.join("etc"))
        .filter(|folder| ["odbcinst.ini", "odbc.ini"].iter().any(|file| folder.join(file).exists()));
    in_prefix.unwrap_or(etc)
}
