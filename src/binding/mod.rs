//! The real driver of one copy of the driver library: found, opened, and each of its names bound to NULL, to a hook,
//! or to its own address.
//!
//! Everything here runs inside `dlsym`, under locks of the loader and of the driver manager: it reads files and opens
//! the real driver, and does nothing else. odbc-sys lends types and constants only: one of its functions called
//! would be the driver manager called from inside a driver.

#[macro_use]
pub mod abi;
pub mod as_program;
mod driver_manager;
pub mod functions;
pub mod library;
mod locate;

use crate::config::ini::{Environment, Manager, Registry};
use crate::error::Error;
use abi::Binding;
use core::ffi::{CStr, c_void};
use driver_manager::{Present, is_foreign, present};
pub use driver_manager::{manager_of, name_of};
use functions::{OfStatements, RealFunctions, is_of_statements};
use library::Library;
pub use locate::{Located, found, locate, same_file, sections_of};
use locate::{refused, shown};
use once_cell::sync::Lazy;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// The files of all copies of the driver library that ever began to attach.
static COPIES: Lazy<Mutex<Vec<PathBuf>>> = Lazy::new(Default::default);

/// A copy of the driver library and its real driver.
pub struct Bound {
    /// The real driver's file, as its section names it.
    pub real_driver: String,
    /// The sections of odbcinst.ini whose `Driver` is this copy.
    pub sections: Vec<String>,
    /// The data sources of odbc.ini whose driver is this copy.
    pub data_sources: Vec<String>,
    /// The driver managers that were there when it was loaded.
    pub present: Present,
    /// The real driver's functions behind the hooks.
    pub real: RealFunctions,
    /// Those behind the hooks of statements, where its open connections take new tokens.
    pub statements: Option<OfStatements>,
    /// It turned out not to know the attributes by which it would.
    pub takes_no_token_later: AtomicBool,
    /// So many threads give it a token just now.
    pub entered: AtomicUsize,
    library: Library,
    /// Found once: a `fork` while another thread asks the loader would leave the loader locked in the child.
    manager: Manager,
}

impl Bound {
    /// Finds and opens the real driver of `file`.
    ///
    /// # Errors
    /// IM003, with the section and what to do.
    pub fn attach(file: &Path) -> Result<Self, Error> {
        let mut copies = COPIES.lock();
        if !copies.iter().any(|copy| copy == file) {
            copies.push(file.to_owned());
        }
        drop(copies);
        let (present, manager) = present();
        let registry = Registry::read(&manager, &Environment::process());
        let located = locate(file, &registry)?;
        let real_driver = shown(&located.real_driver);
        refuse_tokenshim(&located)?;
        let library = Library::open(&located.real_driver, present.only_iodbc()).map_err(|words| {
            // The loader begins with the file, but for a library that the file needs.
            let reason = words.strip_prefix(&format!("{}: ", located.real_driver.display())).unwrap_or(&words);
            refused(format!(
                "{real_driver}, the RealDriver of {}, cannot be loaded: {reason}. Install it or correct RealDriver, then restart the application.",
                located.named_by,
            ))
        })?;
        let is_driver = [c"SQLAllocHandle", c"SQLAllocEnv"].iter().any(|name| !library.symbol(name).is_null());
        // By now a further copy of tokenshim has begun to attach, too.
        refuse_tokenshim(&located)?;
        if !is_driver {
            return Err(refused(format!(
                "{real_driver}, the RealDriver of {}, is no ODBC driver: it has neither SQLAllocHandle nor SQLAllocEnv. \
                 Set RealDriver to the driver's file, then restart the application.",
                located.named_by,
            )));
        }
        Ok(Self {
            real_driver: located.real_driver.to_string_lossy().into_owned(),
            sections: located.sections,
            data_sources: located.data_sources,
            present,
            real: RealFunctions::of(&library),
            statements: None,
            takes_no_token_later: AtomicBool::new(false),
            entered: AtomicUsize::new(0),
            library,
            manager,
        })
    }

    /// The address of the real driver's function `name`, or NULL.
    pub fn address(&self, name: &CStr) -> *const c_void {
        self.library.symbol(name)
    }

    /// Whether a hook may stand before the function `name` at `address`: not where it belongs to a driver manager, and before
    /// those of statements only where [`hook_statements`](Self::hook_statements) said so.
    pub fn is_hookable(&self, name: &CStr, address: *const c_void) -> bool {
        !address.is_null() && (self.statements.is_some() || !is_of_statements(name)) && !is_foreign(address)
    }

    /// From now on the functions of statements have hooks, too. To be called before any name is looked up.
    pub fn hook_statements(&mut self) {
        self.statements = Some(OfStatements::of(&self.library));
    }

    /// What is set at this moment, as the driver manager that loaded us would read it.
    pub fn registry(&self) -> Registry {
        Registry::read(&self.manager, &Environment::process())
    }
}

/// What is set at this moment, as the driver manager of this process would read it; unixODBC, where there is none yet.
pub fn registry_of_process() -> Registry {
    /// As in [`Bound`]: once there is one, the loader is not asked again.
    static FOUND: OnceLock<Manager> = OnceLock::new();
    let read = |manager: &Manager| Registry::read(manager, &Environment::process());
    if let Some(manager) = FOUND.get() {
        return read(manager);
    }
    let (present, manager) = present();
    if present.unix_odbc || present.iodbc { read(FOUND.get_or_init(|| manager)) } else { read(&manager) }
}

/// Refuses a real driver that is a copy of the driver library, as far as it has begun to attach: to look a name up in a
/// copy whose own look-up waits for this one would wait for ever.
fn refuse_tokenshim(located: &Located) -> Result<(), Error> {
    if !COPIES.lock().iter().any(|copy| same_file(copy, &located.real_driver)) {
        return Ok(());
    }
    Err(refused(format!(
        "{} names {} as RealDriver, which is tokenshim itself: set it to the real driver's file, then restart the application.",
        located.named_by,
        shown(&located.real_driver),
    )))
}

/// The binding that a hook was called with.
///
/// # Safety
/// `binding` came from the core's entry, `hooks::attach`.
pub unsafe fn bound(binding: *const Binding) -> &'static Bound {
    // SAFETY: it is a leaked `Bound`, which never changes, and outlives every call of the driver library's functions.
    unsafe { &*binding.cast::<Bound>() }
}
