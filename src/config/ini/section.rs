//! One section of an ini file.

use std::{collections::HashMap, fmt, path::Path, sync::Arc};

use crate::config::{keys, marks::Marks};
use crate::token::Secret;

/// What a key is set to. What an administrator wrote stays in memory for as long as the process.
#[derive(Clone, PartialEq)]
enum Value {
    Plain(String),
    Secret(Secret),
}

impl Value {
    fn of(key: &str, value: String) -> Self {
        if keys::is_secret(key) { Value::Secret(Secret::new(value)) } else { Value::Plain(value) }
    }

    fn text(&self) -> &str {
        match self {
            Value::Plain(text) => text,
            Value::Secret(secret) => secret.expose(),
        }
    }
}

/// One section. Its values may be secrets, so `Debug` shows only its keys.
#[derive(Clone)]
pub struct Section {
    /// Its name as it is written in the file.
    pub name: Arc<str>,
    file: Arc<Path>,
    entries: Arc<Vec<(String, Value)>>,
    /// Of the keys.
    marks: Marks,
}

impl Section {
    /// A section of `file` with each of its keys once.
    pub(super) fn new(name: String, file: Arc<Path>, entries: Vec<(String, String)>) -> Self {
        let marks = Marks::of(entries.iter().map(|(key, _)| key.as_str()));
        let hidden = |(key, value): (String, String)| {
            let value = Value::of(&key, value);
            (key, value)
        };
        let entries = entries.into_iter().map(hidden).collect();
        Self { name: name.into(), file, entries: Arc::new(entries), marks }
    }

    /// The value of a key, in whatever case the key is written.
    pub fn get(&self, key: &str) -> Option<&str> {
        if !self.marks.may_have(key) {
            return None;
        }
        self.entries().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }

    /// Keys and values in the order of the file, each key once: the first one counts.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value.text()))
    }

    /// The file where it stands; the first of them where two files have it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn non_empty(&self, key: &str) -> Option<&str> {
        self.get(key).filter(|value| !value.is_empty())
    }

    /// This section, with the values it lacks taken from another one.
    pub(super) fn over(mut self, other: &Section) -> Section {
        let lower = |key: &String| key.to_ascii_lowercase();
        let places: HashMap<_, _> = self.entries.iter().enumerate().map(|(place, (key, _))| (lower(key), place)).collect();
        let entries = Arc::make_mut(&mut self.entries);
        for (key, value) in other.entries.iter() {
            match places.get(&lower(key)) {
                Some(&place) if entries[place].1.text().is_empty() => entries[place].1 = value.clone(),
                Some(_) => {}
                None => {
                    self.marks.add(key);
                    entries.push((key.clone(), value.clone()));
                }
            }
        }
        self
    }
}

impl PartialEq for Section {
    /// Whether it says the same, wherever that stands. Almost always it is the very same, read once.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && (Arc::ptr_eq(&self.entries, &other.entries) || self.entries == other.entries)
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let keys: Vec<_> = self.entries().map(|(key, _)| key).collect();
        f.debug_struct("Section").field("name", &self.name).field("file", &self.file).field("keys", &keys).finish_non_exhaustive()
    }
}
