//! The text of one ini file, read as the two driver managers read it.
//!
//! Neither follows a standard, and they differ: unixODBC cuts long lines into pieces, refuses a file that does not
//! begin with a section, and reads the second of two files by stricter rules than the first; iODBC knows quotes and
//! comments after a value, and skips indented lines. A key that the driver manager does not see must not be seen here.

use std::{collections::HashSet, path::Path, sync::Arc};

use super::Section;
use crate::config::text::decode_bytes;

/// Whose rules a file is read by.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rules {
    /// unixODBC, a file that it opens for itself.
    UnixOdbc,
    /// unixODBC, a file whose sections it adds to those of another: a line counts only from its first column on.
    UnixOdbcAdded,
    /// iODBC.
    Iodbc,
}

/// The sections in their order, or `None` when the driver manager refuses the whole file.
///
/// Where a section or, in it, a key repeats, only the first one counts.
pub(super) fn parse(text: &[u8], rules: Rules, file: &Path) -> Option<Vec<Section>> {
    let mut sections = Sections::default();
    match rules {
        Rules::Iodbc => iodbc(text, &mut sections),
        _ => unix_odbc(text, rules, &mut sections)?,
    }
    Some(sections.of(file))
}

/// What has been read so far.
#[derive(Default)]
struct Sections {
    list: Vec<(String, Vec<(String, String)>)>,
    /// The keys of the last section, in lower case.
    keys: HashSet<String>,
}

impl Sections {
    fn begin(&mut self, name: &[u8]) {
        self.keys.clear();
        self.list.push((decode_bytes(name), Vec::new()));
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        let Some((_, entries)) = self.list.last_mut() else {
            return;
        };
        let key = decode_bytes(key);
        if !key.is_empty() && self.keys.insert(key.to_ascii_lowercase()) {
            entries.push((key, decode_bytes(value)));
        }
    }

    fn of(mut self, file: &Path) -> Vec<Section> {
        let file: Arc<Path> = file.into();
        let mut seen = HashSet::new();
        self.list.retain(|(name, _)| seen.insert(name.to_ascii_lowercase()));
        self.list.into_iter().map(|(name, entries)| Section::new(name, file.clone(), entries)).collect()
    }
}

fn unix_odbc(bytes: &[u8], rules: Rules, sections: &mut Sections) -> Option<()> {
    let mut in_section = false;
    for line in Pieces(bytes) {
        // Until the first section, unixODBC is strict: a bracket in the first column, or the file is refused.
        if !in_section {
            if line.first() == Some(&b'[') {
                in_section = true;
            } else if matches!(trim(line).first(), None | Some(b'#' | b';')) {
                continue;
            } else {
                return None;
            }
        }
        let line = if rules == Rules::UnixOdbc { trim_start(line) } else { line };
        match line.first() {
            None | Some(b'#' | b';') => {}
            Some(b'[') => sections.begin(trim(before(&line[1..], |c| c == b']'))),
            Some(c) if rules == Rules::UnixOdbcAdded && !c.is_ascii_alphanumeric() => {}
            Some(_) => {
                let key = before(line, |c| c == b'=');
                let value = line.get(key.len() + 1..).unwrap_or_default();
                sections.add(trim(key), trim(value));
            }
        }
    }
    Some(())
}

/// The lines as unixODBC gets them: at most 999 bytes each, what is left of a longer one counts as the next line, and
/// none goes on after a NUL.
struct Pieces<'a>(&'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let most = self.0.len().min(999);
        let end = self.0[..most].iter().position(|&c| c == b'\n').map_or(most, |newline| newline + 1);
        let (piece, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(before(piece, |c| c == 0))
    }
}

fn iodbc(bytes: &[u8], sections: &mut Sections) {
    // At a NUL iODBC itself stays in its loop for ever; we stop.
    let mut rest = before(bytes, |c| c == 0);
    while !rest.is_empty() {
        let mut line = before(rest, is_end);
        rest = &rest[line.len()..];
        // The last line keeps its trailing blanks when nothing ends it.
        if !rest.is_empty() {
            rest = &rest[1..];
            line = end_without(line, is_blank);
        }
        iodbc_line(line, sections);
    }
}

fn iodbc_line(line: &[u8], sections: &mut Sections) {
    let unindented = start_without(line, is_blank);
    match unindented.first() {
        None | Some(b'#' | b';') => {}
        Some(b'[') => {
            let inside = start_without(&unindented[1..], is_blank);
            let name = before(inside, |c| c == b']');
            if name.len() < inside.len() && !trim(name).is_empty() {
                sections.begin(end_without(name, is_space));
            }
        }
        // An indented line would go on with the value above; iODBC then never looks at it.
        Some(_) if unindented.len() < line.len() => {}
        Some(_) => {
            let key = before(line, |c| c == b'=');
            if let Some(value) = line.get(key.len() + 1..) {
                let key = start_without(end_without(key, is_space), is_quote);
                sections.add(before(key, is_quote), without_comment(start_without(value, is_blank)));
            }
        }
    }
}

/// Cuts a comment off: a `#` or `;` at the beginning or after a blank, outside quotes. The quotes stay.
fn without_comment(value: &[u8]) -> &[u8] {
    let mut open = None;
    let mut after_blank = true;
    for (at, &c) in value.iter().enumerate() {
        match open {
            Some(quote) if c == quote => open = None,
            Some(_) => {}
            None if is_quote(c) => open = Some(c),
            None if matches!(c, b'#' | b';') && after_blank => {
                return end_without(&value[..at], is_space);
            }
            None => {}
        }
        after_blank = is_blank(c);
    }
    value
}

/// What C calls a space; Rust's own notion leaves the vertical tab out.
fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t'..=b'\r')
}

fn is_blank(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\x0c')
}

fn is_end(c: u8) -> bool {
    matches!(c, b'\n' | b'\r' | b'\x1a')
}

fn is_quote(c: u8) -> bool {
    matches!(c, b'"' | b'\'')
}

fn before(text: &[u8], stop: impl Fn(u8) -> bool) -> &[u8] {
    &text[..text.iter().position(|&c| stop(c)).unwrap_or(text.len())]
}

fn start_without(text: &[u8], what: impl Fn(u8) -> bool) -> &[u8] {
    &text[text.iter().position(|&c| !what(c)).unwrap_or(text.len())..]
}

fn end_without(text: &[u8], what: impl Fn(u8) -> bool) -> &[u8] {
    &text[..text.iter().rposition(|&c| !what(c)).map_or(0, |last| last + 1)]
}

fn trim_start(text: &[u8]) -> &[u8] {
    start_without(text, is_space)
}

fn trim(text: &[u8]) -> &[u8] {
    end_without(trim_start(text), is_space)
}
