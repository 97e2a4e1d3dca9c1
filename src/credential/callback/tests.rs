use super::*;
use crate::config::connection_string::ConnectionString;
use crate::config::ini::tests::registry;
use crate::config::resolve::Defaults;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::token::patience::Tries;
use registry::register;
use std::sync::mpsc::sync_channel;

fn source(string: &str) -> Result<Callback, Error> {
    let files = registry("[Shim]\nDriver=/shim.so\nTokenSource=callback\n", "[dsn]\nDriver=Shim\n");
    let settings = Settings::of(ConnectionString::parse(&Text::encode(&format!("DSN=dsn;{string}"), Width::One)), &files, &[]);
    let defaults = Defaults { scope: Some("its-own"), ..Defaults::default() };
    let config = Config::resolve(&settings, &defaults)?.expect("a source");
    Callback::of(Arc::new(config))
}

fn within(wait: Duration) -> Patience {
    Patience { deadline: Instant::now() + wait, tries: Tries::Many }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_provider_is_asked_with_what_is_set_and_gives_a_token() {
    let give = |question: &Question| {
        let Question { name, scope, tenant, client_id, user, may_ask, .. } = question;
        Answer::Token { text: format!("{name} {scope:?} {tenant:?} {client_id:?} {user:?} {may_ask}"), life: Some(Duration::from_secs(70)) }
    };
    let registered = register("told", give).expect("a free name");
    assert!(register("told", |_| Answer::Nothing("")).is_none(), "a name is anybody's who comes first");
    let source = source("TokenCallback=told;TokenTenant=t;TokenUser=u").expect("a source");
    let token = source.fetch_or_ask(within(LONG)).expect("a token");
    assert_eq!(token.text.expose(), r#"told Some("its-own") Some("t") None Some("u") true"#);
    assert_eq!(token.life, Some(Duration::from_secs(70)));
    assert!(source.fetch(within(LONG)).expect("a token").text.expose().ends_with("false"));
    assert!(!registered.unregister());
}

#[test]
fn a_name_that_nobody_registered_is_said_and_so_is_none() {
    let message = |string| source(string).err().expect("an error").message();
    assert!(message("").contains("section [Shim] of odbcinst.ini: TokenCallback is missing"), "{}", message(""));
    assert!(message("TokenCallback=nobody").contains("registered no provider"));
}

#[test]
fn another_provider_of_the_same_name_gives_tokens_of_another_identity() {
    let first = register("again", |_| Answer::Nothing("")).expect("a free name");
    let old = source("TokenCallback=again").expect("a source");
    let identity = old.identity();
    assert!(old.is_current(&identity).expect("an answer"));
    first.unregister();
    assert!(!old.is_current(&identity).expect("an answer"));
    let second = register("again", |_| Answer::Nothing("")).expect("a free name");
    assert!(!old.is_current(&identity).expect("an answer") && source("TokenCallback=again").expect("a source").identity() != identity);
    assert!(matches!(old.fetch(within(LONG)), Err(Error::ProviderUnreachable { .. })), "it is not asked any more");
    second.unregister();
}

#[test]
fn what_is_no_token_is_said_in_words_that_show_none() {
    type Told = (fn() -> Answer, &'static str, &'static str);
    let answers: [Told; 6] = [
        (|| Answer::Refused("who are\nyou?".into()), "28000", "refused the sign-in: who are you?."),
        (|| Answer::Refused(" ".into()), "28000", "it did not say why"),
        (|| Answer::Unreachable("eyJhbGciOi.x is late".into()), "08001", "*** is late"),
        (|| Answer::Nothing("is none"), "HY000", "not with a token: is none"),
        (|| Answer::Token { text: String::new(), life: None }, "HY000", "is empty"),
        (|| Answer::Token { text: "a\nb".into(), life: None }, "HY000", "no token may have"),
    ];
    for (at, (answer, state, words)) in answers.into_iter().enumerate() {
        let name = format!("no-token-{at}");
        let registered = register(&name, move |_| answer()).expect("a free name");
        let error = source(&format!("TokenCallback={name}")).and_then(|source| source.fetch(within(LONG))).expect_err("no token");
        assert_eq!(error.sqlstate(), state);
        assert!(error.message().contains(words), "{}", error.message());
        registered.unregister();
    }
}

#[test]
fn a_provider_that_hangs_holds_nobody_beyond_the_deadline_and_is_known_to_run_still() {
    let (end, ends) = sync_channel::<()>(0);
    let ends = std::sync::Mutex::new(ends);
    let (began, begins) = channel();
    let began = std::sync::Mutex::new(began);
    let give = move |_: &Question| {
        began.lock().expect("a lock").send(()).expect("a listener");
        let _ = ends.lock().expect("a lock").recv();
        Answer::Refused("late".into())
    };
    let registered = register("hangs", give).expect("a free name");
    let source = source("TokenCallback=hangs").expect("a source");
    let error = thread_that_asks(source, Duration::from_millis(50));
    assert!(matches!(error, Error::TooSlow { .. }), "{error}");
    begins.recv().expect("a call");
    assert!(registered.unregister(), "its call has not come back");
    drop(end);
    let deadline = Instant::now() + LONG;
    while registered.unregister() {
        assert!(Instant::now() < deadline, "its call never comes back");
        std::thread::yield_now();
    }
}

fn thread_that_asks(source: Callback, wait: Duration) -> Error {
    std::thread::spawn(move || source.fetch(within(wait)).expect_err("no token")).join().expect("no panic")
}
