//! Tokens that the processes of one user share, in files: whoever needs one first fetches it, the others find it there.
//!
//! The folder has, for each identity, whose name is the SHA-256 of it:
//!
//! - `….token`, its access token (see [`kept`]);
//! - `….lock`, while somebody fetches it (see [`lock`]);
//! - `….refresh`, the refresh token of somebody who signed in (see [`refresh_tokens`]);
//! - `….new`, what is just being written.
//!
//! Nothing that goes wrong here costs a connect: then the token is fetched as without files, and the log has a line.

mod folder;
mod kept;
mod left_behind;
mod lock;
pub mod refresh_tokens;
#[cfg(test)]
mod tests;

use super::Token;
use super::cache::{Ask, Got};
use super::identity::Identity;
use super::life::{Freshness, Renewal};
use crate::error::Error;
use crate::log::Log;
use folder::Folder;
pub use lock::leave_to_parent;
use lock::{Line, Looks, Turn};
use std::any::Any;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// Who waits for another process's token keeps a quarter of his time, or this if it is less, to fetch one himself: the other
/// one may have been stopped.
const OWN_TIME: Duration = Duration::from_secs(5);

/// Lets no other thread at what this process knows of the files until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new((lock::hold(), refresh_tokens::hold()))
}

/// Whether another process is fetching the same token just now, as far as can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// None is.
    Idle,
    /// One may be.
    Busy,
}

/// The token of one identity, as all processes of this user share it.
pub struct Shared {
    name: String,
    renewal: Renewal,
    log: Log,
    /// The folder for caches, where it is not the user's own.
    caches: Option<PathBuf>,
}

impl Shared {
    /// `renewal` says when one that is kept is old; `log` hears what does not work.
    pub fn of(identity: &Identity, renewal: Renewal, log: Log) -> Self {
        Self { name: identity.name(), renewal, log, caches: None }
    }

    /// The token that is kept, if it is what is asked for; else one of `fetch`, which is then kept. While one process
    /// fetches, the others wait for what it brings.
    ///
    /// # Errors
    /// What `fetch` said.
    pub fn get(&self, ask: &Ask, fetch: impl FnOnce(Others) -> Result<Token, Error>) -> Result<Got, Error> {
        let fetched = |others| fetch(others).map(Got::new);
        let folder = match self.caches.as_deref().map_or_else(Folder::open, Folder::open_in) {
            Ok(folder) => folder,
            Err(problem) => {
                self.log.warning(&format!("no token is kept in a file: {}", String::from(problem)));
                return fetched(Others::Idle);
            }
        };
        match self.look(&folder, ask) {
            Ok(Some(token)) => return Ok(Got { token, was_kept: true }),
            Ok(None) => {}
            Err(problem) => self.log.warning(&format!("a token is fetched anew: {problem}")),
        }
        let lock = format!("{}.lock", self.name);
        let (line, others) = match self.stand_in_line(&folder, &lock, ask) {
            Ok(got) => return Ok(got),
            Err(waited) => waited,
        };
        let result = fetched(others);
        match (&result, line) {
            (Ok(got), _) => self.keep(&folder, &got.token),
            // The next one may have more time, or better luck with a provider that is busy; but one at a time.
            (Err(Error::TooSlow { .. } | Error::ProviderUnreachable { .. }), Some(line)) => line.pass_on(),
            (Err(_), _) => {}
        }
        result
    }

    /// The token that is kept, whoever asks, if it is not over.
    pub fn kept(&self) -> Option<Token> {
        let folder = self.caches.as_deref().map_or_else(Folder::open, Folder::open_in).ok()?;
        let bytes = folder.read(&self.file()).ok()??;
        kept::token(&bytes, SystemTime::now()).ok().filter(|token| !token.is_over())
    }

    /// Drops this token, if it is the one that is kept.
    pub fn forget(&self, token: &Token) {
        let Ok(folder) = self.caches.as_deref().map_or_else(Folder::open, Folder::open_in) else { return };
        let kept = folder.read(&self.file()).ok().flatten().and_then(|bytes| kept::token(&bytes, SystemTime::now()).ok());
        if kept.is_some_and(|kept| kept.text == token.text) {
            folder.remove(&self.file());
        }
    }

    /// Waits for the token that another process fetches; or else until it is this one's turn, or until it is of no use
    /// to wait any longer.
    fn stand_in_line<'a>(&self, folder: &'a Folder, lock: &'a str, ask: &Ask) -> Result<Got, (Option<Line<'a>>, Others)> {
        let unlocked = |problem: String| {
            self.log.warning(&format!("processes may fetch a token each: {problem}"));
            (None, Others::Idle)
        };
        let mut line = Line::join(folder, lock).map_err(unlocked)?;
        let left = ask.deadline.saturating_duration_since(Instant::now());
        let mut looks = Looks::until(ask.deadline - OWN_TIME.min(left / 4));
        loop {
            let turn = line.turn().map_err(unlocked)?;
            // Always after the turn: whoever had it wrote first, then left the line.
            if let Ok(Some(token)) = self.look(folder, ask) {
                return Ok(Got { token, was_kept: true });
            }
            match turn {
                Turn::Ours => return Err((Some(line), Others::Idle)),
                // It was refused, or the like. The same would be said to all who wait, so they need not take turns to hear it.
                Turn::Over => return Err((None, Others::Idle)),
                Turn::Others if looks.wait() => {}
                Turn::Others => return Err((None, Others::Busy)),
            }
        }
    }

    /// The token that is kept, if it is what is asked for; an error where there is something that is no token.
    fn look(&self, folder: &Folder, ask: &Ask) -> Result<Option<Token>, String> {
        let file = self.file();
        let Some(bytes) = folder.read(&file)? else { return Ok(None) };
        let token = kept::token(&bytes, SystemTime::now()).map_err(|problem| folder.words(&file, &problem))?;
        Ok(Some(token).filter(|token| self.is_asked_for(token, ask)))
    }

    fn is_asked_for(&self, token: &Token, ask: &Ask) -> bool {
        let is_another = ask.instead_of.as_ref().is_none_or(|old| old.text != token.text);
        is_another
            && match token.freshness(token.age(), self.renewal) {
                Freshness::Fresh => true,
                Freshness::Old => !ask.is_renewal,
                Freshness::Over => false,
            }
    }

    fn keep(&self, folder: &Folder, token: &Token) {
        if token.freshness(token.age(), Renewal::Off) == Freshness::Over {
            return;
        }
        if let Err(problem) = folder.replace(&self.file(), &kept::of_token(token, SystemTime::now())) {
            self.log.warning(&format!("a token is not kept: {problem}"));
        }
        left_behind::clean(folder);
    }

    fn file(&self) -> String {
        format!("{}.token", self.name)
    }
}
