//! docs/profiles.md is the table of profiles.

#[path = "../examples/profiles/page.rs"]
mod page;

use tokenshim::delivery::profiles::{Certainty, PROFILES};

#[test]
fn the_page_is_what_the_program_writes() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/profiles.md")).expect("docs/profiles.md");
    assert_eq!(page, page::page(), "`make profiles` writes it anew");
}

#[test]
fn every_row_says_how_sure_it_is_and_from_where() {
    for profile in PROFILES.iter().filter(|profile| profile.name != "other") {
        assert!(!profile.drivers.is_empty(), "{}", profile.name);
        for driver in profile.drivers {
            let (Certainty::Run(source) | Certainty::Read(source) | Certainty::Unverified(source)) = driver.certainty;
            assert!(source.len() > 10 && page::page().contains(source), "{}: {source}", driver.name);
        }
    }
}
