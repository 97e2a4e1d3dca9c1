//! A token endpoint's answer (RFC 6749, sections 5.1 and 5.2).

use super::http::Reply;
use crate::error::{Error, quoted};
use crate::token::{LIFE_MAX, Secret, Token};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// Reads the token out of `reply`.
///
/// `secrets` are masked should the provider repeat them; `section` is named in advice.
///
/// # Errors
/// 28000 where the provider refused, 08001 where it is out of order, HY000 where the answer is no token.
pub fn token(reply: &Reply, secrets: &[&str], section: &str) -> Result<Token, Error> {
    let json = serde_json::from_slice::<Value>(&reply.body).ok();
    match reply.status {
        200..=299 => granted(json.as_ref(), &reply.body, reply.date).map_err(|problem| Error::BadReply {
            who: reply.host.clone(),
            problem,
            key: "TokenEndpoint",
            section: section.into(),
        }),
        300..=399 => Err(Error::BadReply {
            who: reply.host.clone(),
            problem: format!("with HTTP {}, a redirect, which is not followed", reply.status),
            key: "TokenEndpoint",
            section: section.into(),
        }),
        status @ (408 | 429 | 500..=599) => Err(Error::ProviderUnreachable {
            who: reply.host.clone(),
            words: refusal(status, json.as_ref(), secrets),
            advice: "The provider is busy or out of order: try again later. If it stays so, check TokenEndpoint in {section}.",
            section: section.into(),
            again_after: reply.again_after,
        }),
        status => Err(Error::SignInRefused {
            who: reply.host.clone(),
            words: refusal(status, json.as_ref(), secrets),
            advice: "Check the client id and secret, TokenScope and TokenTenant in {section}.",
            section: section.into(),
        }),
    }
}

/// The refresh token beside it, if there is one.
pub fn refresh_token(reply: &Reply) -> Option<Secret> {
    match serde_json::from_slice(&reply.body).ok()? {
        Value::Object(mut fields) => match fields.remove("refresh_token")? {
            Value::String(text) if !text.is_empty() => Some(Secret::new(text)),
            _ => None,
        },
        _ => None,
    }
}

/// The word for what went wrong (RFC 6749, section 5.2; RFC 8628, section 3.5), of a reply that is a refusal.
pub fn error(reply: &Reply) -> Option<String> {
    let json = serde_json::from_slice::<Value>(&reply.body).ok().filter(|_| (400..500).contains(&reply.status))?;
    Some(json.get("error")?.as_str()?.to_owned())
}

fn granted(json: Option<&Value>, body: &[u8], date: SystemTime) -> Result<Token, String> {
    let Some(json) = json else {
        let start = body.iter().position(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| body[at]);
        return Err(match start {
            0 => "the answer is empty",
            b'<' => "the answer is a web page",
            _ => "the answer is no JSON",
        }
        .into());
    };
    let text = match json.get("access_token") {
        Some(Value::String(text)) => text,
        Some(_) => return Err("its access_token is no text".into()),
        None => return Err("it has no access_token".into()),
    };
    match json.get("token_type") {
        None | Some(Value::Null) => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) => return Err("its token_type is not Bearer".into()),
    }
    let after = |span, moment| after(json, span, moment, date);
    let token = Token::new(Secret::new(text.clone()), after("expires_in", "expires_on"))?;
    Ok(Token { renew_after: after("refresh_in", "refresh_on"), ..token })
}

/// How long it is until something that the reply gives as a span of time (`expires_in`) or as a moment (`expires_on`, in
/// seconds since 1970, as Entra's managed identities do). The span counts first, for no clock can spoil it. The moment is
/// held against `date`, which is the provider's own time where it told it.
fn after(json: &Value, span: &str, moment: &str, date: SystemTime) -> Option<Duration> {
    let seconds = |name| json.get(name).and_then(seconds);
    let until = |moment| SystemTime::UNIX_EPOCH.checked_add(moment)?.duration_since(date).ok();
    let means_something = |after: &Duration| !after.is_zero() && *after <= LIFE_MAX;
    seconds(span).filter(means_something).or_else(|| until(seconds(moment)?).filter(means_something))
}

/// A number of seconds or, as some providers have it, a text of one. Nonsense counts as nothing said.
pub fn seconds(value: &Value) -> Option<Duration> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().filter(|s| *s > 0.0).map(|s| s as u64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .map(Duration::from_secs)
}

