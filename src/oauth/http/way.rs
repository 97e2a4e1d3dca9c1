//! By which way a request goes, and when it may be made again.

use super::Passes;
use crate::oauth::retry;

/// By which way a request goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// As `Route` says.
    Routed,
    /// Plain http, which goes only to this very machine: past every proxy, for a proxy could read the secret.
    Direct,
    /// To a service of the machine's own: past every proxy, and whoever is not there at once is not there at all.
    Here,
}

impl Way {
    /// Of a request to a provider.
    pub fn of(url: &url::Url) -> Self {
        if url.scheme() == "http" { Self::Direct } else { Self::Routed }
    }
}

/// What is done with an answer.
#[derive(Clone, Copy)]
pub struct Manner {
    /// The way.
    pub way: Way,
    /// Whether a request that was answered with this status may be made again.
    pub passes: Passes,
}

impl Manner {
    /// Of a request to a provider.
    pub fn of(url: &url::Url) -> Self {
        Self { way: Way::of(url), passes: retry::passes }
    }
}
