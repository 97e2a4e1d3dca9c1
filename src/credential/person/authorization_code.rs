//! OAuth 2 authorization code, for programs on people's own machines (RFC 6749, section 4.1; RFC 7636; RFC 8252): somebody signs
//! in with the browser of this machine, which brings a code back.

mod browser;
mod listener;
mod page;
mod redirect;
mod web;
mod workspace;

pub use browser::{hold, is_there as has_browser};
pub use redirect::Redirect;
pub use web::Begun;

use super::{Person, SignedIn};
use crate::config::resolve::Config;
use crate::credential::client::Client;
use crate::credential::databricks::Workspace;
use crate::error::{Error, quoted};
use crate::log::{self, Event};
use crate::oauth::http::Http;
use crate::oauth::provider::{Authorization, Provider};
use crate::oauth::token_reply;
use crate::token::Secret;
use crate::token::patience::{Patience, Tries};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use browser::Browser;
use listener::{Answer, Listener};
use page::Page;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// Of a random text: what nobody guesses (RFC 7636, section 7.1).
const RANDOM_BYTES: usize = 32;
/// Refusals that may pass (RFC 6749, section 4.1.2.1).
const PASSING: [&str; 2] = ["server_error", "temporarily_unavailable"];

/// Where somebody signs in, for which scope if the settings name none, and where the browser comes back to.
pub struct Place {
    pub provider: Provider,
    pub scope: Option<&'static str>,
    pub redirect: Redirect,
}

/// What the settings, and the workspace where there is one, say of that.
///
/// # Errors
/// What is missing.
pub fn place(config: &Config, client: &Client, workspace: Option<&Workspace>) -> Result<Place, Error> {
    let missing = |key, problem| Error::bad(&config.section, key, problem);
    let is_set = config.endpoint.is_some() || config.discovery.is_some();
    let people = workspace.map(|workspace| workspace::people(workspace, config)).transpose()?;
    let told_at = people.as_ref().and_then(|people| people.discovery.as_deref()).filter(|_| config.tenant.is_none() && config.discovery.is_none());
    let beside = people.as_ref().and_then(|people| people.authorize.clone());
    let provider = match (beside, told_at) {
        (Some(authorize), _) => Provider::beside(config, authorize),
        (None, Some(discovery)) => Provider::told_at(config, discovery),
        (None, None) => Provider::of_tenant(config)?
            .ok_or_else(|| missing("TokenDiscovery", "is missing, which authorization-code needs (or TokenTenant, where Entra is the provider)"))?,
    };
    if !is_set && told_at.is_none() {
        client.check_tenant(config)?;
    }
    if !provider.tells_all() {
        return Err(missing("TokenDiscovery", "is missing, which authorization-code needs with a TokenEndpoint other than Entra's"));
    }
    let wants_localhost = workspace.is_some() || provider.is_entra();
    let redirect = config.redirect.as_deref().unwrap_or(if wants_localhost { redirect::LOCALHOST } else { redirect::ADDRESS });
    let redirect = Redirect::read(redirect).map_err(|problem| missing("TokenRedirect", problem))?;
    Ok(Place { provider, scope: people.and_then(|people| people.scope), redirect })
}

impl Person {
    /// Opens a browser, and waits for what it brings back.
    pub(super) fn ask_in_browser(&self, http: &Http<'_>, redirect: &Redirect) -> Result<SignedIn, Error> {
        let at = self.provider.authorization(http)?;
        let (state, verifier) = (random()?, random()?);
        let listener = Listener::open(redirect.addresses(), redirect.port, redirect.path(), state.expose()).map_err(|error| {
            let (host, port) = (redirect.host(), redirect.port.map_or_else(|| "any port".to_owned(), |port| format!("port {port}")));
            Error::bad(&self.config.section, "TokenRedirect", format!("needs {port} of {host}, where this program cannot listen: {error}"))
        })?;
        let uri = redirect.uri(listener.port);
        let url = self.question(&at, &uri, &state, &verifier);
        let (who, user) = (self.provider.host(), self.as_whom());
        self.config.log.say(Event::Asked, |line| _ = line.text("who", &who));
        log::tell(&format!("To sign in to {who}{user}, use the browser that opens. If none does, open this on the same machine: {url}"));
        let mut browser = Browser::open(url.as_str());
        let deadline = http.patience.deadline;
        let answer = listener.answer(deadline, || browser.look()).ok_or_else(|| self.nobody_came())?;
        let signed_in = self.code_of(&at, &answer, &state).and_then(|code| self.exchange(http, &at, &code, &uri, &verifier));
        let page = signed_in.as_ref().map_or_else(|error| Page::failed(&error.to_string()), |_| Page::signed_in(&who));
        listener.show(page, deadline);
        signed_in
    }

    /// The URL that the browser opens (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
    fn question(&self, at: &Authorization, redirect_uri: &str, state: &Secret, verifier: &Secret) -> url::Url {
        let mut url = at.endpoint.clone();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose().as_bytes()));
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.client.id),
            ("redirect_uri", redirect_uri),
            ("scope", &self.scope),
            ("state", state.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        // OpenID Connect Core 1.0, sections 3.1.2.1 and 11: without consent there is no refresh token. Entra gives one all the same.
        let is_openid = self.scope.split(' ').any(|word| word == "openid") && !self.provider.is_entra();
        let more = [("login_hint", self.config.user.as_deref()), ("prompt", is_openid.then_some("consent"))];
        url.query_pairs_mut().extend_pairs(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
        url
    }

    /// The code that came, if it is one.
    fn code_of(&self, at: &Authorization, answer: &Answer, state: &Secret) -> Result<Secret, Error> {
        let (who, section) = (self.provider.host(), self.config.section.clone());
        let bad = |problem: &str| Error::BadReply { who: who.clone(), problem: problem.to_owned(), key: "TokenDiscovery", section: section.clone() };
        at.check_issuer(answer.field("iss")).map_err(bad)?;
        let Some(error) = answer.field("error") else {
            return answer.field("code").map(|code| Secret::new(code.to_owned())).ok_or_else(|| bad("what the browser brought has no code"));
        };
        let words = answer.field("error_description").map_or_else(|| error.to_owned(), |description| format!("{error}: {description}"));
        let words = quoted(&words, &[state.expose()]);
        match error {
            passing if PASSING.contains(&passing) => {
                let advice = "The provider is busy or out of order: try again later.";
                Err(Error::ProviderUnreachable { who, words, advice, section, again_after: None })
            }
            "access_denied" => Err(Error::SignInRefused { who, words, advice: "Connect again, and then allow the sign-in.", section }),
            _ => Err(Error::SignInRefused { who, words, advice: "Check TokenClientId, TokenScope and TokenRedirect in {section}.", section }),
        }
    }

    /// A token for the code, which is used up by being shown (RFC 6749, section 4.1.3).
    fn exchange(&self, http: &Http<'_>, at: &Authorization, code: &Secret, redirect_uri: &str, verifier: &Secret) -> Result<SignedIn, Error> {
        let once = self.http(Patience { tries: Tries::One, ..http.patience });
        let fields =
            [("grant_type", "authorization_code"), ("code", code.expose()), ("redirect_uri", redirect_uri), ("code_verifier", verifier.expose())];
        let reply = self.client.post(&once, &at.token, &[], &fields)?;
        let token = self.client.token(&reply, &[code, verifier], &self.config.section)?;
        Ok((token, token_reply::refresh_token(&reply)))
    }
}

/// A text that nobody guesses.
fn random() -> Result<Secret, Error> {
    let mut bytes = [0; RANDOM_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::NoRandomNumbers { what: "signing in with a browser" })?;
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}
