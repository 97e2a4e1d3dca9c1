//! Man pages, completions and docs/command.md are the command's own table of arguments.

#[path = "../examples/manual/pages.rs"]
mod pages;

use std::path::Path;

#[test]
fn each_page_is_what_the_program_writes() {
    for (place, text) in pages::pages() {
        let there = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(&place)).unwrap_or_default();
        assert!(there == text, "{place}: `make manual` writes it anew");
    }
}

#[test]
fn each_word_has_a_man_page_that_says_the_exit_statuses() {
    let pages = pages::pages();
    for word in ["", "-install", "-uninstall", "-upgrade", "-doctor", "-list", "-keys", "-token", "-login", "-logout", "-register-app"] {
        let place = format!("share/man/man1/tokenshim{word}.1");
        let (_, text) = pages.iter().find(|(each, _)| *each == place).unwrap_or_else(|| panic!("no {place}"));
        let text = String::from_utf8_lossy(text);
        assert!(text.contains("EXIT STATUS") && text.contains("cannot be reached"), "{text}");
    }
}
