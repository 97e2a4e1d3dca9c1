//! One line: what is told of an event, as text or as a JSON object.

use super::event::Event;
use serde_json::Value;
use std::fmt::{Display, Write};
use std::time::{Duration, SystemTime};

/// A pipe takes so much at once or nothing at all, and no other process's line comes between (pipe(7), PIPE_BUF).
const LINE_MAX_BYTES: usize = 4096;
/// The most that is said in one field.
const FIELD_MAX_BYTES: usize = 1500;

/// `TokenLogFormat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: `name=value`.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Who says it, and when.
pub struct Head {
    /// Now.
    pub time: SystemTime,
    /// This process.
    pub process: u32,
    /// The thread that it happened on.
    pub thread: i32,
}

/// What is told of one event.
pub struct Line {
    event: Event,
    fields: Vec<(&'static str, Value)>,
}

impl Line {
    pub(super) fn of(event: Event) -> Self {
        Self { event, fields: Vec::new() }
    }

    /// A field. A secret cannot be one: it has no `Display`.
    pub fn text(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.put(name, cut(one_line(&value.to_string())).into())
    }

    /// The same, of what may not be known.
    pub fn text_if(&mut self, name: &'static str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// A field that is a list of names.
    pub fn list(&mut self, name: &'static str, values: impl IntoIterator<Item = impl Display>) -> &mut Self {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        if values.is_empty() { self } else { self.text(name, values.join(", ")) }
    }

    /// A field that is a number.
    pub fn number(&mut self, name: &'static str, value: impl Into<i64>) -> &mut Self {
        self.put(name, value.into().into())
    }

    /// A field that is yes or no.
    pub fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.put(name, value.into())
    }

    /// How long something took.
    pub fn milliseconds(&mut self, name: &'static str, time: Duration) -> &mut Self {
        self.put(name, u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into())
    }

    /// When a token ends, which has so much of its life left, where that is known.
    pub fn end(&mut self, left: Option<Duration>) -> &mut Self {
        match left {
            Some(left) => self.text("expires", utc(SystemTime::now() + left)).put("life_seconds", left.as_secs().into()),
            None => self,
        }
    }

    fn put(&mut self, name: &'static str, value: Value) -> &mut Self {
        debug_assert!(self.event.row().fields.contains(&name), "{name} is no field of {:?}", self.event);
        self.fields.push((name, value));
        self
    }

    /// What a listener hears: of a warning its words alone.
    pub(super) fn words(&self) -> String {
        match &self.fields[..] {
            [("words", Value::String(words))] => words.clone(),
            _ => self.event.row().name.to_owned() + &self.pairs(usize::MAX),
        }
    }

    pub(super) fn written(&self, format: Format, head: &Head) -> String {
        let (row, Head { time, process, thread }) = (self.event.row(), head);
        let (time, level) = (moment(*time), row.level.name());
        match format {
            // As it always was: what somebody may look for.
            Format::Text if self.event == Event::Warning => format!("{time} [tokenshim] {process}/{thread} {level}: {}\n", self.words()),
            Format::Text => {
                let begin = format!("{time} [tokenshim] {process}/{thread} {level} {}", row.name);
                let pairs = self.pairs(LINE_MAX_BYTES - begin.len() - 1);
                begin + &pairs + "\n"
            }
            Format::Json => self.json(&[
                ("time", time.into()),
                ("pid", (*process).into()),
                ("thread", (*thread).into()),
                ("level", level.into()),
                ("event", row.name.into()),
            ]),
        }
    }

    /// ` name=value name="a value"`, as many as there is room for.
    fn pairs(&self, room: usize) -> String {
        let mut pairs = String::new();
        for (name, value) in &self.fields {
            let before = pairs.len();
            let _ = match value {
                Value::String(text) if is_bare(text) => write!(pairs, " {name}={text}"),
                value => write!(pairs, " {name}={value}"),
            };
            if pairs.len() > room {
                pairs.truncate(before);
                break;
            }
        }
        pairs
    }

    /// As many fields as there is room for, behind those that every line has.
    fn json(&self, head: &[(&'static str, Value)]) -> String {
        let mut line = String::from("{");
        for (name, value) in head.iter().chain(&self.fields) {
            let before = line.len();
            let comma = if before > 1 { "," } else { "" };
            let _ = write!(line, "{comma}\"{name}\":{value}");
            if line.len() > LINE_MAX_BYTES - 2 {
                line.truncate(before);
                break;
            }
        }
        line + "}\n"
    }
}

/// Whether it is one word, of which nobody can mistake the end.
fn is_bare(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"' || c == '=')
}

pub(super) fn one_line(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: String) -> String {
    if text.len() <= FIELD_MAX_BYTES {
        return text;
    }
    let end = (0..=FIELD_MAX_BYTES - 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..end])
}

/// `2026-01-02T03:04:05.678Z` (RFC 3339)
fn moment(time: SystemTime) -> String {
    let millis = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).subsec_millis();
    format!("{}.{millis:03}Z", utc(time).trim_end_matches('Z'))
}

/// `2026-01-02T03:04:05Z`
pub fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that the leap day comes last; 400 of them have 146,097 days (proleptic Gregorian).
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head { time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_323_045_678), process: 12, thread: 34 }
    }

    fn line(event: Event, fill: impl FnOnce(&mut Line)) -> Line {
        let mut line = Line::of(event);
        fill(&mut line);
        line
    }

    #[test]
    fn the_time_is_that_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_767_323_045, "2026-01-02T03:04:05Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn text_and_json_say_the_same() {
        let line = line(Event::Request, |line| {
            line.text("method", "POST").text("host", "idp.example:8443").text("path", "/a \"b\"\n").number("status", 200u16);
        });
        assert_eq!(
            line.written(Format::Text, &head()),
            "2026-01-02T03:04:05.678Z [tokenshim] 12/34 info request method=POST host=idp.example:8443 path=\"/a \\\"b\\\" \" status=200\n"
        );
        assert_eq!(
            line.written(Format::Json, &head()),
            "{\"time\":\"2026-01-02T03:04:05.678Z\",\"pid\":12,\"thread\":34,\"level\":\"info\",\"event\":\"request\",\
             \"method\":\"POST\",\"host\":\"idp.example:8443\",\"path\":\"/a \\\"b\\\" \",\"status\":200}\n"
        );
    }

    #[test]
    fn a_line_fits_into_one_write_to_a_pipe_and_is_whole() {
        let line = line(Event::Request, |line| ["method", "host", "path"].into_iter().for_each(|name| _ = line.text(name, "\"".repeat(9000))));
        let [text, json] = [Format::Text, Format::Json].map(|format| line.written(format, &head()));
        assert!(text.len() <= LINE_MAX_BYTES && json.len() <= LINE_MAX_BYTES, "{} {}", text.len(), json.len());
        assert!(text.ends_with("...\"\n") && text.contains(" method="), "{text}");
        let object: Value = serde_json::from_str(&json).expect("an object");
        assert_eq!(object["event"], "request");
        assert!(object["method"].as_str().is_some_and(|method| method.ends_with("\"...")) && object.get("host").is_none(), "{json}");
    }
}
