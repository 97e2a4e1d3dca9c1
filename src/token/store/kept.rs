//! What the files say: a small JSON object each, with the number of its form.
//!
//! ```json
//! {"version":1,"access_token":"eyJ…","came_unix_ms":1767323045000,"end_unix_ms":1767326645000,"renew_after_ms":1800000}
//! {"version":1,"refresh_token":"0.AX…"}
//! ```

use crate::token::{Secret, Token};
use serde_json::{Map, Value};
use std::io::Write;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// Files of another form, which another version of tokenshim wrote, are replaced.
const VERSION: u64 = 1;
/// Clocks of machines that share a home differ by a little. What came later than this from now came from a clock that was
/// wrong, and nobody knows how old it is.
const FROM_THE_FUTURE: Duration = Duration::from_secs(60);

/// The file of an access token.
pub fn of_token(token: &Token, now: SystemTime) -> Zeroizing<Vec<u8>> {
    let came = unix(now).saturating_sub(token.age());
    let end = token.life.map(|life| came + life);
    let times = [("came_unix_ms", Some(came)), ("end_unix_ms", end), ("renew_after_ms", token.renew_after)];
    written("access_token", &token.text, &times)
}

/// The token of such a file.
///
/// # Errors
/// Says what is wrong with the file.
pub fn token(bytes: &[u8], now: SystemTime) -> Result<Token, String> {
    let mut object = object(bytes)?;
    let time =
        |name: &str| object.get(name).map(|value| value.as_u64().map(Duration::from_millis).ok_or(format!("has a strange {name}"))).transpose();
    let (came, end, renew_after) = (time("came_unix_ms")?.ok_or("does not say when its token came")?, time("end_unix_ms")?, time("renew_after_ms")?);
    let now = unix(now);
    if came > now + FROM_THE_FUTURE {
        return Err("has a token from the future: a clock was set".into());
    }
    let life = end.map(|end| end.checked_sub(came).ok_or("has a token that ended before it came")).transpose()?;
    let token = Token::new(secret(&mut object, "access_token")?, life)?;
    Ok(Token { renew_after, ..token }.aged(now.saturating_sub(came)))
}

/// The file of a refresh token.
pub fn of_refresh_token(secret: &Secret) -> Zeroizing<Vec<u8>> {
    written("refresh_token", secret, &[])
}

/// The refresh token of such a file.
///
/// # Errors
/// Says what is wrong with the file.
pub fn refresh_token(bytes: &[u8]) -> Result<Secret, String> {
    secret(&mut object(bytes)?, "refresh_token")
}

fn unix(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn written(name: &str, secret: &Secret, times: &[(&str, Option<Duration>)]) -> Zeroizing<Vec<u8>> {
    // Six bytes are the longest that JSON makes of one; so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(6 * secret.expose().len() + 256));
    let _ = write!(bytes, "{{\"version\":{VERSION},\"{name}\":");
    let _ = serde_json::to_writer(&mut *bytes, secret.expose());
    for (name, time) in times {
        if let Some(time) = time {
            let _ = write!(bytes, ",\"{name}\":{}", time.as_millis());
        }
    }
    bytes.extend_from_slice(b"}\n");
    bytes
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) if object.get("version").and_then(Value::as_u64) == Some(VERSION) => Ok(object),
        Ok(_) => Err("was not written by this version of tokenshim".into()),
        // serde_json's own words may repeat what is in the file.
        Err(_) => Err("is damaged".into()),
    }
}

