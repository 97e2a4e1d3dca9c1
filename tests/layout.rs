//! The shape of the sources: how large files grow, where `unsafe` may be, which folder may name which, and a few words
//! that say nothing. Each rule is a function from a file to its breaches, and is tried on a file that breaks it.

#[path = "layout/source.rs"]
mod source;

use source::{Source, everything, root, sources, words};

/// The most lines a file may have.
const LINES_MAX: usize = 300;

/// Where `unsafe` may be.
const UNSAFE: &[&str] = &["driver/", "src/binding/", "src/hooks/", "src/capi/", "src/token/memory/"]; // the last asks the system for memory

/// What each folder (or file) in `src/` may name of the others, low to high; a row names only rows above it.
const ARROWS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("environment", &[]),
    ("plain_file", &[]),
    ("signals", &[]),
    ("host_calls", &[]),
    ("log", &["plain_file", "signals", "host_calls"]),
    ("token", &["error", "environment", "plain_file", "signals", "log"]),
    ("config", &["error", "plain_file", "log", "token"]),
    ("oauth", &["error", "environment", "plain_file", "signals", "log", "token", "config"]),
    ("credential", &["error", "environment", "plain_file", "signals", "host_calls", "log", "token", "config", "oauth"]),
    ("delivery", &["error", "token", "config"]),
    ("sign_in", &["error", "log", "token", "config", "credential", "delivery"]),
    ("connection", &["error", "token", "config", "delivery", "sign_in"]),
    ("refresh", &["error", "signals", "log", "token", "sign_in", "connection"]),
    ("binding", &["error", "config"]),
    ("hooks", &["error", "log", "token", "config", "oauth", "credential", "delivery", "sign_in", "connection", "refresh", "binding"]),
    ("capi", &["error", "host_calls", "log", "token", "config", "oauth", "credential", "delivery", "sign_in", "refresh", "binding", "hooks"]),
    // The command, a crate of its own: nothing names it.
    ("cli", &["error", "log", "token", "config", "oauth", "credential", "delivery", "sign_in", "binding", "hooks", "capi"]),
];

/// Names of modules under which anything could be.
const EMPTY_WORDS: &[&str] = &["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"];

#[test]
fn no_file_outgrows_300_lines() {
    let file = |path, lines| Source::new(path, &"\n".repeat(lines));
    try_on(size, &[(file("src/x.rs", 301), 1), (file("src/x.rs", 300), 0), (file("tests/e2e/test_x.py", 301), 1), (file("scripts/x", 301), 1)]);
    let files = everything();
    for kind in [".rs", ".py", ".c", ".h", "scripts/install-dependencies"] {
        assert!(files.iter().any(|file| file.path.ends_with(kind)), "no {kind} was found");
    }
    hold(size, &files);
}

#[test]
fn unsafe_stays_where_c_is() {
    let text = "#![forbid(unsafe_code)] // unsafe\nconst A: &str = \"unsafe\";\nunsafe fn f() {}\n";
    check(unsafe_place, &[(Source::new("src/token/mod.rs", text), 1), (Source::new("src/hooks/text.rs", text), 0)]);
}

#[test]
fn each_unsafe_block_says_why_it_is_sound() {
    let bare = "fn f() {\n    unsafe { g() }\n}\nunsafe impl Send for A {}\n";
    let said = "// SAFETY: long\n// and\n// longer\n// words.\nlet a = unsafe { g() };\n// SAFETY: words.\nunsafe impl Send for A {}\n";
    check(safety, &[(Source::new("src/hooks/x.rs", bare), 2), (Source::new("src/hooks/x.rs", said), 0)]);
}

#[test]
fn a_lower_folder_never_names_a_higher_one() {
    let config = |text| Source::new("src/config/x.rs", text);
    check(
        arrows,
        &[
            (config("use crate::hooks::text;"), 1),
            (config("use crate::{\n    error::Error,\n    delivery::{edits::Edits, profiles},\n    oauth,\n};"), 2),
            (config("fn f() { super::super::connection::look(1) }"), 1),
            (config("fn f() -> ::tokenshim::sign_in::SignIn {}"), 1),
            (Source::new("src/error.rs", "mod tests { use super::*; use super::super::error; }"), 0),
            (config("use crate::error::Error; use super::ini; // crate::hooks\nconst A: &str = \"crate::hooks\";"), 0),
            (config("use crate::config::ini::{self, Section};"), 0),
            (Source::new("src/newcomer.rs", "use crate::error::Error;"), 1),
        ],
    );
}

#[test]
fn the_table_of_arrows_has_no_cycle() {
    for (place, (module, may)) in ARROWS.iter().enumerate() {
        for other in *may {
            assert!(ARROWS[..place].iter().any(|(above, _)| above == other), "{module} may name {other}, which does not stand above it");
        }
    }
}

#[test]
fn every_row_of_the_table_is_a_module() {
    for (module, _) in ARROWS {
        let folder = root().join("src").join(module);
        assert!(folder.is_dir() || folder.with_extension("rs").is_file(), "there is no src/{module}");
    }
}

