//! Connection strings and ini files are read as the real driver managers read them: random ones, put to both.
//!
//! A program of C loads the driver manager and answers; what must hold of its answers stands in the tests.

#[path = "driver_manager/asked.rs"]
mod asked;

use asked::Asked;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::{Cell, RefCell};
use std::fs;
use tokenshim::config::connection_string::ConnectionString;
use tokenshim::config::ini::Registry;
use tokenshim::config::settings::Settings;
use tokenshim::config::text::{Text, Width};
use tokenshim::delivery::destination;

/// How many of each: a minute's worth, or what `make fuzz` says.
fn runner() -> TestRunner {
    let cases = std::env::var("TOKENSHIM_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000);
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() })
}

/// Pieces of connection strings: names of data sources and drivers in every disguise.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop_oneof![Just("DSN="), Just("dsn ="), Just(" DSN= "), Just("DRIVER="), Just("Driver ="), Just("FILEDSN="), Just("UID="), Just("X=")],
        3 => prop_oneof![Just("one"), Just("two"), Just("ONE"), Just("{one}"), Just("{two}"), Just("{A}"), Just("{B}"), Just("A"), Just("b"), Just("none"), Just("/")],
        2 => prop_oneof![Just(";"), Just("="), Just("{"), Just("}"), Just("}}"), Just(" "), Just(";;"), Just("\t")],
        1 => "[ -~]{0,3}".prop_map(|text| &*text.leak()),
    ];
    let named = prop_oneof![
        3 => Just(""),
        2 => prop_oneof![Just("DSN=one;"), Just("DSN=two;"), Just("driver={A};"), Just("x={;DSN=two};DSN=one")],
        // What driver managers were seen to differ on.
        1 => prop_oneof![Just("driver={A};DRIVER=b;"), Just("DSN=one;DSN=two;"), Just("DSN=two;DSN=;"), Just("DSN =one;DRIVER=B;"), Just(" DSN=one;DRIVER=B;"), Just("x={}DSN=two;DRIVER=A;")],
    ];
    (vec(piece.clone(), 0..5), named, vec(piece, 0..7)).prop_map(|(before, named, after)| before.concat() + named + &after.concat())
}

#[test]
fn the_sections_of_a_connection_string_are_those_that_the_driver_manager_chooses() {
    for mut asked in Asked::all() {
        asked.write(&format!("[A]\nDriver={0}/A.so\n[B]\nDriver={0}/B.so\n", asked.folder.display()), "[one]\nDriver=A\n[two]\nDriver=B\n");
        let (registry, name) = (asked.registry(), asked.name());
        let (asked, met) = (RefCell::new(asked), Cell::new(0));
        let held = runner().run(&string(), |text| {
            let string = ConnectionString::parse(&Text::encode(&text, Width::One));
            // What is malformed is refused, whatever a driver manager makes of it; and where it finds no driver, tokenshim is not there.
            let reached = asked.borrow_mut().reached(&text);
            if string.check().is_err() || reached == "-" {
                return Ok(());
            }
            let settings = Settings::of(string, &registry, std::slice::from_ref(&reached));
            // Where readers would differ there is no token.
            if destination::check_data_source(&settings).is_err() {
                return Ok(());
            }
            met.set(met.get() + 1);
            let [data_source, driver] = settings.sections();
            let of_data_source = data_source.map(|section| if section.name.eq_ignore_ascii_case("one") { "A" } else { "B" });
            let ours = of_data_source.or(driver.map(|section| &*section.name)).unwrap_or("none");
            prop_assert!(ours.eq_ignore_ascii_case(&reached), "{text:?} reaches {reached}, but the settings are {ours}'s");
            Ok(())
        });
        held.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert!(met.get() > 100, "{name} found a driver for {} strings", met.get());
    }
}

/// Pieces of ini files.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop_oneof![Just("[one]\n"), Just("[two]\n"), Just("Driver=A\n"), Just("key = value\n"), Just("KEY=other\n"), Just("key=\n"), Just("\n")],
        2 => prop_oneof![Just("["), Just("]"), Just("="), Just("#"), Just(";"), Just("\""), Just("'"), Just(" "), Just("\t"), Just("\r\n"), Just("\\"), Just("{")],
        1 => prop_oneof![Just("[one]"), Just("[ two ]\n"), Just("key"), Just("[one][two]\n"), Just("# key=no\n"), Just("; key=no\n"), Just(" key=late\n")],
        1 => "[ -~]{0,4}".prop_map(|text| &*text.leak()),
        1 => (900usize..1100).prop_map(|length| &*"x".repeat(length).leak()),
    ];
    vec(piece, 0..14).prop_map(|pieces| pieces.concat().into_bytes())
}

#[test]
fn a_key_has_the_value_that_the_driver_manager_reads() {
    for asked in Asked::all() {
        let name = asked.name();
        let (asked, met) = (RefCell::new(asked), Cell::new(0));
        let held = runner().run(&file(), |bytes| {
            let mut asked = asked.borrow_mut();
            // A file of its own each time: driver managers keep what they have read.
            let path = asked.fresh();
            fs::write(&path, &bytes).expect("a file");
            let registry = Registry::read(&asked.manager, &asked.environment(&path));
            for section in ["one", "two", "ONE"] {
                for key in ["Driver", "key", "x"] {
                    let theirs = asked.value(&path, section, key);
                    let ours = registry.data_source(section).and_then(|section| section.get(key).map(str::to_owned)).unwrap_or_default();
                    prop_assert_eq!(&ours, &theirs, "[{}] {} of {:?}", section, key, String::from_utf8_lossy(&bytes));
                    met.set(met.get() + usize::from(!ours.is_empty()));
                }
            }
            drop(fs::remove_file(&path));
            Ok(())
        });
        held.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert!(met.get() > 100, "{name} found {} values", met.get());
    }
}
