//! tokenshim: OAuth in front of any ODBC driver. This is the core, libtokenshim.so.
//!
//! Data flows one way. A hook gathers what is set, a source gives a token, the driver's profile turns it into edits,
//! and the hook calls the real driver:
//!
//! ```text
//! capi ──────┐                     what C programs may ask for
//! hooks ─► sign_in ─► config       what administrator and application said
//!   │         │  └──► credential ─► oauth     who gives the token
//!   │         └─────► delivery     how this driver takes it
//!   ├─► connection                 what is known about one connection handle
//!   ├─► refresh ─► connection      new tokens for open connections
//!   └─► binding                    the real driver and its functions
//! ```
//!
//! Below all of them: `token` (secrets that wipe themselves, and the cache), `error` (one table of SQLSTATEs),
//! `log`, `plain_file`, `environment`, `signals`, `host_calls`.
//!
//! The command `tokenshim` is a crate of its own: `src/main.rs`, with a file for each of its words in `src/cli`.

#[macro_use]
pub mod binding;
pub mod capi;
pub mod config;
pub mod connection;
pub mod credential;
pub mod delivery;
pub mod environment;
pub mod error;
pub mod hooks;
pub mod host_calls;
pub mod log;
pub mod oauth;
pub mod plain_file;
pub mod refresh;
pub mod sign_in;
pub mod signals;
pub mod token;

#[global_allocator]
static HEAP: token::memory::wiping::Wiping<std::alloc::System> = token::memory::wiping::Wiping(std::alloc::System);
