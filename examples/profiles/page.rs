//! The page of profiles: the table of the code, in words.

use std::collections::BTreeSet;
use std::fmt::Write;
use tokenshim::delivery::encryption::Switch;
use tokenshim::delivery::profiles::{Certainty, PROFILES, Profile, Way};

/// All of docs/profiles.md.
pub fn page() -> String {
    let mut page = BEGINNING.to_owned();
    for profile in PROFILES {
        for driver in profile.drivers {
            let files = driver.files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
            let files = if files.is_empty() { "not known: set TokenProfile".to_owned() } else { files };
            let (sure, _) = words(driver.certainty);
            let _ = writeln!(page, "| [{0}](#{0}) | {1} | {files} | {sure} |", profile.name, driver.name);
        }
    }
    page += EACH;
    PROFILES.iter().for_each(|profile| describe(profile, &mut page));
    page
}

fn describe(profile: &Profile, page: &mut String) {
    let _ = write!(page, "\n### {}\n\n", profile.name);
    let mut item = |name: &str, text: String| _ = writeln!(page, "- {name}: {text}.");
    for driver in profile.drivers {
        let (sure, by) = words(driver.certainty);
        item(driver.name, format!("{sure}: {by}"));
    }
    if let Some(reason) = profile.refused {
        return item("No token", format!("the driver {reason}"));
    }
    item("The token goes in as", way(profile.way));
    let removed: Vec<_> = profile.removed.iter().map(|removed| removed.keyword).collect();
    list(&mut item, "Goes away", &removed);
    let neutral = profile.removed.iter().filter_map(|removed| Some(format!("`{}={}`", removed.keyword, removed.neutral?)));
    let neutral = neutral.collect::<Vec<_>>().join(", ");
    if !neutral.is_empty() {
        item("Where the DSN sets it, the string says", neutral);
    }
    list(&mut item, "An application that sets one of these brings its own token, and is left alone", profile.own_token);
    if let Some(scope) = profile.scope {
        item("Scope, where none is set", format!("`{scope}`"));
    }
    list(&mut item, "Hosts that a connection string may name", profile.hosts);
    let mut switches: Vec<_> = profile.switches.iter().map(|switch| switch.keywords[0]).collect();
    let mut seen = BTreeSet::new();
    switches.retain(|keyword| seen.insert(*keyword)); // a driver of its own reading has a row of its own
    list(&mut item, "Looked at for encryption and the certificate check", &switches);
    let must_be = profile.switches.iter().filter_map(demand).collect::<Vec<_>>().join(", ");
    if !must_be.is_empty() {
        item("For another machine the DSN or the string must say", must_be);
    }
    if let Some((keyword, value)) = profile.encrypts_by {
        item("Put in where the string says nothing of it, unless `TokenAllowUnencrypted=yes`", format!("`{keyword}={value}`"));
    }
    let live = if profile.live { "by attributes 122 and 123" } else { "none" };
    let in_memory = matches!(profile.way, Way::Attribute(_));
    item("New tokens for open connections", if in_memory { "in the driver's memory, for its next login" } else { live }.to_owned());
    profile.remarks.iter().for_each(|remark| _ = writeln!(page, "- {remark}"));
}

fn list(item: &mut impl FnMut(&str, String), name: &str, words: &[&str]) {
    if !words.is_empty() {
        item(name, words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "));
    }
}

fn way(way: Way) -> String {
    match way {
        Way::Keywords([]) => "what `TokenKeywords` says".into(),
        Way::Keywords(keywords) => format!("`{}`", keywords.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")),
        Way::Password => "the password (`PWD`)".into(),
        Way::Attribute(attribute) => format!("connection attribute {attribute}, right before the connect"),
    }
}

/// What a driver that is safe only when told so must be told, and which.
fn demand(switch: &Switch) -> Option<String> {
    let of = if switch.file.is_empty() { String::new() } else { format!(" (files with `{}`)", switch.file) };
    Some(format!("`{}={}`{of}", switch.keywords[0], switch.must_be?))
}

fn words(certainty: Certainty) -> (&'static str, &'static str) {
    match certainty {
        Certainty::Run(what) => ("run against the real driver", what),
        Certainty::Read(place) => ("read in documentation", place),
        Certainty::Unverified(why) => ("not verified", why),
    }
}

const BEGINNING: &str = "\
# Profiles: how each driver takes a token

`make profiles` writes this page from the table in `src/delivery/profiles/table.rs`.

A profile says how one kind of driver takes a token, what it cannot stand beside it, where a token may go, and what decides about
encryption. The real driver's file name chooses it, or `TokenProfile`. A part of the file name is enough, in any case.

| TokenProfile | driver | known by | how sure |
| --- | --- | --- | --- |
";

const EACH: &str = "
*Run against the real driver* means by this project's tests. *Read in documentation*: the source stands below; the tests show
that just these keywords reach a driver of that file name, which is a recorder. *Not verified*: nobody has seen it.

## What a section can correct

Whatever a row says, the driver's section or the DSN can say otherwise:

- `TokenKeywords` says how the token goes in, in place of the profile's keywords, password or attribute:
  `TokenKeywords=AccessToken={token};-PWD;Authenticator=oauth`. It is read like a connection string; `{token}` stands for the
  token, `-Name` takes a keyword out of what the application wrote. No blank may stand before a `;`, where driver managers begin
  a comment. What the profile takes out still goes away, unless `TokenKeywords` sets it or keeps it with `+Name`, where the
  application or the DSN has it: `TokenKeywords=authenticator=oauth;token={token};+UID` for a Snowflake that wants to know the user.
- `TokenScope`: the scope.
- `TokenAllowedHosts`: further hosts. Those of the DSN or the driver's section always count.
- `TokenLive`: whether open connections get new tokens by attributes 122 and 123.
- `TokenAllowUnencrypted=yes`: what switches encryption off keeps no token back.

With `TokenKeywords` a driver that no profile knows needs none: then it is [other](#other), and a token goes only to
`TokenAllowedHosts` and to the server of the DSN or the driver's section.

No connection string may set these but `TokenScope` and `TokenProfile`; one that names another profile still gets no token to a host
that the driver's own does not know, and a driver for SQL Server takes it in no other way for such a string: only as an attribute is it
certainly encrypted by each of them.

A token that is a keyword can be given in a connection string only: then SQLConnect becomes SQLDriverConnect.

Whatever the driver, a connection string gets no token where it names endpoints (`EndpointOverride`, `EndpointUrl` and their like), an
`AuthProfile`, `AlternateServers`, a `TNSNamesFile`, an account or a region that is no plain name, libraries that the driver loads
(`SSLLibName`, `CryptoLibName`, `Keystore`, `PLUGIN_DIR`), or the certificates that the driver trusts (`TrustedCerts`, `TrustStore`,
`SSLTrustStore`, `ServerCertificate`, `SSLServerCertificate`, `SSLClientKeystoredb`, `CaFile`, `CaPath`, `SSLCA`, `SSLCAPATH`,
`TLSPEERFP` and its like), each by its short name as well; nor where it starts a log (`LogLevel`, `LogPath`, `LogFile`, `Verbosity`,
`Tracing`; psqlodbc's `CommLog` and `Debug`). The DSN or the driver's section may name them, and a string may then repeat them. A host
whose certificate counts for the server's (`HostNameInCertificate`) is a host like the server itself.

## Each profile
";
