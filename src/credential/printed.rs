//! A token as a program prints it, or as a file or a variable holds it: text, or JSON that may say when it ends.

use super::moment;
use crate::token::{LIFE_MAX, Secret, Token};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use url::form_urlencoded;

/// The names of a token in JSON, the first of which counts.
const TOKEN: &[&str] = &["access_token", "accessToken", "token"];
/// The objects in which it may stand, besides the outermost: gcloud's `config-helper`, and a Kubernetes ExecCredential.
const INSIDE: &[&str] = &["credential", "status"];
/// The names of a span of time for which it is good, in small letters and without underscores.
const SPANS: &[&str] = &["expiresin"];
/// The same of the moment of its end.
const MOMENTS: &[&str] = &["expireson", "expiresat", "expiry", "expiration", "expiretime", "expirationtime", "expirationtimestamp", "tokenexpiry"];

/// So long a clock may be wrong before a token is taken for over.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);
/// Before this (2001) no token ended: a smaller number of seconds is no moment.
const FIRST_END: Duration = Duration::from_secs(1_000_000_000);

/// The token in `bytes`, which came to be at `written`, where that is known.
///
/// # Errors
/// What is wrong with them, in words that go on after "what it printed" or "a file that".
pub fn token(bytes: &[u8], written: Option<SystemTime>) -> Result<Token, String> {
    let text = text(bytes)?;
    match text.as_bytes()[0] {
        b'{' | b'[' | b'"' => in_json(text, written),
        b'<' => Err("is a web page".into()),
        _ => good(text, None),
    }
}

/// The same of a program that prints nothing but JSON.
///
/// # Errors
/// As above.
pub fn json(bytes: &[u8], written: Option<SystemTime>) -> Result<Token, String> {
    in_json(text(bytes)?, written)
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(bytes).map_err(|_| "is no text")?.trim();
    if text.is_empty() { Err("is empty".into()) } else { Ok(text) }
}

fn in_json(text: &str, written: Option<SystemTime>) -> Result<Token, String> {
    let json: Value = serde_json::from_str(text).map_err(|_| "is no JSON")?;
    if let Value::String(text) = &json {
        return good(text, None);
    }
    let objects = || std::iter::once(&json).chain(INSIDE.iter().filter_map(|name| json.get(name)));
    let found = objects().find_map(|object| TOKEN.iter().find_map(|name| Some((object, name, object.get(name)?))));
    let (object, name, value) = found.ok_or_else(|| format!("has no {}", TOKEN.join(", ")))?;
    let kind = object.get("token_type").or(object.get("tokenType")).and_then(Value::as_str);
    if kind.is_some_and(|kind| !kind.is_empty() && !kind.eq_ignore_ascii_case("bearer")) {
        return Err("has a token_type that is not Bearer".into());
    }
    let text = value.as_str().ok_or_else(|| format!("has no text as its {name}"))?;
    good(text, end(object, written))
}

/// The end that an object tells: the first where it tells several. What means nothing counts as not said.
fn end(object: &Value, written: Option<SystemTime>) -> Option<SystemTime> {
    let fields = object.as_object()?.iter();
    let ends = fields.filter_map(|(name, value)| {
        let name = name.replace('_', "").to_ascii_lowercase();
        let number = || seconds(value).filter(|seconds| !seconds.is_zero());
        match name.as_str() {
            name if SPANS.contains(&name) => written?.checked_add(number().filter(|span| *span <= LIFE_MAX)?),
            name if MOMENTS.contains(&name) => match number() {
                Some(seconds) => SystemTime::UNIX_EPOCH.checked_add(seconds),
                None => moment::read(value.as_str()?),
            },
            _ => None,
        }
    });
    ends.filter(means_something).min()
}

/// A number of seconds, or a text of one.
fn seconds(value: &Value) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(number).ok()
}

fn means_something(end: &SystemTime) -> bool {
    let since_1970 = end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    since_1970 >= FIRST_END && left <= LIFE_MAX
}

/// A token that is good until `said`, or until it says itself.
fn good(text: &str, said: Option<SystemTime>) -> Result<Token, String> {
    if text.is_empty() {
        return Err("has a token that is empty".into());
    }
    if text.contains(char::is_whitespace) {
        return Err("has blanks in the token".into());
    }
    let end = [said, end_of_jwt(text), end_of_signed_request(text)].into_iter().flatten().filter(means_something).min();
    let now = SystemTime::now();
    let life = end.map(|end| end.duration_since(now).unwrap_or_default());
    let over = end.and_then(|end| now.duration_since(end).ok()).filter(|over| *over > CLOCKS_DIFFER);
    if let Some(over) = over {
        return Err(format!("has a token that was over {} minutes ago", over.as_secs() / 60));
    }
    // One that is just over, by this machine's clock, may do once, but is not kept.
    let life = life.map(|life| life.max(Duration::from_nanos(1)));
    Token::new(Secret::new(text.to_owned()), life).map_err(|_| "has a token with characters that no token may have (RFC 6749, A.12)".into())
}

/// What a JSON web token says (RFC 7519, section 4), whoever signed it: the server checks that.
pub fn claims(text: &str) -> Option<Value> {
    let claims = text.strip_prefix("eyJ")?.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?).ok()?;
    claims.is_object().then_some(claims)
}

/// Its `exp` (4.1.4): if it lies, only its own bearer is harmed.
fn end_of_jwt(text: &str) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(seconds(claims(text)?.get("exp")?)?)
}

/// The end of a request that was signed beforehand, which is what Amazon's databases take for a password:
/// `host:5432/?Action=connect&…&X-Amz-Date=20260102T030405Z&X-Amz-Expires=900&…`
fn end_of_signed_request(text: &str) -> Option<SystemTime> {
    let (_, query) = text.split_once('?')?;
    let field = |wanted: &str| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value);
    let span = Duration::from_secs(field("X-Amz-Expires")?.parse().ok()?);
    moment::read(&field("X-Amz-Date")?)?.checked_add(span)
}

#[cfg(test)]
mod tests;
