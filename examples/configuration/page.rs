//! The page of keys: the table of the code, and what `odbcinst.ini.example` explains of each.

use std::fmt::Write;
use tokenshim::config::keys::{KEYS, Key, Place};

/// All of docs/configuration.md. `example` is the text of `odbcinst.ini.example`.
pub fn page(example: &str) -> String {
    let mut page = BEGINNING.to_owned();
    for key in KEYS {
        let _ = writeln!(page, "| [{0}](#{1}) | {2} | {3} |", key.name, key.name.to_lowercase(), key.meaning.replace('|', "\\|"), place(key));
    }
    page += EACH;
    for key in KEYS {
        let _ = write!(page, "\n### {}\n\n", key.name);
        let (words, line) = explained(example, key.name).expect("a comment of each key");
        let _ = write!(page, "{words}\n\n    {line}\n");
        if key.secret {
            page += "\nIts value is a secret: no message and no log shows it.\n";
        }
    }
    page
}

fn place(key: &Key) -> &'static str {
    match key.place {
        Place::Anywhere => "yes",
        Place::Section => "no",
    }
}

/// The comment right above a key's line, where there is one, and the line. The file has one for each.
fn explained<'a>(example: &'a str, key: &str) -> Option<(String, &'a str)> {
    let mut words: Vec<&str> = Vec::new();
    for line in example.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            words.push(comment);
            continue;
        }
        if line.strip_prefix(key).is_some_and(|rest| rest.starts_with('=')) && !words.is_empty() {
            return Some((words.join("\n"), line));
        }
        words.clear();
    }
    None
}

const BEGINNING: &str = "\
# Configuration

`make configuration` writes this page from the table in `src/config/keys.rs` and the words of `odbcinst.ini.example`.

Keys stand in the driver's section of `odbcinst.ini`, for all of its DSNs; in the DSN in `odbc.ini`, which wins; and some, as the last column says,
in a connection string, which wins over both. The others are an administrator's alone: a connection string can come from anybody who
may type one. Names are read in any case. An empty value counts as none, and switches off what a lower place says. tokenshim takes its own keys out of what the real driver is given.

Without `TokenSource`, and without a driver's own words for a service principal or for a sign-in that it cannot make itself, tokenshim changes nothing.

Which files these are, the driver manager of the program decides: `odbcinst -j` prints unixODBC's; `ODBCSYSINI`, `ODBCINSTINI` and `ODBCINI` move them.

| key | meaning | in a connection string |
| --- | --- | --- |
";

const EACH: &str = "
## Each key

*(string)* marks what a connection string may set.
";
