//! What is counted, and what is forgotten.

use super::*;

fn counted(bench: &Bench) -> [u64; 4] {
    let Counted { requests, hits, renewals, failures } = bench.cache.counts.now();
    [requests, hits, renewals, failures]
}

#[test]
fn requests_hits_renewals_and_failures_are_counted_each_once() {
    let bench = bench();
    bench.get("a");
    bench.get("a");
    assert_eq!(counted(&bench), [2, 1, 0, 0]);
    bench.clock.forward(100);
    bench.get("a"); // which is old, and renewed behind its back
    bench.settle("a");
    assert_eq!((bench.get("a"), counted(&bench)), (("2".into(), true), [4, 3, 1, 0]));
    bench.clock.forward(100);
    drop(bench.provider.slow()); // every request is refused
    bench.get("a");
    bench.settle("a");
    assert!(bench.get_within("b", Duration::from_secs(60)).is_err());
    assert_eq!(counted(&bench), [6, 4, 2, 2]);
    let kept = bench.get_within("a", Duration::from_secs(60)).expect("a token").token;
    assert!(matches!(bench.get_for("a", Some(&kept), Duration::from_secs(60), true), Err(Error::NotYet { .. })));
    assert_eq!(counted(&bench), [7, 5, 2, 2], "a renewal that has to wait is none");
}

#[test]
fn a_token_that_is_forgotten_is_fetched_anew_but_a_newer_one_stays() {
    let bench = bench();
    let first = bench.get_within("a", Duration::from_secs(60)).expect("a token").token;
    let forget = |who| bench.cache.forget(&Identity::of(&[Some(who)]), &first);
    forget("b");
    assert_eq!(bench.get("a"), ("1".into(), true));
    forget("a");
    assert_eq!(bench.identities(), 0);
    assert_eq!(bench.get("a"), ("2".into(), false));
    forget("a");
    assert_eq!(bench.get("a"), ("2".into(), true));
}
