//! HTTP to identity providers: TLS by rustls with the system's trust store, no redirects, a deadline, a size limit.

mod body;
mod here;
mod json;
#[cfg(test)]
mod tests;
mod told;
mod way;

use super::retry;
use crate::config::resolve::Route;
use crate::error::{Error, quoted};
use crate::log::{self, Event, Log};
use crate::token::life::random;
use crate::token::patience::{Patience, Tries};
use crate::{environment, plain_file, signals};
pub use here::{Ask, Passes};
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use std::any::Any;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::resume_unwind;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use told::told;
use way::{Manner, Way};
use zeroize::Zeroizing;

/// A PEM file with every CA that a system trusts has a quarter of this.
const CA_FILE_MAX_BYTES: usize = 1024 * 1024;

/// Which client serves a request. At a `fork` other threads may be inside one, so a child builds its own.
#[derive(PartialEq, Eq, Hash)]
struct ClientKey {
    process: u32,
    way: Way,
    route: Route,
}

/// Whom `localhost` means; the port is the URL's.
const HERE: [SocketAddr; 2] = [SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0)];

/// Building a client takes up to 120 ms.
///
/// Whoever forks waits for this lock: it is held only for a look into the map, or for an entry more.
static CLIENTS: LazyLock<Mutex<HashMap<ClientKey, Client>>> = LazyLock::new(Default::default);

fn clients() -> MutexGuard<'static, HashMap<ClientKey, Client>> {
    CLIENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the clients until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(clients())
}

/// One way to a provider, and the words to speak of it.
pub struct Http<'a> {
    /// By which proxy and with which CA.
    pub route: &'a Route,
    /// The section to name in advice.
    pub section: &'a str,
    /// When the answer must be there, and how often it may be asked for.
    pub patience: Patience,
    /// How long the whole may take, for the message.
    pub timeout: Duration,
    /// It hears of each request.
    pub log: &'a Log,
}

/// What a provider answered.
pub struct Reply {
    /// Its host, for messages.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// What time it was, by the provider's own clock where it says so.
    pub date: SystemTime,
    /// Where the same request may get another answer: after how long.
    pub again_after: Option<Duration>,
    /// The whole body; it may hold a token.
    pub body: Zeroizing<Vec<u8>>,
}

/// A reply, its WWW-Authenticate, and whether it says what time it is.
type Answer = (Reply, Option<String>, bool);

