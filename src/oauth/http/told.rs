//! What a log hears of a request.

use super::Answer;
use crate::error::Error;
use crate::log::Line;
use reqwest::Method;
use std::time::Instant;

/// What came of a request; `None`: nothing in time. What stands in a query may be a secret.
pub(super) fn told(line: &mut Line, (method, url): (&Method, &url::Url), begun: Instant, answer: Option<&Result<Answer, Error>>) {
    let host = url.host_str().unwrap_or_default();
    line.text("method", method);
    match url.port() {
        Some(port) => line.text("host", format_args!("{host}:{port}")),
        None => line.text("host", host),
    };
    line.text("path", url.path()).milliseconds("milliseconds", begun.elapsed());
    match answer {
        Some(Ok((reply, ..))) => line.number("status", reply.status),
        Some(Err(error)) => line.text("problem", error),
        None => line.text("problem", "no answer in time"),
    };
}
