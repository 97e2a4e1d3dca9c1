//! The wire: one HTTP request to an identity provider, and what it answers.

pub mod http;
pub mod retry;
pub mod token_reply;
