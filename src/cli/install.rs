//! `tokenshim install`: tokenshim before a real driver.

use super::arguments::{DriverManager, Install};
use super::diff::diff;
use super::failure::Failure;
use super::keys::unknown;
use super::odbcinst::{self, Entries};
use super::written::{self, Locked};
use super::{place, probe, registry, say};
use std::fs;
use std::path::{Path, PathBuf};
use tokenshim::binding::{found, locate, same_file, sections_of};
use tokenshim::config::connection_string::ConnectionString;
use tokenshim::config::ini::{DriverOf, Registry, Section};
use tokenshim::config::keys::{self, is_secret};
use tokenshim::config::resolve::{Config, Defaults};
use tokenshim::config::settings::Settings;
use tokenshim::config::sources;
use tokenshim::config::text::Width;
use tokenshim::delivery::keywords::Keywords;
use tokenshim::delivery::profiles::{self, defaults, profile_for};
use tokenshim::error::Error;

/// The keys by which a section names its driver.
pub const DRIVER: [&str; 2] = ["Driver", "Driver64"];
/// A name with such a character would mean something else in a connection string or in the file.
const NOT_IN_NAMES: &[char] = &['[', ']', '{', '}', ';', '=', '#', '\\', '/'];

pub fn run(arguments: &Install) -> Result<(), Failure> {
    let name = checked_name(&arguments.name)?;
    let keys = keys_of(arguments)?;
    let (library, bytes) = place::library(arguments.library.as_deref())?;
    let real = real_driver(&arguments.real, &library)?;
    let copy = match &arguments.copy {
        Some(copy) => std::path::absolute(copy).unwrap_or_else(|_| copy.clone()),
        None => place::copy_for(&real, &library),
    };
    let place =
        |file: &Path| file.parent().and_then(|folder| folder.canonicalize().ok()).map(|folder| folder.join(file.file_name().unwrap_or_default()));
    if place(&copy) == place(&library) {
        return Err(Failure::new(format!("{} is the driver library itself: name another file with --copy.", copy.display())));
    }
    if !place::finds_core(&copy) {
        return Err(Failure::new(format!("a copy at {} would not find libtokenshim.so, which belongs beside it or one folder up.", copy.display())));
    }
    let registry = || registry(arguments.manager.driver_manager);
    let file = registry().system_drivers().to_owned();
    let (text, locked) = match arguments.dry_run {
        true => (Locked::look(&file)?, None),
        false => Locked::open(&file).map(|locked| (locked.text().to_owned(), Some(locked)))?,
    };
    let change = Change { name, real: &real, copy: &copy, keys: &keys, file: &file };
    let new = change.of(&text, registry)?;
    let after = registry().instead(&file, &new);
    change.check(&after)?;
    let is_there = place::is_copy(&copy, &library, &bytes);
    let Some(locked) = locked else {
        let copied = if is_there { "is there already" } else { "would be made" };
        say(&format!("{}# {}, a copy of {}, {copied}.\n", diff(&file.to_string_lossy(), &text, &new), copy.display(), library.display()));
        return Ok(());
    };
    let was_there = copy.exists();
    if !is_there {
        written::replace(&copy, &bytes, written::LIBRARY)?;
    }
    if new != text {
        locked.write(&new).inspect_err(|_| {
            if !was_there {
                let _ = fs::remove_file(&copy);
            }
        })?;
    }
    say(&change.done(&after, arguments.manager.driver_manager));
    Ok(())
}

fn checked_name(name: &str) -> Result<&str, Failure> {
    let is_plain = |name: &str| !name.is_empty() && name.trim() == name && !name.contains(NOT_IN_NAMES) && !name.contains(char::is_control);
    match name {
        name if Registry::is_reserved(name) => Err(Failure::new(format!("[{name}] speaks of ODBC itself, not of a driver: choose another name."))),
        name if is_plain(name) => Ok(name),
        _ => Err(Failure::new("this name cannot be a section's in odbcinst.ini: choose one of letters, digits and single blanks.")),
    }
}

