//! Refresh tokens of people who signed in, one for each host, user and client: in a file, so that signing in once is enough, or
//! in this process's memory alone.
//!
//! Providers take many a refresh token only once and give another one for it; who shows an old one again may lose the sign-in
//! altogether. So one is read, used and replaced in one turn, which nobody else has meanwhile: no thread, no process.

use super::folder::{Folder, Problem};
use super::kept;
use super::lock::{Line, Looks, Turn};
use crate::log::Log;
use crate::token::Secret;
use crate::token::identity::Identity;
use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The refresh token of one sign-in.
pub struct RefreshToken {
    name: String,
    in_files: bool,
    log: Log,
    /// The folder for caches, where it is not the user's own.
    caches: Option<PathBuf>,
}

/// What this process knows of one.
#[derive(Default)]
struct Slot {
    /// The process whose thread has the turn: a child of `fork` has none of its parent's threads.
    turn: Option<u32>,
    /// The token, where it is in no file.
    token: Option<Secret>,
}

/// Its lock is held for a look only; a turn is an entry in it.
static SLOTS: Mutex<BTreeMap<String, Slot>> = Mutex::new(BTreeMap::new());

fn slots() -> MutexGuard<'static, BTreeMap<String, Slot>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at what this process knows until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(slots())
}

impl RefreshToken {
    /// `host` is the provider, with all that makes it another one; `user` is whose sign-in it is, where several are kept.
    pub fn of(host: &str, user: Option<&str>, client: &str, in_files: bool, log: Log) -> Self {
        let name = Identity::of(&[Some("refresh token"), Some(host), user, Some(client)]).name();
        Self { name, in_files, log, caches: None }
    }

    /// Of which the turn is that of asking somebody for this one, which is read and written meanwhile in turns of its own.
    pub fn asking(&self) -> Self {
        Self { name: format!("{}.ask", self.name), in_files: self.in_files, log: self.log.clone(), caches: self.caches.clone() }
    }

    /// Whether there is one. It may be in use just now.
    ///
    /// # Errors
    /// As [`Kept::token`].
    pub fn is_there(&self) -> Result<bool, String> {
        self.kept(&self.folder()).token().map(|token| token.is_some())
    }

    /// Calls `body` once nobody else uses it; `None` where that is not so before `deadline`.
    pub fn in_turn<R>(&self, deadline: Instant, body: impl FnOnce(&Kept<'_>) -> R) -> Option<R> {
        let mut looks = Looks::until(deadline);
        let _slot = loop {
            match TurnHere::take(&self.name) {
                Some(turn) => break turn,
                None if looks.wait() => {}
                None => return None,
            }
        };
        let folder = self.folder();
        let lock = format!("{}.lock", self.name);
        let _line = loop {
            let Ok(Some(folder)) = &folder else { break None };
            let line = Line::join(folder, &lock).and_then(|mut line| Ok((line.turn()?, line)));
            match line {
                Ok((Turn::Ours, line)) => break Some(line),
                Ok(_) if looks.wait() => {}
                Ok(_) => return None,
                Err(problem) => {
                    self.log.warning(&format!("processes may use a sign-in at once: {problem}"));
                    break None;
                }
            }
        };
        Some(body(&self.kept(&folder)))
    }

    /// Keeps the one of a new sign-in, even where somebody who uses the old one does not come to an end.
    pub fn keep(&self, token: &Secret, deadline: Instant) {
        if self.in_turn(deadline, |kept| kept.begin(token)).is_none() {
            self.kept(&self.folder()).begin(token);
        }
    }

    /// Forgets it, once nobody else uses it, and returns those that there were: behind this process's own one there may be the file's, of
    /// another process. `None` where somebody uses it until `deadline`.
    ///
    /// # Errors
    /// As [`Kept::token`]; or one stays where it is.
    pub fn take(&self, deadline: Instant) -> Result<Option<Vec<Secret>>, String> {
        let take = |kept: &Kept<'_>| {
            let mut taken = Vec::new();
            while let Some(token) = kept.token()? {
                if taken.contains(&token) {
                    return Err(format!("{} cannot be removed", self.file()));
                }
                kept.forget(&token);
                taken.push(token);
            }
            Ok(taken)
        };
        self.in_turn(deadline, take).transpose()
    }

    fn kept<'a>(&'a self, folder: &'a Result<Option<Folder>, String>) -> Kept<'a> {
        Kept { of: self, folder: folder.as_ref().map(Option::as_ref).map_err(String::as_str) }
    }

    /// The folder, where there is one to use; an error where there may be one that cannot be got at just now.
    fn folder(&self) -> Result<Option<Folder>, String> {
        if !self.in_files {
            return Ok(None);
        }
        match self.caches.as_deref().map_or_else(Folder::open, Folder::open_in) {
            Ok(folder) => Ok(Some(folder)),
            Err(Problem::OfNow(problem)) => Err(problem),
            Err(Problem::Lasting(problem)) => {
                self.log.warning(&format!("no sign-in is kept in a file: {problem}"));
                Ok(None)
            }
        }
    }