/// Taken out, so that no copy stays behind unwiped.
fn secret(object: &mut Map<String, Value>, name: &str) -> Result<Secret, String> {
    match object.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(Secret::new(text)),
        _ => Err(format!("has no {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::clock::{Clock, SinceBoot};

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(time: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + seconds(time)
    }

    fn kept(life: Option<u64>, renew_after: Option<u64>) -> Zeroizing<Vec<u8>> {
        let token = Token::new(Secret::new("a\"b\\c".into()), life.map(seconds)).expect("a token");
        of_token(&Token { renew_after: renew_after.map(seconds), ..token }, at(1_000_000))
    }

    #[test]
    fn a_token_comes_back_as_old_as_it_has_become() {
        for (life, renew_after) in [(Some(3600), Some(1200)), (Some(3600), None), (None, None)] {
            let token = token(&kept(life, renew_after), at(1_000_100)).expect("a token");
            assert_eq!(token.text.expose(), "a\"b\\c");
            assert_eq!((token.life, token.renew_after), (life.map(seconds), renew_after.map(seconds)));
            assert!((seconds(100)..seconds(110)).contains(&token.age()), "{token:?}");
        }
    }

    #[test]
    fn a_token_that_came_before_the_machine_was_started_has_less_of_its_life_left() {
        let bytes = kept(Some(30_000_000), Some(20_000_000));
        let before_the_start = SinceBoot.now() + seconds(5000);
        let token = token(&bytes, at(1_000_000) + before_the_start).expect("a token");
        let left = token.life.expect("a life") - token.age();
        assert!(left.abs_diff(seconds(30_000_000) - before_the_start) < seconds(10), "{token:?}");
        let until_renewal = token.renew_after.expect("a time") - token.age();
        assert!(until_renewal.abs_diff(seconds(20_000_000) - before_the_start) < seconds(10), "{token:?}");
    }

    #[test]
    fn a_clock_that_was_set_makes_nothing_younger_than_new() {
        assert!(token(&kept(Some(3600), None), at(999_950)).expect("a token").age() < seconds(10));
        assert!(token(&kept(Some(3600), None), at(999_000)).is_err_and(|problem| problem.contains("from the future")));
        assert!(token(&kept(Some(3600), None), SystemTime::UNIX_EPOCH - seconds(5)).is_err());
        let old = token(&kept(Some(3600), None), at(9_000_000)).expect("a token");
        assert!(old.is_over());
    }

    #[test]
    fn what_is_no_token_is_said_in_words_that_show_nothing_of_it() {
        for (text, words) in [
            ("", "is damaged"),
            ("s3cr3t", "is damaged"),
            (r#"{"version":1,"access_token":"s3cr3t""#, "is damaged"),
            (r#"["s3cr3t"]"#, "was not written by this version"),
            (r#"{"version":2,"access_token":"s3cr3t","came_unix_ms":1}"#, "was not written by this version"),
            (r#"{"version":1,"access_token":"s3cr3t"}"#, "does not say when"),
            (r#"{"version":1,"access_token":"s3cr3t","came_unix_ms":-1}"#, "has a strange came_unix_ms"),
            (r#"{"version":1,"access_token":"s3cr3t","came_unix_ms":1,"end_unix_ms":1e300}"#, "has a strange end_unix_ms"),
            (r#"{"version":1,"access_token":"s3cr3t","came_unix_ms":5,"end_unix_ms":4}"#, "ended before it came"),
            (r#"{"version":1,"access_token":"s3cr3t\n","came_unix_ms":5}"#, "characters that no token may have"),
            (r#"{"version":1,"access_token":7,"came_unix_ms":5}"#, "has no access_token"),
            (r#"{"version":1,"refresh_token":"s3cr3t","came_unix_ms":5}"#, "has no access_token"),
        ] {
            let problem = token(text.as_bytes(), at(1_000_000)).expect_err(text);
            assert!(problem.contains(words) && !problem.contains("s3cr3t"), "{problem}");
        }
    }

    #[test]
    fn an_end_beyond_all_reason_counts_as_none_said() {
        let text = format!(r#"{{"version":1,"access_token":"t","came_unix_ms":5,"end_unix_ms":{}}}"#, u64::MAX);
        assert_eq!(token(text.as_bytes(), at(1000)).expect("a token").life, None);
    }

    #[test]
    fn a_refresh_token_comes_back_as_it_was() {
        let secret = Secret::new("rö\u{1}\"".into());
        assert!(refresh_token(&of_refresh_token(&secret)) == Ok(secret));
        assert!(refresh_token(&kept(None, None)).is_err());
    }
}
