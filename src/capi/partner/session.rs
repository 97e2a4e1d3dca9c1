//! A sign-in that was begun and not yet finished, which another process may finish.

use super::sealed::{KEY_BYTES, open, seal};
use crate::capi::data_source::{DataSource, string_of};
use crate::capi::status::{Problem, Status};
use crate::config::connection_string::ConnectionString;
use crate::config::text::{Text, Width};
use crate::credential::Begun;
use crate::error::Error;
use crate::sign_in::{Overrides, SignIn, WebSignIn};
use crate::token::Secret;
use crate::token::identity::Identity;
use serde_json::{Value, json};
use std::any::Any;
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The states that were used up here, and until when they would have been good.
static USED: LazyLock<Mutex<HashMap<Identity, u64>>> = LazyLock::new(Default::default);

fn used() -> MutexGuard<'static, HashMap<Identity, u64>> {
    USED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at what was used up until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(used())
}

/// Who is to sign in where.
#[derive(Clone)]
pub struct Asked {
    pub string: CString,
    pub user: Option<String>,
    pub overrides: Overrides,
}

/// A begun sign-in.
pub struct Session {
    pub begun: Begun,
    asked: Asked,
    /// [`WebSignIn::name`].
    name: String,
    /// In seconds since 1970: another process goes by the same clock.
    until: u64,
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Asked {
    /// The sign-in that this is about, as the settings are now; with the string that a connect would have.
    ///
    /// # Errors
    /// As of a connect.
    pub fn sign_in(&self, timeout: Duration) -> Result<(WebSignIn, ConnectionString), Problem> {
        let mut string = string_of(&self.string);
        if let Some(user) = &self.user {
            string.set_text("TokenUser", &Text { width: Width::One, units: user.bytes().map(u32::from).collect() }, false);
        }
        let DataSource { string, settings, real_driver, .. } = DataSource::of(string)?;
        let home = settings.home();
        let sign_in = WebSignIn::of(settings, &real_driver, self.overrides.clone(), timeout)?;
        let none =
            || Problem::new(Status::NoToken, "HY000", &format!("nothing asks for a token here: set TokenSource=authorization-code in {home}."));
        Ok((sign_in.ok_or_else(none)?, string))
    }
}

impl Session {
    /// # Errors
    /// As of a connect; the provider does not tell where people sign in.
    pub fn begin(asked: Asked, redirect_uri: &str, life: Duration, timeout: Duration) -> Result<Self, Problem> {
        let (sign_in, _) = asked.sign_in(timeout)?;
        let begun = sign_in.begin(redirect_uri)?;
        Ok(Self { begun, asked, name: sign_in.name(), until: now().saturating_add(life.as_secs()) })
    }

    /// Used up by an answer with its state, whatever comes of that.
    ///
    /// # Errors
    /// The answer is not this one's, or it is over; or what the provider said.
    pub fn finish(&self, query: &str, timeout: Duration) -> Result<(SignIn, ConnectionString), Problem> {
        let over = |words: &str| Problem::new(Status::SessionOver, "HY010", words);
        if self.until <= now() {
            return Err(over("this sign-in took too long, and is over: begin another."));
        }
        if !self.begun.is_answered_by(query) {
            let words = "the answer has no state, or another one's: it is not of this sign-in, which goes on. Show no token to whoever brought it.";
            return Err(Problem::new(Status::WrongState, "28000", words));
        }
        let (sign_in, string) = self.asked.sign_in(timeout)?;
        if sign_in.name() != self.name {
            return Err(over(&format!("the settings are no longer those with which this sign-in began (see {}): begin another.", sign_in.section())));
        }
        if !self.use_up() {
            return Err(over("this sign-in was finished already: begin another."));
        }
        Ok((sign_in.finish(&self.begun, query)?, string))
    }

    fn use_up(&self) -> bool {
        let (now, mut used) = (now(), used());
        used.retain(|_, until| now < *until);
        used.insert(Identity::of(&[Some("state"), Some(self.begun.state.expose())]), self.until).is_none()
    }

    /// # Errors
    /// The system has no random numbers.
    pub fn save(&self, key: &[u8; KEY_BYTES]) -> Result<String, Problem> {
        let (begun, Asked { string, user, overrides }) = (&self.begun, &self.asked);
        let words = json!({
            "string": string.to_str().unwrap_or_default(), "user": user, "discovery": overrides.discovery, "client_id": overrides.client_id,
            "client_secret": overrides.client_secret.as_ref().map(Secret::expose), "scope": overrides.scope,
            "url": begun.url.expose(), "redirect_uri": begun.redirect_uri, "state": begun.state.expose(), "verifier": begun.verifier.expose(),
            "name": self.name, "until": self.until,
        });
        seal(key, &Secret::new(words.to_string())).ok_or_else(|| Error::NoRandomNumbers { what: "saving a sign-in" }.into())
    }

    /// `None` where it was saved with another key, or changed, or is none.
    pub fn load(key: &[u8; KEY_BYTES], sealed: &[u8]) -> Option<Self> {
        let words: Value = serde_json::from_str(open(key, sealed)?.expose()).ok()?;
        let text = |name: &str| words.get(name).and_then(Value::as_str).map(str::to_owned);
        let secret = |name: &str| text(name).map(Secret::new);
        let overrides =
            Overrides { discovery: text("discovery"), client_id: text("client_id"), client_secret: secret("client_secret"), scope: text("scope") };
        Some(Self {
            begun: Begun { url: secret("url")?, redirect_uri: text("redirect_uri")?, state: secret("state")?, verifier: secret("verifier")? },
            asked: Asked { string: CString::new(text("string")?).ok()?, user: text("user"), overrides },
            name: text("name")?,
            until: words.get("until")?.as_u64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(until: u64) -> Session {
        let text = |text: &str| Secret::new(text.into());
        let begun = Begun { url: text("u"), redirect_uri: "https://a.example/".into(), state: text("s"), verifier: text("v") };
        let asked = Asked { string: c"DSN=nobody-has-this".into(), user: Some("ann".into()), overrides: Overrides::default() };
        Session { begun, asked, name: "n".into(), until }
    }

    #[test]
    fn a_session_ends_with_its_time_also_where_it_was_saved() {
        let key = [7; KEY_BYTES];
        for (until, query, status) in [
            (now(), "code=c&state=s", Status::SessionOver),
            (now() - 1, "code=c&state=other", Status::SessionOver),
            (now() + 60, "code=c&state=other", Status::WrongState),
            (now() + 60, "code=c&state=s", Status::NoDataSource), // from here on the settings count
        ] {
            let saved = session(until).save(&key).expect("random numbers");
            for session in [session(until), Session::load(&key, saved.as_bytes()).expect("a session")] {
                assert_eq!(session.finish(query, Duration::from_secs(1)).err().expect("a problem").status, status, "{query}");
            }
        }
    }

    #[test]
    fn a_state_is_used_up_once_and_not_for_ever() {
        let over = session(now());
        assert!(over.use_up() && over.use_up(), "what is over is not remembered");
        let open = session(now() + 60);
        assert!(open.use_up() && !open.use_up());
    }
}
