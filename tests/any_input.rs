//! Whatever comes in, nothing panics, and what must hold of it holds: random connection strings, ini files, replies.

use proptest::collection::vec;
use proptest::prelude::*;
use std::time::SystemTime;
use tokenshim::config::connection_string::ConnectionString;
use tokenshim::config::ini::{Environment, Manager, Registry};
use tokenshim::config::text::{Text, Width};
use tokenshim::credential::printed;
use tokenshim::delivery::edits::{Delivery, Edits, edits};
use tokenshim::delivery::out_string::completed;
use tokenshim::delivery::profiles::PROFILES;
use tokenshim::oauth::{http::Reply, token_reply};
use tokenshim::token::{Secret, Token};

const TOKEN: &str = "eyJ0.the-token}%+.c2ln";

/// Pieces that connection strings are made of, in any order.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("}}".to_owned()),
        Just("=".to_owned()),
        Just(";".to_owned()),
        Just(" ".to_owned()),
        Just("PWD=".to_owned()),
        Just("pwd =".to_owned()),
        Just("UID=u;".to_owned()),
        Just("DSN=d;".to_owned()),
        Just("Auth_Flow=1;".to_owned()),
        Just("TokenScope=s;".to_owned()),
        "[a-zA-Z]{1,3}",
        "\\PC{0,2}",
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Units of any width, some of which are no text at all.
fn units() -> impl Strategy<Value = Vec<u32>> {
    vec(
        prop_oneof![0x20u32..0x7f, Just(0xD800), Just(0xFF), Just(u32::MAX), Just(u32::from(b';')), Just(u32::from(b'{')), Just(u32::from(b'='))],
        0..40,
    )
}

fn all_edits() -> Vec<Edits> {
    let registry = Registry::read(&Manager::Iodbc, &Environment::of(&[("HOME", "/nonexistent"), ("SYSODBCINI", "/nonexistent")]));
    let settings = tokenshim::config::settings::Settings::of(ConnectionString::empty(Width::Two), &registry, &[]);
    let token = Token::new(Secret::new(TOKEN.into()), None).expect("a token");
    PROFILES.iter().map(|profile| edits(&Delivery::of(profile, None, ""), &settings, &token)).collect()
}

fn parse(text: &str) -> ConnectionString {
    ConnectionString::parse(&Text::encode(text, Width::Two))
}

