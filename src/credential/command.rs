//! Any program that prints a token: `TokenCommand`, run without a shell.

mod words;

use super::tool::{self, Said, Tool};
use super::{Source, printed, program};
use crate::config::resolve::Config;
use crate::error::Error;
use crate::token::Token;
use crate::token::identity::Identity;
use crate::token::patience::Patience;
use std::path::PathBuf;
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

    fn who(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Source for TokenCommand {
    fn fetch(&self, patience: Patience) -> Result<Token, Error> {
        // Nobody but its owner may be able to change what is run in the name of everybody who connects.
        program::check(&self.program, program::ANY_OTHER).map_err(|problem| self.bad(&problem))?;
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
