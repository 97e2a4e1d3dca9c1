//! Refresh tokens of people who signed in, one for each host, user and client: in a file, so that signing in once is enough, or
//! in this process's memory alone.
//!
//! Providers take many a refresh token only once and give another one for it; who shows an old one again may lose the sign-in
//! altogether. So one is read, used and replaced in one turn, which nobody else has meanwhile: no thread, no process.

use super::folder::Folder;
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

    /// Whether there is one. It may be in use just now.
    pub fn is_there(&self) -> bool {
        self.kept(self.folder().as_ref()).token().is_some()
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
            let Some(folder) = &folder else { break None };
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
        Some(body(&self.kept(folder.as_ref())))
    }

    /// Keeps the one of a new sign-in, even where somebody who uses the old one does not come to an end.
    pub fn keep(&self, token: &Secret, deadline: Instant) {
        if self.in_turn(deadline, |kept| kept.replace(token)).is_none() {
            self.kept(self.folder().as_ref()).replace(token);
        }
    }

    fn kept<'a>(&'a self, folder: Option<&'a Folder>) -> Kept<'a> {
        Kept { of: self, folder }
    }

    fn folder(&self) -> Option<Folder> {
        if !self.in_files {
            return None;
        }
        let folder = self.caches.as_deref().map_or_else(Folder::open, Folder::open_in);
        folder.inspect_err(|problem| self.log.warning(&format!("no sign-in is kept in a file: {problem}"))).ok()
    }

    fn file(&self) -> String {
        format!("{}.refresh", self.name)
    }
}

/// A refresh token where it is kept.
pub struct Kept<'a> {
    of: &'a RefreshToken,
    folder: Option<&'a Folder>,
}

