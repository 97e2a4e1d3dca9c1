//! Somebody who signs in on the pages of an application that browsers reach from anywhere (RFC 6749, section 2.1: a web
//! application). It is begun in one request of the browser's and finished in another, perhaps by another process.

use super::listener::Answer;
use super::{Person, random};
use crate::error::Error;
use crate::oauth::provider::safe;
use crate::token::patience::Patience;
use crate::token::{Secret, Token};
use ring::digest::{SHA256, digest};

/// A sign-in that is begun: what its end needs.
pub struct Begun {
    /// Where the browser is sent. The state is in it.
    pub url: Secret,
    /// Where it comes back to, to the letter.
    pub redirect_uri: String,
    /// By which an answer is known (RFC 6749, section 10.12).
    pub state: Secret,
    /// Without which the code is of no use to anybody (RFC 7636).
    pub verifier: Secret,
}

impl Begun {
    /// Whether this is the answer to it. How long that takes says nothing of the state.
    pub fn is_answered_by(&self, query: &str) -> bool {
        let sum = |text: &str| digest(&SHA256, text.as_bytes());
        Answer::of(query).field("state").is_some_and(|state| sum(state).as_ref() == sum(self.state.expose()).as_ref())
    }
}

impl Person {
    /// Makes up what nobody guesses, and the URL to send the browser to.
    pub(in crate::credential::person) fn begin_on_web(&self, redirect_uri: &str, patience: Patience) -> Result<Begun, Error> {
        check(redirect_uri).map_err(|problem| Error::bad(&self.config.section, "redirect_uri", format!("of the application {problem}")))?;
        let at = self.provider.authorization(&self.http(patience))?;
        let (state, verifier) = (random()?, random()?);
        let url = self.question(&at, redirect_uri, &state, &verifier);
        Ok(Begun { url: Secret::new(url.into()), redirect_uri: redirect_uri.to_owned(), state, verifier })
    }

    /// A token for the code that came back; what it brings for later ones is kept.
    pub(in crate::credential::person) fn finish_on_web(&self, begun: &Begun, query: &str, patience: Patience) -> Result<Token, Error> {
        let http = self.http(patience);
        let at = self.provider.authorization(&http)?;
        let code = self.code_of(&at, &Answer::of(query), &begun.state)?;
        let (token, refresh_token) = self.exchange(&http, &at, &code, &begun.redirect_uri, &begun.verifier)?;
        if let Some(refresh_token) = refresh_token {
            self.kept().keep(&refresh_token, patience.deadline);
        }
        Ok(token)
    }
}

/// `https`, or `http` on this very machine, and nothing behind a `#` (RFC 6749, section 3.1.2).
fn check(redirect_uri: &str) -> Result<(), &'static str> {
    let uri = safe(redirect_uri)?;
    if uri.fragment().is_some() { Err("has a # in it, behind which no provider answers") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_reached_by_https_and_by_http_on_this_machine() {
        for good in ["https://app.example/back?tenant=7", "http://127.0.0.1:8080/back", "http://localhost/", "https://app.example"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["http://app.example/back", "https://app.example/back#x", "https://a:b@app.example/", "ftp://127.0.0.1/", "app.example", ""] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_is_known_by_its_state_which_comes_once() {
        let text = |text: &str| Secret::new(text.into());
        let begun = Begun { url: text("u"), redirect_uri: String::new(), state: text("a+b"), verifier: text("v") };
        assert!(begun.is_answered_by("code=c&state=a%2Bb"));
        for other in ["", "code=c", "state=", "state=a+b", "state=a%2Bc", "state=a%2Bb&state=a%2Bb", "state=x&state=a%2Bb"] {
            assert!(!begun.is_answered_by(other), "{other}");
        }
    }
}
