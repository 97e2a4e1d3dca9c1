//! Whether a connection is encrypted well enough for a token: what the profiles' tables say of keywords and attributes,
//! held against what is set.

use super::destination::stays_here;
use super::profiles::{PROFILES, Profile, file_name};
use crate::config::resolve;
use crate::config::settings::{Origin, Setting, Settings};
use crate::error::{Error, quoted};
use std::collections::BTreeMap;

/// Connection attributes that the application set itself, and their values: those that a [`Switch`] names.
pub type Attributes = BTreeMap<i32, u32>;

/// How well one value of a keyword protects the connection, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// Others may read along: no encryption, only where the server offers it, or with a server that nobody checked.
    Off,
    /// Certainly encrypted.
    On,
    /// The server has a certificate of a trusted authority.
    Authority,
    /// And the certificate is the host's own.
    Host,
}

/// A keyword that decides about encryption or the check of the server's certificate.
#[derive(Debug)]
pub struct Switch {
    /// Its names; in a DSN the driver reads the first.
    pub keywords: &'static [&'static str],
    /// What a value does, with or without the braces and blanks around it.
    pub safety: fn(&str) -> Safety,
    /// The part of a file name that drivers have which read it so; empty for all of the profile.
    pub file: &'static str,
    /// What to set it to, where such a driver is only safe when this keyword says so in the DSN or the string.
    pub must_be: Option<&'static str>,
    /// The attribute by which an application can set it as well, and those of its values that are safe.
    pub attribute: Option<(i32, &'static [u32])>,
}

impl Switch {
    fn is_named(&self, keyword: &str) -> bool {
        self.keywords.iter().any(|name| name.eq_ignore_ascii_case(keyword))
    }

    /// The least safe of what the string could set it to, however the driver reads the string.
    fn in_string<'a>(&self, settings: &'a Settings) -> Option<(&'static str, &'a str)> {
        let readings = |keyword| settings.every_reading(keyword).chain(settings.as_written(keyword));
        let all = self.keywords.iter().flat_map(|keyword| readings(keyword).map(|value| (*keyword, value)));
        all.min_by_key(|(_, value)| (self.safety)(value))
    }

    fn in_sections(&self, settings: &Settings) -> Option<Setting> {
        settings.in_sections(self.keywords[0]).filter(|setting| !setting.value.is_empty())
    }

    /// The setting, in a message's words, with which a token could be read on its way. A driver that must be told may
    /// stay untold where nothing leaves this machine; but no string takes back what a DSN or a driver section says.
    fn unsafe_setting(&self, settings: &Settings, attributes: &Attributes, nothing_leaves: bool) -> Option<String> {
        let is_off = |value: &str| (self.safety)(value) == Safety::Off && !(nothing_leaves && self.must_be.is_some());
        let below = self.in_sections(settings);
        if let Some((keyword, value)) = self.in_string(settings) {
            let written = || format!("{keyword}={} of {}", quoted(value, &[]), Origin::ConnectionString);
            match below.as_ref().filter(|below| (self.safety)(value) < (self.safety)(&below.value)) {
                Some(below) => return Some(format!("{} instead of {} of {}", written(), quoted(&below.value, &[]), below.origin)),
                None if is_off(value) => return Some(written()),
                None => {}
            }
        }
        if let Some(below) = below.filter(|below| is_off(&below.value) && !self.is_in_string(settings)) {
            return Some(format!("{}={} of {}", self.keywords[0], quoted(&below.value, &[]), below.origin));
        }
        let (number, safe) = self.attribute?;
        let value = attributes.get(&number).filter(|value| !safe.contains(value))?;
        Some(format!("connection attribute {number} ({}) set to {value}", self.keywords[0]))
    }

    /// Whether every driver finds it in the string, and not only one that pays no heed to braces.
    fn is_in_string(&self, settings: &Settings) -> bool {
        self.keywords.iter().any(|keyword| settings.string().get(keyword).is_some())
    }

    /// Whether the driver is told at all: it reads no driver section.
    fn is_set(&self, settings: &Settings) -> bool {
        self.is_in_string(settings) || self.in_sections(settings).is_some_and(|setting| !matches!(setting.origin, Origin::Driver(_)))
    }
}

/// The connection attributes that the table names: gathered beforehand, as every attribute that is set is looked for here.
const DECISIVE: [i32; 2] = {
    let (mut found, mut count, mut row) = ([0; 2], 0, 0);
    while row < PROFILES.len() {
        let (switches, mut place) = (PROFILES[row].switches, 0);
        while place < switches.len() {
            if let Some((attribute, _)) = switches[place].attribute {
                found[count] = attribute;
                count += 1;
            }
            place += 1;
        }
        row += 1;
    }
    assert!(count == found.len(), "there are as many as there is room for");
    found
};

/// Whether the table of profiles names this connection attribute.
pub fn decides(attribute: i32) -> bool {
    DECISIVE.contains(&attribute)
}

/// Whether `keyword=value` alone would keep a token from being sent to another machine.
pub fn switches_off(profile: &Profile, keyword: &str, value: &str) -> bool {
    profile.switches.iter().any(|switch| switch.is_named(keyword) && (switch.safety)(value) == Safety::Off)
}

/// Refuses a token where others could read it on its way.
///
/// # Errors
/// 28000, with the setting to change, unless an administrator allows it.
pub fn check(settings: &Settings, attributes: &Attributes, profile: &Profile, real_driver: &str, section: &str) -> Result<(), Error> {
    if resolve::switch(settings, "TokenAllowUnencrypted")? == Some(true) {
        return Ok(());
    }
    let (file, nothing_leaves) = (file_name(real_driver).to_ascii_lowercase(), stays_here(settings));
    for switch in profile.switches.iter().filter(|switch| file.contains(switch.file)) {
        if let Some(setting) = switch.unsafe_setting(settings, attributes, nothing_leaves) {
            return Err(Error::Unencrypted { setting, section: section.into() });
        }
        match switch.must_be {
            Some(value) if !switch.is_set(settings) && !nothing_leaves => {
                return Err(Error::EncryptionUnset { keyword: switch.keywords[0], value, section: section.into() });
            }
            _ => {}
        }
    }
    Ok(())
}
