//! A connection string, split into its keywords without losing a unit of it.
//!
//! Grammar: ODBC, SQLDriverConnect, "connection-string", read as both driver managers do: a value that begins with
//! `{` right after the `=` runs to a `}` that is not doubled; keywords do not care about case.

use super::text::{Text, Width, decode};
use crate::error::Error;
use zeroize::Zeroizing;

/// One `keyword=value` with whatever stood around it, up to but without the `;`.
#[derive(Clone)]
pub struct Pair {
    /// Exactly what stood there.
    pub raw: Text,
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

/// A connection string as an application or a driver wrote it.
#[derive(Clone)]
pub struct ConnectionString {
    width: Width,
    pairs: Vec<Pair>,
    /// The keyword whose value opens a brace that nothing closes: drivers differ on where such a value ends.
    unclosed: Option<String>,
}

const SEMICOLON: u32 = b';' as u32;
const EQUALS: u32 = b'=' as u32;
const OPEN: u32 = b'{' as u32;
const CLOSE: u32 = b'}' as u32;

impl ConnectionString {
    /// Splits `text`. Whatever it is, [`to_text`](Self::to_text) gives it back.
    pub fn parse(text: &Text) -> Self {
        let (units, width) = (&text.units[..], text.width);
        let mut pairs = Vec::new();
        let mut unclosed = None;
        let mut start = 0;
        while start < units.len() {
            let keyword_end = position(units, start, |unit| unit == EQUALS || unit == SEMICOLON);
            if units.get(keyword_end) != Some(&EQUALS) {
                pairs.push(Pair { raw: slice(text, start, keyword_end), keyword: String::new(), value: String::new() });
                start = keyword_end + 1;
                continue;
            }
            let keyword = decode(&units[start..keyword_end], width).trim().to_owned();
            let value_start = keyword_end + 1;
            let (value, end) = if units.get(value_start) == Some(&OPEN) {
                let close = closing_brace(units, value_start + 1).unwrap_or_else(|| {
                    unclosed.get_or_insert(keyword.clone());
                    units.len()
                });
                let value = decode(&units[value_start + 1..close], width).replace("}}", "}");
                (value, position(units, close, |unit| unit == SEMICOLON))
            } else {
                let end = position(units, value_start, |unit| unit == SEMICOLON);
                (decode(&units[value_start..end], width).trim().to_owned(), end)
            };
            pairs.push(Pair { raw: slice(text, start, end), keyword, value });
            start = end + 1;
        }
        // A `;` at the very end ends a pair; keep it as an empty one, so that `to_text` gives it back.
        if start == units.len() && start > 0 {
            pairs.push(Pair { raw: Text::empty(width), keyword: String::new(), value: String::new() });
        }
        Self { width, pairs, unclosed }
    }

    /// No keywords yet, in units of `width`.
    pub fn empty(width: Width) -> Self {
        Self { width, pairs: Vec::new(), unclosed: None }
    }

    /// # Errors
    /// A value opens a brace that nothing closes.
    pub fn check(&self) -> Result<(), Error> {
        match &self.unclosed {
            None => Ok(()),
            Some(keyword) => Err(Error::BadText(format!("the value of {keyword} opens a brace that nothing closes"))),
        }
    }

    /// The pairs in their order, the empty ones between `;;` and after a last `;` among them.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The first of `keyword`: the one that both driver managers and most drivers take.
    pub fn get(&self, keyword: &str) -> Option<&Pair> {
        self.position(keyword).map(|place| &self.pairs[place])
    }

    /// Keeps only the pairs that `keep` says yes to, as it leaves them.
    pub fn retain(&mut self, keep: impl FnMut(&mut Pair) -> bool) {
        self.pairs.retain_mut(keep);
    }

    /// The place of the first of `keyword` among the pairs.
    pub fn position(&self, keyword: &str) -> Option<usize> {
        self.pairs.iter().position(|pair| pair.is(keyword))
    }

    /// Puts `pair` before the one that has this place now.
    pub fn insert(&mut self, place: usize, pair: Pair) {
        self.pairs.insert(place, pair);
    }

    /// Puts `pair` at the end (before a last `;`'s empty pair, which then still ends the string).
    pub fn push(&mut self, pair: Pair) {
        let at = match self.pairs.last() {
            Some(last) if last.raw.units.is_empty() => self.pairs.len() - 1,
            _ => self.pairs.len(),
        };
        self.pairs.insert(at, pair);
    }

    /// Puts `keyword=value` in the first place of `keyword`, else at the end; in braces if it needs them or `braced` says so.
    pub fn set(&mut self, keyword: &str, value: &str, braced: bool) {
        self.set_text(keyword, &Text::encode(value, self.width), braced);
    }

    /// As [`set`](Self::set), for text of this string's width that must not be converted.
    pub fn set_text(&mut self, keyword: &str, value: &Text, braced: bool) {
        let mut raw = Text::empty(self.width);
        raw.push_str(keyword);
        raw.push_str("=");
        if braced || !value.units.iter().all(|unit| is_plain(*unit)) {
            raw.push_str("{");
            for unit in value.units.iter() {
                raw.push_units(if *unit == CLOSE { &[CLOSE, CLOSE] } else { std::slice::from_ref(unit) });
            }
            raw.push_str("}");
        } else {
            raw.push_units(&value.units);
        }
        let pair = Pair { raw, keyword: keyword.to_owned(), value: value.decode() };
        match self.pairs.iter_mut().find(|pair| pair.is(keyword)) {
            Some(before) => *before = pair,
            None => self.push(pair),
        }
    }

    /// The whole string again: what was parsed, unit for unit, where nothing was changed.
    pub fn to_text(&self) -> Text {
        let mut text = Text::empty(self.width);
        for (index, pair) in self.pairs.iter().enumerate() {
            if index > 0 {
                text.push_str(";");
            }
            text.push_units(&pair.raw.units);
        }
        text
    }

    /// Each `name=value` between two semicolons, with its braces and blanks: what readers find that pay no heed to braces.
    pub fn pieces(&self) -> Zeroizing<Vec<(String, String)>> {
        let text = Zeroizing::new(self.to_text().decode());
        let pieces = text.split(';').filter_map(|piece| piece.split_once('='));
        Zeroizing::new(pieces.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Characters that mean the same in and out of braces to every driver.
fn is_plain(unit: u32) -> bool {
    !matches!(u8::try_from(unit), Ok(b'[' | b']' | b'{' | b'}' | b'(' | b')' | b',' | b';' | b'?' | b'*' | b'=' | b'!' | b'@' | b' ' | b'%' | b'+'))
}

fn position(units: &[u32], from: usize, stop: impl Fn(u32) -> bool) -> usize {
    units[from..].iter().position(|unit| stop(*unit)).map_or(units.len(), |at| from + at)
}

/// The `}` that ends a value: one that is not followed by another.
fn closing_brace(units: &[u32], from: usize) -> Option<usize> {
    let mut at = from;
    while at < units.len() {
        if units[at] == CLOSE {
            if units.get(at + 1) != Some(&CLOSE) {
                return Some(at);
            }
            at += 1;
        }
        at += 1;
    }
    None
}

fn slice(text: &Text, from: usize, to: usize) -> Text {
    let mut piece = Text::empty(text.width);
    piece.push_units(&text.units[from..to]);
    piece
}

#[cfg(test)]
mod tests;
