//! A connection string, split into its keywords without losing a unit of it.
//!
//! Grammar: ODBC, SQLDriverConnect, "connection-string", read as both driver managers do: a value that begins with
//! `{` right after the `=` runs to a `}` that is not doubled; keywords do not care about case.

use super::marks::Marks;
use super::text::{self, Part, Text, Width, decode};
use crate::error::Error;
use std::sync::Arc;

/// One `keyword=value` with whatever stood around it, up to but without the `;`.
#[derive(Clone)]
pub struct Pair {
    /// Exactly what stood there.
    pub raw: Part,
    /// The trimmed keyword; empty where there was no `=`.
    pub keyword: String,
    /// The value without its braces; `}}` undone.
    pub value: String,
}

impl Pair {
    /// Whether this is `keyword`, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword)
    }

    /// Whether this is one of `keywords`, in any case.
    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }
}

/// A connection string as an application or a driver wrote it. Clones share their pairs.
#[derive(Clone)]
pub struct ConnectionString {
    width: Width,
    pairs: Vec<Arc<Pair>>,
    /// Of the keywords, and maybe of some that were replaced.
    marks: Marks,
    /// The first keyword whose value readers end in different places, and what is wrong with it.
    ambiguous: Option<(String, &'static str)>,
}

const SEMICOLON: u32 = b';' as u32;
const EQUALS: u32 = b'=' as u32;
const BLANK: u32 = b' ' as u32;
const OPEN: u32 = b'{' as u32;
const CLOSE: u32 = b'}' as u32;

impl ConnectionString {
    /// Splits `text`. Whatever it is, [`to_text`](Self::to_text) gives it back.
    pub fn parse(text: &Text) -> Self {
        let (units, width) = (&text.units[..], text.width);
        let mut pairs = Vec::new();
        let mut ambiguous = None;
        let whole: Arc<[u32]> = units.into();
        let mut push = |place, keyword, value| pairs.push(Arc::new(Pair { raw: Part::of(&whole, width, place), keyword, value }));
        let mut start = 0;
        while start < units.len() {
            let keyword_end = position(units, start, |unit| unit == EQUALS || unit == SEMICOLON);
            if units.get(keyword_end) != Some(&EQUALS) {
                push(start..keyword_end, String::new(), String::new());
                start = keyword_end + 1;
                continue;
            }
            let keyword = trimmed(decode(&units[start..keyword_end], width));
            let value_start = keyword_end + 1;
            let (value, end) = if units.get(value_start) == Some(&OPEN) {
                let close = closing_brace(units, value_start + 1).unwrap_or_else(|| {
                    ambiguous.get_or_insert((keyword.clone(), "opens a brace that nothing closes"));
                    units.len()
                });
                let mut value = decode(&units[value_start + 1..close], width);
                if value.contains('}') {
                    value = value.replace("}}", "}");
                }
                let end = position(units, close, |unit| unit == SEMICOLON);
                // unixODBC takes what stands here for the next keyword.
                if units.get(close + 1..end).is_some_and(|behind| behind.iter().any(|unit| *unit != BLANK)) {
                    ambiguous.get_or_insert((keyword.clone(), "goes on behind the brace that closes it"));
                }
                (value, end)
            } else {
                let end = position(units, value_start, |unit| unit == SEMICOLON);
                (trimmed(decode(&units[value_start..end], width)), end)
            };
            push(start..end, keyword, value);
            start = end + 1;
        }
        // A `;` at the very end ends a pair; keep it as an empty one, so that `to_text` gives it back.
        if start == units.len() && start > 0 {
            push(start..start, String::new(), String::new());
        }
        let marks = Marks::of(pairs.iter().map(|pair| pair.keyword.as_str()));
        Self { width, pairs, marks, ambiguous }
    }

    /// No keywords yet, in units of `width`.
    pub fn empty(width: Width) -> Self {
        Self { width, pairs: Vec::new(), marks: Marks::default(), ambiguous: None }
    }

    /// # Errors
    /// A value that not every reader ends in the same place.
    pub fn check(&self) -> Result<(), Error> {
        match &self.ambiguous {
            None => Ok(()),
            Some((keyword, problem)) => Err(Error::BadText(format!("the value of {keyword} {problem}"))),
        }
    }

    /// The same, without the keyword: what is wrong with a value.
    pub fn problem(&self) -> Option<&'static str> {
        self.ambiguous.as_ref().map(|(_, problem)| *problem)
    }

