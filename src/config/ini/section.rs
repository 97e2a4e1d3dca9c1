//! One section of an ini file.

use std::{collections::HashMap, fmt, path::Path, sync::Arc};

use crate::config::marks::Marks;

/// One section. Its values may be secrets, so `Debug` shows only its keys.
#[derive(Clone)]
pub struct Section {
    /// Its name as it is written in the file.
    pub name: Arc<str>,
    file: Arc<Path>,
    entries: Arc<Vec<(String, String)>>,
    /// Of the keys.
    marks: Marks,
}

impl Section {
    /// A section of `file` with each of its keys once.
    pub(super) fn new(name: String, file: Arc<Path>, entries: Vec<(String, String)>) -> Self {
        let marks = Marks::of(entries.iter().map(|(key, _)| key.as_str()));
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
        self.entries.iter().map(|(key, value)| (key.as_str(), value.as_str()))
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
                Some(&place) if entries[place].1.is_empty() => entries[place].1.clone_from(value),
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

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let keys: Vec<_> = self.entries().map(|(key, _)| key).collect();
        f.debug_struct("Section").field("name", &self.name).field("file", &self.file).field("keys", &keys).finish_non_exhaustive()
    }
}
