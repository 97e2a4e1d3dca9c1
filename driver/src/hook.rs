//! The hooks' entries: each puts this file's binding and its own letter before the arguments, and calls the core.
//!
//! They stand here, not in the core, because a call's handle alone does not tell which of several real drivers
//! it belongs to; the copy of this library through which it came does.

use crate::abi::{Handle, Letter, Return, TextPointer};
use crate::attach::attached;
use core::ffi::c_void;

/// SQL_ERROR, should a hook ever be called before its name was looked up.
const ERROR: Return = -1;

macro_rules! hooks {
    ($table:ident $($function:ident($($arg:ident: $type:ty),* $(,)?): $($name:ident $letter:ident),*;)*) => {$(
        hooks!(@each $table $function [$($arg: $type),*] ($($arg),*) $($name $letter),*);
    )*};
    (@each $table:ident $function:ident $args:tt $values:tt $($name:ident $letter:ident),*) => {$(
        hooks!(@one $table $function $args $values $name $letter);
    )*};
    (@one $table:ident $function:ident [$($arg:ident: $type:ty),*] ($($value:ident),*) $name:ident $letter:ident) => {
        #[allow(clippy::too_many_arguments)] // ODBC's own
        /// # Safety
        /// As ODBC asks of whoever calls this function.
        pub unsafe extern "C" fn $name($($arg: $type),*) -> Return {
            match attached() {
                // SAFETY: the caller's arguments, as ODBC has them, and the binding that this core gave.
                Some(to) => unsafe { (to.core.$table.$function)(to.binding, Letter::$letter, $($value),*) },
                None => ERROR,
            }
        }
    };
}

for_each_hook!(hooks hooks);
for_each_statement_hook!(hooks statements);
for_each_statement_life_hook!(hooks statement_lives);
