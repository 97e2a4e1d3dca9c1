//! How much a fetch may take: how long, and how many tries.

use std::time::Instant;

/// Whether a request that failed may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// It may not: for a renewal nobody waits, and its turn comes again by itself (see [`super::life::wait_after`]); and some
    /// grants are used up by being sent, such as an authorization code or a refresh token that rotates.
    One,
    /// As often as there is time for: somebody waits, and asking twice does no harm.
    Many,
}

/// What a caller has for one fetch.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// When it must be over, tries and waits together.
    pub deadline: Instant,
    /// How often it may ask.
    pub tries: Tries,
}
