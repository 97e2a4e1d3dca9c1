//! What an administrator and an application said: read, never guessed.

pub mod connection_string;
pub mod ini;
pub mod keys;
pub mod known;
mod marks;
mod pieces;
pub mod resolve;
pub mod settings;
pub mod sources;
pub mod text;
pub mod words;
pub mod workspaces;
