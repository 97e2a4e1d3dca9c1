//! From settings to the configuration of one sign-in.

mod client;

use super::settings::{Origin, Setting, Settings};
use super::sources;
use crate::error::Error;
use crate::log::{Format, Level, Log, To};
use crate::token::Secret;
use crate::token::life::Renewal;
use client::{certificate, client, client_auth, client_secret, highest, secrets};
use std::path::PathBuf;
use std::time::Duration;

/// How long getting a token may take where nobody says: the slowest real source, a cold `az`, needs a few seconds.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The same where a person signs in meanwhile.
const TIMEOUT_OF_A_PERSON: Duration = Duration::from_secs(300);
/// An hour: whoever asks for more has mistaken the unit.
const MAX_TIMEOUT_SECONDS: u64 = 3600;

/// What a driver's profile brings along where the settings say nothing.
#[derive(Default)]
pub struct Defaults {
    /// The source that the driver's own keywords ask for, where they do.
    pub source: Option<&'static str>,
    /// Those words stand in the connection string.
    pub source_is_of_string: bool,
    /// The scope its service wants.
    pub scope: Option<&'static str>,
    /// Where Entra is, in the cloud of the server.
    pub authority: &'static str,
    /// The sections alone would say another.
    pub authority_by_string: bool,
    /// The driver's own keywords for a client id and secret.
    pub client_id_keyword: Option<&'static str>,
    /// As above.
    pub client_secret_keyword: Option<&'static str>,
    /// The client id in the driver's own word may be `id@tenant`.
    pub client_id_names_tenant: bool,
    /// The driver's own keyword for whose sign-in to use.
    pub user_keyword: Option<&'static str>,
    /// The id of a managed or a workload identity in a chain, where nothing else names one.
    pub identity_client: Option<String>,
    /// A managed identity's id is what Microsoft's driver takes for one: its object's, but the client's on App Service.
    pub client_id_is_msi: bool,
    /// The client that people sign in with, and their tenant, where no client is named and the provider is Entra.
    pub public_client: Option<(&'static str, &'static str)>,
}

/// Where the client secret is.
#[derive(Clone, Debug)]
pub enum SecretPlace {
    /// Here.
    Value(Secret),
    /// In a file that nobody else may read.
    File(PathBuf),
    /// In an environment variable.
    Environment(String),
}

/// How a client shows its secret to a token endpoint (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// In the Authorization header.
    Basic,
    /// In the form.
    Post,
}

/// The way to an identity provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Route {
    /// `TokenProxy`; without it the environment's.
    pub proxy: Option<String>,
    /// `TokenCAFile`, beside the system's store.
    pub ca_file: Option<PathBuf>,
}

/// `TokenCache`: what is kept in files, for other processes and for later. All else is kept in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum InFiles {
    /// Nothing.
    Nothing,
    /// Refresh tokens: whoever signs in does so once.
    #[default]
    SignIns,
    /// Access tokens as well.
    Tokens,
}

