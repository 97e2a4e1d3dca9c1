//! Hears on this very machine what a browser brings back from a sign-in (RFC 8252, section 7.3): one answer, of all that may
//! come. It ends when it is dropped.

use super::page::{self, Page};
use crate::signals;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot, watch};
use url::form_urlencoded;

/// Where the browser is sent to see how it went.
const DONE: &str = "/done";
/// Codes of some kilobytes exist.
const REQUEST_MAX_BYTES: usize = 64 * 1024;
/// A browser opens connections before it needs them; whoever says nothing for so long has nothing to say.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// So many are heard at once.
const CONNECTIONS_MAX: usize = 64;
/// After the connection that the system could not make, such as where no descriptor is left.
const PAUSE: Duration = Duration::from_millis(50);
/// So many ports are tried whose other half is somebody else's.
const PORTS_MAX: usize = 16;
/// The page comes to be shown within so long, or never: the program waits meanwhile.
const SHOWN_MAX: Duration = Duration::from_secs(2);

/// What a browser brought: the fields of the query.
pub struct Answer(Vec<(String, String)>);

impl Answer {
    /// The fields of this one.
    pub fn of(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The field of this name, if it is there just once (RFC 6749, section 3.1).
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        fields.next().filter(|value| !value.is_empty() && fields.next().is_none())
    }
}

/// A listener on this very machine's own addresses.
pub struct Listener {
    /// At which port.
    pub port: u16,
    answers: Receiver<Answer>,
    page: watch::Sender<Option<Page>>,
    shown: Receiver<()>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What all its connections share.
struct Desk {
    path: String,
    state: String,
    /// Empty once the answer has come.
    answers: Mutex<Option<Sender<Answer>>>,
    page: watch::Receiver<Option<Page>>,
    shown: Sender<()>,
}

impl Listener {
    /// At `port`, or at any that is free, of each of `addresses`; what counts is a request of `path` with `state`.
    ///
    /// # Errors
    /// Somebody else has the port, or the system has no room for it.
    pub fn open(addresses: &[IpAddr], port: Option<u16>, path: &str, state: &str) -> io::Result<Self> {
        let (listeners, port) = bind(addresses, port)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ((answer, answers), (show, shown)) = (mpsc::channel(), mpsc::channel());
        let ((page, page_now), (end, ended)) = (watch::channel(None), oneshot::channel::<()>());
        let desk = Desk { path: path.to_owned(), state: state.to_owned(), answers: Mutex::new(Some(answer)), page: page_now, shown: show };
        let thread = signals::spawn(Builder::new(), move || {
            let (desk, room) = (Arc::new(desk), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
            for listener in listeners {
                runtime.spawn(listen(listener, Arc::clone(&desk), Arc::clone(&room)));
            }
            let _ = runtime.block_on(ended); // which is an error, when the other end is dropped
        })?;
        Ok(Self { port, answers, page, shown, end: Some(end), thread: Some(thread) })
    }

    /// The answer; `None` where it does not come before `deadline`. `meanwhile` is called from time to time, until it says how long
    /// it is of no more use.
    pub fn answer(&self, deadline: Instant, mut meanwhile: impl FnMut() -> Option<Duration>) -> Option<Answer> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = meanwhile().map_or(left, |again| again.min(left));
            match self.answers.recv_timeout(wait) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
                Err(_) => return None,
            }
        }
    }

    /// Shows how it went to whoever brought the answer, if there is time.
    pub fn show(self, page: Page, deadline: Instant) {
        let _ = self.page.send(Some(page));
        let _ = self.shown.recv_timeout(SHOWN_MAX.min(deadline.saturating_duration_since(Instant::now())));
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Takes one port of all `addresses`. Whoever else has it at one of them would hear what the browser brings, should that ask there first.
fn bind(addresses: &[IpAddr], port: Option<u16>) -> io::Result<(Vec<TcpListener>, u16)> {
    for last in (0..PORTS_MAX).map(|tries| port.is_some() || tries + 1 == PORTS_MAX) {
        match bind_once(addresses, port.unwrap_or(0)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && !last => {}
            bound => return bound,
        }
    }
    Err(ErrorKind::AddrInUse.into())
}

fn bind_once(addresses: &[IpAddr], port: u16) -> io::Result<(Vec<TcpListener>, u16)> {
    let (mut listeners, mut port) = (Vec::new(), port);
    for address in addresses {
        match TcpListener::bind(SocketAddr::new(*address, port)) {
            // A machine without IPv6 has nobody else there either.
            Err(error) if address.is_ipv6() && error.kind() != ErrorKind::AddrInUse && !listeners.is_empty() => {}
            listener => {
                let listener = listener?;
                listener.set_nonblocking(true)?;
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
        }
    }
    Ok((listeners, port))
}

async fn listen(listener: TcpListener, desk: Arc<Desk>, room: Arc<Semaphore>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            let shows = AtomicBool::new(false);
            let service = service_fn(|request| {
                let (desk, shows) = (&desk, &shows);
                async move { Ok::<_, Infallible>(desk.reply(request, shows).await) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(REQUEST_TIME).max_buf_size(REQUEST_MAX_BYTES).keep_alive(false);
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
            if shows.load(Ordering::Relaxed) {
                let _ = desk.shown.send(());
            }
            drop(place);
        });
    }
}

impl Desk {
    async fn reply(&self, request: Request<Incoming>, shows: &AtomicBool) -> Response<String> {
        let (path, query) = (request.uri().path(), request.uri().query());
        if request.method() != Method::GET {
            return Page::nothing().response();
        }
        if path == DONE && query.is_none() {
            let page = self.page.borrow().clone();
            shows.store(page.is_some(), Ordering::Relaxed);
            return page.unwrap_or_else(Page::nothing).response();
        }
        if path != self.path {
            return Page::nothing().response();
        }
        let answer = Answer::of(query.unwrap_or_default());
        if answer.field("state") != Some(&self.state) {
            return Page::not_awaited().response();
        }
        // Whoever asks once more, perhaps the same browser, waits for the same end.
        let first = self.answers.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = first.map(|first| first.send(answer));
        let _ = self.page.clone().wait_for(Option::is_some).await;
        page::see(DONE)
    }
}

#[cfg(test)]
mod tests;