impl Kept<'_> {
    /// The token. One that could not be written is newer than the file's.
    pub fn token(&self) -> Option<Secret> {
        let here = slots().get(&self.of.name).and_then(|slot| slot.token.clone());
        here.or_else(|| self.in_file())
    }

    fn in_file(&self) -> Option<Secret> {
        let (folder, file) = (self.folder?, self.of.file());
        let read = folder.read(&file).and_then(|bytes| bytes.map(|bytes| kept::refresh_token(&bytes)).transpose());
        read.inspect_err(|problem| self.of.log.warning(&format!("a sign-in that was kept is lost: {problem}"))).ok().flatten()
    }

    /// Puts another one in its place. Where it cannot be written, this process keeps it for itself.
    pub fn replace(&self, token: &Secret) {
        let unwritten = match self.folder.map(|folder| folder.replace(&self.of.file(), &kept::of_refresh_token(token))) {
            Some(Ok(())) => None,
            Some(Err(problem)) => {
                self.of.log.warning(&format!("a sign-in is kept in this process only: {problem}"));
                Some(token.clone())
            }
            None => Some(token.clone()),
        };
        slots().entry(self.of.name.clone()).or_default().token = unwritten;
    }

    /// Drops it: its provider accepts it no more.
    pub fn forget(&self) {
        if let Some(folder) = self.folder {
            folder.remove(&self.of.file());
        }
        if let Some(slot) = slots().get_mut(&self.of.name) {
            slot.token = None;
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
mod tests {
    use super::*;
    use crate::token::store::tests::Caches;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::thread;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    impl Caches {
        fn sign_in(&self, user: &str) -> RefreshToken {
            RefreshToken { caches: Some(self.path.clone()), ..RefreshToken::of("idp", Some(user), "client", true, Log::Off) }
        }
    }

    fn text(sign_in: &RefreshToken) -> Option<String> {
        sign_in.in_turn(soon(), |kept| kept.token().map(|token| token.expose().to_owned())).expect("a turn")
    }

    #[test]
    fn one_is_kept_for_each_user_replaced_and_forgotten() {
        let caches = Caches::new();
        assert!(!caches.sign_in("ann").is_there());
        caches.sign_in("ann").keep(&secret("a1"), soon());
        caches.sign_in("bob").keep(&secret("b1"), soon());
        caches.sign_in("ann").in_turn(soon(), |kept| kept.replace(&secret("a2"))).expect("a turn");
        assert_eq!((text(&caches.sign_in("ann")).as_deref(), text(&caches.sign_in("bob")).as_deref()), (Some("a2"), Some("b1")));
        assert_eq!(caches.names(".refresh").len(), 2);
        caches.sign_in("ann").in_turn(soon(), |kept| kept.forget()).expect("a turn");
        assert!(!caches.sign_in("ann").is_there() && caches.sign_in("bob").is_there());
        assert_eq!((caches.names(".refresh").len(), caches.names(".lock").len()), (1, 0));
    }

    #[test]
    fn nobody_ever_uses_one_twice() {
        let caches = Caches::new();
        caches.sign_in("ann").keep(&secret("0"), soon());
        let (inside, uses) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let turn = caches.sign_in("ann").in_turn(soon(), |kept| {
                        assert_eq!(inside.fetch_add(1, SeqCst), 0, "two at once");
                        let old = kept.token().expect("a token").expose().to_owned();
                        assert_eq!(old, uses.fetch_add(1, SeqCst).to_string(), "an old one");
                        thread::yield_now();
                        kept.replace(&secret(&uses.load(SeqCst).to_string()));
                        inside.fetch_sub(1, SeqCst);
                    });
                    turn.expect("a turn");
                });
            }
        });
        assert_eq!(text(&caches.sign_in("ann")).as_deref(), Some("16"));
    }

    #[test]
    fn who_never_gets_the_turn_uses_none() {
        let caches = Caches::new();
        let name = format!("{}.lock", caches.sign_in("ann").name);
        let folder = Folder::open_in(&caches.path).expect("a folder");
        let mut line = Line::join(&folder, &name).expect("a line");
        assert_eq!(line.turn(), Ok(Turn::Ours));
        let deadline = Instant::now() + Duration::from_millis(50);
        assert!(caches.sign_in("ann").in_turn(deadline, |_| ()).is_none(), "another process has the turn");
        drop(line);
        let inside = caches.sign_in("ann").in_turn(soon(), |_| caches.sign_in("ann").in_turn(deadline, |_| ()));
        assert_eq!(inside, Some(None), "another thread has the turn");
        caches.sign_in("ann").in_turn(soon(), |_| caches.sign_in("ann").keep(&secret("new"), deadline));
        assert_eq!(text(&caches.sign_in("ann")).as_deref(), Some("new"), "a new sign-in is kept all the same");
    }

    #[test]
    fn without_files_it_is_this_processs_alone() {
        let caches = Caches::new();
        let in_memory = || RefreshToken { in_files: false, ..caches.sign_in("zoe") };
        in_memory().keep(&secret("m"), soon());
        assert_eq!(text(&in_memory()).as_deref(), Some("m"));
        assert!(!caches.path.join("tokenshim").exists());
        in_memory().in_turn(soon(), |kept| kept.forget()).expect("a turn");
        assert!(!in_memory().is_there());
    }

    #[test]
    fn what_cannot_be_written_serves_this_process_until_something_can() {
        let caches = Caches::new();
        caches.sign_in("eve").keep(&secret("old"), soon());
        let file = caches.path.join("tokenshim").join(&caches.names(".refresh")[0]);
        std::fs::remove_file(&file).expect("a file");
        std::fs::create_dir(&file).expect("a folder in its place");
        caches.sign_in("eve").in_turn(soon(), |kept| kept.replace(&secret("new"))).expect("a turn");
        assert_eq!(text(&caches.sign_in("eve")).as_deref(), Some("new"));
        std::fs::remove_dir(&file).expect("a folder");
        caches.sign_in("eve").in_turn(soon(), |kept| kept.replace(&secret("newer"))).expect("a turn");
        assert!(!slots().contains_key(&caches.sign_in("eve").name), "and then the file has it");
        assert_eq!(text(&caches.sign_in("eve")).as_deref(), Some("newer"));
    }
}