#[test]
fn no_function_of_odbc_sys_is_called() {
    let source = |text| Source::new("src/hooks/x.rs", text);
    check(
        odbc_functions,
        &[
            (source("let a = odbc_sys::SQLGetDiagRec(x);"), 1),
            (source("use odbc_sys::{IS_POINTER, SQLConnect};"), 1),
            (source("use odbc_sys::*;"), 1),
            (source("let a = odbc_sys::ConnectionAttribute::SS_ACCESS_TOKEN; // odbc_sys::SQLConnect"), 0),
        ],
    );
}

#[test]
fn no_module_has_a_name_under_which_anything_could_be() {
    check(
        names,
        &[
            (Source::new("src/config/util.rs", ""), 1),
            (Source::new("src/common/mod.rs", ""), 1),
            (Source::new("src/config/x.rs", "pub mod helper;\nmod manager { }"), 2),
            (Source::new("src/binding/driver_manager.rs", "mod driver_manager; mod tests {}"), 0),
        ],
    );
}

/// Tries a rule on files that show it, each with the breaches it has; then holds the sources of both libraries against it.
fn check(rule: fn(&Source) -> Vec<String>, shown: &[(Source, usize)]) {
    try_on(rule, shown);
    hold(rule, &sources());
}

fn try_on(rule: fn(&Source) -> Vec<String>, shown: &[(Source, usize)]) {
    for (source, breaches) in shown {
        let found = rule(source);
        assert_eq!(found.len(), *breaches, "the rule itself: {found:?} in {}\n{}", source.path, source.text);
    }
}

fn hold(rule: fn(&Source) -> Vec<String>, files: &[Source]) {
    assert!(files.len() > 40, "only {} files were found", files.len());
    let breaches: Vec<String> = files.iter().flat_map(rule).collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

fn size(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines > LINES_MAX { vec![format!("{} has {lines} lines", source.path)] } else { Vec::new() }
}

fn unsafe_place(source: &Source) -> Vec<String> {
    if UNSAFE.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    places(source, |line| words(line).any(|word| word == "unsafe")).map(|at| format!("{at}: unsafe")).collect()
}

fn safety(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let said = |at: usize| {
        let comment = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with("//"));
        comment.chain(&lines[at.saturating_sub(3)..=at]).any(|line| line.contains("// SAFETY: "))
    };
    let opens = |line: &str| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        line.contains("unsafe {") || line.contains("unsafe impl")
    };
    let silent = source.code.iter().enumerate().filter(|(at, line)| opens(line) && !said(*at));
    silent.map(|(at, _)| format!("{}:{}: unsafe without a SAFETY comment before it", source.path, at + 1)).collect()
}

fn may(module: &str) -> Option<&'static [&'static str]> {
    ARROWS.iter().find(|(name, _)| *name == module).map(|(_, may)| *may)
}

fn arrows(source: &Source) -> Vec<String> {
    let Some(module) = source.module() else { return Vec::new() };
    let Some(may) = may(module) else { return vec![format!("{}: {module} has no row in the table of arrows", source.path)] };
    let wrong = named(source).into_iter().filter(|name| name != module && !may.contains(&name.as_str()));
    wrong.map(|name| format!("{}: {module} may not name {name}", source.path)).collect()
}

/// The modules right below the crate that a file names, by whatever path leads there.
fn named(source: &Source) -> Vec<String> {
    let code = source.code.join("\n");
    let up = "super::".repeat(source.depth());
    let mut found = Vec::new();
    for root in ["crate::", "tokenshim::", &up] {
        for (at, _) in code.match_indices(root) {
            let inside_a_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !inside_a_word {
                found.extend(first_names(&code[at + root.len()..]).into_iter().filter(|name| may(name).is_some()));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What stands at the beginning of the rest of a path: one name, or those of a group in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| words(text.trim_start()).next().unwrap_or_default().to_owned();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut names, mut begin) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(&group[begin..at]));
                begin = at + 1;
            }
            _ => {}
        }
        if c == '}' && begin == at + 1 {
            break;
        }
    }
    names
}

fn odbc_functions(source: &Source) -> Vec<String> {
    let code = source.code.join("\n");
    let function = |name: &str| name == "*" || (name.starts_with("SQL") && name[3..].starts_with(|c: char| c.is_ascii_uppercase()));
    let named = code.match_indices("odbc_sys::").flat_map(|(at, root)| {
        let rest = &code[at + root.len()..];
        if rest.starts_with('*') { vec!["*".to_owned()] } else { first_names(rest) }
    });
    named.filter(|name| function(name)).map(|name| format!("{}: odbc_sys::{name} is the driver manager's", source.path)).collect()
}

fn names(source: &Source) -> Vec<String> {
    let mut names: Vec<&str> = source.path.trim_end_matches(".rs").split('/').collect();
    for line in &source.code {
        names.extend(words(line).zip(words(line).skip(1)).filter(|(word, _)| *word == "mod").map(|(_, name)| name));
    }
    names.into_iter().filter(|name| EMPTY_WORDS.contains(name)).map(|name| format!("{}: a module named {name}", source.path)).collect()
}

fn places<'a>(source: &'a Source, breaks: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = String> + 'a {
    source.code.iter().enumerate().filter(move |(_, line)| breaks(line)).map(|(at, _)| format!("{}:{}", source.path, at + 1))
}
