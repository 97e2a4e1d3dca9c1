//! What C programs may ask for: the functions of include/tokenshim.h, which is made of this folder, comments and all. So these are
//! written for readers of C.

// Their promises stand in each function's own words, which C programmers read.
#![allow(clippy::missing_safety_doc)]

pub mod connection;
pub mod counters;
pub mod data_source;
pub mod handles;
pub mod log;
mod memory;
pub mod partner;
pub mod partner_ends;
pub mod provider;
pub mod registration;
pub mod status;
pub mod token;

use crate::hooks;
use std::any::Any;

/// Before any of it does anything.
fn begin() {
    hooks::begin();
    hooks::hold_too(hold);
}

/// Neither is ever held by a thread that waits for the other.
fn hold() -> Box<dyn Any> {
    Box::new((handles::hold(), partner::hold()))
}
