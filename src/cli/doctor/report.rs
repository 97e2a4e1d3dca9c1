//! What doctor says: a line for each thing that it looked at.

use serde_json::{Value, json};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Ok,
    /// It works, but not as it might; or nobody can say.
    Warning,
    Failed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Failed => "failed",
        }
    }
}

/// How advice begins.
const ADVICE: &[&str] = &["add ", "correct ", "give ", "install ", "make ", "name ", "remove ", "run ", "set ", "use "];

/// One thing that was looked at. No secret and no token is ever in it.
pub struct Line {
    what: &'static str,
    state: State,
    words: String,
    /// More of the same, a line each.
    details: Vec<String>,
    /// What to do, where the words do not say it.
    next: Option<String>,
}

impl Line {
    pub fn ok(what: &'static str, words: impl Into<String>) -> Self {
        Self { what, state: State::Ok, words: words.into(), details: Vec::new(), next: None }
    }

    pub fn warning(what: &'static str, words: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: State::Warning, next: Some(next.into()), ..Self::ok(what, words) }
    }

    pub fn failed(what: &'static str, words: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: State::Failed, next: Some(next.into()), ..Self::ok(what, words) }
    }

    /// Whose words, as those of a diagnostic record, say what to do: the last sentence of each does.
    pub fn refused(what: &'static str, words: &str) -> Self {
        let words = words.trim_start_matches("[tokenshim] ");
        // Or what stands behind the last colon.
        let behind = |at: usize| ADVICE.iter().any(|verb| words[at + 2..].starts_with(verb));
        let at = words.trim_end_matches('.').rfind(". ").or_else(|| words.rfind(": ").filter(|at| behind(*at)));
        let (problem, next) = match at {
            Some(at) => (&words[..at], words[at + 2..].to_owned()),
            None => (words, "correct what this line says, then run doctor again.".to_owned()),
        };
        Self::failed(what, problem.trim_end_matches('.'), next)
    }

    pub fn with(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }

    pub fn state(&self) -> State {
        self.state
    }
}

/// The worst of all.
pub fn worst(lines: &[Line]) -> State {
    lines.iter().map(Line::state).max().unwrap_or(State::Ok)
}

/// For people.
pub fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for Line { what, state, words, details, next } in lines {
        text += &format!("{:<8} {what}: {words}\n", state.word());
        details.iter().for_each(|detail| text += &format!("           {detail}\n"));
        next.iter().for_each(|next| text += &format!("         > {next}\n"));
    }
    text
}

/// For programs.
pub fn json(name: Option<&str>, lines: &[Line]) -> Value {
    let line = |line: &Line| {
        let Line { what, state, words, details, next } = line;
        json!({"check": what, "state": state.word(), "words": words, "details": details, "next": next})
    };
    json!({"data_source": name, "state": worst(lines).word(), "checks": lines.iter().map(line).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sentence_of_a_refusal_is_the_next_step() {
        let line = Line::refused("token", "[tokenshim] idp refused the sign-in: wrong. Check TokenClientId in DSN [x].");
        assert_eq!((line.words.as_str(), line.next.as_deref()), ("idp refused the sign-in: wrong", Some("Check TokenClientId in DSN [x].")));
        assert!(Line::refused("token", "DSN [x]: TokenTimeout must be a number.").next.is_some());
        assert_eq!(text(&[line]), "failed   token: idp refused the sign-in: wrong\n         > Check TokenClientId in DSN [x].\n");
    }
}