/// How to get a token for one connection.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where an administrator should look, in a message's words.
    pub section: String,
    /// `TokenSource`, as written.
    pub source: String,
    /// The connection string chose it: then it is none that runs or reads what it is told to.
    pub is_of_string: bool,
    /// `TokenEndpoint`.
    pub endpoint: Option<String>,
    /// `TokenDiscovery`.
    pub discovery: Option<String>,
    /// `TokenScope`, else the profile's.
    pub scope: Option<String>,
    /// `TokenClientId`, else the driver's own word for it.
    pub client_id: Option<String>,
    /// The id of a managed or a workload identity in a chain, where `client_id` is none.
    pub identity_client: Option<String>,
    /// The one or the other is an object's id, but on App Service.
    pub client_id_is_msi: bool,
    /// The client secret, else the driver's own word for it.
    pub client_secret: Option<SecretPlace>,
    /// The client secret stands in the connection string.
    pub secret_by_string: bool,
    /// `TokenClientCertificate`; then there is no secret.
    pub certificate: Option<PathBuf>,
    /// `TokenClientAuth`.
    pub client_auth: Option<ClientAuth>,
    /// `TokenTenant`.
    pub tenant: Option<String>,
    /// A connection string names it.
    pub tenant_by_string: bool,
    /// The client that people sign in with, and their tenant, where no client is named and the provider is Entra.
    pub public_client: Option<(&'static str, &'static str)>,
    /// Where Entra is, in the cloud of the server: `https://` and a host.
    pub authority: &'static str,
    /// A connection string moved it to another cloud than that of the sections.
    pub authority_by_string: bool,
    /// `TokenUser`.
    pub user: Option<String>,
    /// `TokenCommand`.
    pub command: Option<String>,
    /// `TokenFile`.
    pub file: Option<PathBuf>,
    /// `TokenEnv`.
    pub variable: Option<String>,
    /// `TokenCallback`.
    pub callback: Option<String>,
    /// `TokenPrompt`, where it is set: whether somebody may be asked to sign in, whatever the application says.
    pub prompt: Option<bool>,
    /// `TokenRedirect`.
    pub redirect: Option<String>,
    /// `TokenTimeout`.
    pub timeout: Duration,
    /// Somebody chose it.
    pub is_timeout_set: bool,
    /// `TokenRenewal`.
    pub renewal: Renewal,
    /// `TokenLive`, where it is set.
    pub live: Option<bool>,
    /// `TokenCache`.
    pub in_files: InFiles,
    /// `TokenProxy` and `TokenCAFile`.
    pub route: Route,
    /// `TokenLog` and its like.
    pub log: Log,
}

impl Config {
    /// `None` where nothing asks for a token: then the connection is none of tokenshim's business.
    ///
    /// # Errors
    /// A value that means nothing, with its place and its key.
    pub fn resolve(settings: &Settings, defaults: &Defaults) -> Result<Option<Self>, Error> {
        let (source, section, is_of_string) = match (settings.get("TokenSource"), defaults.source) {
            (Some(Setting { value, origin }), _) if !value.is_empty() => (value, origin.clone(), origin == Origin::ConnectionString),
            (None, Some(source)) => (source.to_owned(), settings.home(), defaults.source_is_of_string),
            _ => return Ok(None),
        };
        // Advice should name a place that an administrator can change.
        let section = match section {
            Origin::ConnectionString => settings.home(),
            section => section,
        };
        let text = |key: &str| settings.first_of(&[key]).map(|setting| setting.value);
        let by_string =
            |keywords: &[Option<&'static str>]| highest(settings, keywords).is_some_and(|(_, setting)| setting.origin == Origin::ConnectionString);
        let administrators = |key: &str| administrators(settings, key).map(|setting| setting.value);
        let (client_id, tenant, tenant_by_string) = client(settings, defaults);
        let certificate = certificate(settings, defaults);
        Ok(Some(Self {
            section: section.to_string(),
            timeout: timeout(settings, &source)?,
            is_timeout_set: settings.first_of(&["TokenTimeout"]).is_some(),
            source,
            is_of_string,
            endpoint: text("TokenEndpoint"),
            discovery: text("TokenDiscovery"),
            scope: text("TokenScope").or(defaults.scope.map(str::to_owned)),
            client_id,
            identity_client: defaults.identity_client.clone(),
            client_id_is_msi: defaults.client_id_is_msi && text("TokenClientId").is_none(),
            client_secret: client_secret(settings, defaults).filter(|_| certificate.is_none()),
            secret_by_string: by_string(&secrets(defaults)),
            certificate,
            client_auth: client_auth(settings)?,
            tenant,
            tenant_by_string,
            public_client: defaults.public_client,
            authority: defaults.authority,
            authority_by_string: defaults.authority_by_string,
            user: settings.first_of(&["TokenUser"]).or_else(|| settings.first_of(&[defaults.user_keyword?])).map(|setting| setting.value),
            command: administrators("TokenCommand"),
            file: administrators("TokenFile").map(PathBuf::from),
            variable: administrators("TokenEnv"),
            callback: text("TokenCallback"),
            prompt: switch(settings, "TokenPrompt")?,
            redirect: administrators("TokenRedirect"),
            renewal: renewal(settings)?,
            live: switch(settings, "TokenLive")?,
            in_files: in_files(settings)?,
            route: Route { proxy: text("TokenProxy"), ca_file: text("TokenCAFile").map(PathBuf::from) },
            log: log(settings)?,
        }))
    }
}

fn timeout(settings: &Settings, source: &str) -> Result<Duration, Error> {
    let asks_somebody = sources::named(source).any(|source| source.asks_somebody);
    let default = if asks_somebody { TIMEOUT_OF_A_PERSON } else { DEFAULT_TIMEOUT };
    let Some(setting) = settings.first_of(&["TokenTimeout"]) else { return Ok(default) };
    match setting.value.parse() {
        Ok(seconds @ 1..=MAX_TIMEOUT_SECONDS) => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::bad(setting.origin, "TokenTimeout", "must be a number of seconds from 1 to 3600")),
    }
}

