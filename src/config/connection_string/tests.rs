use super::*;

fn parse(text: &str) -> ConnectionString {
    ConnectionString::parse(&Text::encode(text, Width::Two))
}

fn value(text: &str, keyword: &str) -> Option<String> {
    parse(text).get(keyword).map(|pair| pair.value.clone())
}

#[test]
fn what_is_not_changed_comes_out_unit_for_unit() {
    for text in [
        "",
        ";",
        ";;",
        "DSN=x",
        "DSN=x;",
        "DSN=x;;",
        ";DSN=x",
        "DSN=x;PWD={a;b=c}}d};",
        "junk;a=b",
        "a==b",
        "=x",
        " dsn = x ; Pwd = ",
        "a={b} c;d=e",
        "ÄÖ=日本;😀=1",
        "a={}",
        "a={}}}",
        "a={b;c",
        "a={b}};c",
    ] {
        assert_eq!(parse(text).to_text().decode(), text);
    }
}

#[test]
fn units_that_are_no_text_are_kept() {
    let text = Text { width: Width::Two, units: vec![0x61, EQUALS, 0xD800, SEMICOLON, 0xDC00] };
    assert!(ConnectionString::parse(&text).to_text() == text);
}

#[test]
fn braces_hide_semicolons_and_equals_signs_and_double_braces_stand_for_one() {
    assert_eq!(value("DSN=x;PWD={a;b=c}}d};UID=u", "pwd").as_deref(), Some("a;b=c}d"));
    assert_eq!(value("DSN=x;PWD={a;b=c}}d};UID=u", "uid").as_deref(), Some("u"));
    assert_eq!(value("PWD={}}}", "PWD").as_deref(), Some("}"));
    assert_eq!(value("PWD={}", "PWD").as_deref(), Some(""));
}

#[test]
fn the_first_of_two_is_taken_in_any_case_and_blanks_do_not_count() {
    assert_eq!(value(" dSn = one ;DSN=two", "DSN").as_deref(), Some("one"));
    assert_eq!(value("DSNX=one", "DSN"), None);
}

#[test]
fn an_unclosed_brace_is_an_error_that_names_the_keyword() {
    let text = Text::encode("DSN=x;PWD={abc", Width::One);
    let error = ConnectionString::parse(&text).check().expect_err("an error");
    assert!(error.message().contains("the value of PWD opens a brace that nothing closes"), "{error}");
    assert!(!error.message().contains("abc"));
}

#[test]
fn what_stands_behind_a_closing_brace_is_an_error_but_for_blanks() {
    for text in ["PWD={abc}x", "DSN=x;PWD={abc} UID=u;A=b", "X={}DSN=two", "PWD={a}b}"] {
        let error = parse(text).check().expect_err("an error");
        assert!(error.message().contains(" goes on behind the brace that closes it"), "{error}");
        assert!(!error.message().contains("abc"));
    }
    for text in ["PWD={abc}", "PWD={abc} ;UID=u", "PWD={a}}b};", "X={}", "PWD=a{b}c"] {
        assert!(parse(text).check().is_ok(), "{text}");
    }
}

#[test]
fn a_keyword_is_put_in_its_place_or_at_the_end_and_a_last_semicolon_stays_last() {
    for (text, expected) in [
        ("DSN=x", "DSN=x;PWD={t}}k}"),
        ("DSN=x;", "DSN=x;PWD={t}}k};"),
        (";", ";PWD={t}}k};"),
        ("DSN=x; pwd ={o;ld};UID=u;", "DSN=x;PWD={t}}k};UID=u;"),
    ] {
        let mut string = parse(text);
        string.set("PWD", "t}k", true);
        let written = string.to_text().decode();
        assert_eq!(written.trim_start_matches(';'), expected.trim_start_matches(';'), "{text}");
        assert_eq!(value(&written, "PWD").as_deref(), Some("t}k"));
    }
}

#[test]
fn a_value_gets_braces_only_where_it_needs_them() {
    let mut string = parse("");
    string.set("A", "eyJ.a-b_c", false);
    string.set("B", "a;b", false);
    string.set_text("C", &Text::encode("ü }", Width::Two), false);
    assert_eq!(string.to_text().decode(), "A=eyJ.a-b_c;B={a;b};C={ü }}}");
}
