//! A source file as the rules see it: where it stands, and, of Rust, its lines with and without comments and quotes.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    pub path: String,
    pub text: String,
    /// Its lines without comments and without what is inside quotes; of Rust alone.
    pub code: Vec<String>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { code(text) } else { String::new() };
        Self { path: path.into(), text: text.into(), code: code.lines().map(str::to_owned).collect() }
    }

    /// `config` for `src/config/ini/mod.rs`; `None` outside `src/`, and for the roots.
    pub fn module(&self) -> Option<&str> {
        let path = self.path.strip_prefix("src/")?;
        let module = path.split('/').next()?.trim_end_matches(".rs");
        (!matches!(module, "lib" | "main")).then_some(module)
    }

    /// How far below the crate its module is: 1 for `src/error.rs` and `src/hooks/mod.rs`.
    pub fn depth(&self) -> usize {
        self.path.matches('/').count() - usize::from(self.path.ends_with("/mod.rs"))
    }
}

/// Names, keywords and numbers.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// `text` without comments and without what is inside quotes; its lines stay where they are.
fn code(text: &str) -> String {
    let (mut code, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let (skipped, kept) = match c {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), ""),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), " "),
            'r' if !code.ends_with(|c: char| c.is_alphanumeric()) && rest[1..].trim_start_matches('#').starts_with('"') => {
                let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
                let end = format!("\"{}", "#".repeat(hashes));
                let body = hashes + 2;
                (rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len()), "\"\"")
            }
            '"' => (quoted(rest), "\"\""),
            // A character, not a lifetime.
            '\'' if rest[1..].starts_with('\\') => (2 + c_len(&rest[2..]) + rest[2 + c_len(&rest[2..])..].find('\'').map_or(0, |at| at + 1), "''"),
            '\'' if rest[1..].chars().nth(1) == Some('\'') => (2 + c_len(&rest[1..]), "''"),
            c => {
                code.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        code.push_str(kept);
        code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
        rest = &rest[skipped..];
    }
    code
}

/// The length of the text in quotes that `rest` begins with.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn c_len(rest: &str) -> usize {
    rest.chars().next().map_or(0, char::len_utf8)
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file of both libraries.
pub fn sources() -> Vec<Source> {
    below(&["src", "driver/src"]).into_iter().filter(|source| source.path.ends_with(".rs")).collect()
}

/// Every file that somebody wrote to be read: also tests, in whatever language, scripts and benchmarks.
pub fn everything() -> Vec<Source> {
    below(&["src", "driver", "tests", "scripts", "benches"])
}

/// The files below these folders, but for what Python compiled, and what is hidden.
fn below(folders: &[&str]) -> Vec<Source> {
    let mut folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let (name, kind) = (entry.file_name().into_string().expect("a plain name"), entry.file_type().expect("a kind"));
            let path = folder.join(&name);
            if name.starts_with('.') || name == "__pycache__" {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let text = fs::read_to_string(entry.path()).expect("text");
                sources.push(Source::new(path.to_str().expect("a plain name"), &text));
            }
        }
    }
    sources
}

#[test]
fn comments_and_quotes_are_no_code() {
    let text = "a(\"x \\\" // y\"); // z\nb(r#\"\"q\"\"#, '\\'', '\"', 'c') /* d\n e */f::<'a>()\n";
    assert_eq!(code(text), "a(\"\"); \nb(\"\", '', '', '')  \nf::<'a>()\n");
}
