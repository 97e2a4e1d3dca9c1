//! The pages that people read: each link leads somewhere, and each key, and each target of make, that they speak of is one.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use tokenshim::config::keys::find;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its path, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let in_folder = |folder: &str| fs::read_dir(root().join(folder)).expect(folder).map(|entry| entry.expect("an entry").path());
    let all = in_folder("").chain(in_folder("docs")).chain(in_folder("docs/guides"));
    let pages = all.filter(|page| page.extension().is_some_and(|end| end == "md"));
    pages.map(|page| (page.clone(), fs::read_to_string(&page).expect("a page"))).collect()
}

/// The page without its blocks of code, in which `](` may mean anything and `#` begins a comment.
fn prose(text: &str) -> String {
    let parts = text.split("\n```").step_by(2);
    parts.map(|part| part.lines().filter(|line| !line.starts_with("    ")).collect::<Vec<_>>().join("\n")).collect::<Vec<_>>().join("\n")
}

/// Where the links of a page lead: what stands in `](…)`.
fn links(text: &str) -> Vec<String> {
    prose(text).split("](").skip(1).filter_map(|behind| behind.split(')').next().map(str::to_owned)).collect()
}

/// The names under which the headings of a page can be reached, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let text = prose(text);
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let named = headings.map(|heading| {
        let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    });
    named.collect()
}

#[test]
fn every_link_between_the_pages_leads_to_a_file_and_a_heading_that_are_there() {
    let pages = pages();
    let texts: HashMap<PathBuf, &str> = pages.iter().map(|(page, text)| (page.canonicalize().expect("a path"), text.as_str())).collect();
    let mut followed = 0;
    for (page, text) in &pages {
        for link in links(text).iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let target = target.canonicalize().unwrap_or_else(|_| panic!("{}: {link} leads to no file", page.display()));
            if let Some(anchor) = anchor {
                let has_it = texts.get(&target).is_some_and(|text| anchors(text).iter().any(|heading| heading == anchor));
                assert!(has_it, "{}: {link} leads to no heading", page.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed} links were followed");
}

#[test]
fn every_page_is_reached_from_the_first_one() {
    let pages = pages();
    let all = pages.iter().map(|(page, _)| page.canonicalize().expect("a path"));
    let linked: Vec<PathBuf> = pages
        .iter()
        .flat_map(|(page, text)| links(text).into_iter().filter_map(|link| page.with_file_name(link.split('#').next()?).canonicalize().ok()))
        .collect();
    for page in all.filter(|page| !page.ends_with("README.md")) {
        assert!(linked.contains(&page), "no page leads to {}", page.display());
    }
}

#[test]
fn the_first_page_is_a_screen_and_a_half() {
    let text = fs::read_to_string(root().join("README.md")).expect("README.md");
    let lines = text.lines().filter(|line| !line.starts_with('|')).count();
    assert!(lines <= 100, "README.md has {lines} lines besides its tables");
}

#[test]
fn every_key_that_a_page_speaks_of_is_one() {
    let mut words = 0;
    for (page, text) in pages() {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let is_like_one = word.strip_prefix("Token").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
            assert!(!is_like_one || find(word).is_some_and(|key| key.name == word), "{}: {word}", page.display());
            words += usize::from(is_like_one);
        }
    }
    assert!(words > 100, "{words} keys were found");
}

#[test]
fn every_target_of_make_that_a_page_speaks_of_is_one() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("Makefile");
    let is_one = |word: &str| makefile.lines().any(|line| line.strip_prefix(word).is_some_and(|rest| rest.starts_with(':')));
    let further = ["deny.toml", "Cargo.toml", ".ci/run"].map(|file| (root().join(file), fs::read_to_string(root().join(file)).expect(file)));
    let mut words = 0;
    for (page, text) in pages().into_iter().chain(further) {
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("make "));
        for call in text.split("`make ").skip(1).chain(lines) {
            let word = call.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or_default();
            assert!(is_one(word), "{}: make {word}", page.display());
            words += 1;
        }
    }
    assert!(words > 20, "{words} targets were found");
}
