//! Doctor: the files, and which key came from where.

use super::report::Line;
use crate::cli::masked::shown;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use tokenshim::capi::data_source::DataSource;
use tokenshim::config::ini::{Registry, Section};
use tokenshim::config::keys::{self, KEYS, is_secret};
use tokenshim::config::settings::Settings;

/// Words of drivers by which tokenshim, too, knows who signs in, and where.
const DRIVERS: &[&str] =
    &["Authentication", "AuthMech", "Auth_Flow", "Auth_Type", "Auth_Client_ID", "Auth_Client_Secret", "UID", "PWD", "Host", "Server", "ServerName"];

/// Which are read, in which order.
pub fn files(registry: &Registry) -> Line {
    let mut is_any = false;
    let state = |file: &&std::path::Path| match File::open(file) {
        Ok(_) => {
            is_any = true;
            format!("{}: there", file.display())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => format!("{}: not there", file.display()),
        Err(error) => format!("{}: cannot be read: {error}", file.display()),
    };
    let details: Vec<String> = registry.files().iter().map(state).collect();
    let unreadable = details.iter().any(|detail| detail.contains("cannot be read"));
    let line = match (is_any, unreadable) {
        (true, false) => Line::ok("files", "looked for in this order"),
        (true, true) => Line::warning("files", "looked for in this order", "let this user read them, or run doctor as the user of the program."),
        (false, _) => Line::failed(
            "files",
            "none of the driver manager's files is there",
            "tokenshim install makes odbcinst.ini; then add a data source to odbc.ini.",
        ),
    };
    line.with(details)
}

/// What is set, and where; secrets masked.
pub fn keys(settings: &Settings) -> Vec<Line> {
    let shown = |key: &str| {
        let setting = settings.get(key)?;
        Some(format!("{key}={}, from {}", shown(key, &setting.value), setting.origin))
    };
    let mut details: Vec<String> = KEYS.iter().filter_map(|key| shown(key.name)).collect();
    let is_any = !details.is_empty();
    details.extend(DRIVERS.iter().filter_map(|key| shown(key)));
    let line = match settings.check_keys() {
        Err(error) => Line::refused("keys", &error.message()),
        Ok(()) if !is_any => Line::warning("keys", "none of tokenshim's is set", format!("set TokenSource in {}.", settings.home())),
        Ok(()) => Line::ok("keys", "what is set, and where"),
    };
    let mut lines = vec![line.with(details)];
    let sections = settings.sections();
    let words = sections.iter().flatten().flat_map(|section| section.entries().map(|(key, _)| key));
    let strange: Vec<&str> =
        words.filter(|key| key.to_ascii_lowercase().starts_with("token") && keys::find(key).is_none() && !is_secret(key)).collect();
    if !strange.is_empty() {
        let words = format!("{} begins with Token, but is none of tokenshim's", strange.join(", "));
        lines.push(Line::warning("keys", words, "correct the name (tokenshim keys lists them), unless it is the driver's own."));
    }
    lines.extend(exposed(settings));
    lines
}

/// Secrets in files that everybody may read.
fn exposed(settings: &Settings) -> Option<Line> {
    let is_open = |section: &&Section| section.file().metadata().is_ok_and(|about| about.mode() & 0o004 != 0);
    let secrets = |section: &'_ Section| {
        let secrets = section.entries().filter(|(key, value)| is_secret(key) && !value.is_empty());
        secrets.map(|(key, _)| format!("{key} in [{}] of {}", section.name, section.file().display())).collect::<Vec<_>>()
    };
    let details: Vec<String> = settings.sections().into_iter().flatten().filter(is_open).flat_map(secrets).collect();
    let next = "put a client secret into a file of its user's and name it by TokenClientSecretFile, or let nobody else read this file (chmod o-r).";
    (!details.is_empty()).then(|| Line::warning("secrets", "everybody on this machine may read them", next).with(details))
}

/// Where the data source and its driver stand.
pub fn data_source(source: &DataSource) -> Line {
    let details = source.settings.sections().into_iter().flatten().map(|section| format!("[{}] of {}", section.name, section.file().display()));
    Line::ok("data source", format!("its driver is {}", source.real_driver)).with(details.collect())
}
