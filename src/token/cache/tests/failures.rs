//! Fetches that fail, and those who wait for them.

use super::*;

fn slow() -> Error {
    Error::TooSlow { who: "idp".into(), seconds: 1, section: "s".into() }
}

/// How many wait for the flight of `who`: each holds it, as do the entry and the one who fetches.
pub fn waiters(bench: &Bench, who: &str) -> usize {
    let shelf = bench.cache.shelf();
    shelf.entries.get(&Identity::of(&[Some(who)])).and_then(|entry| entry.flight.as_ref()).map_or(0, |flight| Arc::strong_count(flight) - 2)
}

#[test]
fn a_failed_renewal_keeps_the_old_token_and_waits_before_the_next() {
    let bench = bench();
    bench.get("a");
    bench.clock.forward(100);
    drop(bench.provider.slow()); // every request is refused
    bench.get("a");
    bench.settle("a");
    for _ in 0..14 {
        assert_eq!((bench.get("a"), bench.provider.requests()), (("1".into(), true), 2));
        bench.clock.forward(1);
    }
    bench.clock.forward(31); // 45 s is the longest first wait
    assert_eq!(bench.get("a"), ("1".into(), true));
    bench.settle("a");
    assert_eq!(bench.provider.requests(), 3);
    bench.clock.forward(35);
    assert!(bench.get_within("a", Duration::from_secs(60)).is_err(), "it is over");
}

#[test]
fn a_refusal_reaches_all_who_waited_and_is_not_kept() {
    let bench = bench();
    let answer = bench.provider.slow();
    thread::scope(|scope| {
        let first = scope.spawn(|| bench.get_within("a", Duration::from_secs(60)));
        wait_until(|| bench.provider.requests() == 1);
        let others: Vec<_> = (0..8).map(|_| scope.spawn(|| bench.get_within("a", Duration::from_secs(60)))).collect();
        wait_until(|| waiters(&bench, "a") == 8);
        answer.send(Err(refused())).expect("a request");
        for caller in others.into_iter().chain([first]) {
            assert!(matches!(caller.join().expect("no panic"), Err(Error::SignInRefused { .. })));
        }
    });
    assert_eq!((bench.provider.requests(), bench.identities()), (1, 0));
}

#[test]
fn a_waiter_whose_time_is_up_leaves_and_the_others_get_their_token() {
    let bench = bench();
    let answer = bench.provider.slow();
    thread::scope(|scope| {
        let first = scope.spawn(|| bench.get("a"));
        wait_until(|| bench.provider.requests() == 1);
        let short = bench.get_within("a", Duration::from_millis(10));
        assert!(matches!(short, Err(Error::TooSlow { who, .. }) if who == "late"));
        answer.send(Ok(token("a"))).expect("a request");
        assert_eq!(first.join().expect("no panic"), ("a".into(), false));
    });
}

#[test]
fn where_the_first_ones_time_is_up_the_next_one_fetches() {
    let bench = bench();
    let answer = bench.provider.slow();
    thread::scope(|scope| {
        let first = scope.spawn(|| bench.get_within("a", Duration::from_secs(30)));
        wait_until(|| bench.provider.requests() == 1);
        let second = scope.spawn(|| bench.get("a"));
        wait_until(|| waiters(&bench, "a") == 1);
        answer.send(Err(slow())).expect("a request");
        assert!(first.join().expect("no panic").is_err());
        answer.send(Ok(token("a"))).expect("a request");
        assert_eq!(second.join().expect("no panic"), ("a".into(), false));
    });
    assert_eq!(bench.provider.requests(), 2);
}

#[test]
fn a_fetch_that_panics_ends_the_waiting() {
    let bench = bench();
    let identity = Identity::of(&[Some("a")]);
    let want = Want {
        identity: &identity,
        renewal: Renewal::Half,
        deadline: Instant::now() + Duration::from_secs(60),
        renewal_timeout: Duration::ZERO,
        refused: None,
        is_renewal: false,
        may_ask: false,
    };
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.cache.get(&want, late, |_| panic!("on purpose"))));
    assert!(panicked.is_err());
    assert_eq!(bench.get("a"), ("1".into(), false));
}

