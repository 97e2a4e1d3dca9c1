//! Programs that start together do not come to their provider together again: docs/fleet.md, and its claims on a smaller scale.

#[path = "../examples/fleet/page.rs"]
mod page;
#[path = "../examples/fleet/simulation.rs"]
mod simulation;

use simulation::{Fleet, Limit};
use std::time::Duration;

fn fleet(jitter: bool, limit: Option<Limit>) -> Fleet {
    Fleet { processes: 2000, start_within: Duration::from_secs(1), jitter, limit }
}

#[test]
fn renewals_are_spread_to_less_than_a_fiftieth_and_there_are_few_more_of_them() {
    let [without, with] = [false, true].map(|jitter| fleet(jitter, None).run(7200));
    let later = |seen: &simulation::Seen| seen.peak(1..7200);
    assert_eq!((without.peak(0..1), with.peak(0..1)), (2000, 2000), "a start is not put off");
    assert_eq!(later(&without), 2000);
    assert!(later(&with) * 50 < later(&without), "{}", later(&with));
    assert!(with.requests[1..1440].iter().all(|requests| *requests == 0), "no token is renewed before 40 % of its life");
    assert!(with.total() * 4 <= without.total() * 5, "{}", with.total());
}

#[test]
fn a_start_that_is_turned_away_comes_back_spread_so_that_all_have_a_token_sooner_with_fewer_requests() {
    for seconds in [0, 5, 20] {
        let limit = Limit { requests_a_second: 50, retry_after: Duration::from_secs(seconds) };
        let [without, with] = [false, true].map(|jitter| fleet(jitter, Some(limit)).start());
        assert_eq!((without.signed_in, with.signed_in), (2000, 2000));
        assert!(with.last_signed_in < without.last_signed_in, "{seconds}: {:?}", with.last_signed_in);
        assert!(with.total() * 4 < without.total() * 3, "{seconds}: {}", with.total());
        assert!(with.failed_connects * 2 < without.failed_connects, "{seconds}: {}", with.failed_connects);
    }
}

#[test]
fn the_page_is_what_the_program_writes() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet.md")).expect("docs/fleet.md");
    assert_eq!(page, page::page(), "`make fleet` writes it anew");
}