    /// The pairs in their order, the empty ones between `;;` and after a last `;` among them.
    pub fn pairs(&self) -> &[Arc<Pair>] {
        &self.pairs
    }

    /// The first of `keyword`: the one that both driver managers and most drivers take.
    pub fn get(&self, keyword: &str) -> Option<&Arc<Pair>> {
        self.position(keyword).map(|place| &self.pairs[place])
    }

    /// Keeps only the pairs that `keep` says yes to, as it leaves them.
    pub fn retain(&mut self, keep: impl FnMut(&mut Arc<Pair>) -> bool) {
        self.pairs.retain_mut(keep);
        self.marks = Marks::of(self.pairs.iter().map(|pair| pair.keyword.as_str()));
    }

    /// The place of the first of `keyword` among the pairs.
    pub fn position(&self, keyword: &str) -> Option<usize> {
        if self.marks.may_have(keyword) { self.pairs.iter().position(|pair| pair.is(keyword)) } else { None }
    }

    /// All of `keyword`.
    pub fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Pair> {
        let pairs = if self.marks.may_have(keyword) { self.pairs.as_slice() } else { &[] };
        pairs.iter().map(Arc::as_ref).filter(move |pair| pair.is(keyword))
    }

    /// Puts `pair` before the one that has this place now.
    pub fn insert(&mut self, place: usize, pair: Arc<Pair>) {
        self.marks.add(&pair.keyword);
        self.pairs.insert(place, pair);
    }

    /// Puts `pair` at the end (before a last `;`'s empty pair, which then still ends the string).
    pub fn push(&mut self, pair: Arc<Pair>) {
        let at = match self.pairs.last() {
            Some(last) if last.raw.units().is_empty() => self.pairs.len() - 1,
            _ => self.pairs.len(),
        };
        self.insert(at, pair);
    }

    /// Puts `keyword=value` in the first place of `keyword`, else at the end; in braces if it needs them or `braced` says so.
    pub fn set(&mut self, keyword: &str, value: &str, braced: bool) {
        self.set_text(keyword, &Text::encode(value, self.width), braced);
    }

    /// As [`set`](Self::set), for text of this string's width that must not be converted.
    pub fn set_text(&mut self, keyword: &str, value: &Text, braced: bool) {
        let mut raw = Text::empty(self.width);
        raw.units.reserve(keyword.len() + value.units.len() + 3);
        raw.push_str(keyword);
        raw.push_str("=");
        if braced || !value.units.iter().all(|unit| is_plain(*unit)) {
            raw.push_str("{");
            let mut rest = value.units.as_slice();
            while let Some(at) = text::position(rest, |unit| unit == CLOSE) {
                raw.push_units(&rest[..=at]);
                raw.push_str("}");
                rest = &rest[at + 1..];
            }
            raw.push_units(rest);
            raw.push_str("}");
        } else {
            raw.push_units(&value.units);
        }
        let pair = Arc::new(Pair { raw: raw.into(), keyword: keyword.to_owned(), value: value.decode() });
        match self.position(keyword) {
            Some(place) => self.pairs[place] = pair,
            None => self.push(pair),
        }
    }

    /// The whole string again: what was parsed, unit for unit, where nothing was changed.
    pub fn to_text(&self) -> Text {
        let units = self.pairs.iter().map(|pair| pair.raw.units()).collect::<Vec<_>>().join(&SEMICOLON);
        Text { width: self.width, units }
    }
}

/// Characters that mean the same in and out of braces to every driver.
fn is_plain(unit: u32) -> bool {
    !matches!(u8::try_from(unit), Ok(b'[' | b']' | b'{' | b'}' | b'(' | b')' | b',' | b';' | b'?' | b'*' | b'=' | b'!' | b'@' | b' ' | b'%' | b'+'))
}

fn position(units: &[u32], from: usize, stop: impl Fn(u32) -> bool) -> usize {
    text::position(&units[from..], stop).map_or(units.len(), |at| from + at)
}

/// The `}` that ends a value: one that is not followed by another.
fn closing_brace(units: &[u32], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = position(units, at, |unit| unit == CLOSE);
        match units.get(at + 1) {
            Some(&CLOSE) => at += 2,
            _ => return (at < units.len()).then_some(at),
        }
    }
}

fn trimmed(text: String) -> String {
    // Almost always there is nothing to do, which is told by the first and the last byte.
    if let ([first, ..], [.., last]) = (text.as_bytes(), text.as_bytes())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    let trimmed = text.trim();
    if trimmed.len() < text.len() { trimmed.to_owned() } else { text }
}

#[cfg(test)]
mod tests;
