//! What there is to say: one table of events, with their names, their levels and the fields that each may have.

/// `TokenLogLevel`: how much is said. Each says what those before it say, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A connect or a call was refused.
    Error,
    /// Something went wrong beside a connect or a call that succeeds.
    Warning,
    /// One line for each thing that was done.
    Info,
    /// And what it was done by.
    Debug,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// The one of this name, in any case.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the table says what each means
pub enum Event {
    Refused,
    Warning,
    RenewalFailed,
    Settings,
    Source,
    Chain,
    Request,
    Retry,
    Program,
    Asked,
    Fetched,
    Token,
    Delivery,
    Connect,
    TokenRefused,
    HandOver,
    Files,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// Which it is.
    pub event: Event,
    /// As it is written.
    pub name: &'static str,
    /// From which level on it is said.
    pub level: Level,
    /// What may be told of it, in this order.
    pub fields: &'static [&'static str],
}

const fn row(event: Event, name: &'static str, level: Level, fields: &'static [&'static str]) -> Row {
    Row { event, name, level, fields }
}

/// Every event, in the order of their declaration.
#[rustfmt::skip]
pub const EVENTS: &[Row] = &[
    row(Event::Refused,       "refused",        Level::Error,   &["sqlstate", "words"]),
    row(Event::Warning,       "warning",        Level::Warning, &["words"]),
    row(Event::RenewalFailed, "renewal-failed", Level::Warning, &["source", "milliseconds", "words"]),
    row(Event::Settings,      "settings",       Level::Info,    &["sections", "keys"]),
    row(Event::Source,        "source",         Level::Info,    &["source", "who", "profile", "driver", "place"]),
    row(Event::Chain,         "chain",          Level::Info,    &["chain", "chosen", "skipped"]),
    row(Event::Request,       "request",        Level::Info,    &["method", "host", "path", "status", "milliseconds", "problem"]),
    row(Event::Retry,         "retry",          Level::Info,    &["host", "failures", "wait_milliseconds"]),
    row(Event::Program,       "program",        Level::Info,    &["program", "milliseconds", "exit_status", "problem"]),
    row(Event::Asked,         "asked",          Level::Info,    &["who"]),
    row(Event::Fetched,       "fetched",        Level::Info,    &["from", "source", "renewal", "milliseconds", "expires", "life_seconds"]),
    row(Event::Token,         "token",          Level::Info,    &["kept", "expires", "life_seconds"]),
    row(Event::Delivery,      "delivery",       Level::Info,    &["set", "removed", "attribute"]),
    row(Event::Connect,       "connect",        Level::Info,    &["code", "milliseconds"]),
    row(Event::TokenRefused,  "token-refused",  Level::Info,    &["code"]),
    row(Event::HandOver,      "hand-over",      Level::Info,    &["by", "outcome", "expires", "life_seconds"]),
    row(Event::Files,         "files",          Level::Debug,   &["files"]),
];

impl Event {
    /// Its row.
    pub const fn row(self) -> &'static Row {
        &EVENTS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_a_row_and_each_name_stands_once() {
        for (place, row) in EVENTS.iter().enumerate() {
            assert_eq!((row.event as usize, row.event.row().name), (place, row.name));
            assert!(EVENTS[..place].iter().all(|other| other.name != row.name), "{}", row.name);
        }
    }

    #[test]
    fn each_level_says_what_those_before_it_say() {
        assert!(Level::ALL.is_sorted());
        assert_eq!(["Error", "WARNING", "info", "debug"].map(Level::of), Level::ALL.map(Some));
        assert_eq!(Level::of("trace"), None);
    }
}
