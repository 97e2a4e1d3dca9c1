//! What programs that sign in have in common: how one is run, and what a reader is told where it gave no token.

use super::child::{self, Failure, Output};
use crate::config::resolve::Config;
use crate::error::{Error, quoted};
use crate::log::Event;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Instant;
use zeroize::Zeroizing;

/// A program, as messages speak of it.
pub struct Tool<'a> {
    /// Its name.
    pub who: &'a str,
    /// What somebody types to see what it prints.
    pub typed: &'a str,
    /// The key that names it.
    pub key: &'static str,
    /// Whose sign-in it makes.
    pub config: &'a Config,
}

/// How it ended.
pub enum Said {
    /// As far as anybody can tell, all went well: this is what it printed.
    Printed(Zeroizing<Vec<u8>>),
    /// It failed: its words for a person, and its exit status, where the host left that to us.
    Failed(String, Option<i32>),
}

impl Tool<'_> {
    /// Runs `program`, which is this tool's file, and hears what it says. `not_started` makes an error of why it cannot be started.
    ///
    /// # Errors
    /// That one; or it took too long, printed too much, or was killed.
    pub fn run(
        &self,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        deadline: Instant,
        not_started: impl FnOnce(String) -> Error,
    ) -> Result<Said, Error> {
        let begun = Instant::now();
        let ended = child::run(program, arguments, environment, deadline);
        // Its arguments may hold a secret.
        self.config.log.say(Event::Program, |line| {
            line.text("program", program.display()).milliseconds("milliseconds", begun.elapsed());
            match &ended {
                Ok(output) => line.text("exit_status", output.status.map_or("unknown".into(), |status| status.to_string())),
                Err(Failure::NotStarted(error)) => line.text("problem", error),
                Err(Failure::TooSlow) => line.text("problem", "no end in time"),
                Err(Failure::TooMuch) => line.text("problem", "it printed more than 1 MiB"),
            };
        });
        let output = ended.map_err(|failure| match failure {
            Failure::NotStarted(error) => not_started(format!("cannot be started: {error}")),
            Failure::TooSlow => Error::TooSlow { who: self.who.into(), seconds: self.config.timeout.as_secs(), section: self.config.section.clone() },
            Failure::TooMuch => self.bad_reply("it printed more than 1 MiB"),
        })?;
        match output {
            Output { status: Some(status), .. } if let Some(signal) = status.signal() => {
                Err(self.bad_reply(&format!("it was ended by signal {signal}")))
            }
            Output { status: Some(status), stderr, .. } if !status.success() => Ok(Said::failed(&stderr, status.code())),
            // Where the host took the status away, what was printed decides.
            Output { status: None, stdout, stderr } if stdout.is_empty() => Ok(Said::failed(&stderr, None)),
            Output { stdout, .. } => Ok(Said::Printed(stdout)),
        }
    }

    /// It printed something else than a token.
    pub fn bad_reply(&self, problem: &str) -> Error {
        let problem = format!("{problem}; see what {} prints as the user that this application runs as", self.typed);
        Error::BadReply { who: self.who.into(), problem, key: self.key, section: self.config.section.clone() }
    }
}

impl Said {
    fn failed(stderr: &[u8], status: Option<i32>) -> Self {
        Said::Failed(String::from_utf8_lossy(stderr).into_owned(), status)
    }
}

/// `exit status 1`
pub fn exit_status(status: Option<i32>) -> String {
    format!("exit status {}", status.map_or("unknown".into(), |status| status.to_string()))
}

/// What a program says of its failure, fit to be shown: from its last line that begins with `error` on, else all of it where
/// that is short, else the last line, for before it stand warnings and tracebacks. Empty where it says nothing.
pub fn last_words(stderr: &str) -> String {
    const SHORT: usize = 200;
    let begins = |line: &str| line.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"));
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = match lines.iter().rposition(|line| begins(line)) {
        Some(error) => error,
        None if stderr.trim().len() <= SHORT && !stderr.contains("Traceback (most recent call last)") => 0,
        None => lines.len() - 1,
    };
    let words = lines[from.min(lines.len())..].join(" ");
    let words = words.trim();
    quoted(if begins(words) { words[5..].strip_prefix(':').unwrap_or(words) } else { words }, &[])
}

/// What tells a file from what it was before, such as one in which a tool keeps who is signed in.
pub fn changed(file: &Path) -> String {
    file.metadata().map_or_else(|_| "none".into(), |about| format!("{} {} {}", about.ino(), about.mtime(), about.mtime_nsec()))
}

/// The PATH, as part of an identity: another one may lead to another program.
pub fn path() -> Option<String> {
    std::env::var_os("PATH").map(|path| format!("{path:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_failure_begin_where_the_program_says_error() {
        let long = "a line of a traceback\n".repeat(20);
        for (stderr, words) in [
            ("Warn: no metadata\nError: cache: nobody is signed in\n", "cache: nobody is signed in"),
            ("Error: the refresh token is invalid:\n  $ databricks auth login\n", "the refresh token is invalid: $ databricks auth login"),
            ("ERROR: (gcloud.auth) no account.\nPlease run:\n\n  $ gcloud auth login\n", "(gcloud.auth) no account. Please run: $ gcloud auth login"),
            ("error from somewhere", "error from somewhere"),
            ("\nUnable to locate credentials.\nRun \"aws login\".\n", "Unable to locate credentials. Run \"aws login\""),
            (&format!("{long}ValueError: y\n"), "ValueError: y"),
            ("Traceback (most recent call last):\n  File \"x\", line 1\nValueError: y\n", "ValueError: y"),
            ("WARNING: x\nERROR: Please run 'az login' to setup account.\n", "Please run 'az login' to setup account"),
            ("", ""),
            ("\n \n", ""),
            ("ö", "ö"),
        ] {
            assert_eq!(last_words(stderr), words, "{stderr:?}");
        }
    }
}
