//! A command line, split into words as `sh` splits it, but for what a shell would do besides: that is refused, since there is none.

/// The words of `line`: blanks part them. Single quotes keep all as it is, double quotes all but `\`, which there as elsewhere takes
/// the next character for itself.
///
/// # Errors
/// What a shell would take for more than text, in words that go on where the key ends.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let means =
        |what: &str| format!("has {what}, which means something to a shell only, and none runs it: put it in single quotes, or name a script");
    let mut words = Vec::new();
    // A word that is begun, even where it is still empty.
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => quoted(&mut rest, word.get_or_insert_default())?,
            '"' => double_quoted(&mut rest, word.get_or_insert_default(), &means)?,
            '\\' => word.get_or_insert_default().push(rest.next().ok_or("ends with a \\")?),
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '\n' | '\r' => return Err(means(&c.escape_default().to_string())),
            '~' | '#' if word.is_none() => return Err(means(&format!("a word that begins with {c}"))),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    for c in rest {
        if c == '\'' {
            return Ok(());
        }
        word.push(c);
    }
    Err("opens a single quote that nothing closes".into())
}

fn double_quoted(rest: &mut std::str::Chars<'_>, word: &mut String, means: &impl Fn(&str) -> String) -> Result<(), String> {
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(()),
            '$' | '`' => return Err(means(&format!("{c} in double quotes"))),
            '\\' => match rest.next() {
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                Some(c) => word.extend(['\\', c]),
                None => break,
            },
            c => word.push(c),
        }
    }
    Err("opens a double quote that nothing closes".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn blanks_part_words_and_quotes_keep_them_together() {
        for (line, words) in [
            ("", &[][..]),
            (" \t ", &[]),
            ("/bin/a", &["/bin/a"]),
            ("  /bin/a  b\tc ", &["/bin/a", "b", "c"]),
            (r#"/bin/a "b c" 'd e' f" g"'h i'"#, &["/bin/a", "b c", "d e", "f gh i"]),
            (r#"/bin/a "" ''"#, &["/bin/a", "", ""]),
            (r#"/bin/a \"b\ c "\"d\" \e \\" '\f"'"#, &["/bin/a", "\"b c", r#""d" \e \"#, r#"\f""#]),
            (
                "/bin/a a~b c#d 'x|y' \"a&b;c\" '$HOME' \\$x {a,b} * ? [a] ! a=b %",
                &["/bin/a", "a~b", "c#d", "x|y", "a&b;c", "$HOME", "$x", "{a,b}", "*", "?", "[a]", "!", "a=b", "%"],
            ),
        ] {
            assert_eq!(split(line).expect(line), words, "{line}");
        }
    }

    #[test]
    fn what_only_a_shell_could_do_is_refused() {
        for (line, problem) in [
            ("/bin/a | /bin/b", "has |, which"),
            ("/bin/a b&c", "has &, which"),
            ("/bin/a; /bin/b", "has ;, which"),
            ("/bin/a 2>/dev/null", "has >, which"),
            ("/bin/a <b", "has <, which"),
            ("/bin/a $(b)", "has $, which"),
            ("/bin/a $HOME", "has $, which"),
            ("/bin/a `b`", "has `, which"),
            ("(/bin/a)", "has (, which"),
            ("/bin/a\n/bin/b", "has \\n, which"),
            ("/bin/a \"$HOME\"", "has $ in double quotes, which"),
            ("/bin/a \"`b`\"", "has ` in double quotes, which"),
            ("~/bin/a", "has a word that begins with ~, which"),
            ("/bin/a # b", "has a word that begins with #, which"),
            ("/bin/a \"b", "opens a double quote that nothing closes"),
            ("/bin/a \"b\\", "opens a double quote that nothing closes"),
            ("/bin/a 'b", "opens a single quote that nothing closes"),
            ("/bin/a \\", "ends with a \\"),
        ] {
            let found = split(line).expect_err(line);
            assert!(found.starts_with(problem), "{line}: {found}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn sh_splits_whatever_is_accepted_into_the_same_words(line in "[ab/ \t\"'\\\\|&$~#=*{}!;<>()`é-]{0,24}") {
            if let Ok(words) = split(&format!("/x {line}")) {
                let script = format!("set -f; printf '%s\\0' {line}");
                let shell = Command::new("sh").args(["-c", &script]).output().expect("sh");
                let mut printed: Vec<&[u8]> = shell.stdout.split(|byte| *byte == 0).collect();
                prop_assert_eq!(printed.pop(), Some(&b""[..]));
                if words.len() == 1 { // printf without an argument prints one NUL
                    prop_assert_eq!(printed, vec![&b""[..]]);
                } else {
                    prop_assert_eq!(printed, words[1..].iter().map(String::as_bytes).collect::<Vec<_>>());
                }
            }
        }
    }
}