/// What an administrator set `key` to. In a connection string it is refused, but only where a token is asked for.
fn administrators(settings: &Settings, key: &str) -> Option<Setting> {
    settings.in_sections(key).filter(|setting| !setting.value.is_empty())
}

fn renewal(settings: &Settings) -> Result<Renewal, Error> {
    let Some(setting) = administrators(settings, "TokenRenewal") else { return Ok(Renewal::Half) };
    match (setting.value.to_ascii_lowercase().as_str(), setting.value.parse()) {
        ("half", _) => Ok(Renewal::Half),
        ("off", _) => Ok(Renewal::Off),
        (_, Ok(seconds @ 1..)) => Ok(Renewal::BeforeEnd(Duration::from_secs(seconds))),
        _ => Err(Error::bad(setting.origin, "TokenRenewal", "must be half, off, or a number of seconds before the token's end")),
    }
}

fn in_files(settings: &Settings) -> Result<InFiles, Error> {
    let Some(setting) = administrators(settings, "TokenCache") else { return Ok(InFiles::default()) };
    match setting.value.to_ascii_lowercase().as_str() {
        "memory" => Ok(InFiles::Nothing),
        "file" => Ok(InFiles::Tokens),
        _ => Err(Error::bad(setting.origin, "TokenCache", "must be memory or file")),
    }
}

/// Where lines go, how many, and in what shape.
///
/// # Errors
/// A value that means nothing, with its place.
pub fn log(settings: &Settings) -> Result<Log, Error> {
    fn one<T>(settings: &Settings, key: &'static str, of: impl Fn(&str) -> Option<T>, problem: &str) -> Result<Option<T>, Error> {
        let Some(setting) = administrators(settings, key) else { return Ok(None) };
        of(&setting.value).map(Some).ok_or_else(|| Error::bad(setting.origin, key, problem))
    }
    let format = |value: &str| match value.to_ascii_lowercase().as_str() {
        "text" => Some(Format::Text),
        "json" => Some(Format::Json),
        _ => None,
    };
    Ok(Log {
        to: one(settings, "TokenLog", To::of, "must be stderr or a full path")?.unwrap_or_default(),
        level: one(settings, "TokenLogLevel", Level::of, "must be error, warning, info or debug")?,
        format: one(settings, "TokenLogFormat", format, "must be text or json")?.unwrap_or_default(),
    })
}

/// What an administrator switched `key` to; `None` where it is not set.
///
/// # Errors
/// Anything else, with its place.
pub fn switch(settings: &Settings, key: &'static str) -> Result<Option<bool>, Error> {
    let Some(setting) = administrators(settings, key) else { return Ok(None) };
    yes_or_no(&setting.value).map(Some).ok_or_else(|| Error::bad(setting.origin, key, "must be yes or no"))
}

/// As drivers have it.
pub fn yes_or_no(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" | "on" => Some(true),
        "no" | "false" | "0" | "off" => Some(false),
        _ => None,
    }
}
