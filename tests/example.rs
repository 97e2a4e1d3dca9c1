//! `odbcinst.ini.example` against the table of keys: each key is explained once, in the state that the table gives it.

#[path = "../examples/configuration/page.rs"]
mod page;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tokenshim::config::ini::{Environment, Manager, Registry, Section};
use tokenshim::config::keys::{KEYS, Key, Place, find};
use tokenshim::delivery::keywords::Keywords;
use tokenshim::delivery::profiles::{Certainty, PROFILES, Profile};

/// What a driver's section may hold besides tokenshim's keys.
const DRIVER_MANAGERS: &[&str] = &["Description", "Driver"];

/// One `key=value` of the file.
struct Line<'a> {
    key: &'a str,
    value: &'a str,
    /// It stands behind a `#`.
    disabled: bool,
    /// The comment right above it; empty where there is none.
    comment: String,
}

fn text() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("odbcinst.ini.example")).expect("odbcinst.ini.example")
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let (mut lines, mut comment) = (Vec::new(), String::new());
    for line in text.lines() {
        // A comment has a blank after its sign; a key that is switched off has none.
        if let Some(words) = line.strip_prefix("# ") {
            comment.push_str(words);
            comment.push(' ');
            continue;
        }
        let disabled = line.strip_prefix('#');
        if let Some((key, value)) = disabled.unwrap_or(line).split_once('=') {
            lines.push(Line { key, value, disabled: disabled.is_some(), comment: comment.clone() });
        }
        comment.clear();
    }
    lines
}

fn of<'a>(lines: &'a [Line], key: &Key) -> Vec<&'a Line<'a>> {
    lines.iter().filter(|line| line.key == key.name).collect()
}

#[test]
fn every_key_is_explained_once_and_no_line_is_switched_off() {
    let text = text();
    let lines = lines(&text);
    for key in KEYS {
        let all = of(&lines, key);
        assert_eq!(all.iter().filter(|line| !line.comment.is_empty()).count(), 1, "{} is explained once", key.name);
        assert!(!all[0].comment.is_empty(), "{} is explained where it first stands", key.name);
        assert!(all.iter().all(|line| !line.disabled), "{}", key.name);
    }
}

#[test]
fn comments_mark_the_keys_that_a_connection_string_may_set() {
    let text = text();
    let lines = lines(&text);
    for key in KEYS {
        let explained = of(&lines, key)[0];
        assert_eq!(explained.comment.contains("(string)"), key.place == Place::Anywhere, "{}: {}", key.name, explained.comment);
    }
}

#[test]
fn the_page_of_keys_is_what_the_program_writes() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).expect("docs/configuration.md");
    assert_eq!(page, page::page(&text()), "`make configuration` writes it anew");
}

#[test]
fn no_line_holds_a_key_that_nobody_knows() {
    for line in lines(&text()) {
        let known = find(line.key).is_some_and(|key| key.name == line.key);
        assert!(known || DRIVER_MANAGERS.contains(&line.key), "{}", line.key);
        assert!(!line.value.trim().is_empty(), "{} has a value", line.key);
    }
}

#[test]
fn both_driver_managers_read_every_line_as_it_is_written() {
    let text = text();
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
    let entries: Vec<&str> = text.lines().filter(|line| line.contains('=') && !line.starts_with('#')).collect();
    for manager in managers() {
        let sections = sections(&manager);
        let read = sections.iter().flat_map(Section::entries).map(|(key, value)| format!("{key}={value}"));
        assert_eq!(read.collect::<Vec<_>>(), entries, "{manager:?}");
        assert_eq!(sections.iter().map(|section| format!("[{}]", section.name)).collect::<Vec<_>>(), heads, "{manager:?}");
    }
}

#[test]
fn every_section_has_a_copy_of_its_own_and_a_source_and_a_driver_that_a_profile_or_its_keywords_describe() {
    let sections = sections(&managers()[0]);
    let value = |key| -> Vec<&str> { sections.iter().filter_map(|section| section.get(key)).collect() };
    let (copies, sources, drivers) = (value("Driver"), value("TokenSource"), value("RealDriver"));
    assert_eq!([copies.len(), sources.len(), drivers.len()], [sections.len(); 3]);
    assert!(copies.iter().enumerate().all(|(at, copy)| !copies[..at].contains(copy)), "{copies:?}");
    let knows = |profile: &Profile, driver: &str| {
        let file = driver.rsplit('/').next().unwrap_or_default().to_lowercase();
        profile.files().any(|part| file.contains(part))
    };
    for section in &sections {
        let driver = section.get("RealDriver").unwrap_or_default();
        let is_known = PROFILES.iter().any(|profile| knows(profile, driver));
        assert_eq!(is_known, section.get("TokenKeywords").is_none(), "{driver}");
    }
    for keywords in value("TokenKeywords") {
        assert!(Keywords::parse(keywords).is_ok(), "{keywords}");
    }
    for profile in PROFILES.iter().filter(|profile| profile.drivers.iter().any(|driver| matches!(driver.certainty, Certainty::Run(_)))) {
        let is_shown = drivers.iter().any(|driver| knows(profile, driver));
        assert!(is_shown || profile.name == "db2", "no section shows profile {}", profile.name);
    }
}

fn managers() -> [Manager; 2] {
    [Manager::UnixOdbc { system_folder: folder() }, Manager::Iodbc]
}

/// The example's sections, as a driver manager reads them from a file of the usual name.
fn sections(manager: &Manager) -> Vec<Section> {
    let file = folder().join("odbcinst.ini");
    let nowhere = "/nonexistent";
    let variables = [("SYSODBCINSTINI", file.to_str().expect("a plain name")), ("HOME", nowhere), ("ODBCINI", nowhere)];
    Registry::read(manager, &Environment::of(&variables)).drivers()
}

/// A folder in which the example stands as `odbcinst.ini`.
fn folder() -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("example");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("odbcinst.ini"), text()).expect("a file");
        folder
    });
    FOLDER.clone()
}

#[test]
fn every_kind_of_error_is_looked_up_in_the_page_of_troubles() {
    let of = |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
    let (table, page) = (of("src/error.rs"), of("docs/troubleshooting.md"));
    let mut messages = 0;
    for behind in table.split("#[error(").skip(1) {
        let format = behind.split('"').nth(1).expect("a format");
        // What is said in any case; a format of blanks alone says nothing.
        let pieces: Vec<&str> = format.split(['{', '}']).step_by(2).filter(|piece| piece.trim().len() > 12).collect();
        let is_there = pieces.iter().any(|piece| shown(piece, &page));
        assert!(is_there || pieces.is_empty() || format.starts_with("the next renewal"), "docs/troubleshooting.md has none of {pieces:?}");
        messages += usize::from(is_there);
    }
    assert!(messages > 15, "{messages} messages were found");
    for state in ["IM003", "IM001", "28000", "08001", "HYT00", "HY000", "01004", "HYC00"] {
        assert!(table.contains(&format!("\"{state}\"")) && page.contains(&format!("## {state}")) | page.contains(&format!(", {state}:")), "{state}");
    }
}

/// Whether the page has some words of `piece` that follow each other, as many as tell it from others.
fn shown(piece: &str, page: &str) -> bool {
    let words: Vec<&str> = piece.split_whitespace().collect();
    words.windows(4.min(words.len())).any(|words| page.contains(&words.join(" ")))
}
