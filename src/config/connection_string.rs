//! A connection string, split into its keywords without losing a unit of it.
//!
//! Grammar: ODBC, SQLDriverConnect, "connection-string", read as both driver managers do: a value that begins with
//! `{` right after the `=` runs to a `}` that is not doubled; keywords do not care about case.

use super::text::{Text, Width, decode};
use crate::error::Error;

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
        self.pairs.iter().find(|pair| pair.is(keyword))
    }

    /// Keeps only the pairs that `keep` says yes to, as it leaves them.
    pub fn retain(&mut self, keep: impl FnMut(&mut Pair) -> bool) {
        self.pairs.retain_mut(keep);
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

    /// Every value that any reading of the string could give `keyword`: this one's, and those of readers that pay
    /// no heed to braces or blanks. For decisions that must not depend on which parser a driver has.
    pub fn every_reading(&self, keyword: &str) -> Vec<String> {
        let mut values: Vec<String> = self.pairs.iter().filter(|pair| pair.is(keyword)).map(|pair| pair.value.clone()).collect();
        for piece in self.to_text().decode().split(';') {
            let Some((name, value)) = piece.split_once('=') else { continue };
            let blank = |c: char| c.is_whitespace() || c == '{' || c == '}';
            if name.trim_matches(blank).eq_ignore_ascii_case(keyword) {
                values.push(value.trim_matches(blank).to_owned());
            }
        }
        values
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
mod tests {
    use super::*;

    fn parse(text: &str) -> ConnectionString {
        ConnectionString::parse(&Text::encode(text, Width::Two))
    }

    fn value(text: &str, keyword: &str) -> Option<String> {
        parse(text).get(keyword).map(|pair| pair.value.clone())
    }

    #[test]
    fn what_is_not_changed_comes_out_unit_for_unit() {
        for text in [
            "",
            ";",
            ";;",
            "DSN=x",
            "DSN=x;",
            "DSN=x;;",
            ";DSN=x",
            "DSN=x;PWD={a;b=c}}d};",
            "junk;a=b",
            "a==b",
            "=x",
            " dsn = x ; Pwd = ",
            "a={b} c;d=e",
            "ÄÖ=日本;😀=1",
            "a={}",
            "a={}}}",
            "a={b;c",
            "a={b}};c",
        ] {
            assert_eq!(parse(text).to_text().decode(), text);
        }
    }

    #[test]
    fn units_that_are_no_text_are_kept() {
        let text = Text { width: Width::Two, units: vec![0x61, EQUALS, 0xD800, SEMICOLON, 0xDC00].into() };
        assert!(ConnectionString::parse(&text).to_text() == text);
    }

    #[test]
    fn braces_hide_semicolons_and_equals_signs_and_double_braces_stand_for_one() {
        assert_eq!(value("DSN=x;PWD={a;b=c}}d};UID=u", "pwd").as_deref(), Some("a;b=c}d"));
        assert_eq!(value("DSN=x;PWD={a;b=c}}d};UID=u", "uid").as_deref(), Some("u"));
        assert_eq!(value("PWD={}}}", "PWD").as_deref(), Some("}"));
        assert_eq!(value("PWD={}", "PWD").as_deref(), Some(""));
    }

    #[test]
    fn the_first_of_two_is_taken_in_any_case_and_blanks_do_not_count() {
        assert_eq!(value(" dSn = one ;DSN=two", "DSN").as_deref(), Some("one"));
        assert_eq!(value("DSNX=one", "DSN"), None);
    }

    #[test]
    fn an_unclosed_brace_is_an_error_that_names_the_keyword() {
        let text = Text::encode("DSN=x;PWD={abc", Width::One);
        let error = ConnectionString::parse(&text).check().expect_err("an error");
        assert!(error.message().contains("the value of PWD opens a brace that nothing closes"), "{error}");
        assert!(!error.message().contains("abc"));
    }

    #[test]
    fn a_keyword_is_put_in_its_place_or_at_the_end_and_a_last_semicolon_stays_last() {
        for (text, expected) in [
            ("DSN=x", "DSN=x;PWD={t}}k}"),
            ("DSN=x;", "DSN=x;PWD={t}}k};"),
            (";", ";PWD={t}}k};"),
            ("DSN=x; pwd ={o;ld};UID=u;", "DSN=x;PWD={t}}k};UID=u;"),
        ] {
            let mut string = parse(text);
            string.set("PWD", "t}k", true);
            let written = string.to_text().decode();
            assert_eq!(written.trim_start_matches(';'), expected.trim_start_matches(';'), "{text}");
            assert_eq!(value(&written, "PWD").as_deref(), Some("t}k"));
        }
    }

    #[test]
    fn a_value_gets_braces_only_where_it_needs_them() {
        let mut string = parse("");
        string.set("A", "eyJ.a-b_c", false);
        string.set("B", "a;b", false);
        string.set_text("C", &Text::encode("ü }", Width::Two), false);
        assert_eq!(string.to_text().decode(), "A=eyJ.a-b_c;B={a;b};C={ü }}}");
    }

    #[test]
    fn every_reading_sees_what_a_driver_with_another_parser_might() {
        let string = parse("DSN=good;APP={a} ;Server=evil;x={y;Server = worse}");
        assert_eq!(string.every_reading("server"), ["evil", "evil", "worse"]);
    }
}
