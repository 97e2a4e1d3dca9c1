use super::*;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream};
use std::thread;

const STATE: &str = "the-state";

fn open() -> Listener {
    Listener::open(&BOTH, None, "/back", STATE).expect("a listener")
}

/// As `localhost` means them.
const BOTH: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

fn begin(port: u16, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let _ = stream.write_all(request.as_bytes()); // it may hang up before the end of a huge one
    stream
}

fn end(mut stream: TcpStream) -> String {
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
}

fn ask(port: u16, request: &str) -> String {
    end(begin(port, request))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn awaited(listener: &Listener) -> Option<String> {
    listener.answer(soon(), || None)?.field("code").map(str::to_owned)
}

#[test]
fn of_all_that_may_come_one_answer_counts() {
    let listener = open();
    let port = listener.port;
    let good = get(&format!("/back?code=c&state={STATE}"));
    for (request, reply) in [
        (get("/favicon.ico"), "404"),
        (get("/done"), "404"),
        (get("/back"), "400"),
        (get("/back?code=evil&state=wrong"), "400"),
        (get(&format!("/back?code=evil&state={STATE}x")), "400"),
        (get(&format!("/back?code=evil&state={STATE}&state={STATE}")), "400"),
        (get(&format!("/else?code=evil&state={STATE}")), "404"),
        (good.replacen("GET", "POST", 1), "404"),
        (good.replacen("GET", "HEAD", 1), "404"),
        (get(&format!("/back?code={}&state={STATE}", "x".repeat(REQUEST_MAX_BYTES))), "4"),
        ("\x16\x03\x01 no HTTP\r\n\r\n".to_owned(), "400"),
    ] {
        let answered = ask(port, &request);
        assert!(answered.starts_with(&format!("HTTP/1.1 {reply}")), "{:?} {answered}", &request[..60.min(request.len())]);
        assert!(listener.answers.try_recv().is_err(), "{request:?}");
    }
    let [first, second] = [good.clone(), good.replacen("code=c", "code=other", 1)].map(|request| thread::spawn(move || ask(port, &request)));
    let code = awaited(&listener).expect("an answer");
    assert!(["c", "other"].contains(&code.as_str()) && listener.answers.recv_timeout(Duration::from_millis(1)).is_err());
    let show = thread::spawn(move || listener.show(Page::signed_in("idp"), soon()));
    for reply in [first, second].map(|thread| thread.join().expect("a reply")) {
        assert!(reply.starts_with("HTTP/1.1 303 ") && reply.contains("location: /done\r\n"), "{reply}");
    }
    let shown = ask(port, &get("/done"));
    assert!(shown.starts_with("HTTP/1.1 200 ") && shown.contains("You are signed in to idp") && shown.contains("</html>"), "{shown}");
    show.join().expect("no panic");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "it has ended");
}

#[test]
fn who_says_nothing_keeps_nobody_waiting() {
    let listener = open();
    let silent: Vec<_> = (0..CONNECTIONS_MAX - 1).map(|at| begin(listener.port, if at % 2 == 0 { "" } else { "GET /back?code=evil&sta" })).collect();
    let port = listener.port;
    let asking = thread::spawn(move || ask(port, &get(&format!("/back?code=c&state={STATE}"))));
    assert_eq!(awaited(&listener).as_deref(), Some("c"));
    drop(listener);
    assert!(!asking.join().expect("no panic").contains("200 OK"));
    assert!(silent.into_iter().all(|stream| !end(stream).contains(" 200 ")), "they were hung up on");
}

#[test]
fn nobody_is_waited_for_beyond_the_deadline_and_then_nobody_listens() {
    let listener = open();
    let port = listener.port;
    let begun = Instant::now();
    assert!(listener.answer(begun + Duration::from_millis(60), || Some(Duration::from_millis(5))).is_none());
    assert!(begun.elapsed() >= Duration::from_millis(60));
    let begun = Instant::now();
    listener.show(Page::failed("late"), begun);
    assert!(begun.elapsed() < SHOWN_MAX && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}

#[test]
fn a_port_that_somebody_else_has_is_an_error_and_a_free_one_is_taken() {
    let first = open();
    assert_eq!(Listener::open(&BOTH, Some(first.port), "/", STATE).err().map(|error| error.kind()), Some(io::ErrorKind::AddrInUse));
    // Somebody else may take a port that has just become free.
    let again = (0..20).find_map(|_| {
        let port = open().port;
        Some((port, Listener::open(&BOTH, Some(port), "/", STATE).ok()?.port))
    });
    assert!(again.is_some_and(|(free, taken)| free == taken), "{again:?}");
}

/// A machine without IPv6 has nobody there.
fn other_half() -> Option<TcpListener> {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok()
}

#[test]
fn a_browser_that_asks_at_the_other_address_of_localhost_is_heard_there() {
    let Some(_) = other_half() else { return };
    let listener = open();
    let good = get(&format!("/back?code=c&state={STATE}"));
    let port = listener.port;
    let browser = thread::spawn(move || {
        let mut stream = TcpStream::connect((Ipv6Addr::LOCALHOST, port)).expect("a connection");
        stream.write_all(good.as_bytes()).expect("a request");
        end(stream)
    });
    assert_eq!(awaited(&listener).as_deref(), Some("c"));
    listener.show(Page::signed_in("idp"), Instant::now());
    let _ = browser.join().expect("no panic");
}

#[test]
fn a_port_that_somebody_else_has_at_one_of_the_addresses_is_not_taken() {
    let Some(theirs) = other_half() else { return };
    let port = theirs.local_addr().expect("an address").port();
    let error = Listener::open(&BOTH, Some(port), "/back", STATE).err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert_eq!(Listener::open(&BOTH[..1], Some(port), "/back", STATE).expect("a listener").port, port);
}
