//! The completed connection string that goes back to the application: what it wrote, completed as the driver
//! completed it, so that it connects again through tokenshim; without the token, and without any secret but one the
//! application wrote itself.

use super::edits::Edits;
use super::encryption::switches_off;
use super::profiles::file_name;
use crate::config::connection_string::{ConnectionString, Pair};
use crate::config::keys;
use crate::config::text::Text;
use crate::token::Secret;
use std::cell::OnceCell;

/// Room for the driver's completed string, in characters. No more: psqlodbc multiplies the size by the bytes that a
/// character may take, in 16 bits.
const ROOM: i16 = 8191;
/// In less room psqlodbc writes abbreviated keywords (dlg_specific.c, makeConnectString).
const PSQLODBC_ABBREVIATES_BELOW: i16 = 1024;

/// What psqlodbc's abbreviated string has beside what it was given: a few short keywords.
const PSQLODBC_ADDS: usize = 256;

/// How much room the real driver is told of, in characters, where it is given a string of `given` and the application has
/// room for `max`: enough for a token more, but no driver should write another string than it would have written into the
/// application's own room. 0 where it could not: then the application gets its own words back.
pub fn room(real_driver: &str, given: usize, max: i16) -> i16 {
    if max >= PSQLODBC_ABBREVIATES_BELOW || !file_name(real_driver).contains("psqlodbc") {
        return ROOM;
    }
    let little = PSQLODBC_ABBREVIATES_BELOW - 1;
    if given + PSQLODBC_ADDS <= little as usize { little } else { 0 }
}

/// `from_driver` as the application may see it.
///
/// A string that cannot be split is not shown at all; then the application gets its own back.
pub fn completed(from_driver: &Text, from_application: &ConnectionString, edits: &Edits, token: &Secret) -> Text {
    let driver = ConnectionString::parse(from_driver);
    if driver.check().is_err() {
        return from_application.to_text();
    }
    // Only what stands in none of the driver's pairs as the driver should have had it comes from the application.
    let is_ours = |pair: &Pair| edits.touch(&pair.keyword) || keys::find(&pair.keyword).is_some();
    let written = |pair: &Pair| from_application.get(&pair.keyword);
    let token = Forms::of(token);
    let mut completed = driver;
    completed.retain(|pair| {
        let secret = keys::is_secret(&pair.keyword) || token.stand_in(pair);
        match written(pair) {
            Some(own) if is_ours(pair) || secret => *pair = own.clone(),
            // psqlodbc writes out its default, SSLmode=disable, with which no token would be sent the next time.
            None => return !is_ours(pair) && !secret && !switches_off(edits.delivery.profile, &pair.keyword, &pair.value),
            Some(_) => {}
        }
        true
    });
    // What the driver was not given goes where the application had it: behind the same pair as there.
    let known = completed.clone();
    let mut place = 0;
    for pair in from_application.pairs() {
        match known.get(&pair.keyword) {
            Some(_) => place = completed.position(&pair.keyword).map_or(place, |found| found + 1),
            None if is_ours(pair) => {
                completed.insert(place, pair.clone());
                place += 1;
            }
            None => {}
        }
    }
    completed.to_text()
}

/// What a driver that is being browsed with still asks for: its own words, without any that hold the token.
pub fn asked(from_driver: &Text, token: &Secret) -> Text {
    let token = Forms::of(token);
    let mut asked = ConnectionString::parse(from_driver);
    asked.retain(|pair| !token.stand_in(pair));
    asked.to_text()
}

/// The token as it is, and URL-encoded (psqlodbc writes passwords so).
struct Forms<'a> {
    plain: &'a str,
    /// Made where a value may have it in it.
    encoded: OnceCell<String>,
}

impl<'a> Forms<'a> {
    fn of(token: &'a Secret) -> Self {
        Self { plain: token.expose(), encoded: OnceCell::new() }
    }

    /// Whether a value has it in it.
    fn stand_in(&self, pair: &Pair) -> bool {
        // A token is ASCII, so that it takes a unit for each byte, and more where it is encoded.
        if pair.raw.units().len() < self.plain.len() {
            return false;
        }
        let raw = pair.raw.decode();
        let encoded = || self.encoded.get_or_init(|| url::form_urlencoded::byte_serialize(self.plain.as_bytes()).collect());
        raw.contains(self.plain) || pair.value.contains(self.plain) || raw.contains(['%', '+']) && raw.contains(encoded().as_str())
    }
}
