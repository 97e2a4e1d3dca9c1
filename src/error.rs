//! What can go wrong, and what it looks like from outside: one type, one table.
//!
//! Every message names who said no, where the setting stands, and what to change. None ever holds a token, a
//! secret, or a whole URL; text that came from somebody else (a provider, a child) goes through [`quoted`] first.

use std::fmt::Display;
use std::time::Duration;
use thiserror::Error;

/// The most bytes of a diagnostic message: both driver managers cut at 512, the NUL included.
const MESSAGE_MAX_BYTES: usize = 511;

/// What went wrong. `section` is where the reader should look: `section [X] of odbcinst.ini`, `DSN [X]`.
#[derive(Clone, Debug, Error)]
#[allow(missing_docs)] // of fields: their names say it
pub enum Error {
    /// The connection string cannot be read as one.
    #[error("the connection string is malformed: {0}.")]
    BadText(String),
    /// A setting is missing or has a value that means nothing.
    #[error("{section}: {key} {problem}.")]
    Setting { section: String, key: &'static str, problem: String },
    /// A connection string names what only an administrator may set.
    #[error("{key} may not stand in a connection string: set it in the DSN or in the driver's section of odbcinst.ini.")]
    NotInConnectionString { key: &'static str },
    /// The token would go to a host that nobody vouched for.
    #[error(
        "no token is sent to host {host}, which the connection string names: add it to TokenAllowedHosts in {section}, or fix the server in the DSN."
    )]
    HostNotAllowed { host: String, section: String },
    /// A section's secret would go to the Entra of another cloud.
    #[error(
        "the connection string names a server in the cloud of {authority}, to which this secret does not go: set TokenEndpoint in {section}, or fix the server in the DSN."
    )]
    CloudNotAllowed { authority: &'static str, section: String },
    /// A connection string sets options of the driver's that may do harm to a token.
    #[error("no token is sent with {keyword} in the connection string: {harm}. Remove it, or set it in the DSN (see {section}).")]
    OptionsNotAllowed { keyword: &'static str, harm: &'static str, section: String },
    /// A connection string names a data source beside the one whose settings count.
    #[error(
        "no token is sent where the connection string names {keyword} {name} beside its first DSN or DRIVER: drivers differ on which they read. Name one."
    )]
    SecondDataSource { keyword: &'static str, name: String },
    /// The token would travel in the clear, or to a server that nobody checked.
    #[error(
        "no token is sent with {setting}: it could be read on its way. Remove that setting, or allow it with TokenAllowUnencrypted=yes in {section}."
    )]
    Unencrypted { setting: String, section: String },
    /// The partner guide's own words, "Identify Databricks is in which cloud".
    #[error(
        "Service Principal not supported for Databricks in this Cloud ({host}). Set TokenEndpoint in {section} if this host has a token endpoint."
    )]
    CloudNotSupported { host: String, section: String },
    /// The driver surely encrypts only where it is told to, and nobody told it.
    #[error(
        "no token is sent without encryption, which this driver uses only where {keyword} asks for it: set {keyword}={value} in the DSN, or allow it with TokenAllowUnencrypted=yes in {section}."
    )]
    EncryptionUnset { keyword: &'static str, value: &'static str, section: String },
    /// The real driver cannot be had.
    #[error("{0}")]
    DriverNotLoaded(String),
    /// The real driver has no function that the delivery needs.
    #[error(
        "the real driver {driver} has no {function}, which handing over a token needs: use a newer driver, or another TokenProfile in {section}."
    )]
    DriverLacks { driver: String, function: &'static str, section: String },
    /// The provider, or a tool that signs in, said no. `advice` has `{section}` where that belongs.
    #[error("{who} refused the sign-in: {words}. {}", placed(advice, section))]
    SignInRefused { who: String, words: String, advice: &'static str, section: String },
    /// A tool has no sign-in any more, or has none yet; `command` is what to type.
    #[error("{who} refused the sign-in: {words}. Run '{command}' as the user that this application runs as.")]
    NotSignedIn { who: String, words: String, command: String },
    /// Somebody has to sign in, and must not be asked.
    #[error(
        "{problem}, and this connect may not ask anybody. Sign in once with 'tokenshim login <DSN>' as this application's user, or set TokenPrompt=yes in {section}."
    )]
    SignInNeeded { problem: String, section: String },
    /// Somebody may have signed in, but it cannot be read just now.
    #[error("the sign-in that is kept cannot be read just now: {problem}. Connect again when it can be; nobody has to sign in anew for it.")]
    SignInUnreadable { problem: String },
    /// The provider could not be reached, or is out of order; `advice` as above. Where another try may help,
    /// `again_after` says after how long.
    #[error("cannot get a token from {who}: {words}. {}", placed(advice, section))]
    ProviderUnreachable { who: String, words: String, advice: &'static str, section: String, again_after: Option<Duration> },
    /// A renewal failed just now, and the next may not come yet. No application reads this: for a renewal nobody waits.
    #[error("the next renewal is due later.")]
    NotYet { after: Duration },
    /// The time for getting a token is over.
    #[error("{who} gave no token within {seconds} s. Raise TokenTimeout in {section}, or the application's login timeout if that is shorter.")]
    TooSlow { who: String, seconds: u64, section: String },
    /// The provider, or a tool, answered something that is no token.
    #[error("{who} answered, but not with a token: {problem}. Check {key} in {section}.")]
    BadReply { who: String, problem: String, key: &'static str, section: String },
    /// A tool that signs in cannot be started.
    #[error("{section}: TokenSource={name} needs the program {program}, which {problem}.")]
    NoProgram { section: String, name: &'static str, program: &'static str, problem: String },
    /// No source of a chain is set up; `reasons` has what each lacks.
    #[error("none of TokenSource={chain} is set up: {reasons}. See {section}.")]
    NothingSetUp { chain: String, reasons: String, section: String },
    /// The first source of a chain that is set up gave no token.
    #[error("{link}, the first of TokenSource={chain} that is set up: {error}")]
    OfChain { link: &'static str, chain: String, error: Box<Error> },
    /// The driver's complete connection string did not fit the application's buffer (ODBC: SQLDriverConnect, 01004).
    #[error("String data, right truncated: the completed connection string is longer than the buffer.")]
    OutTextTruncated,
    /// An attribute whose value holds the token, asked for in a way that leaves no room to take it out.
    #[error("this attribute holds the token, which is not shown: use SQLGetConnectAttr.")]
    Hidden,
    /// The system gives no random numbers; `what` cannot be done without.
    #[error("the system has no random numbers, which {what} needs: see that this process may call getrandom(2) or read /dev/urandom.")]
    NoRandomNumbers { what: &'static str },
    /// An open connection cannot have another token.
    #[error("this connection keeps the token that it has: {reason}. A new connection gets a newer one (see {section}).")]
    KeepsItsToken { reason: &'static str, section: String },
    /// The application asked for a newer token, and there is none yet.
    #[error("{who} gave the token again that this connection has: there is no newer one yet. See {section}.")]
    NothingNewer { who: String, section: String },
    /// The real driver did not take a token for an open connection.
    #[error("the driver did not take the newer token, and the connection keeps the one that it has: {words}.")]
    NotTaken { words: String },
    /// Another thread is at it, and does not come to an end.
    #[error("another thread is just closing this connection, or giving it a token: try again.")]
    InOtherHands,
    /// An attribute's value that does not fit in the room for it.
    #[error("the value of this attribute has {needed} bytes, and BufferLength says {room}: pass the address of an int64_t, and its size.")]
    NoRoom { needed: usize, room: i32 },
    /// An account's application was not registered.
    #[error("{who} registered no application: {words}. {advice}")]
    NotRegistered { who: String, words: String, advice: &'static str, sqlstate: &'static str },
    /// A defect of tokenshim's own.
    #[error("internal error in {0}; the connection was not opened. Please report it.")]
    Panicked(&'static str),
}

impl Error {
    /// A setting that is missing or means nothing; `problem` goes on where "`section`: `key`" ends.
    pub fn bad(section: impl Display, key: &'static str, problem: impl Into<String>) -> Self {
        Error::Setting { section: section.to_string(), key, problem: problem.into() }
    }

    /// The SQLSTATE of this error's one diagnostic record (ODBC, Appendix A).
    pub fn sqlstate(&self) -> &'static str {
        use Error::*;
        match self {
            BadText(_)
            | Setting { .. }
            | BadReply { .. }
            | NoProgram { .. }
            | SignInUnreadable { .. }
            | NothingSetUp { .. }
            | NoRandomNumbers { .. }
            | Panicked(_) => "HY000",
            OfChain { error, .. } => error.sqlstate(),
            NotRegistered { sqlstate, .. } => sqlstate,
            NotInConnectionString { .. }
            | HostNotAllowed { .. }
            | CloudNotAllowed { .. }
            | OptionsNotAllowed { .. }
            | SecondDataSource { .. }
            | Unencrypted { .. }
            | EncryptionUnset { .. }
            | CloudNotSupported { .. }
            | SignInRefused { .. }
            | NotSignedIn { .. }
            | SignInNeeded { .. } => "28000",
            DriverNotLoaded(_) => "IM003",
            DriverLacks { .. } => "IM001",
            ProviderUnreachable { .. } | NotYet { .. } => "08001",
            TooSlow { .. } => "HYT00",
            OutTextTruncated => "01004",
            Hidden | KeepsItsToken { .. } => "HYC00",
            NothingNewer { .. } | NotTaken { .. } => "HY000",
            InOtherHands => "HY010",
            NoRoom { .. } => "HY090",
        }
    }

    /// After how long another try may help, where it may.
    pub fn again_after(&self) -> Option<Duration> {
        match self {
            Error::ProviderUnreachable { again_after, .. } => *again_after,
            Error::NotYet { after } => Some(*after),
            Error::TooSlow { .. } => Some(Duration::ZERO),
            Error::OfChain { error, .. } => error.again_after(),
            _ => None,
        }
    }

    /// The same, told to somebody whose settings stand in `place`: what getting a token came to is shared by all who wait
    /// for it, and each has a section of his own.
    pub fn told_in(mut self, place: &str) -> Self {
        use Error::*;
        if let OfChain { link, chain, error } = self {
            return OfChain { link, chain, error: Box::new(error.told_in(place)) };
        }
        match &mut self {
            Setting { section, .. }
            | SignInRefused { section, .. }
            | ProviderUnreachable { section, .. }
            | TooSlow { section, .. }
            | SignInNeeded { section, .. }
            | BadReply { section, .. }
            | NothingSetUp { section, .. }
            | NoProgram { section, .. } => place.clone_into(section),
            _ => {}
        }
        self
    }

    /// The record's text: `[tokenshim] …`, on one line, under 512 bytes.
    pub fn message(&self) -> String {
        cut(&format!("[tokenshim] {self}"), MESSAGE_MAX_BYTES)
    }
}

fn placed(advice: &str, section: &str) -> String {
    advice.replace("{section}", section)
}

/// Somebody else's words, fit to be shown: one line, at most 200 bytes, each of `secrets` masked, as is
/// anything that looks like a JSON web token.
pub fn quoted(words: &str, secrets: &[&str]) -> String {
    let mut words = words.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        words = words.replace(secret, "***");
    }
    let words: Vec<&str> = words
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if word.contains("eyJ") { "***" } else { word })
        .collect();
    let words = words.join(" ");
    cut(words.trim_end_matches(['.', ' ']), 200)
}

/// `text`, cut before `max` bytes at a character's edge, with an ellipsis where something was cut.
fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = (0..=max - 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_under_512_bytes_and_ends_at_a_character() {
        let message = Error::BadText("ä".repeat(900)).message();
        assert!(message.len() < 512, "{}", message.len());
        assert!(message.ends_with("ä..."), "{message}");
    }

    #[test]
    fn quoted_words_hold_no_secret_no_token_and_no_line_break() {
        let words = "client s3cr3t\nis wrong: eyJhbGciOi.eyJzdWIi.c2ln (AADSTS7000215).";
        assert_eq!(quoted(words, &["s3cr3t"]), "client *** is wrong: *** (AADSTS7000215)");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(quoted("as it is", &[""]), "as it is");
    }

    #[test]
    fn an_error_that_several_share_names_each_ones_own_section() {
        let (who, words, section) = ("idp".to_owned(), "HTTP 400".to_owned(), "DSN [first]".to_owned());
        let busy = Error::ProviderUnreachable {
            who: who.clone(),
            words: words.clone(),
            advice: "Check {section}.",
            section: section.clone(),
            again_after: None,
        };
        let refused = Error::SignInRefused { who, words, advice: "Check TokenScope in {section}.", section };
        for (error, told) in [
            (refused, "idp refused the sign-in: HTTP 400. Check TokenScope in DSN [other]."),
            (busy, "cannot get a token from idp: HTTP 400. Check DSN [other]."),
            (Error::bad("DSN [first]", "TokenProxy", "is no proxy URL"), "DSN [other]: TokenProxy is no proxy URL."),
        ] {
            assert_eq!(error.told_in("DSN [other]").message(), format!("[tokenshim] {told}"));
        }
    }

    #[test]
    fn the_cloud_error_has_the_partner_guides_words() {
        let error = Error::CloudNotSupported { host: "h".into(), section: "DSN [x]".into() };
        assert!(error.message().contains("Service Principal not supported for Databricks in this Cloud"));
        assert_eq!(error.sqlstate(), "28000");
    }
}
