//! The page of numbers.

use crate::simulation::{Fleet, Limit, Seen};
use std::fmt::Write;
use std::time::Duration;

const TWO_HOURS: usize = 7200;

/// All of docs/fleet.md.
pub fn page() -> String {
    let mut page = BEGINNING.to_owned();
    let fleets = [("at one second", 1), ("within a minute", 60)].map(|(words, seconds)| {
        let fleet = Fleet { processes: 10_000, start_within: Duration::from_secs(seconds), jitter: false, limit: None };
        (words, fleet)
    });
    let seen = fleets.map(|(words, fleet)| (words, [false, true].map(|jitter| Fleet { jitter, ..fleet }.run(TWO_HOURS))));
    for (words, ways) in &seen {
        for (seen, jitter) in ways.iter().zip(["without", "with"]) {
            let (start, later) = (seen.peak(0..60), seen.peak(60..TWO_HOURS));
            let _ = writeln!(page, "| {words} | {jitter} | {start} | {later} | {} |", seen.total());
        }
    }
    page += BY_THE_MINUTE;
    for from in (0..TWO_HOURS).step_by(300) {
        let peak = |seen: &Seen| seen.peak(from..from + 300);
        let [[a, b], [c, d]] = [&seen[0].1, &seen[1].1].map(|[without, with]| [peak(without), peak(with)]);
        let _ = writeln!(page, "| {} | {a} | {b} | {c} | {d} |", from / 60);
    }
    page += LIMITED;
    let [at_once, slowly] = fleets;
    for ((words, fleet), requests_a_second) in [(at_once, 100), (at_once, 500), (slowly, 100)] {
        for seconds in [0, 5, 20] {
            let limit = Limit { requests_a_second, retry_after: Duration::from_secs(seconds) };
            let [without, with] = [false, true].map(|jitter| Fleet { jitter, limit: Some(limit), ..fleet }.start());
            let asked = if seconds == 0 { "not said".to_owned() } else { format!("{seconds} s") };
            let _ = write!(page, "| {words} | {requests_a_second} | {asked} |");
            for number in [|seen: &Seen| seen.last_signed_in.as_secs() as usize, Seen::total, |seen: &Seen| seen.failed_connects] {
                let _ = write!(page, " {} | {} |", number(&without), number(&with));
            }
            page.push('\n');
        }
    }
    page
}

const BEGINNING: &str = "\
# A fleet

What an identity provider sees of 10,000 programs that start together. Each of them has an identity of its own, a token that is
good for an hour, and connects all the time, so that it asks for a new token as soon as its old one is due.

    make fleet

writes this page. It is a simulation: time and provider are made up, and an answer takes no time; but when a program asks is decided by
tokenshim's own functions (`src/token/life.rs`, `src/oauth/retry.rs`). `tests/fleet.rs` holds the page against them.

Without jitter, a token is renewed at half of its life, and a request that was turned away is made again after all of the back-off, or
after what the provider asks for where that is longer. With jitter, which is what tokenshim does, each token is renewed at a moment of
its own between 40 % and 50 % of its life, and each request that was turned away is made again after what the provider asks for and a
part of the back-off that is drawn anew each time.

## A provider that answers everybody

The first request cannot be put off: somebody waits. From then on the programs are spread. That costs one renewal in ten: a token
is renewed at 45 % of its life on average, not at half. (The two hours end just before the fifth request without jitter.)

| all start | jitter | requests in the busiest second of the first minute | in the busiest second later | requests in two hours |
|---|---|---|---|---|
";

const BY_THE_MINUTE: &str = "
Requests in the busiest second of each five minutes:

| from minute | at one second, without jitter | with | within a minute, without jitter | with |
|---|---|---|---|---|
";

const LIMITED: &str = "
## A provider that has a limit

It answers so many requests in each second with a token, and the others with 429, some with Retry-After. A connect gives up after 30
seconds (`TokenTimeout`), or at once where its next request would come later than that; the program connects again 10 seconds later. So
with 100 tokens a second most connects must fail whatever tokenshim does: 10,000 tokens take 100 seconds. Where the start itself spreads the
programs, jitter has little left to do.

| all start | tokens a second | Retry-After | seconds until all have a token, without jitter | with | requests, without jitter | with | failed connects, without jitter | with |
|---|---|---|---|---|---|---|---|---|
";
