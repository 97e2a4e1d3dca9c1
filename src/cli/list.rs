//! `tokenshim list`: which driver sections and data sources sign in, and how.

use super::arguments::List;
use super::data_source::{read, until};
use super::failure::Failure;
use super::{place, registry, say};
use std::path::Path;
use tokenshim::binding::found;
use tokenshim::capi::data_source::DataSource;
use tokenshim::config::ini::{Registry, Section};
use tokenshim::delivery::profiles::profile_for;
use tokenshim::sign_in::Account;

const HEADINGS: [&str; 5] = ["NAME", "REAL DRIVER", "PROFILE", "SOURCE", "TOKEN"];
const NONE: &str = "-";

pub fn run(arguments: &List) -> Result<(), Failure> {
    let registry = registry(arguments.manager.driver_manager);
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    let sections = registry.drivers();
    let sections = sections.iter().filter(|section| is_tokenshims(section, &registry));
    for section in sections {
        let driver = read(&format!("DRIVER={{{}}}", section.name), &registry)?;
        rows.push(row(format!("[{}]", section.name), &driver, NONE.into()));
        for name in super::install::data_sources_of(&registry, &section.name) {
            let Ok(source) = read(&format!("DSN={{{}}}", name.replace('}', "}}")), &registry) else { continue };
            let token = token_of(&source);
            rows.push(row(format!("  {name}"), &source, token));
        }
    }
    if rows.len() == 1 {
        return Err(Failure::not_there("no driver section names tokenshim: tokenshim install adds one."));
    }
    say(&table(&rows));
    Ok(())
}

fn is_tokenshims(section: &Section, registry: &Registry) -> bool {
    let driver = registry.file_of(section).map(|driver| found(driver, Path::new("/")));
    driver.is_some_and(|driver| place::is_tokenshim(&driver))
}

fn row(name: String, source: &DataSource, token: String) -> [String; 5] {
    let profile = profile_for(&source.settings, &source.real_driver);
    let profile = profile.map_or("unknown", |profile| profile.map_or(NONE, |profile| profile.name));
    let of_settings = source.settings.first_of(&["TokenSource"]).map(|setting| setting.value);
    [name, source.real_driver.clone(), profile.to_owned(), of_settings.unwrap_or_else(|| NONE.into()), token]
}

/// What is known of its token without asking anybody.
fn token_of(source: &DataSource) -> String {
    let account = match Account::of(&source.settings, &source.real_driver) {
        Ok(Some(account)) => account,
        Ok(None) => return NONE.into(),
        Err(_) => return "see tokenshim doctor".into(),
    };
    let kept = account.kept().map(|token| format!("kept until {}", until(&token)));
    let signed_in = account.is_signed_in().map(|is| if is.unwrap_or(false) { "signed in".to_owned() } else { "nobody is signed in".to_owned() });
    kept.or(signed_in).unwrap_or_else(|| NONE.into())
}

fn table(rows: &[[String; 5]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
