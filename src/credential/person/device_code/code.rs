//! The code that somebody types.

use crate::oauth::http::Reply;
use crate::oauth::provider::safe;
use crate::oauth::token_reply::seconds;
use crate::token::Secret;
use serde_json::Value;
use std::time::Duration;

/// Between two questions whether the sign-in is done, where the provider does not say how long (section 3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// No provider is asked more often, whatever it says.
const INTERVAL_MIN: Duration = Duration::from_millis(500);
/// A code that somebody types is not longer.
const USER_CODE_MAX: usize = 64;

/// What a provider says to a device (section 3.2).
pub struct Code {
    /// The device's own, which nobody types.
    pub device_code: Secret,
    /// What somebody types,
    pub user_code: String,
    /// and where.
    pub place: String,
    /// Between two questions whether that is done.
    pub interval: Duration,
    /// How long the code is good, where the provider says so.
    pub life: Option<Duration>,
}

impl Code {
    /// Its texts go to a terminal: nothing is in them that a terminal obeys.
    ///
    /// # Errors
    /// Says what is wrong with the reply.
    pub fn read(reply: &Reply) -> Result<Self, String> {
        let json = serde_json::from_slice::<Value>(&reply.body).map_err(|_| "the answer is no JSON")?;
        let text = |name: &str| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or(format!("it has no {name}"));
        // Google's name for it is older than the standard.
        let place = text("verification_uri").or_else(|error| text("verification_url").map_err(|_| error))?;
        let place = safe(place).map_err(|problem| format!("its verification_uri {problem}"))?;
        let user_code = text("user_code")?;
        if user_code.len() > USER_CODE_MAX || !user_code.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err("its user_code is none that somebody could type".into());
        }
        let span = |name: &str| json.get(name).and_then(seconds).filter(|span| !span.is_zero());
        Ok(Self {
            device_code: Secret::new(text("device_code")?.to_owned()),
            user_code: user_code.to_owned(),
            place: place.into(),
            interval: span("interval").unwrap_or(INTERVAL).max(INTERVAL_MIN),
            life: span("expires_in"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn read(body: &str) -> Result<Code, String> {
        Code::read(&Reply { host: "idp".into(), status: 200, date: SystemTime::now(), again_after: None, body: body.as_bytes().to_vec().into() })
    }

    #[test]
    fn a_code_is_shown_only_if_a_terminal_shows_it_as_it_is() {
        let code = read(r#"{"device_code":"d","user_code":"AB-CD","verification_uri":"https://idp/device","interval":7}"#).expect("a code");
        assert_eq!((code.user_code.as_str(), code.place.as_str(), code.interval), ("AB-CD", "https://idp/device", Duration::from_secs(7)));
        let code = read(r#"{"device_code":"d","user_code":"A","verification_url":"https://idp/"}"#).expect("a code");
        assert_eq!((code.interval, code.life), (Duration::from_secs(5), None));
        for (spans, interval, life) in [
            (r#""interval":90,"expires_in":900"#, 90, Some(900)),
            (r#""interval":"10","expires_in":"1800""#, 10, Some(1800)),
            (r#""interval":0,"expires_in":0"#, 5, None),
            (r#""interval":-1,"expires_in":"soon""#, 5, None),
        ] {
            let code = read(&format!(r#"{{"device_code":"d","user_code":"A","verification_uri":"https://idp/",{spans}}}"#)).expect("a code");
            assert_eq!((code.interval.as_secs(), code.life.map(|life| life.as_secs())), (interval, life), "{spans}");
        }
        for (body, words) in [
            ("", "no JSON"),
            (r#"{"user_code":"A","verification_uri":"https://idp/"}"#, "has no device_code"),
            (r#"{"device_code":"d","verification_uri":"https://idp/"}"#, "has no user_code"),
            (r#"{"device_code":"d","user_code":"A"}"#, "has no verification_uri"),
            (r#"{"device_code":"d","user_code":"A\u001b[2J","verification_uri":"https://idp/"}"#, "none that somebody could type"),
            (r#"{"device_code":"d","user_code":"A","verification_uri":"http://idp/"}"#, "must begin with https://"),
            (r#"{"device_code":"d","user_code":"A","verification_uri":"javascript:x"}"#, "must begin with https://"),
        ] {
            assert!(read(body).err().expect(body).contains(words), "{body}");
        }
    }
}
