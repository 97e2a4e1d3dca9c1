//! How a driver takes a token: pure data and pure functions, no network and no driver.

pub mod access_token;
pub mod authentication;
pub mod clouds;
pub mod destination;
pub mod edits;
pub mod encryption;
pub mod keywords;
pub mod out_string;
pub mod profiles;
#[cfg(test)]
mod tests;
