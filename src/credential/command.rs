//! Any program that prints a token: `TokenCommand`, run without a shell.

mod words;

use super::tool::{self, Said, Tool};
use super::{Source, printed};
use crate::config::resolve::Config;
use crate::error::Error;
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Variables that say nothing of who signs in: those of the shell that started the process.
const NO_MATTER: &[&str] = &["_", "SHLVL", "PWD", "OLDPWD"];

/// A program and its arguments.
pub struct TokenCommand {
    config: Arc<Config>,
    program: PathBuf,
    arguments: Vec<String>,
}

impl TokenCommand {
    /// # Errors
    /// `TokenCommand` is missing, or names no program by its full path.
    pub fn of(config: Arc<Config>) -> Result<Self, Error> {
        let bad = |problem: String| Error::bad(&config.section, "TokenCommand", problem);
        let line = config.command.as_deref().ok_or_else(|| bad("is missing, which command needs".into()))?;
        let mut words = words::split(line).map_err(bad)?.into_iter();
        let program = PathBuf::from(words.next().unwrap_or_default());
        if !program.is_absolute() {
            return Err(bad(format!("must begin with the full path of a program, which {} is not", program.display())));
        }
        Ok(Self { arguments: words.collect(), program, config })
    }

    fn bad(&self, problem: &str) -> Error {
        Error::bad(&self.config.section, "TokenCommand", format!("names {}, which {problem}", self.program.display()))
    }

    /// Nobody but its owner may be able to change what is run in the name of everybody who connects.
    fn check_program(&self) -> Result<(), Error> {
        let unreadable = |error| self.bad(&format!("cannot be run: {error}"));
        let about = self.program.metadata().map_err(unreadable)?;
        if !about.is_file() || about.mode() & 0o111 == 0 {
            return Err(self.bad("is no program that can be run"));
        }
        if about.mode() & 0o022 != 0 {
            let problem = format!("others than its owner can change (mode {:03o}): run chmod go-w on it", about.mode() & 0o777);
            return Err(self.bad(&problem));
        }
        let real = self.program.canonicalize().map_err(unreadable)?;
        match real.ancestors().skip(1).find(|folder| may_be_replaced_in(folder)) {
            Some(folder) => Err(self.bad(&format!("everybody can replace: run chmod o-w on {}", folder.display()))),
            None => Ok(()),
        }
    }

    fn who(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Whether everybody may rename files in `folder`. Where it is sticky, as `/tmp`, each may those of his own.
fn may_be_replaced_in(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|about| about.mode() & 0o1002 == 0o002)
}

impl Source for TokenCommand {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        self.check_program()?;
        let who = self.who();
        let tool = Tool { who: &who, typed: "the command", key: "TokenCommand", config: &self.config };
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let started = SystemTime::now();
        match tool.run(&self.program, &arguments, &[], patience.deadline, |problem| self.bad(&problem))? {
            Said::Printed(stdout) => printed::token(&stdout, Some(started)).map_err(|problem| tool.bad_reply(&format!("what it printed {problem}"))),
            Said::Failed(stderr, status) => {
                let words = match tool::last_words(&stderr) {
                    words if words.is_empty() => tool::exit_status(status),
                    words => format!("{}, {words}", tool::exit_status(status)),
                };
                let advice = "See what TokenCommand in {section} prints as the user that this application runs as.";
                Err(Error::SignInRefused { who, words, advice, section: self.config.section.clone() })
            }
        }
    }

    /// What such a program does may depend on any variable, such as AWS_PROFILE; and it may be written anew.
    fn identity(&self) -> Identity {
        let set = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            !name.starts_with("LD_") && !NO_MATTER.contains(&name.as_ref())
        });
        let mut set: Vec<String> = set.map(|variable| format!("{variable:?}")).collect();
        set.sort();
        let changed = tool::changed(&self.program);
        let parts = [Some("command"), self.config.command.as_deref(), Some(&changed)];
        Identity::of(&parts.into_iter().chain(set.iter().map(|variable| Some(variable.as_str()))).collect::<Vec<_>>())
    }

    fn is_current(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.identity() == *identity)
    }

    fn who(&self) -> String {
        self.who()
    }
}
