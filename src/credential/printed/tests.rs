//! What is a token with an end, what one without, and what none.

use super::*;
use base64::prelude::BASE64_STANDARD;

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// In seconds from now, as RFC 3339 has it: `days` of the module under test, the other way round.
fn rfc3339(after: u64) -> String {
    let seconds = now() + after;
    let (mut day, time) = ((seconds / 86400) as i64, seconds % 86400);
    let mut year = 1970;
    let length = |year: i64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
    while day >= length(year) {
        day -= length(year);
        year += 1;
    }
    let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= months[month] {
        day -= months[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}T{:02}:{:02}:{:02}Z", month + 1, day + 1, time / 3600, time / 60 % 60, time % 60)
}

fn jwt(claims: &str) -> String {
    format!("{}.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), BASE64_URL_SAFE_NO_PAD.encode(claims))
}

fn read(text: &str) -> Result<Token, String> {
    token(text.as_bytes(), Some(SystemTime::now()))
}

/// The token, and for how long it is good, give or take two seconds.
fn expect(text: &str, is: &str, life: Option<u64>) {
    let token = read(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
    assert_eq!(token.text.expose(), is, "{text}");
    let found = token.life.map(|life| life.as_secs());
    assert!(found == life || found.zip(life).is_some_and(|(found, life)| found.abs_diff(life) <= 2), "{text}: {found:?}");
}

#[test]
fn text_is_a_token_whatever_stands_around_it() {
    for text in ["tok-en", "tok-en\n", "\r\n tok-en \t\r\n", "\"tok-en\"", "\"tok-en\"\n"] {
        expect(text, "tok-en", None);
    }
}

#[test]
fn a_json_web_token_says_itself_when_it_ends() {
    let end = now() + 3600;
    for (claims, life) in [
        (format!(r#"{{"exp":{end}}}"#), Some(3600)),
        (format!(r#"{{"exp":{end}.5,"iat":1}}"#), Some(3600)),
        (r#"{"sub":"x"}"#.into(), None),
        (r#"{"exp":"soon"}"#.into(), None),
        (r#"{"exp":-1}"#.into(), None),
        ("no JSON".into(), None),
    ] {
        let jwt = jwt(&claims);
        expect(&jwt, &jwt, life);
    }
    for opaque in ["eyJ", "eyJ.x", "eyJ.!.c2ln", &format!("eyJ.{}", BASE64_STANDARD.encode("{}")), "dapi0123456789abcdef"] {
        expect(opaque, opaque, None);
    }
}

#[test]
fn a_request_that_was_signed_beforehand_says_so_too() {
    let date = rfc3339(0).replace(['-', ':'], "");
    let signed = |date: &str| {
        format!(
            "db.example.com:5432/?Action=connect&DBUser=app&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-Expires=900&X-Amz-Signature=ab"
        )
    };
    expect(&signed(&date), &signed(&date), Some(900));
    expect(&signed("now"), &signed("now"), None);
    let over = read(&signed("20230101T000000Z")).expect_err("over");
    assert!(over.starts_with("has a token that was over ") && over.ends_with(" minutes ago"), "{over}");
}

#[test]
fn json_is_read_as_the_tools_of_many_print_it() {
    let (end, text) = (now() + 1800, rfc3339(1800));
    for (json, life) in [
        (r#"{"access_token":"t"}"#.into(), None),
        (r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#.into(), Some(3600)),
        (r#"{"access_token":"t","token_type":"","expires_in":"3600"}"#.into(), Some(3600)),
        // databricks auth token
        (format!(r#"{{"access_token":"t","token_type":"Bearer","expiry":"{}"}}"#, text.replace('Z', ".123456789Z")), Some(1800)),
        (r#"{"access_token":"t","expiry":"0001-01-01T00:00:00Z"}"#.into(), None),
        // az account get-access-token: the text is local time
        (format!(r#"{{"accessToken":"t","expiresOn":"2020-01-01 00:00:00.000000","expires_on":{end},"tokenType":"Bearer"}}"#), Some(1800)),
        // azd auth token
        (format!(r#"{{"token":"t","expiresOn":"{text}"}}"#), Some(1800)),
        // gcloud config config-helper
        (format!(r#"{{"configuration":{{}},"credential":{{"access_token":"t","token_expiry":"{text}"}},"sentinels":{{}}}}"#), Some(1800)),
        // kubectl's exec credentials
        (format!(r#"{{"kind":"ExecCredential","status":{{"token":"t","expirationTimestamp":"{text}"}}}}"#), Some(1800)),
        (format!(r#"{{"token":"t","expires_at":{end},"expires_in":99}}"#), Some(99)),
        (format!(r#"{{"token":"t","Expiration":"{text}"}}"#), Some(1800)),
        (format!(r#"{{"token":"t","expireTime":"{}"}}"#, text.replace('T', " ").replace('Z', "+00:00")), Some(1800)),
        // What means nothing.
        (format!(r#"{{"token":"t","expires_on":{end}000}}"#), None),
        (r#"{"token":"t","expires_in":0,"expires_on":0,"expiry":"soon","expiration":null,"expires_at":-5}"#.into(), None),
        (r#"{"token":"t","expires_in":1e300}"#.into(), None),
        (r#"{"token":"t","expires_in":99999999999}"#.into(), None),
    ] {
        expect(&json, "t", life);
    }
    let jwt = jwt(&format!(r#"{{"exp":{end}}}"#));
    expect(&format!(r#"{{"token":"{jwt}","expires_in":3600}}"#), &jwt, Some(1800));
    expect(&format!(r#"{{"token":"{jwt}","expires_in":60}}"#), &jwt, Some(60));
}

#[test]
fn a_span_counts_from_when_it_was_written_and_for_nothing_where_nobody_knows() {
    let json = br#"{"token":"t","expires_in":3600}"#;
    let life = |written| token(json, written).expect("a token").life.map(|life| life.as_secs());
    let ago = |seconds| Some(SystemTime::now() - Duration::from_secs(seconds));
    assert!(life(ago(600)).is_some_and(|life| (2998..=3000).contains(&life)));
    assert_eq!(life(None), None);
    assert_eq!(life(ago(3700)), Some(0), "one that is just over may do once");
    assert_eq!(token(json, ago(7200)).expect_err("over"), "has a token that was over 60 minutes ago");
}

#[test]
fn what_is_no_token_is_said_in_words() {
    for (text, problem) in [
        ("", "is empty"),
        (" \n", "is empty"),
        ("\"\"", "has a token that is empty"),
        ("<html>Sign in</html>", "is a web page"),
        ("You are signed in.", "has blanks in the token"),
        ("one\ntwo", "has blanks in the token"),
        ("t\u{f6}k", "has a token with characters that no token may have (RFC 6749, A.12)"),
        ("t\0k", "has a token with characters that no token may have (RFC 6749, A.12)"),
        ("{", "is no JSON"),
        ("[]", "has no access_token, accessToken, token"),
        (r#"{"Token":"t"}"#, "has no access_token, accessToken, token"),
        (r#"{"status":{}}"#, "has no access_token, accessToken, token"),
        (r#"{"token":7}"#, "has no text as its token"),
        (r#"{"accessToken":null,"token":"t"}"#, "has no text as its accessToken"),
        (r#"{"token":"t","token_type":"mac"}"#, "has a token_type that is not Bearer"),
        (r#"{"token":""}"#, "has a token that is empty"),
    ] {
        assert_eq!(read(text).expect_err("no token"), problem, "{text}");
    }
    assert_eq!(token(b"\xff\xfe", None).expect_err("no text"), "is no text");
    assert_eq!(json(b"tok-en", None).expect_err("no JSON"), "is no JSON");
}
