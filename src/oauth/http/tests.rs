use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// What a request comes to whose every connection is answered with these bytes and closed, and how many connections there were.
fn ask(scheme: &str, answer: &'static [u8], tries: Tries) -> (Result<Reply, Error>, usize) {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("{scheme}://{}/token", server.local_addr().expect("an address"));
    // It ends with the process.
    thread::spawn(move || {
        for mut client in server.incoming().flatten() {
            counted.fetch_add(1, SeqCst);
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(answer);
        }
    });
    let reply = post(&url, tries, Duration::from_secs(3));
    (reply, connections.load(SeqCst))
}

fn post(url: &str, tries: Tries, timeout: Duration) -> Result<Reply, Error> {
    let patience = Patience { deadline: Instant::now() + timeout, tries };
    let http = Http { route: &Route::default(), section: "section [x]", patience, timeout, log: &Log::default() };
    http.post_form(&url.parse().expect("a URL"), &[], || Ok("a=b".into()))
}

const BUSY: &[u8] = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}";
const BUSY_FOR_LONG: &[u8] = b"HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nContent-Length: 2\r\n\r\n{}";
const REFUSED: &[u8] = b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}";
const HALF: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}";

#[test]
fn a_busy_provider_is_asked_again_and_its_last_answer_is_the_answer() {
    let (reply, requests) = ask("http", BUSY, Tries::Many);
    assert_eq!(reply.expect("a reply").status, 503);
    assert!((2..30).contains(&requests), "{requests}");
}

#[test]
fn one_is_asked_once_that_asks_for_more_time_than_there_is() {
    let begun = Instant::now();
    let (reply, requests) = ask("http", BUSY_FOR_LONG, Tries::Many);
    assert_eq!((reply.expect("a reply").again_after, requests), (Some(Duration::from_secs(60)), 1));
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn one_who_says_no_is_asked_once_and_so_is_everyone_where_the_caller_says_so() {
    let (reply, requests) = ask("http", REFUSED, Tries::Many);
    assert_eq!((reply.expect("a reply").status, requests), (401, 1));
    let (reply, requests) = ask("http", BUSY, Tries::One);
    assert_eq!((reply.expect("a reply").again_after, requests), (Some(Duration::ZERO), 1));
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    for (scheme, answer) in [("http", &b""[..]), ("http", HALF), ("https", b"")] {
        let (reply, requests) = ask(scheme, answer, Tries::Many);
        assert!(matches!(reply, Err(Error::ProviderUnreachable { .. })), "{scheme} {answer:?}");
        assert!((2..30).contains(&requests), "{scheme} {answer:?}: {requests}");
    }
}

#[test]
fn an_answer_that_is_not_http_or_not_tls_is_not_asked_for_again() {
    for (scheme, answer) in [("http", &b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..]), ("https", REFUSED)] {
        let (reply, requests) = ask(scheme, answer, Tries::Many);
        assert!(matches!(reply, Err(Error::ProviderUnreachable { again_after: None, .. })), "{scheme}");
        assert_eq!(requests, 1, "{scheme}");
    }
}

#[test]
fn a_name_that_nobody_knows_and_a_port_where_nobody_listens_are_worth_another_try() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|server| server.local_addr()).expect("a port").port();
    for url in ["https://idp.invalid/token".to_owned(), format!("http://127.0.0.1:{port}/token")] {
        let error = post(&url, Tries::One, Duration::from_secs(60)).err().expect("nobody");
        assert_eq!(error.again_after(), Some(Duration::ZERO), "{error}");
        assert_eq!(error.sqlstate(), "08001", "{error}");
    }
}