#[test]
fn a_token_that_was_refused_is_kept_until_there_is_another() {
    let bench = bench();
    bench.get("a");
    let first = token("1");
    let answer = bench.provider.slow();
    answer.send(Err(refused())).expect("a provider");
    answer.send(Ok(token("2"))).expect("a provider");
    let again = || bench.get_another("a", Some(&first), Duration::from_secs(60)).map(|got| (got.token.text.expose().to_owned(), got.was_kept));
    assert!(again().is_err());
    assert_eq!(bench.get("a"), ("1".into(), true));
    assert_eq!(again().expect("a token"), ("2".into(), false));
    assert_eq!((bench.get("a"), again().expect("a token")), (("2".into(), true), ("2".into(), true)));
}

fn busy(again_after: u64) -> Error {
    Error::ProviderUnreachable {
        who: "idp".into(),
        words: "HTTP 429".into(),
        advice: "-",
        section: "s".into(),
        again_after: Some(Duration::from_secs(again_after)),
    }
}

#[test]
fn a_renewal_waits_as_long_as_its_provider_asks_for_before_the_next() {
    let bench = bench();
    bench.get("a");
    bench.clock.forward(100);
    bench.provider.slow().send(Err(busy(32))).expect("a provider");
    bench.get("a");
    bench.settle("a");
    bench.clock.forward(46); // 45 s is the longest first wait by itself, 15 s the shortest
    assert_eq!((bench.get("a"), bench.provider.requests()), (("1".into(), true), 2));
    bench.clock.forward(32);
    bench.get("a");
    bench.settle("a");
    assert_eq!(bench.provider.requests(), 3);
}

#[test]
fn a_renewal_asks_once_and_who_waits_as_often_as_there_is_time() {
    let bench = bench();
    bench.get("a");
    bench.clock.forward(100);
    bench.get("a");
    bench.settle("a");
    bench.clock.forward(200);
    bench.get("a");
    assert_eq!(*bench.provider.tries.lock().expect("a lock"), [Tries::Many, Tries::One, Tries::Many]);
}

/// What somebody gets who waits for a fetch for 60 seconds, the first one's having been told `said` after `first` seconds of
/// his own; and how many requests that took.
fn beside(first: u64, said: Error) -> (bool, usize) {
    let bench = bench();
    let answer = bench.provider.slow();
    let got = thread::scope(|scope| {
        let first = scope.spawn(|| bench.get_within("a", Duration::from_secs(first)));
        wait_until(|| bench.provider.requests() == 1);
        let second = scope.spawn(|| bench.get_within("a", Duration::from_secs(60)));
        wait_until(|| waiters(&bench, "a") == 1);
        answer.send(Err(said)).expect("a request");
        answer.send(Ok(token("a"))).expect("a provider");
        assert!(first.join().expect("no panic").is_err());
        second.join().expect("no panic").is_ok()
    });
    (got, bench.provider.requests())
}

#[test]
fn who_has_more_time_than_the_first_asks_a_busy_provider_again_and_nobody_else_does() {
    assert_eq!(beside(30, busy(0)), (true, 2));
    assert_eq!(beside(30, busy(20)), (true, 2));
    assert_eq!(beside(90, busy(0)), (false, 1));
    assert_eq!(beside(30, busy(45)), (false, 1), "it asks for more than there is left");
    assert_eq!(beside(30, refused()), (false, 1));
}

#[test]
fn who_waits_for_a_renewal_that_fails_asks_himself() {
    let bench = bench();
    bench.get("a");
    bench.clock.forward(100);
    let answer = bench.provider.slow();
    bench.get("a"); // which renews
    wait_until(|| bench.provider.requests() == 2);
    bench.clock.forward(100);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| bench.get("a"));
        wait_until(|| waiters(&bench, "a") == 1);
        answer.send(Err(busy(0))).expect("a request");
        answer.send(Ok(token("2"))).expect("a request");
        assert_eq!(waiter.join().expect("no panic"), ("2".into(), false));
    });
    assert_eq!(*bench.provider.tries.lock().expect("a lock"), [Tries::Many, Tries::One, Tries::Many]);
}

#[test]
fn a_renewal_that_waits_for_another_one_that_fails_asks_no_more() {
    let bench = bench();
    let old = bench.get_within("a", Duration::from_secs(60)).expect("a token").token;
    bench.clock.forward(100);
    let answer = bench.provider.slow();
    bench.get("a"); // which renews
    wait_until(|| bench.provider.requests() == 2);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| bench.get_for("a", Some(&old), Duration::from_secs(60), true));
        wait_until(|| waiters(&bench, "a") == 1);
        answer.send(Err(busy(0))).expect("a request");
        answer.send(Ok(token("2"))).expect("a provider");
        assert!(waiter.join().expect("no panic").is_err());
    });
    assert_eq!(bench.provider.requests(), 2);
}
