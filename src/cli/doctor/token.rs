//! Doctor: the token, and what it says of itself; never the token.

use super::report::Line;
use crate::cli::data_source::{end_of, until};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tokenshim::capi::data_source::DataSource;
use tokenshim::credential::printed::claims;
use tokenshim::error::{Error, quoted};
use tokenshim::log::utc;
use tokenshim::sign_in::{Application, SignIn, sign_in};

/// What decides whether a server lets somebody in: claims, and what they are in words.
const CLAIMS: &[(&str, &[&str])] = &[
    ("audience", &["aud"]),
    ("subject", &["upn", "preferred_username", "unique_name", "email", "sub"]),
    ("client", &["azp", "appid", "client_id", "cid"]),
    ("object", &["oid"]),
    ("tenant", &["tid"]),
    ("scopes", &["scp", "scope"]),
    ("roles", &["roles"]),
    ("issuer", &["iss"]),
];

/// A token that ends so soon may be over before it is of use.
const SOON: Duration = Duration::from_secs(60);

/// Gets it, as a connect would that may not ask anybody.
pub fn line(source: &DataSource, name: &str) -> (Line, Option<SignIn>) {
    match sign_in(&source.settings, &source.real_driver, &Application::default()) {
        Ok(Some(signed_in)) => (told(&signed_in), Some(signed_in)),
        Ok(None) => (Line::ok("token", "none is asked for"), None),
        Err(error @ Error::SignInNeeded { .. }) => {
            let words = error.to_string();
            let problem = words.split(", and this connect").next().unwrap_or(&words).to_owned();
            (Line::failed("token", problem, format!("run tokenshim login '{name}' as the user of the program.")), None)
        }
        Err(error) => (Line::refused("token", &error.message()), None),
    }
}

fn told(signed_in: &SignIn) -> Line {
    let token = &signed_in.token;
    let way = if signed_in.was_kept { "kept" } else { "fetched" };
    let words = format!("{way}, good until {}", until(token));
    let (mut details, claims) = match claims(token.text.expose()) {
        Some(claims) => (shown(&claims), Some(claims)),
        None => (vec!["it is no JSON web token, so only the server can say what is in it".to_owned()], None),
    };
    let end = claims.as_ref().and_then(|claims| claims.get("exp")?.as_u64());
    if let Some(end) = end.and_then(|end| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end))) {
        details.push(format!("ends by its own word: {}", utc(end)));
    }
    let is_soon = end_of(token).is_some_and(|end| end.duration_since(SystemTime::now()).unwrap_or_default() < SOON);
    let line = match is_soon {
        true => Line::warning("token", words, "have the provider give tokens for longer: each connect needs a new one."),
        false => Line::ok("token", words),
    };
    line.with(details)
}

fn shown(claims: &Value) -> Vec<String> {
    let words = |value: &Value| match value {
        Value::String(text) => Some(quoted(text, &[])),
        Value::Array(all) => Some(quoted(&all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "), &[])),
        _ => None,
    };
    let row = |(name, keys): &(&str, &[&str])| {
        let (key, value) = keys.iter().find_map(|key| Some((key, words(claims.get(key)?)?)))?;
        Some(format!("{name} ({key}): {value}"))
    };
    CLAIMS.iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    fn token(claims: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn what_a_token_says_is_shown_on_a_line_each_and_the_token_is_not() {
        let claims =
            claims(&token(r#"{"aud":["a","b"],"sub":"s\nx","scp":"sql offline","exp":1,"oid":7,"azp":"eyJhbGciOi.eyJ.x"}"#)).expect("claims");
        assert_eq!(shown(&claims), ["audience (aud): a b", "subject (sub): s x", "client (azp): ***", "scopes (scp): sql offline"]);
        for text in ["opaque", "a.b.c", "a.b", "eyJ", &token("[]"), &token("x")] {
            assert!(super::claims(text).is_none(), "{text}");
        }
    }
}
