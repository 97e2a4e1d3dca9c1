//! What a browser shows of a sign-in: one plain page, which loads nothing, runs nothing, and stays nowhere.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::{Response, StatusCode};
use ring::digest::{SHA256, digest};

const STYLE: &str = "
:root { color-scheme: light dark; font: 1.0625rem/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { box-sizing: border-box; max-width: 36rem; margin: 1rem; padding: 1.5rem 2rem; border: 1px solid #8886; border-radius: .5rem; border-top: .375rem solid; }
main.good { border-top-color: #1a7f37; }
main.bad { border-top-color: #cf222e; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
p { margin: .75rem 0 0; overflow-wrap: anywhere; }
";

const CLOSE: &str = "You may close this window.";

/// A page, and how HTTP calls it.
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    kind: &'static str,
    heading: &'static str,
    paragraphs: Vec<String>,
}

impl Page {
    /// Somebody is signed in at `who`.
    pub fn signed_in(who: &str) -> Self {
        let words = format!("You are signed in to {who}, and your program goes on.");
        Self { status: StatusCode::OK, kind: "good", heading: "The sign-in worked", paragraphs: vec![words, CLOSE.to_owned()] }
    }

    /// Nobody is, for this reason.
    pub fn failed(reason: &str) -> Self {
        let last = format!("Your program was told the same. {CLOSE}");
        Self { status: StatusCode::OK, kind: "bad", heading: "The sign-in failed", paragraphs: vec![reason.to_owned(), last] }
    }

    /// The browser did not bring what was asked for.
    pub fn not_awaited() -> Self {
        let words = format!("This is not the answer to the sign-in that is under way, which still waits for its own. {CLOSE}");
        Self { status: StatusCode::BAD_REQUEST, kind: "bad", heading: "Not signed in", paragraphs: vec![words] }
    }

    /// There is nothing at this address.
    pub fn nothing() -> Self {
        Self { status: StatusCode::NOT_FOUND, kind: "bad", heading: "There is nothing here", paragraphs: Vec::new() }
    }

    /// As it is sent.
    pub fn response(&self) -> Response<String> {
        let text = self.html();
        let style = BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        let policy = format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        with_headers(self.status, &[("content-type", "text/html; charset=utf-8"), ("content-security-policy", &policy)], text)
    }

    fn html(&self) -> String {
        let Self { kind, heading, .. } = self;
        let paragraphs: String = self.paragraphs.iter().map(|words| format!("<p>{}</p>\n", escaped(words))).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main class=\"{kind}\">\n<h1>{heading}</h1>\n{paragraphs}</main>\n</body>\n</html>\n"
        )
    }
}

/// Sends the browser on, so that what it brought stays neither in its address bar nor in its history.
pub fn see(path: &str) -> Response<String> {
    with_headers(StatusCode::SEE_OTHER, &[("location", path)], String::new())
}

fn with_headers(status: StatusCode, headers: &[(&'static str, &str)], text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let all = [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff")];
    for (name, value) in all.iter().chain(headers) {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

/// Somebody else's words as HTML shows them.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_words_are_shown_and_never_obeyed() {
        let html = Page::failed("<script>alert('1')</script> \"&amp;").html();
        assert!(html.contains("<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &quot;&amp;amp;</p>"), "{html}");
    }

    #[test]
    fn a_page_says_how_it_went_and_that_the_window_may_be_closed() {
        for (page, words) in [
            (Page::signed_in("idp"), "You are signed in to idp"),
            (Page::failed("idp said no."), "idp said no."),
            (Page::not_awaited(), "not the answer"),
        ] {
            let html = page.html();
            assert!(html.contains(words) && html.contains("You may close this window"), "{html}");
            assert!(!html.contains("<script") && !html.contains("http"), "{html}");
        }
    }

    #[test]
    fn a_page_is_kept_nowhere_and_tells_nobody_where_it_came_from() {
        for response in [Page::signed_in("idp").response(), see("/done")] {
            let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            assert_eq!([header("cache-control"), header("referrer-policy")], ["no-store", "no-referrer"]);
        }
        let policy = Page::nothing().response().headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    }
}
