//! One fetches, the others find what it brought.

use super::*;

#[test]
fn a_token_is_fetched_once_and_found_by_others_of_the_same_identity_only() {
    let caches = Caches::new();
    assert_eq!(caches.get("a", ask(), "1"), fetched("1"));
    assert_eq!(caches.get("a", ask(), "2"), kept("1"));
    assert_eq!(caches.get("b", ask(), "3"), fetched("3"));
    assert_eq!(caches.get("a", ask(), "4"), kept("1"));
    assert_eq!(caches.warnings(), "");
}

#[test]
fn a_file_is_its_owners_alone_and_its_name_says_nothing() {
    let caches = Caches::new();
    let secret = "the-secret-of-the-client";
    assert_eq!(caches.get(secret, ask(), "1"), fetched("1"));
    let mode = |path: &PathBuf| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!((mode(&caches.folder()), mode(&caches.file(secret))), (0o700, 0o600));
    let names = caches.names("");
    assert!(names.len() == 1 && names[0].len() == 64 + ".token".len() && !names[0].contains("secret"), "{names:?}");
}

#[test]
fn many_who_begin_at_once_fetch_one_token() {
    let caches = Caches::new();
    let (fetches, begin) = (AtomicUsize::new(0), Barrier::new(32));
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                begin.wait();
                let slow = |_| {
                    thread::sleep(Duration::from_millis(100));
                    Ok(token(&fetches.fetch_add(1, SeqCst).to_string()))
                };
                assert_eq!(caches.shared("a").get(&ask(), slow).expect("a token").token.text.expose(), "0");
            });
        }
    });
    assert_eq!(fetches.load(SeqCst), 1);
    assert_eq!(caches.names("").len(), 1, "no lock and no half a file stays behind");
}

#[test]
fn those_who_wait_for_one_that_is_refused_ask_at_once_and_not_in_turn() {
    let caches = Caches::new();
    let (first, all) = (Barrier::new(2), Barrier::new(8));
    let refused = || Error::SignInRefused { who: "idp".into(), words: "no".into(), advice: "-", section: "s".into() };
    let wait_and_refuse = |_| {
        all.wait();
        Err(refused())
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let refuse = |_| {
                first.wait();
                first.wait();
                Err(refused())
            };
            caches.shared("a").get(&ask(), refuse).expect_err("a refusal")
        });
        first.wait();
        for _ in 0..8 {
            // Each waits in its fetch until all are there.
            scope.spawn(|| caches.shared("a").get(&ask(), wait_and_refuse).expect_err("a refusal"));
        }
        while caches.standing_in_line("a") < 9 {
            thread::yield_now();
        }
        first.wait();
    });
}

#[test]
fn one_whose_time_was_too_short_or_whose_provider_is_busy_hands_the_turn_on() {
    let (who, section) = (|| "idp".to_owned(), || "s".to_owned());
    let slow = Error::TooSlow { who: who(), seconds: 1, section: section() };
    let busy = Error::ProviderUnreachable { who: who(), words: "HTTP 503".into(), advice: "-", section: section(), again_after: None };
    for error in [slow, busy] {
        let caches = Caches::new();
        caches.shared("a").get(&ask(), |_| Err(error)).expect_err("no token");
        let folder = Folder::open_in(&caches.path).expect("a folder");
        let lock = caches.names(".lock").pop().expect("a lock");
        assert_eq!(Line::join(&folder, &lock).expect("a line").turn(), Ok(Turn::Ours));
    }
}

#[test]
fn a_lock_that_a_crash_left_behind_holds_nobody_up() {
    let caches = Caches::new();
    let folder = Folder::open_in(&caches.path).expect("a folder");
    drop(folder.lock_file(&format!("{}.lock", caches.shared("a").name)).expect("a file"));
    assert_eq!(caches.get("a", ask(), "1"), fetched("1"));
    assert_eq!(caches.names(".lock"), [""; 0]);
}

#[test]
fn one_who_is_held_up_for_too_long_fetches_for_himself() {
    let caches = Caches::new();
    let folder = Folder::open_in(&caches.path).expect("a folder");
    let lock = format!("{}.lock", caches.shared("a").name);
    let mut line = Line::join(&folder, &lock).expect("a line");
    assert_eq!(line.turn(), Ok(Turn::Ours));
    let ask = Ask { deadline: Instant::now() + Duration::from_secs(4), ..ask() };
    let fetch = |others| {
        assert_eq!(others, Others::Busy);
        assert!(Instant::now() < ask.deadline, "there is time left");
        Ok(token("1"))
    };
    assert!(!caches.shared("a").get(&ask, fetch).expect("a token").was_kept);
    assert_eq!(line.turn(), Ok(Turn::Ours), "the lock is still the other one's");
    assert_eq!(caches.get("a", self::ask(), "2"), kept("1"));
}

#[test]
fn an_old_token_serves_who_has_none_and_is_renewed_by_one() {
    let caches = Caches::new();
    caches.get("a", ask(), "1");
    caches.age("a", Duration::from_secs(2000));
    assert_eq!(caches.get("a", ask(), "x"), kept("1"));
    assert_eq!(caches.get("a", renewal_of("1"), "2"), fetched("2"));
    assert_eq!(caches.get("a", renewal_of("1"), "x"), kept("2"), "the next one finds it");
    caches.age("a", Duration::from_secs(2000));
    assert_eq!(caches.get("a", renewal_of("1"), "3"), fetched("3"), "what is old is no renewal");
    caches.age("a", Duration::from_secs(3590));
    assert_eq!(caches.get("a", ask(), "4"), fetched("4"), "what is over serves nobody");
}

#[test]
fn a_refused_token_is_replaced_once() {
    let caches = Caches::new();
    caches.get("a", ask(), "1");
    assert_eq!(caches.get("a", instead_of("1"), "2"), fetched("2"));
    assert_eq!(caches.get("a", instead_of("1"), "3"), kept("2"));
    assert_eq!(caches.get("a", ask(), "4"), kept("2"));
}

#[test]
fn a_token_that_is_over_already_is_not_kept() {
    let caches = Caches::new();
    let over = |_| Ok(Token { life: Some(Duration::from_nanos(1)), ..token("1") });
    caches.shared("a").get(&ask(), over).expect("a token");
    assert_eq!(caches.names("").len(), 0);
}

#[test]
fn a_token_that_is_forgotten_is_in_no_file_but_a_newer_one_stays() {
    let caches = Caches::new();
    caches.shared("a").forget(&token("1"));
    assert_eq!(caches.get("a", ask(), "1"), fetched("1"));
    caches.shared("a").forget(&token("2"));
    assert_eq!(caches.get("a", ask(), "2"), kept("1"));
    caches.shared("a").forget(&token("1"));
    assert_eq!((caches.names(".token").len(), caches.get("a", ask(), "2")), (0, fetched("2")));
}