/// How many of each: `cases`, or what `make fuzz` says.
fn some(cases: u32) -> ProptestConfig {
    let cases = std::env::var("TOKENSHIM_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(some(400))]

    #[test]
    fn a_connection_string_that_is_not_changed_comes_out_unit_for_unit(units in units()) {
        for (width, mask) in [(Width::One, 0xFF), (Width::Two, 0xFFFF), (Width::Four, u32::MAX)] {
            let text = Text { width, units: units.iter().map(|unit| unit & mask).collect() };
            prop_assert!(ConnectionString::parse(&text).to_text() == text, "{:?}", width);
        }
    }

    #[test]
    fn after_the_edits_only_our_value_is_left_and_everything_else_stands_as_it_was(text in string()) {
        let written = parse(&text);
        prop_assume!(written.check().is_ok());
        for edits in all_edits() {
            let given = parse(&edits.apply(&written).to_text().decode());
            prop_assert!(given.check().is_ok());
            let kept: Vec<String> = written.pairs().iter()
                .filter(|pair| !pair.keyword.is_empty() && !edits.touch(&pair.keyword) && tokenshim::config::keys::find(&pair.keyword).is_none())
                .map(|pair| pair.raw.decode()).collect();
            let found: Vec<String> = given.pairs().iter()
                .filter(|pair| !pair.keyword.is_empty() && !edits.touch(&pair.keyword))
                .map(|pair| pair.raw.decode()).collect();
            prop_assert_eq!(kept, found);
            if edits.password.is_some() {
                let passwords: Vec<_> = given.pairs().iter().filter(|pair| pair.is("PWD")).map(|pair| pair.value.clone()).collect();
                prop_assert_eq!(passwords, [TOKEN]);
            }
        }
    }

    #[test]
    fn the_token_never_comes_back_to_the_application(written in string(), before in string(), after in string()) {
        for edits in all_edits() {
            for from_driver in [format!("{before};PWD={{{}}};{after}", TOKEN.replace('}', "}}")), format!("{before}{TOKEN}{after}"), format!("{before};X={TOKEN}")] {
                let shown = completed(&Text::encode(&from_driver, Width::Two), &parse(&written), &edits, &Secret::new(TOKEN.into())).decode();
                prop_assert!(!shown.contains("the-token"), "{} -> {}", from_driver, shown);
            }
        }
    }

    #[test]
    fn any_reply_is_a_token_or_an_error_that_shows_no_secret(status in 0u16..1000, body in prop_oneof![vec(any::<u8>(), 0..200), json()]) {
        let reply = Reply { host: "idp.example".into(), status, date: SystemTime::now(), again_after: None, body: body.into() };
        if let Err(error) = token_reply::token(&reply, &["s3cr3t"], "section [x]") {
            let message = error.message();
            prop_assert!(message.len() < 512 && !message.contains("s3cr3t") && !message.contains("eyJ"), "{}", message);
            prop_assert!(message.chars().all(|c| !c.is_control()), "{}", message);
        }
    }

    #[test]
    fn whatever_a_tool_prints_is_a_token_that_a_header_can_carry_or_an_error(body in prop_oneof![vec(any::<u8>(), 0..200), json(), printed()], minutes in 0u64..120) {
        let written = SystemTime::now() - std::time::Duration::from_secs(60 * minutes);
        for token in [printed::token(&body, Some(written)), printed::json(&body, None)] {
            match token {
                Ok(token) => {
                    prop_assert!(!token.text.expose().is_empty() && token.text.expose().bytes().all(|byte| byte.is_ascii_graphic()));
                    prop_assert!(token.life.is_none_or(|life| life <= tokenshim::token::LIFE_MAX));
                }
                Err(problem) => prop_assert!(!problem.contains("s3cr3t") && !problem.contains("eyJ"), "{}", problem),
            }
        }
    }
}

/// What command lines print: JSON with moments of every kind, warnings before it, a web page.
fn printed() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![
        Just("\"2026-11-27 01:02:03.000000\""),
        Just("\"2036-01-01T00:00:00Z\""),
        Just("\"2036-01-01T00:00:00.123456789+05:30\""),
        Just("1700000000"),
        Just("\"9999-99-99T99:99:99Z\""),
        Just("-1"),
        Just("1e400"),
        Just("null"),
        Just("\"3600\""),
        Just("3600.5"),
    ];
    let name =
        prop_oneof![Just("expires_on"), Just("expiresOn"), Just("expiry"), Just("expires_in"), Just("expiration_timestamp"), Just("tokenType")];
    let token =
        prop_oneof![Just("\"eyJ.s3cr3t.x\""), Just("\"opaque-s3cr3t\""), Just("\"a b\""), Just("\"\\r\\nX: y\""), Just("{}"), Just("\"\\u0000\"")];
    let before = prop_oneof![4 => Just(""), 1 => Just("WARNING: s3cr3t\n"), 1 => Just("<html>"), 1 => Just("\u{feff}")];
    let place = prop_oneof![Just(("{", "}")), Just(("{\"credential\":{", "}}")), Just(("{\"status\":{", "}}")), Just(("[{", "}]"))];
    (before, place, token, vec((name, end), 0..4)).prop_map(|(before, (open, close), token, ends)| {
        let ends: String = ends.iter().map(|(name, end)| format!(",\"{name}\":{end}")).collect();
        format!("{before}{open}\"accessToken\":{token}{ends}{close}\n").into_bytes()
    })
}

fn json() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null"),
        Just("7"),
        Just("-1e999"),
        Just("\"\""),
        Just("\"eyJ.x.y\""),
        Just("\"s3cr3t says no\\u0000\""),
        Just("[]"),
        Just("{}"),
        Just("\"Bearer\""),
        Just("18446744073709551615"),
        Just("\"1700000000\""),
    ];
    let name = prop_oneof![
        Just("access_token"),
        Just("expires_in"),
        Just("expires_on"),
        Just("refresh_on"),
        Just("token_type"),
        Just("error"),
        Just("error_description")
    ];
    vec((name, value), 0..6).prop_map(|fields| {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    })
}

proptest! {
    #![proptest_config(some(300))]

    #[test]
    fn any_ini_file_is_read_by_both_rules(file in vec(prop_oneof![
        Just(b"[Shim]\n".to_vec()), Just(b"Driver=/x.so\n".to_vec()), Just(b"=".to_vec()), Just(b"[".to_vec()), Just(b"]\r\n".to_vec()), Just(b"\n".to_vec()),
        Just(b"#;".to_vec()), Just(b"{".to_vec()), Just(b"\"".to_vec()), vec(any::<u8>(), 0..8),
    ], 0..40)) {
        let folder = std::env::temp_dir().join(format!("tokenshim-any-ini-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("odbcinst.ini"), file.concat()).expect("a file");
        std::fs::write(folder.join("odbc.ini"), file.concat()).expect("a file");
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let environment = Environment::of(&[("SYSODBCINSTINI", &path("odbcinst.ini")), ("SYSODBCINI", &path("odbc.ini"))]);
        for manager in [Manager::UnixOdbc { system_folder: folder.clone() }, Manager::Iodbc] {
            let registry = Registry::read(&manager, &environment);
            for section in registry.drivers().into_iter().chain(registry.data_sources()) {
                let _ = (registry.file_of(&section), registry.driver_of(&section.name), registry.driver(&section.name));
            }
        }
        std::fs::remove_dir_all(&folder).expect("to leave nothing behind");
    }
}
