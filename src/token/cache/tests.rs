mod counted;
mod failures;

use super::*;
use crate::token::Secret;
use failures::waiters;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A clock that stands still until a test moves it.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(SeqCst))
    }
}

/// A provider of tokens `1`, `2`, … that are good for 200 seconds; or that answers what it is told to.
#[derive(Clone, Default)]
struct Provider {
    requests: Arc<AtomicUsize>,
    tries: Arc<Mutex<Vec<Tries>>>,
    answers: Arc<Mutex<Option<Receiver<Answer>>>>,
}

type Answer = Result<Token, Error>;

impl Provider {
    fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }

    /// From now on each request waits for what is sent here.
    fn slow(&self) -> Sender<Answer> {
        let (answer, answers) = channel();
        *self.answers.lock().expect("a lock") = Some(answers);
        answer
    }

    fn fetch(&self, patience: Patience) -> Answer {
        self.tries.lock().expect("a lock").push(patience.tries);
        let number = self.requests.fetch_add(1, SeqCst) + 1;
        match &*self.answers.lock().expect("a lock") {
            Some(answers) => answers.recv().unwrap_or(Err(refused())),
            None => Ok(token(&number.to_string())),
        }
    }
}

fn token(text: &str) -> Token {
    let token = Token::new(Secret::new(text.into()), Some(Duration::from_secs(200))).expect("a token");
    Token { random: 0, ..token }
}

fn refused() -> Error {
    Error::SignInRefused { who: "idp".into(), words: "no".into(), advice: "-", section: "s".into() }
}

fn late() -> Error {
    Error::TooSlow { who: "late".into(), seconds: 1, section: "s".into() }
}

struct Bench {
    cache: Arc<Cache>,
    clock: Hand,
    provider: Provider,
}

fn bench() -> Bench {
    let clock = Hand::default();
    Bench { cache: Arc::new(Cache::with(clock.clone())), clock, provider: Provider::default() }
}

impl Bench {
    fn get_within(&self, who: &str, wait: Duration) -> Result<Got, Error> {
        self.get_another(who, None, wait)
    }

    fn get_another(&self, who: &str, refused: Option<&Token>, wait: Duration) -> Result<Got, Error> {
        self.get_for(who, refused, wait, false)
    }

    fn get_for(&self, who: &str, refused: Option<&Token>, wait: Duration, is_renewal: bool) -> Result<Got, Error> {
        let identity = Identity::of(&[Some(who)]);
        let want = Want {
            identity: &identity,
            renewal: Renewal::Half,
            deadline: Instant::now() + wait,
            renewal_timeout: Duration::from_secs(60),
            refused,
            is_renewal,
            may_ask: false,
        };
        let provider = self.provider.clone();
        self.cache.get(&want, late, move |ask| provider.fetch(ask.patience()).map(Got::new))
    }

    fn get(&self, who: &str) -> (String, bool) {
        let got = self.get_within(who, Duration::from_secs(60)).expect("a token");
        (got.token.text.expose().to_owned(), got.was_kept)
    }

    /// Until the renewal that is under way has ended.
    fn settle(&self, who: &str) {
        let identity = Identity::of(&[Some(who)]);
        wait_until(|| self.cache.shelf().entries.get(&identity).is_none_or(|entry| entry.flight.is_none()));
    }

    fn identities(&self) -> usize {
        self.cache.shelf().entries.len()
    }
}

fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "it never came");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_fresh_token_is_served_again_and_one_that_is_over_never() {
    let bench = bench();
    assert_eq!(bench.get("a"), ("1".into(), false));
    bench.clock.forward(99);
    assert_eq!(bench.get("a"), ("1".into(), true));
    bench.clock.forward(101);
    assert_eq!(bench.get("a"), ("2".into(), false));
}

#[test]
fn each_identity_has_its_own_token() {
    let bench = bench();
    assert_eq!([bench.get("a"), bench.get("b"), bench.get("a")], [("1".into(), false), ("2".into(), false), ("1".into(), true)]);
}

