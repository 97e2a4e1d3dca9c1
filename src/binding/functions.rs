//! The real driver's own functions behind the hooks.

use super::abi::{Handle, Letter, Return, TextPointer};
use super::driver_manager::is_foreign;
use super::library::Library;
use core::ffi::{CStr, c_void};
use std::ffi::CString;

macro_rules! real_functions {
    ($struct:ident $($function:ident($($arg:ident: $type:ty),* $(,)?): $($name:ident $letter:ident),*;)*) => {
        #[allow(missing_docs)] // of fields: each is the function it is named after
        /// The real driver's own functions behind the hooks, by letter; `None` where it has none.
        pub struct $struct {
            $(pub $function: [Option<unsafe extern "C" fn($($arg: $type),*) -> Return>; 3],)*
        }

        impl $struct {
            /// Those of `library`.
            pub fn of(library: &Library) -> Self {
                let mut functions = Self { $($function: [None; 3],)* };
                // SAFETY: a driver's function of this name has the arguments that ODBC gives it.
                $($(functions.$function[Letter::$letter as usize] = unsafe { function(library, stringify!($name)) };)*)*
                functions
            }
        }
    };
}
for_each_hook!(real_functions RealFunctions);
for_each_statement_hook!(real_functions RealStatementFunctions);
for_each_statement_life_hook!(real_functions RealStatementLives);

/// Those of statements.
pub struct OfStatements {
    /// Which execute something, or ask the server.
    pub functions: RealStatementFunctions,
    /// Where statements come and go.
    pub lives: RealStatementLives,
}

impl OfStatements {
    /// Those of `library`.
    pub fn of(library: &Library) -> Self {
        Self { functions: RealStatementFunctions::of(library), lives: RealStatementLives::of(library) }
    }
}

macro_rules! names {
    ($($function:ident($($arg:ident: $type:ty),* $(,)?): $($name:ident $letter:ident),*;)*) => {
        &[$($(stringify!($name)),*),*]
    };
}

/// Whether `name` is that of a function that only some drivers' hooks stand before.
pub fn is_of_statements(name: &CStr) -> bool {
    const EXECUTING: &[&str] = for_each_statement_hook!(names);
    const LIVES: &[&str] = for_each_statement_life_hook!(names);
    EXECUTING.iter().chain(LIVES).any(|known| known.as_bytes() == name.to_bytes())
}

/// The real driver's own function `name`; `None` where it has none, or only one of a driver manager's.
///
/// # Safety
/// `F` is the type of a function pointer, and the one that this name has.
unsafe fn function<F>(library: &Library, name: &str) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*const c_void>()) };
    let name = CString::new(name).ok()?;
    let address = library.symbol(&name);
    // SAFETY: an address that is not NULL is a value of a function pointer's type, which is as large.
    (!address.is_null() && !is_foreign(address)).then(|| unsafe { core::mem::transmute_copy(&address) })
}