    fn file(&self) -> String {
        format!("{}.refresh", self.name)
    }
}

/// A refresh token where it is kept.
pub struct Kept<'a> {
    of: &'a RefreshToken,
    folder: Result<Option<&'a Folder>, &'a str>,
}

impl Kept<'_> {
    /// The token. One that could not be written is newer than the file's.
    ///
    /// # Errors
    /// There may be one, but it cannot be read just now. Says why.
    pub fn token(&self) -> Result<Option<Secret>, String> {
        self.here().map_or_else(|| self.in_file(), |token| Ok(Some(token)))
    }

    /// Keeps the one of a new sign-in. Where it cannot be written, this process keeps it for itself.
    fn begin(&self, token: &Secret) {
        let unwritten = self.write(token).err().map(|problem| {
            self.warn_of_unwritten(problem, "");
            token.clone()
        });
        self.set_here(unwritten);
    }

    /// Puts `new` in the place of `old`, which was shown and may be used up: where `new` cannot be written, nobody else finds
    /// `old`, and this process keeps `new` for itself. Another one that was kept meanwhile comes from a fresh sign-in, and stays.
    pub fn replace(&self, old: &Secret, new: &Secret) {
        let (is_from_here, there) = (self.here().as_ref() == Some(old), self.in_file());
        // What cannot be read now was read a moment ago, if `old` is from there.
        let is_old = there.as_ref().map_or(!is_from_here, |there| there.as_ref() == Some(old));
        let unwritten = if is_old || there == Ok(None) {
            self.write(new).err().map(|problem| {
                self.warn_of_unwritten(problem, if is_old { self.remove_used_up() } else { "" });
                new.clone()
            })
        } else {
            Some(new.clone()).filter(|_| is_from_here)
        };
        let mut slots = slots();
        let here = &mut slots.entry(self.of.name.clone()).or_default().token;
        if here.as_ref().is_none_or(|here| here == old) {
            *here = unwritten;
        }
    }

    /// A disk that is full does not hinder that. Returns what came of it, in a message's words.
    fn remove_used_up(&self) -> &'static str {
        let Ok(Some(folder)) = self.folder else { return "" };
        folder.remove(&self.of.file());
        let is_gone = matches!(folder.read(&self.of.file()), Ok(None));
        if is_gone { ", and the one in the file, which is used up, is removed" } else { ", and the one in the file is used up" }
    }

    /// Drops the one that was shown: its provider accepts it no more. Another one, of a fresh sign-in, stays.
    pub fn forget(&self, shown: &Secret) {
        if self.here().as_ref() == Some(shown) {
            self.set_here(None);
        }
        if let (Ok(Some(folder)), Ok(Some(there))) = (self.folder, self.in_file())
            && there == *shown
        {
            folder.remove(&self.of.file());
        }
    }

    fn here(&self) -> Option<Secret> {
        slots().get(&self.of.name).and_then(|slot| slot.token.clone())
    }

    fn set_here(&self, token: Option<Secret>) {
        slots().entry(self.of.name.clone()).or_default().token = token;
    }

    fn in_file(&self) -> Result<Option<Secret>, String> {
        let Some(folder) = self.folder? else { return Ok(None) };
        let file = self.of.file();
        let read = folder.read(&file).and_then(|bytes| {
            let token = bytes.map(|bytes| kept::refresh_token(&bytes)).transpose();
            token.map_err(|problem| folder.words(&file, &problem).into())
        });
        match read {
            Ok(token) => Ok(token),
            Err(Problem::OfNow(problem)) => Err(problem),
            Err(Problem::Lasting(problem)) => {
                self.of.log.warning(&format!("a sign-in that was kept is lost: {problem}"));
                Ok(None)
            }
        }
    }

    /// `Err` where it is in no file; with the reason, where there should be one.
    fn write(&self, token: &Secret) -> Result<(), Option<String>> {
        let folder = self.folder.map_err(|problem| Some(problem.to_owned()))?.ok_or(None)?;
        folder.replace(&self.of.file(), &kept::of_refresh_token(token)).map_err(Some)
    }

    fn warn_of_unwritten(&self, problem: Option<String>, more: &str) {
        if let Some(problem) = problem {
            self.of.log.warning(&format!("a sign-in is kept in this process only{more}: {problem}"));
        }
    }
}

/// The turn among this process's threads.
struct TurnHere<'a>(&'a str);

impl<'a> TurnHere<'a> {
    fn take(name: &'a str) -> Option<Self> {
        let this = std::process::id();
        let mut slots = slots();
        let slot = slots.entry(name.to_owned()).or_default();
        let is_free = slot.turn != Some(this);
        slot.turn = Some(this);
        is_free.then(|| Self(name)) // not `then_some`: a turn that is dropped is given back
    }
}

impl Drop for TurnHere<'_> {
    fn drop(&mut self) {
        let mut slots = slots();
        match slots.get_mut(self.0) {
            Some(slot) if slot.token.is_some() => slot.turn = None,
            _ => drop(slots.remove(self.0)),
        }
    }
}

#[cfg(test)]
mod tests;