#[test]
fn an_old_token_is_served_at_once_and_renewed_once_behind_the_callers_backs() {
    let bench = bench();
    bench.get("a");
    bench.clock.forward(100);
    let answer = bench.provider.slow();
    for _ in 0..3 {
        assert_eq!(bench.get("a"), ("1".into(), true));
    }
    answer.send(Ok(token("new"))).expect("a request");
    bench.settle("a");
    assert_eq!((bench.get("a"), bench.provider.requests()), (("new".into(), true), 2));
}

#[test]
fn sixty_four_callers_of_a_cold_cache_make_one_request_and_block_no_other_identity() {
    let bench = bench();
    let answer = bench.provider.slow();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..64).map(|_| scope.spawn(|| bench.get("a"))).collect();
        wait_until(|| bench.provider.requests() == 1);
        let other = bench.cache.get(
            &Want {
                identity: &Identity::of(&[Some("b")]),
                renewal: Renewal::Half,
                deadline: Instant::now() + Duration::from_secs(60),
                renewal_timeout: Duration::ZERO,
                refused: None,
                is_renewal: false,
                may_ask: false,
            },
            late,
            |_| Ok(Got::new(token("b"))),
        );
        assert_eq!(other.expect("a token").token.text.expose(), "b");
        answer.send(Ok(token("a"))).expect("a request");
        for caller in callers {
            assert_eq!(caller.join().expect("no panic").0, "a");
        }
    });
    assert_eq!(bench.provider.requests(), 1);
}

#[test]
fn a_token_that_is_over_is_thrown_away_within_a_minute_though_nobody_asks_for_it_again() {
    let bench = bench();
    bench.get("a");
    bench.clock.forward(SWEEP_EVERY.as_secs());
    bench.get("b");
    assert_eq!(bench.identities(), 2);
    bench.clock.forward(180 - SWEEP_EVERY.as_secs());
    bench.get("b");
    assert_eq!(bench.identities(), 1);
}

#[test]
fn a_fetch_that_is_under_way_is_not_thrown_away() {
    let bench = bench();
    let answer = bench.provider.slow();
    thread::scope(|scope| {
        let first = scope.spawn(|| bench.get("a"));
        wait_until(|| bench.provider.requests() == 1);
        bench.clock.forward(1000);
        let second = scope.spawn(|| bench.get("a"));
        wait_until(|| waiters(&bench, "a") == 1);
        answer.send(Ok(token("a"))).expect("a request");
        assert_eq!((first.join().expect("no panic"), second.join().expect("no panic")), (("a".into(), false), ("a".into(), false)));
    });
    assert_eq!(bench.provider.requests(), 1);
}

#[test]
fn what_was_under_way_when_somebody_signed_in_anew_or_out_is_not_kept() {
    let (bench, identity) = (bench(), Identity::of(&[Some("a")]));
    let answer = bench.provider.slow();
    for is_new in [true, false] {
        thread::scope(|scope| {
            let before = bench.provider.requests();
            let first = scope.spawn(|| bench.get("a"));
            wait_until(|| bench.provider.requests() == before + 1);
            if is_new {
                bench.cache.keep(&identity, &token("anew"))
            } else {
                bench.cache.forget_any(&identity)
            }
            answer.send(Ok(token("before"))).expect("a request");
            assert_eq!(first.join().expect("no panic").0, "before");
        });
        let kept = bench.cache.kept(&identity, &token("-")).map(|token| token.text.expose().to_owned());
        assert_eq!((kept.as_deref(), bench.identities()), (is_new.then_some("anew"), usize::from(is_new)));
        bench.cache.forget_any(&identity);
    }
}

#[test]
fn identities_whose_tokens_are_over_do_not_pile_up() {
    let bench = bench();
    for round in 0..10 {
        for number in 0..SWEEP_FROM {
            bench.get(&format!("{round}/{number}"));
        }
        bench.clock.forward(200);
    }
    assert!(bench.identities() <= 2 * SWEEP_FROM, "{}", bench.identities());
}