/// `HTTP 401, invalid_client: AADSTS7000215 …`
fn refusal(status: u16, json: Option<&Value>, secrets: &[&str]) -> String {
    let part = |name: &str| json.and_then(|json| json.get(name)).and_then(Value::as_str).unwrap_or_default();
    // Not every service keeps to the standard: Azure's App Service and Arc say `{"message": …}` or `{"error": {"message": …}}`.
    let inner = || json?.pointer("/error/message")?.as_str();
    let message = || if part("message").is_empty() { inner().unwrap_or_default() } else { part("message") };
    let (code, description) = (part("error"), part("error_description"));
    let description = if description.is_empty() { message() } else { description };
    let words = match (code, description) {
        ("", "") => return format!("HTTP {status}"),
        (code, "") | ("", code) => code.to_owned(),
        (code, description) => format!("{code}: {description}"),
    };
    format!("HTTP {status}, {}", quoted(&words, secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When all replies come, in seconds since 1970.
    const DATE: u64 = 1_700_000_000;

    fn read(status: u16, body: &str) -> Result<Token, Error> {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(DATE);
        let reply = Reply { host: "idp".into(), status, date, again_after: None, body: body.as_bytes().to_vec().into() };
        token(&reply, &["s3cr3t"], "section [x]")
    }

    fn message(status: u16, body: &str) -> (&'static str, String) {
        let error = read(status, body).expect_err("an error");
        (error.sqlstate(), error.message())
    }

    #[test]
    fn a_good_reply_gives_the_token_and_its_end() {
        let token = read(200, r#"{"token_type":"Bearer","expires_in":3600,"access_token":"eyJ.x","scope":"all-apis"}"#).expect("a token");
        assert_eq!(token.text.expose(), "eyJ.x");
        assert_eq!((token.life, token.renew_after), (Some(Duration::from_secs(3600)), None));
    }

    #[test]
    fn a_provider_may_say_when_to_renew() {
        let token = read(200, r#"{"expires_in":86399,"refresh_in":"43199","access_token":"t"}"#).expect("a token");
        assert_eq!((token.life, token.renew_after), (Some(Duration::from_secs(86399)), Some(Duration::from_secs(43199))));
    }

    #[test]
    fn an_end_and_a_renewal_may_be_moments_too_as_numbers_or_as_text() {
        for (fields, life, renew_after) in [
            (r#""expires_on":"1700003600","refresh_on":"1700001800""#, Some(3600), Some(1800)),
            (r#""expires_on":1700003600,"refresh_on":1700001800.9"#, Some(3600), Some(1800)),
            (r#""expires_in":60,"expires_on":1700003600,"refresh_in":30,"refresh_on":1700001800"#, Some(60), Some(30)),
            (r#""expires_in":"","expires_on":1700003600,"refresh_in":0,"refresh_on":1700001800"#, Some(3600), Some(1800)),
            (r#""expires_in":-1,"expires_on":"1700003600""#, Some(3600), None),
            (r#""expires_in":1700003600,"expires_on":1700003600"#, Some(3600), None),
            // Over already, or in a thousand years: nothing that can be true of a token that has just come.
            (r#""expires_on":1699999999,"refresh_on":1699999999"#, None, None),
            (r#""expires_on":1700000000,"refresh_on":1700000000"#, None, None),
            (r#""expires_on":1700003600000,"refresh_on":18446744073709551615"#, None, None),
            (r#""expires_on":"09/14/2017 00:00:00 PM +00:00","refresh_on":"2023-11-14T23:13:20Z""#, None, None),
        ] {
            let token = read(200, &format!(r#"{{"access_token":"t",{fields}}}"#)).expect("a token");
            let seconds = |span: Option<Duration>| span.map(|span| span.as_secs());
            assert_eq!((seconds(token.life), seconds(token.renew_after)), (life, renew_after), "{fields}");
        }
    }

    #[test]
    fn an_end_that_means_nothing_counts_as_none() {
        for end in ["-5", "0", "null", "\"soon\"", "1e300", "99999999999999999999", "[]", "{}"] {
            let token = read(200, &format!(r#"{{"access_token":"t","expires_in":{end}}}"#)).expect("a token");
            assert_eq!(token.life, None, "{end}");
        }
        assert!(read(200, r#"{"access_token":"t","expires_in":"3599"}"#).expect("a token").life.is_some());
    }

    #[test]
    fn what_is_no_token_is_said_in_words() {
        for (body, words) in [
            ("", "the answer is empty"),
            ("<html><body>Sign in</body></html>", "the answer is a web page"),
            (r#"{"access_token":"t""#, "the answer is no JSON"),
            ("[]", "it has no access_token"),
            ("{}", "it has no access_token"),
            (r#"{"access_token":7}"#, "its access_token is no text"),
            (r#"{"access_token":""}"#, "its access_token is empty"),
            (r#"{"access_token":"a\nb"}"#, "characters that no token may have"),
            (r#"{"access_token":"t","token_type":"mac"}"#, "its token_type is not Bearer"),
        ] {
            let (state, message) = message(200, body);
            assert_eq!(state, "HY000", "{body}");
            assert!(message.contains(words) && message.contains("TokenEndpoint in section [x]"), "{message}");
        }
    }

    #[test]
    fn a_refusal_shows_the_providers_words_but_no_secret() {
        let (state, message) =
            message(401, r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret s3cr3t provided.\r\nTrace ID: 1"}"#);
        assert_eq!(state, "28000");
        assert_eq!(
            message,
            "[tokenshim] idp refused the sign-in: HTTP 401, invalid_client: AADSTS7000215: Invalid client secret *** provided. \
             Trace ID: 1. Check the client id and secret, TokenScope and TokenTenant in section [x]."
        );
    }

    #[test]
    fn a_busy_provider_counts_as_unreachable_and_a_redirect_as_no_token() {
        assert_eq!(message(503, "").0, "08001");
        assert_eq!(message(429, "{}").0, "08001");
        let (state, message) = message(302, "");
        assert_eq!(state, "HY000");
        assert!(message.contains("a redirect, which is not followed"), "{message}");
    }
}
