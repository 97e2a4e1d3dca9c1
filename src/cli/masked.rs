//! Values of settings, as they may be shown: without what is a secret, or has one in it.

use tokenshim::config::keys::{find, is_secret};
use tokenshim::delivery::keywords::Keywords;

/// In place of what is not shown.
pub const MASK: &str = "***";

/// What may be shown of what `key` is set to.
pub fn shown(key: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    match find(key).map_or(key, |key| key.name) {
        key if is_secret(key) => MASK.into(),
        "TokenProxy" | "TokenEndpoint" | "TokenDiscovery" => without_user(value),
        // Its arguments may be anything.
        "TokenCommand" => value.split_once(char::is_whitespace).map_or_else(|| value.to_owned(), |(program, _)| format!("{program} {MASK}")),
        "TokenKeywords" => Keywords::parse(value).map_or_else(|_| MASK.into(), names),
        _ => value.to_owned(),
    }
}

fn names(keywords: Keywords) -> String {
    let set = keywords.set.into_iter().map(|(keyword, _)| format!("{keyword}={MASK}"));
    let removed = keywords.removed.into_iter().map(|keyword| format!("-{keyword}"));
    let kept = keywords.kept.into_iter().map(|keyword| format!("+{keyword}"));
    set.chain(removed).chain(kept).collect::<Vec<_>>().join(";")
}

/// A URL without a user, a password, and what stands behind a question mark.
pub fn without_user(url: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, ""), |(url, _)| (url, "?***"));
    match url.rsplit_once('@') {
        Some((before, host)) => format!("{}{MASK}@{host}{query}", before.split_once("://").map_or(String::new(), |(kind, _)| format!("{kind}://"))),
        None => format!("{url}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        for (key, value, expected) in [
            ("tokenclientsecret", "s3cr3t", "***"),
            ("PWD", "s3cr3t", "***"),
            ("PWD", "", ""),
            ("TokenProxy", "http://user:s3cr3t@proxy:8080", "http://***@proxy:8080"),
            ("TokenProxy", "user:s3cr@3t@proxy", "***@proxy"),
            ("TokenProxy", "http://proxy:8080", "http://proxy:8080"),
            ("tokenendpoint", "https://idp/token?code=s3cr3t", "https://idp/token?***"),
            ("TokenCommand", "/bin/get --password s3cr3t", "/bin/get ***"),
            ("TokenCommand", "/bin/get", "/bin/get"),
            ("TokenKeywords", "Key={token};Password=s3cr3t;-UID;+Role", "Key=***;Password=***;-UID;+Role"),
            ("TokenKeywords", "nonsense s3cr3t", "***"),
            ("TokenClientSecretFile", "/etc/x", "/etc/x"),
        ] {
            assert_eq!(shown(key, value), expected, "{key}={value}");
        }
    }
}