impl Http<'_> {
    /// POSTs what `form` makes and reads the answer, whatever its status. Where it may help and there is time, the request is
    /// made again, with a form made anew; where there is none left for that, the last answer is the answer.
    ///
    /// # Errors
    /// No connection, no answer in time, or too long an answer; or that of `form`.
    pub fn post_form(
        &self,
        url: &url::Url,
        headers: &[(&'static str, Zeroizing<String>)],
        form: impl Fn() -> Result<String, Error> + Sync,
    ) -> Result<Reply, Error> {
        let answer = self.request(url, Manner::of(url), || {
            let mut request = self.client(Way::of(url))?.post(url.clone());
            for (name, value) in headers {
                request = request.header(*name, self.sensitive(value, "TokenClientSecret")?);
            }
            Ok(request.header("content-type", "application/x-www-form-urlencoded").body(form()?))
        });
        answer.map(|(reply, ..)| reply)
    }

    /// GETs a document, as above.
    ///
    /// # Errors
    /// As above.
    pub fn get(&self, url: &url::Url) -> Result<Reply, Error> {
        self.get_date(url).map(|(reply, _)| reply)
    }

    /// The same; and whether the answer says what time it is.
    ///
    /// # Errors
    /// As above.
    pub fn get_date(&self, url: &url::Url) -> Result<(Reply, bool), Error> {
        let get = || Ok(self.client(Way::of(url))?.get(url.clone()).header("accept", "application/json"));
        self.request(url, Manner::of(url), get).map(|(reply, _, tells_date)| (reply, tells_date))
    }

    fn sensitive(&self, value: &str, key: &'static str) -> Result<HeaderValue, Error> {
        let bad = |_| Error::bad(self.section, key, "has characters that no HTTP header can carry");
        let mut value = HeaderValue::from_str(value).map_err(bad)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn request(&self, url: &url::Url, manner: Manner, request: impl Fn() -> Result<RequestBuilder, Error> + Send) -> Result<Answer, Error> {
        let host = url.host_str().unwrap_or_default().to_owned();
        if self.patience.deadline <= Instant::now() {
            return Err(self.too_slow(&host));
        }
        // A thread of its own: the host's may have a small stack, and takes the host's signals. It ends with the reply, for
        // one that stayed would keep a process alive whose last thread but that one has ended. It waits between two tries
        // as it waits for a reply, so that neither holds up the end of a process.
        let caller = log::thread();
        thread::scope(|scope| {
            let name = thread::Builder::new().name("tokenshim".into());
            let exchange = || {
                log::work_for(caller);
                self.exchange(request, manner, (url, &host))
            };
            let exchange = signals::blocked(|| name.spawn_scoped(scope, exchange));
            let exchange = exchange.map_err(|error| self.unreachable_words(&host, &error.to_string(), None))?;
            exchange.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    fn exchange(&self, request: impl Fn() -> Result<RequestBuilder, Error>, manner: Manner, (url, host): (&url::Url, &str)) -> Result<Answer, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| self.unreachable_words(host, &error.to_string(), None))?;
        let reply = runtime.block_on(self.tries(request, manner, (url, host)));
        // A name server may take longer yet: its thread is left to it.
        runtime.shutdown_background();
        reply
    }

    async fn tries(
        &self,
        request: impl Fn() -> Result<RequestBuilder, Error>,
        manner: Manner,
        (url, host): (&url::Url, &str),
    ) -> Result<Answer, Error> {
        let deadline = self.patience.deadline;
        let mut answer = Err(self.too_slow(host));
        for tries in 1.. {
            // One that nobody answered any more says less than the answer before it.
            let (client, request) = request()?.build_split();
            let request = request.map_err(|error| self.unreachable(host, &error))?;
            let (begun, method) = (Instant::now(), request.method().clone());
            let latest = tokio::time::timeout_at(deadline.into(), self.ask(client.execute(request), manner, host)).await;
            self.log.say(Event::Request, |line| told(line, (&method, url), begun, latest.as_ref().ok()));
            let Ok(latest) = latest else { break };
            answer = latest;
            let again_after = answer.as_ref().map_or_else(Error::again_after, |(reply, ..)| reply.again_after);
            let Some(again_after) = again_after.filter(|_| self.patience.tries == Tries::Many) else { break };
            let again = Instant::now() + retry::wait(tries, again_after, random());
            if again >= deadline {
                break;
            }
            let wait = again.saturating_duration_since(Instant::now());
            self.log.say(Event::Retry, |line| _ = line.text("host", host).number("failures", tries).milliseconds("wait_milliseconds", wait));
            tokio::time::sleep_until(again.into()).await;
        }
        answer
    }

    async fn ask(&self, response: impl Future<Output = reqwest::Result<Response>>, manner: Manner, host: &str) -> Result<Answer, Error> {
        let response = response.await.map_err(|error| match manner.way {
            Way::Here if error.is_connect() => self.unreachable_words(host, &root_cause(&error), None),
            _ => self.unreachable(host, &error),
        })?;
        let status = response.status().as_u16();
        let told = retry::date(response.headers());
        let (date, tells_date) = (told.unwrap_or_else(SystemTime::now), told.is_some());
        let again_after = (manner.passes)(status).then(|| retry::asked(response.headers(), date));
        let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| Some(value.to_str().ok()?.to_owned()));
        Ok((Reply { body: self.read(response, host).await?, host: host.into(), status, date, again_after }, challenge, tells_date))
    }

    fn client(&self, way: Way) -> Result<Client, Error> {
        let key = ClientKey { process: std::process::id(), way, route: self.route.clone() };
        let known = clients().get(&key).cloned();
        if let Some(client) = known {
            return Ok(client);
        }
        let built = self.build(way)?;
        // Where another thread was faster, its client counts; dropping ours, which waits for its thread, comes after the lock.
        let client = clients().entry(key).or_insert_with(|| built.clone()).clone();
        Ok(client)
    }

    fn build(&self, way: Way) -> Result<Client, Error> {
        let is_trusted = environment::is_trusted() || way == Way::Direct;
        if let Some(name) = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(|name| !is_trusted && std::env::var_os(name).is_some()) {
            let problem = "in the environment says whom to trust, which a program with another user's rights does not believe: unset it";
            return Err(Error::bad(self.section, name, problem));
        }
        // This process-wide default is that of the rustls inside this library, which nobody else can see. Where a
        // second call finds it set, it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .redirect(Policy::none()) // a token request never goes where a reply sends it
            .pool_max_idle_per_host(0) // a connection lives no longer than the thread of its request
            .user_agent(concat!("tokenshim/", env!("CARGO_PKG_VERSION")));
        if way != Way::Routed {
            builder = builder.resolve_to_addrs("localhost", &HERE); // a name server may have another one
        }
        if way == Way::Here {
            builder = builder.connect_timeout(here::CONNECT_TIMEOUT);
        }
        if way != Way::Routed || self.route.proxy.is_none() && !is_trusted {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &self.route.proxy {
            let bad = || Error::bad(self.section, "TokenProxy", "is no proxy URL; write it as http://host:port");
            // A proxy of a kind that the client does not know would be passed by.
            if proxy.split_once("://").is_some_and(|(kind, _)| !["http", "https"].contains(&kind)) {
                return Err(bad());
            }
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| bad())?;
            builder = builder.proxy(proxy);
        }
        if let Some(file) = &self.route.ca_file {
            let (pem, _) = plain_file::read(file, CA_FILE_MAX_BYTES).map_err(|problem| Error::bad(self.section, "TokenCAFile", problem))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(Error::bad(self.section, "TokenCAFile", "holds no PEM certificate"));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build();
        client.map_err(|error| {
            // A clean system has none.
            let advice = "install the system's (often the package ca-certificates), or name a file of yours";
            Error::bad(self.section, "TokenCAFile", format!("is needed, for no certificates to trust can be used: {}: {advice}", root_cause(&error)))
        })
    }

    fn unreachable(&self, host: &str, error: &reqwest::Error) -> Error {
        self.unreachable_words(host, &root_cause(error), retry::after_error(error))
    }

    fn unreachable_words(&self, host: &str, words: &str, again_after: Option<Duration>) -> Error {
        Error::ProviderUnreachable {
            who: host.into(),
            words: quoted(words, &[]),
            advice: "Check the network, TokenProxy, TokenCAFile and TokenEndpoint in {section}.",
            section: self.section.into(),
            again_after,
        }
    }

    fn too_slow(&self, host: &str) -> Error {
        Error::TooSlow { who: host.into(), seconds: self.timeout.as_secs(), section: self.section.into() }
    }
}

/// The innermost error: the outer ones only say that something went wrong, and show the URL.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
