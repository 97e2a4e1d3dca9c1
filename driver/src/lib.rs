//! libtokenshim_driver.so: the file that `Driver=` in odbcinst.ini names.
//!
//! It has every name that a driver manager looks up, each as a GNU indirect function: `dlsym` runs its resolver,
//! and hands on what that answers. So the driver manager gets the real driver's own address, NULL where the real
//! driver has no such function, or one of the few [`hook`]s; where the real driver cannot be had, a [`stub`].
//! Handles, and all calls but the hooks, never pass through here.
//!
//! One file on disk serves one real driver: the statics of this library belong to its file.

#![allow(non_snake_case)] // ODBC's names stay as the standard writes them

#[macro_use]
#[path = "../../src/binding/abi.rs"]
mod abi;
mod attach;
mod hook;
mod names;
mod stub;
