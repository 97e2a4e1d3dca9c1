mod distrust;
mod sharing;

use super::*;
use crate::log::To;
use crate::token::Secret;
use nix::unistd::geteuid;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

/// A folder for caches that goes with the test.
pub struct Caches {
    pub path: PathBuf,
}

impl Caches {
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tokenshim-store-{}-{}", std::process::id(), NUMBER.fetch_add(1, SeqCst));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Self { path }
    }

    /// The names in tokenshim's folder with this end.
    pub fn names(&self, end: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).filter(|name| name.ends_with(end)).collect()
    }

    fn folder(&self) -> PathBuf {
        self.path.join("tokenshim")
    }

    /// As a process that has the same caches would share the token of `who`.
    fn shared(&self, who: &str) -> Shared {
        let log = Log { to: To::File(self.path.join("log")), ..Log::default() };
        Shared { caches: Some(self.path.clone()), ..Shared::of(&Identity::of(&[Some(who)]), Renewal::Half, log) }
    }

    fn file(&self, who: &str) -> PathBuf {
        self.folder().join(self.shared(who).file())
    }

    fn warnings(&self) -> String {
        fs::read_to_string(self.path.join("log")).unwrap_or_default()
    }

    /// The text of the token of `who`, and whether it was kept; `new` is fetched where none is.
    fn get(&self, who: &str, ask: Ask, new: &str) -> (String, bool) {
        let got = self.shared(who).get(&ask, |_| Ok(token(new))).expect("a token");
        (got.token.text.expose().to_owned(), got.was_kept)
    }

    /// How many of this process wait for the token of `who`, the one who fetches it among them.
    fn standing_in_line(&self, who: &str) -> usize {
        let lock = self.folder().join(format!("{}.lock", self.shared(who).name));
        let open = fs::read_dir("/proc/self/fd").expect("a folder").flatten();
        open.filter(|file| fs::read_link(file.path()).is_ok_and(|target| target == lock)).count()
    }

    /// Makes the kept token as old as that.
    fn age(&self, who: &str, age: Duration) {
        let now = SystemTime::now();
        let kept = kept::token(&fs::read(self.file(who)).expect("a file"), now).expect("a token");
        let aged = Token { came: kept.came, ..kept }.aged(age);
        fs::write(self.file(who), kept::of_token(&aged, now)).expect("a file");
    }
}

impl Drop for Caches {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn token(text: &str) -> Token {
    Token::new(Secret::new(text.into()), Some(Duration::from_secs(3600))).expect("a token")
}

fn ask() -> Ask {
    Ask { deadline: Instant::now() + Duration::from_secs(60), instead_of: None, is_renewal: false }
}

fn instead_of(text: &str) -> Ask {
    Ask { instead_of: Some(token(text)), ..ask() }
}

fn renewal_of(text: &str) -> Ask {
    Ask { is_renewal: true, ..instead_of(text) }
}

fn kept(text: &str) -> (String, bool) {
    (text.into(), true)
}

fn fetched(text: &str) -> (String, bool) {
    (text.into(), false)
}
