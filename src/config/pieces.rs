//! A connection string as readers see it that pay no heed to braces.

use super::connection_string::ConnectionString;
use super::marks::Marks;
use std::ops::Range;

/// Each `name=value` between two semicolons.
pub(super) struct Pieces {
    text: String,
    places: Vec<Place>,
    /// Of the bare names.
    marks: Marks,
}

/// Where a piece stands in the text.
struct Place {
    name: Range<usize>,
    /// Of the name, without blanks and braces around it.
    bare: Range<usize>,
    value: Range<usize>,
}

/// One piece, with its braces and blanks.
pub(super) struct Piece<'a> {
    pub name: &'a str,
    pub value: &'a str,
}

impl Pieces {
    pub fn of(string: &ConnectionString) -> Self {
        let text = string.to_text().decode();
        let (mut places, mut start) = (Vec::new(), 0);
        for piece in text.split(';') {
            if let Some((name, value)) = piece.split_once('=') {
                let bare_start = start + name.len() - name.trim_start_matches(is_blank).len();
                let value_start = start + name.len() + 1;
                places.push(Place {
                    name: start..start + name.len(),
                    bare: bare_start..bare_start + bare(name).len(),
                    value: value_start..value_start + value.len(),
                });
            }
            start += piece.len() + 1;
        }
        let marks = Marks::of(places.iter().map(|place| &text[place.bare.clone()]));
        Self { text, places, marks }
    }

    /// Those of `keyword`, in any case and with whatever blanks and braces around it.
    pub fn named<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = Piece<'a>> {
        let is_named = move |place: &&Place| self.text[place.bare.clone()].eq_ignore_ascii_case(keyword);
        let piece = |place: &Place| Piece { name: &self.text[place.name.clone()], value: &self.text[place.value.clone()] };
        let places = if self.marks.may_have(keyword) { self.places.as_slice() } else { &[] };
        places.iter().filter(is_named).map(piece)
    }
}

/// Without the blanks and braces around it.
pub(super) fn bare(text: &str) -> &str {
    text.trim_matches(is_blank)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '{' || c == '}'
}
