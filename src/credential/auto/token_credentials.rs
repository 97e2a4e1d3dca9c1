//! `AZURE_TOKEN_CREDENTIALS`, by which a process of azure-identity's says which credentials its default chain has: here as well, of
//! the links that settings do not name.

use crate::environment;

const NAME: &str = "AZURE_TOKEN_CREDENTIALS";

/// Its words, as azure-identity 1.27 has them, each with the links that it leaves. It has no device code, and does not know
/// Databricks' CLI: these are a developer's, like their neighbours.
const WORDS: &[(&str, &[&str])] = &[
    ("dev", &["azure-cli", "databricks-cli", "authorization-code", "device-code"]),
    ("prod", &["environment", "workload-identity", "managed-identity"]),
    ("EnvironmentCredential", &["environment"]),
    ("WorkloadIdentityCredential", &["workload-identity"]),
    ("ManagedIdentityCredential", &["managed-identity"]),
    ("AzureCliCredential", &["azure-cli"]),
    ("InteractiveBrowserCredential", &["authorization-code"]),
];

/// What it leaves of a chain.
#[derive(Debug)]
pub struct Left(Option<&'static (&'static str, &'static [&'static str])>);

impl Left {
    /// All.
    pub const ALL: Self = Self(None);

    /// As the environment says now.
    ///
    /// # Errors
    /// Its key, and what is wrong with it.
    pub fn now() -> Result<Self, (&'static str, String)> {
        environment::text(NAME).map_or(Ok(Self::ALL), |word| Self::of(&word))
    }

    fn of(word: &str) -> Result<Self, (&'static str, String)> {
        let word = word.trim();
        let row = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let names = || WORDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        match row {
            None if !word.is_empty() => Err((NAME, format!("in the environment is none of {}: unset it, or name sources in TokenSource", names()))),
            row => Ok(Self(row)),
        }
    }

    /// Whether a link is among what is left: each is that no word speaks of.
    pub fn has(&self, link: &str) -> bool {
        let speaks = |(_, links): &(&str, &[&str])| links.contains(&link);
        self.0.is_none_or(|row| speaks(row) || !WORDS.iter().any(speaks))
    }

    /// `chain`, and what made it shorter.
    pub fn named(&self, chain: &str) -> String {
        self.0.map_or_else(|| chain.to_owned(), |(word, _)| format!("{chain} with {NAME}={word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::links::LINKS;
    use super::*;

    fn left(word: &str) -> Vec<&'static str> {
        let left = Left::of(word).expect(word);
        LINKS.iter().map(|link| link.name).filter(|link| left.has(link)).collect()
    }

    #[test]
    fn each_word_leaves_its_links_and_those_that_settings_name() {
        let settings = ["client-credentials", "command", "file", "env", "callback"];
        for (word, links) in WORDS {
            assert_eq!(left(&format!(" {} ", word.to_uppercase())), [&settings[..], *links].concat(), "{word}");
        }
        assert_eq!(left("").len(), LINKS.len());
    }

    #[test]
    fn a_word_of_a_credential_that_is_not_here_is_refused() {
        for word in ["AzurePowerShellCredential", "production", "dev,prod", "azure-cli"] {
            let (key, problem) = Left::of(word).expect_err(word);
            assert!(key == NAME && problem.contains("none of dev, prod, EnvironmentCredential") && !problem.contains(word), "{problem}");
        }
    }
}