/// Tokenshim's keys that the arguments set.
fn keys_of(arguments: &Install) -> Result<Entries, Failure> {
    let pairs = arguments.set.iter().map(|pair| pair.split_once('=').ok_or_else(|| Failure::new(format!("--set {pair}: write it as Key=Value."))));
    let of_words = [("TokenProfile", &arguments.profile), ("TokenSource", &arguments.source)];
    let of_words = of_words.into_iter().filter_map(|(key, value)| Some(Ok((key, value.as_deref()?))));
    let mut entries = Entries::new();
    for pair in of_words.chain(pairs) {
        let (key, value) = pair?;
        let key = key.trim();
        let known = keys::find(key).ok_or_else(|| unknown(key))?;
        if is_secret(key) {
            return Err(Failure::new(format!(
                "{key} is a secret, and others may read command lines: set {key}File or {key}Env instead, or write it into odbcinst.ini yourself."
            )));
        }
        if known.name == "RealDriver" {
            return Err(Failure::new("RealDriver is what --real says: leave it out of --set."));
        }
        if value.contains(char::is_control) {
            return Err(Failure::new(format!("the value of {} has a character that no ini file can hold.", known.name)));
        }
        if entries.iter().any(|(key, _)| key == known.name) {
            return Err(Failure::new(format!("{} is set twice.", known.name)));
        }
        entries.push((known.name.to_owned(), value.trim().to_owned()));
    }
    Ok(entries)
}

/// The real driver's file, which loads.
fn real_driver(given: &Path, library: &Path) -> Result<PathBuf, Failure> {
    let words = given.to_string_lossy();
    let real = if words.contains('/') { std::path::absolute(given).unwrap_or_else(|_| given.to_owned()) } else { found(&words, library) };
    let refused = |problem: &str| Failure::new(format!("the real driver {} {problem}.", real.display()));
    if !real.is_absolute() {
        return Err(refused("is in none of the folders where distributions keep drivers: name it with its full path"));
    }
    if !real.is_file() {
        return Err(refused("is no file: install the driver, or correct --real"));
    }
    if place::is_tokenshim(&real) {
        return Err(refused("is tokenshim itself: name the driver that it is to stand before"));
    }
    probe::check(&real).map_err(|problem| refused(&problem))?;
    Ok(real)
}

/// What is to be done to odbcinst.ini.
struct Change<'a> {
    name: &'a str,
    real: &'a Path,
    copy: &'a Path,
    keys: &'a Entries,
    file: &'a Path,
}

