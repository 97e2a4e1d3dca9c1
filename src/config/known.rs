//! What was worked out from settings, kept while they stay the same: a program connects with the same words of the same
//! data source again and again.

use super::ini::Section;
use super::settings::Settings;
use super::text::Text;
use super::words::Words;
use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More connection strings than most programs have; beyond that the oldest is forgotten.
const MOST: usize = 32;
/// Longer strings are not kept, in units.
const LONGEST: usize = 4096;

/// What was worked out last.
pub struct Known<V>(Mutex<Vec<Entry<V>>>);

struct Entry<V> {
    words: Words,
    sections: [Option<Section>; 2],
    value: Arc<V>,
}

impl<V: Send + Sync + 'static> Known<V> {
    /// Nothing was worked out yet.
    pub const fn nothing() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// What was worked out from just these settings, if it `is` what is looked for.
    pub fn find(&self, settings: &Settings, is: impl Fn(&V) -> bool) -> Option<Arc<V>> {
        let text = settings.string().to_text();
        let entries = self.lock();
        entries.iter().find(|entry| entry.is_of(settings, &text) && is(&entry.value)).map(|entry| Arc::clone(&entry.value))
    }

    /// Keeps what was worked out from these settings, in place of what `is` the same but older.
    pub fn keep(&self, settings: &Settings, value: Arc<V>, is: impl Fn(&V) -> bool) {
        let text = settings.string().to_text();
        if text.units.len() > LONGEST {
            return;
        }
        let words = Words::of(settings.string());
        let entry = Entry { words, sections: settings.sections().map(Option::<&Section>::cloned), value };
        let mut entries = self.lock();
        let place = entries.iter().position(|older| older.is_of(settings, &text) && is(&older.value));
        let oldest = (entries.len() >= MOST).then_some(0);
        let gone = place.or(oldest).map(|place| entries.remove(place));
        entries.push(entry);
        // What is dropped may be much: nobody should wait for that.
        drop(entries);
        drop(gone);
    }

    /// Lets no other thread in until the result is dropped.
    pub fn hold(&'static self) -> Box<dyn Any> {
        Box::new(self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Entry<V> {
    fn is_of(&self, settings: &Settings, text: &Text) -> bool {
        self.words.are(text) && self.sections.iter().map(Option::as_ref).eq(settings.sections())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::connection_string::ConnectionString;
    use crate::config::ini::tests::registry;
    use crate::config::text::Width;

    fn settings(string: &str, width: Width, files: &str) -> Settings {
        Settings::of(ConnectionString::parse(&Text::encode(string, width)), &registry("[Shim]\nDriver=/shim.so\n", files), &[])
    }

    const FILES: &str = "[a]\nDriver=Shim\nServer=x\n[b]\nDriver=Shim\nServer=x\n";

    #[test]
    fn only_the_very_same_settings_find_what_was_worked_out() {
        let known = Known::nothing();
        let find = |settings: &Settings| known.find(settings, |_| true).map(|value| *value);
        let of = |string| settings(string, Width::Two, FILES);
        known.keep(&of("DSN=a;UID=u"), Arc::new(7), |_| true);
        assert_eq!(find(&of("DSN=a;UID=u")), Some(7), "also where its files were read anew");
        for other in ["DSN=a;UID=v", "DSN=a;UID=", "DSN=a;UID=u;", "DSN=a;UID=uu", "dsn=a;UID=u", "DSN=b;UID=u", ""] {
            assert_eq!(find(&of(other)), None, "{other}");
        }
        assert_eq!(find(&settings("DSN=a;UID=u", Width::One, FILES)), None);
        for files in [FILES.replacen("x", "y", 1), FILES.replace("=x", "=x\nPort=1"), FILES.replace("[a]", "[A]")] {
            assert_eq!(find(&settings("DSN=a;UID=u", Width::Two, &files)), None, "{files}");
        }
        assert_eq!(known.find(&of("DSN=a;UID=u"), |value| *value > 7), None);
    }

    #[test]
    fn a_newer_value_takes_the_olders_place_and_of_too_many_the_oldest_goes() {
        let known = Known::nothing();
        let of = |number: usize| settings(&format!("DSN=a;UID={number}"), Width::One, FILES);
        let find = |number| known.find(&of(number), |_| true).map(|value| *value);
        for number in 0..MOST {
            known.keep(&of(number), Arc::new(number), |_| true);
        }
        known.keep(&of(0), Arc::new(100), |_| true);
        assert_eq!([find(0), find(1), find(MOST - 1)], [Some(100), Some(1), Some(MOST - 1)]);
        known.keep(&of(MOST), Arc::new(MOST), |_| true);
        assert_eq!([find(0), find(1), find(MOST)], [Some(100), None, Some(MOST)]);
        let long = settings(&"x".repeat(LONGEST + 1), Width::One, FILES);
        known.keep(&long, Arc::new(1), |_| true);
        assert_eq!(known.find(&long, |_| true), None);
    }
}
