//! Refresh tokens, kept where they are.

use super::*;
use crate::token::store::tests::Caches;
use std::os::unix::fs::PermissionsExt;
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
        RefreshToken { caches: Some(self.path.clone()), ..RefreshToken::of("idp", Some(user), "client", true, Log::default()) }
    }
}

fn text(sign_in: &RefreshToken) -> Option<String> {
    sign_in.in_turn(soon(), |kept| kept.token().expect("readable").map(|token| token.expose().to_owned())).expect("a turn")
}

#[test]
fn one_is_kept_for_each_user_replaced_and_forgotten() {
    let caches = Caches::new();
    assert!(caches.sign_in("ann").is_there() == Ok(false));
    caches.sign_in("ann").keep(&secret("a1"), soon());
    caches.sign_in("bob").keep(&secret("b1"), soon());
    caches.sign_in("ann").in_turn(soon(), |kept| kept.replace(&secret("a1"), &secret("a2"))).expect("a turn");
    assert_eq!((text(&caches.sign_in("ann")).as_deref(), text(&caches.sign_in("bob")).as_deref()), (Some("a2"), Some("b1")));
    assert_eq!(caches.names(".refresh").len(), 2);
    caches.sign_in("ann").in_turn(soon(), |kept| kept.forget(&secret("a2"))).expect("a turn");
    assert!(caches.sign_in("ann").is_there() == Ok(false) && caches.sign_in("bob").is_there() == Ok(true));
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
                    let old = kept.token().expect("readable").expect("a token").expose().to_owned();
                    assert_eq!(old, uses.fetch_add(1, SeqCst).to_string(), "an old one");
                    thread::yield_now();
                    kept.replace(&secret(&old), &secret(&uses.load(SeqCst).to_string()));
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
    in_memory().in_turn(soon(), |kept| kept.forget(&secret("m"))).expect("a turn");
    assert_eq!(in_memory().is_there(), Ok(false));
}

#[test]
fn what_cannot_be_written_serves_this_process_until_something_can() {
    let caches = Caches::new();
    caches.sign_in("eve").keep(&secret("old"), soon());
    let file = caches.path.join("tokenshim").join(&caches.names(".refresh")[0]);
    std::fs::remove_file(&file).expect("a file");
    std::fs::create_dir(&file).expect("a folder in its place");
    caches.sign_in("eve").in_turn(soon(), |kept| kept.replace(&secret("old"), &secret("new"))).expect("a turn");
    assert_eq!(text(&caches.sign_in("eve")).as_deref(), Some("new"));
    std::fs::remove_dir(&file).expect("a folder");
    caches.sign_in("eve").in_turn(soon(), |kept| kept.replace(&secret("new"), &secret("newer"))).expect("a turn");
    assert!(!slots().contains_key(&caches.sign_in("eve").name), "and then the file has it");
    assert_eq!(text(&caches.sign_in("eve")).as_deref(), Some("newer"));
}

#[test]
fn a_fresh_sign_in_of_another_process_is_neither_replaced_nor_forgotten() {
    let caches = Caches::new();
    let in_other_process = |token: &str| {
        let file = caches.path.join("tokenshim").join(format!("{}.refresh", caches.sign_in("ann").name));
        std::fs::write(file, &*kept::of_refresh_token(&secret(token))).expect("a file");
    };
    let ann = || caches.sign_in("ann");
    ann().keep(&secret("shown"), soon());
    ann().in_turn(soon(), |kept| (in_other_process("fresh"), kept.replace(&secret("shown"), &secret("rotated")))).expect("a turn");
    assert_eq!(text(&ann()).as_deref(), Some("fresh"));
    ann().in_turn(soon(), |kept| kept.forget(&secret("shown"))).expect("a turn");
    assert_eq!(text(&ann()).as_deref(), Some("fresh"));

    ann().in_turn(soon(), |kept| kept.set_here(Some(secret("own")))).expect("a turn");
    ann().in_turn(soon(), |kept| kept.replace(&secret("own"), &secret("own 2"))).expect("a turn");
    assert_eq!(text(&ann()).as_deref(), Some("own 2"), "this process's own goes on beside it");
    ann().in_turn(soon(), |kept| kept.forget(&secret("own 2"))).expect("a turn");
    assert_eq!(text(&ann()).as_deref(), Some("fresh"));

    ann().in_turn(soon(), |kept| kept.set_here(Some(secret("own 3")))).expect("a turn");
    let taken = ann().take(soon()).expect("readable").expect("a turn");
    assert_eq!(taken.iter().map(Secret::expose).collect::<Vec<_>>(), ["own 3", "fresh"], "who signs out does so for both");
    assert_eq!(ann().is_there(), Ok(false));
}

#[test]
fn a_fresh_sign_in_of_this_process_stays_as_well() {
    let caches = Caches::new();
    let in_memory = || RefreshToken { in_files: false, ..caches.sign_in("max") };
    in_memory().keep(&secret("shown"), soon());
    let without_the_turn = || in_memory().keep(&secret("fresh"), Instant::now());
    in_memory().in_turn(soon(), |kept| (without_the_turn(), kept.replace(&secret("shown"), &secret("rotated")))).expect("a turn");
    assert_eq!(text(&in_memory()).as_deref(), Some("fresh"));
    in_memory().in_turn(soon(), |kept| kept.forget(&secret("rotated"))).expect("a turn");
    assert_eq!(text(&in_memory()).as_deref(), Some("fresh"));
}

#[test]
fn a_used_up_one_does_not_stay_in_the_file_when_the_next_cannot_be_written() {
    let caches = Caches::new();
    // The file's own name is as long as names may be, so that the longer one of a file that is being written is too long.
    let long = || RefreshToken { name: "n".repeat(255 - ".refresh".len()), ..caches.sign_in("ann") };
    assert_eq!(long().is_there(), Ok(false));
    let file = caches.path.join("tokenshim").join(format!("{}.refresh", long().name));
    let put = |token: &str| {
        std::fs::write(&file, &*kept::of_refresh_token(&secret(token))).expect("a file");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("its mode");
    };
    put("old");
    long().in_turn(soon(), |kept| kept.replace(&secret("old"), &secret("new"))).expect("a turn");
    assert!(!file.exists());
    assert_eq!(text(&long()).as_deref(), Some("new"));
    put("another's");
    long().in_turn(soon(), |kept| kept.replace(&secret("new"), &secret("newer"))).expect("a turn");
    assert!(file.exists(), "that one was not used up");
    assert_eq!(text(&long()).as_deref(), Some("newer"));
    long().in_turn(soon(), |kept| kept.forget(&secret("newer"))).expect("a turn");
    assert_eq!(text(&long()).as_deref(), Some("another's"));
}

#[test]
fn one_that_cannot_be_read_just_now_is_not_taken_for_none() {
    let caches = Caches::new();
    assert_eq!(caches.sign_in("ann").is_there(), Ok(false));
    let unreadable = RefreshToken { name: "n".repeat(300), ..caches.sign_in("ann") };
    assert!(unreadable.is_there().expect_err("a problem").contains("cannot be opened: ENAMETOOLONG"));
    let file = caches.path.join("tokenshim").join(format!("{}.refresh", caches.sign_in("ann").name));
    std::fs::write(&file, "damaged").expect("a file");
    assert_eq!(caches.sign_in("ann").is_there(), Ok(false), "nobody will ever read that");
    std::fs::remove_file(&file).expect("a file");
    std::os::unix::fs::symlink("/dev/null", &file).expect("a link");
    assert_eq!(caches.sign_in("ann").is_there(), Ok(false), "nor believe that");
}
