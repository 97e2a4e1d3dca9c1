//! The wire: where an identity provider is, one HTTP request to it, and what it answers.

pub mod entra;
pub mod http;
pub mod provider;
pub mod registration;
pub mod retry;
pub mod token_reply;