impl Change<'_> {
    /// The new text. What an earlier install wrote at this section is taken back first.
    fn of(&self, text: &[u8], registry: impl Fn() -> Registry) -> Result<Vec<u8>, Failure> {
        let Self { name, file, .. } = self;
        let before = odbcinst::taken_back(text, name).unwrap_or_else(|| text.to_owned());
        let registry = registry().instead(file, &before);
        let refused = |words: String| Err(Failure::new(words));
        let Some(section) = registry.driver(name) else {
            // The first that names the real driver is as good as any.
            let origin = sections_of(self.real, &registry).into_iter().next();
            return Ok(odbcinst::add(&before, name, &self.entries(origin.as_ref(), true)));
        };
        if section.file() != *file || !odbcinst::has(&before, name) {
            return refused(format!("section [{name}] stands in {}: choose another name.", section.file().display()));
        }
        let driver = registry.file_of(&section).map(|driver| found(driver, self.copy)).unwrap_or_default();
        if same_file(&driver, self.real) {
            return odbcinst::put_in(&before, name, &self.entries(Some(&section), false))
                .ok_or_else(|| Failure::new(format!("section [{name}] of {} cannot be found again.", file.display())));
        }
        if place::is_tokenshim(&driver) {
            return refused(format!(
                "section [{name}] names tokenshim already, but install did not write it, or another program took out its comments: \
                 change it by hand, run tokenshim uninstall '{name}' first, or choose another name."
            ));
        }
        refused(format!("section [{name}] of {} is of another driver, {}: choose another name, or correct --real.", file.display(), driver.display()))
    }

    /// What stands in the section: our own keys, and, where that is a new one, those of `origin`.
    fn entries(&self, origin: Option<&Section>, carries: bool) -> Entries {
        let names_real = |key: &str| origin.and_then(|origin| origin.get(key)).is_some_and(|file| same_file(&found(file, self.copy), self.real));
        let drivers = DRIVER.into_iter().filter(|key| names_real(key) || *key == "Driver" && !names_real("Driver64"));
        let copy = self.copy.to_string_lossy();
        let mut entries: Entries = drivers.map(|key| (key.to_owned(), copy.clone().into_owned())).collect();
        entries.push(("RealDriver".into(), self.real.to_string_lossy().into_owned()));
        entries.extend(self.keys.iter().cloned());
        if let Some(origin) = origin.filter(|_| carries) {
            let is_ours = |key: &str| entries.iter().any(|(our, _)| our.eq_ignore_ascii_case(key));
            // Everybody may read the system's file; a user's own perhaps he alone.
            let stays = |key: &str| is_secret(key) && origin.file() != self.file;
            let carried = origin.entries().filter(|(key, _)| !is_ours(key) && !stays(key));
            let carried: Entries = carried.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            entries.extend(carried);
        }
        entries
    }

    /// Whether a driver manager and tokenshim make of it what is meant.
    fn check(&self, after: &Registry) -> Result<(), Failure> {
        let Self { name, file, real, .. } = self;
        let Some(section) = after.driver(name) else {
            let words = "the driver manager reads nothing of it, for it does not begin with a section: correct its first lines";
            return Err(Failure::new(format!("{}: {words}.", file.display())));
        };
        let expected = [("RealDriver", real.to_string_lossy().into_owned())];
        for (key, value) in expected.iter().map(|(key, value)| (*key, value)).chain(self.keys.iter().map(|(key, value)| (key.as_str(), value))) {
            if section.get(key) != Some(value) {
                return Err(Failure::new(format!("the driver manager would not read {key} as it is written, for its characters or its length.")));
            }
        }
        let located = locate(self.copy, after).map_err(|error| Failure::new(format!("{error} --copy names another file.")))?;
        if !same_file(&located.real_driver, real) {
            return Err(Failure::new(format!(
                "{} serves {} already: name another file with --copy.",
                self.copy.display(),
                located.real_driver.display()
            )));
        }
        check_settings(after, name, &real.to_string_lossy())?;
        Ok(())
    }

    fn done(&self, after: &Registry, manager: DriverManager) -> String {
        let Self { name, real, copy, file, .. } = self;
        let sources = data_sources_of(after, name).join(", ");
        let reach = if sources.is_empty() { "no data source names it yet".to_owned() } else { format!("its data sources: {sources}") };
        let with = if manager == DriverManager::Iodbc { " --driver-manager iodbc" } else { "" };
        format!(
            "{}: a copy of the driver library, for {}\n{}: [{name}] is tokenshim's; {reach}\n\
             Next: tokenshim doctor{with} and the name of a data source. A program that has the driver loaded goes on without tokenshim until it is restarted.\n",
            copy.display(),
            real.display(),
            file.display(),
        )
    }
}

/// The data sources whose driver is this section.
pub fn data_sources_of(registry: &Registry, name: &str) -> Vec<String> {
    let is_of = |source: &Section| {
        registry.driver_of(&source.name).is_some_and(|driver| matches!(driver, DriverOf::Section(of) if of.eq_ignore_ascii_case(name)))
    };
    registry.data_sources().iter().filter(|source| is_of(source)).map(|source| source.name.to_string()).collect()
}

/// Whether every value in a section means something. What is missing may stand in a data source.
fn check_settings(registry: &Registry, name: &str, real: &str) -> Result<(), Error> {
    let mut string = ConnectionString::empty(Width::One);
    string.set("DRIVER", name, true);
    let settings = Settings::of(string, registry, &[]);
    settings.check_keys()?;
    let profile = profile_for(&settings, real)?;
    let keywords = Keywords::of(&settings)?;
    let Some(config) = Config::resolve(&settings, &defaults(profile, &settings))? else {
        // Each data source names its own: what else is set counts for all of them.
        Config::resolve(&settings, &Defaults { source: Some("env"), ..Defaults::default() })?;
        return Ok(());
    };
    if let Some(word) = sources::words(&config.source).find(|word| sources::find(word).is_none()) {
        let problem = format!("has {word}, which this version of tokenshim does not know: use one of {}", sources::names());
        return Err(Error::bad(&config.section, "TokenSource", problem));
    }
    profiles::check(profile, keywords.is_some(), real, &config.section)?;
    Ok(())
}
