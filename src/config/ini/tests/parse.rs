//! The text of one file.

use std::path::Path;

use super::super::{
    parse::{Rules, parse},
    section::Section,
};

/// Sections, keys and values, written `[name] key=value key=value`.
fn read(text: impl AsRef<[u8]>, rules: Rules) -> Option<String> {
    let line = |section: &Section| {
        let entries = section.entries().map(|(key, value)| format!(" {key}={value}"));
        format!("[{}]{}", section.name, entries.collect::<String>())
    };
    Some(parse(text.as_ref(), rules, Path::new("/x"))?.iter().map(line).collect::<Vec<_>>().join(" "))
}

#[test]
fn each_driver_manager_reads_a_line_in_its_own_way() {
    #[rustfmt::skip]
    let cases: &[(&str, &[u8], &str, &str, &str)] = &[
        // what                                 text                       unixODBC         added to another   iODBC
        ("spaces round names and values go",    b"[ x ]\na \t=  b \t\n",    "[x] a=b",       "[x] a=b",         "[x] a=b"),
        ("lines may end as in DOS",             b"[x]\r\na=b\r\n",          "[x] a=b",       "[x] a=b",         "[x] a=b"),
        ("the last line may lack its end",      b"[x]\na=b",                "[x] a=b",       "[x] a=b",         "[x] a=b"),
        ("so iODBC keeps its blanks",           b"[x]\na=b ",               "[x] a=b",       "[x] a=b",         "[x] a=b "),
        ("empty lines mean nothing",            b"\n \n[x]\n\n \na=b\n",    "[x] a=b",       "[x] a=b",         "[x] a=b"),
        ("comments mean nothing",               b"#a\n;b\n[x]\n#c=d\n;e=f", "[x]",           "[x]",             "[x]"),
        ("a value may hold equals signs",       b"[x]\na=b=c",              "[x] a=b=c",     "[x] a=b=c",       "[x] a=b=c"),
        ("braces are kept",                     b"[x]\na={b;c}",            "[x] a={b;c}",   "[x] a={b;c}",     "[x] a={b;c}"),
        ("quotes are kept in values",           b"[x]\na=\"b\"",            "[x] a=\"b\"",   "[x] a=\"b\"",     "[x] a=\"b\""),
        ("quotes in keys bother iODBC",         b"[x]\n\"a\"=b",            "[x] \"a\"=b",   "[x]",             "[x] a=b"),
        ("comment after a value",               b"[x]\na=b ;c\n",           "[x] a=b ;c",    "[x] a=b ;c",      "[x] a=b"),
        ("no comment without a blank",          b"[x]\na=b;c\n",            "[x] a=b;c",     "[x] a=b;c",       "[x] a=b;c"),
        ("no comment in quotes",                b"[x]\na='b ;c'\n",         "[x] a='b ;c'",  "[x] a='b ;c'",    "[x] a='b ;c'"),
        ("a comment instead of a value",        b"[x]\na=#b\n",             "[x] a=#b",      "[x] a=#b",        "[x] a="),
        ("an indented key",                     b"[x]\n a=b\n",             "[x] a=b",       "[x]",             "[x]"),
        ("an indented section",                 b"[x]\n [y]\na=b\n",        "[x] [y] a=b",   "[x] a=b",         "[x] [y] a=b"),
        ("a key that is no word",               b"[x]\n_a=b\n",             "[x] _a=b",      "[x]",             "[x] _a=b"),
        ("a key without a value",               b"[x]\na\nb=\n",            "[x] a= b=",     "[x] a= b=",       "[x] b="),
        ("a bracket that is not closed",        b"[x\na=b\n",               "[x] a=b",       "[x] a=b",         ""),
        ("something after the bracket",         b"[x] y\na=b\n",            "[x] a=b",       "[x] a=b",         "[x] a=b"),
        ("the first of two sections counts",    b"[x]\na=b\n[X]\na=c\nd=e", "[x] a=b",       "[x] a=b",         "[x] a=b"),
        ("the first of two keys counts",        b"[x]\na=b\nA=c\n",         "[x] a=b",       "[x] a=b",         "[x] a=b"),
        ("a NUL ends a line, or all of it",     b"[x]\na=b\0c\nd=e\n",      "[x] a=b d=e",   "[x] a=b d=e",     "[x] a=b"),
        ("what is no UTF-8 is Latin-1",          b"[x]\na=\xff\n",           "[x] a=\u{ff}",  "[x] a=\u{ff}",    "[x] a=\u{ff}"),
        ("an empty file",                       b"",                        "",              "",                ""),
    ];
    for (what, text, unix_odbc, added, iodbc) in cases {
        assert_eq!(read(text, Rules::UnixOdbc).as_deref(), Some(*unix_odbc), "{what}");
        assert_eq!(read(text, Rules::UnixOdbcAdded).as_deref(), Some(*added), "{what}, added");
        assert_eq!(read(text, Rules::Iodbc).as_deref(), Some(*iodbc), "{what}, iODBC");
    }
}

#[test]
fn unix_odbc_refuses_a_file_that_does_not_begin_with_a_section() {
    for text in ["a=b\n[x]\nc=d\n", " [x]\nc=d\n", "\u{feff}[x]\nc=d\n"] {
        assert_eq!(read(text, Rules::UnixOdbc), None, "{text}");
        assert_eq!(read(text, Rules::UnixOdbcAdded), None, "{text}");
    }
    assert_eq!(read("a=b\n [x]\nc=d\n", Rules::Iodbc).as_deref(), Some("[x] c=d"));
}

#[test]
fn unix_odbc_takes_what_is_beyond_999_bytes_for_another_line() {
    let value = "v".repeat(997);
    let text = format!("[x]\na={value}b=c\n");
    assert_eq!(read(&text, Rules::UnixOdbc), Some(format!("[x] a={value} b=c")));
    assert_eq!(read(&text, Rules::Iodbc), Some(format!("[x] a={value}b=c")));
}
