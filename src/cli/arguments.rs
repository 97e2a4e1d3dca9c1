//! What may be typed: one table, of which the help, the man pages and the completions of shells are made.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use tokenshim::oauth::registration::ACCOUNTS_HOSTS;

/// What each exit status says, for help and man page.
pub const EXIT_STATUSES: &str = "\
Exit status:
  0  it is done; doctor: nothing failed
  1  it could not be done, and no file of ODBC was changed; doctor: something failed
  2  the command line means nothing
  3  there is no such driver section or data source
  4  the provider refused the sign-in, or somebody has to sign in first
  5  the provider cannot be reached, or gave no answer in time: another try may help";

/// Puts OAuth in front of ODBC drivers.
#[derive(Parser)]
#[command(name = "tokenshim", version, after_help = EXIT_STATUSES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    Install(Install),
    Uninstall(Uninstall),
    Upgrade(Upgrade),
    Doctor(Doctor),
    List(List),
    Keys(Keys),
    Token(Token),
    /// Lets somebody sign in, in a browser or by a code, for programs of this user that may not ask
    ///
    /// Whoever is signed in already is asked anew. The sign-in is kept in a file that is this user's alone, and is good for every program
    /// that connects as this user. TokenSource must be authorization-code or device-code.
    #[command(after_help = EXIT_STATUSES)]
    Login(Source),
    /// Forgets the sign-in, and the token, that are kept for a data source
    ///
    /// A provider whose discovery document says where is told that the sign-in is over. Connections that are open stay open.
    #[command(after_help = EXIT_STATUSES)]
    Logout(Source),
    RegisterApp(RegisterApp),
}

/// Puts tokenshim before a real driver: a copy of the driver library, and a section of odbcinst.ini
///
/// If the section NAME is the real driver's own, it becomes tokenshim's, and each data source that names it signs in with a token from
/// then on. If there is no section NAME, it is added, with every other key of the section whose Driver is the real driver.
///
/// The rest of the file stays as it is, byte for byte. Installed once more, what the last install wrote is taken back first.
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct Install {
    /// The driver's section in odbcinst.ini: a new one, or the real driver's own
    #[arg(value_name = "NAME")]
    pub name: String,
    /// File of the real driver: a path, or a name in the folders where distributions keep drivers
    #[arg(long, value_name = "FILE")]
    pub real: PathBuf,
    /// How the driver takes a token (TokenProfile); by default known from the real driver's file name
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Where the token comes from (TokenSource); without it only data sources that say so get one
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// A further key of tokenshim's (see tokenshim keys), as often as needed; no secret, for others may read command lines
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Shows what would change in odbcinst.ini, secrets masked, and changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The driver library to copy; by default the one beside this command or in ../lib/tokenshim
    #[arg(long, value_name = "FILE")]
    pub library: Option<PathBuf>,
    /// Where the copy goes; by default beside the driver library, named after the real driver
    #[arg(long, value_name = "FILE")]
    pub copy: Option<PathBuf>,
    #[command(flatten)]
    pub manager: Manager,
}

/// Takes back what install wrote, and removes the copy of the driver library that nobody else uses
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct Uninstall {
    /// The driver's section in odbcinst.ini
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Shows what would change in odbcinst.ini, secrets masked, and changes nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub manager: Manager,
}

/// Makes each copy of the driver library anew, after tokenshim was upgraded
///
/// It looks for copies at the driver sections and data sources. A program that has an old one loaded goes on with it until it is restarted.
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct Upgrade {
    /// Shows which copies are old, and changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The driver library to copy; by default the one beside this command or in ../lib/tokenshim
    #[arg(long, value_name = "FILE")]
    pub library: Option<PathBuf>,
    #[command(flatten)]
    pub manager: Manager,
}

/// Looks at everything between a data source and its connection, and says what is wrong and what to do
///
/// In this order: the files, the data source, the keys and where each came from, the driver library, the real driver, its names, who gives
/// the token, the way there, the clock, the token and what it says, and a connection through the driver manager. Each line is ok, a warning,
/// or failed with the next step. Drivers are tried in a process of their own. No secret and no token is printed.
///
/// Without a data source it looks at the files and at each driver section of tokenshim's.
///
/// Run it as the user of the program that does not connect, and with its environment.
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct Doctor {
    /// A data source, or a connection string without secrets
    #[arg(value_name = "DSN")]
    pub name: Option<String>,
    /// Prints one JSON object: data_source, state, and checks, each with check, state, words, details, next
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub manager: Manager,
}

/// Lists the driver sections that are tokenshim's, their data sources, and what is known of their tokens without asking anybody
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct List {
    #[command(flatten)]
    pub manager: Manager,
}

/// Prints the token that a connect to a data source would get
///
/// It may be used as a password by whoever sees it, so it is not printed on a terminal, unless --show says so. Nobody is asked to sign
/// in: tokenshim login does that.
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct Token {
    #[command(flatten)]
    pub source: Source,
    /// Prints when the token ends, in UTC, in place of the token
    #[arg(long)]
    pub expiry: bool,
    /// Prints the token on a terminal, too
    #[arg(long)]
    pub show: bool,
}

#[derive(Args)]
pub struct Source {
    /// A data source, or a connection string without secrets
    #[arg(value_name = "DSN")]
    pub name: String,
    #[command(flatten)]
    pub manager: Manager,
}

/// Lists the keys that a driver section or a data source may have
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct Keys {
    /// Only these, in any case
    #[arg(value_name = "KEY")]
    pub names: Vec<String>,
}

#[derive(Args)]
pub struct Manager {
    /// The driver manager whose files count
    #[arg(long = "driver-manager", value_name = "NAME", value_enum, default_value_t = DriverManager::Unixodbc)]
    pub driver_manager: DriverManager,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DriverManager {
    Unixodbc,
    Iodbc,
}

impl DriverManager {
    /// Not this one.
    pub fn other(self) -> Self {
        match self {
            DriverManager::Unixodbc => DriverManager::Iodbc,
            DriverManager::Iodbc => DriverManager::Unixodbc,
        }
    }
}

/// Registers an application in a Databricks account, for sign-ins with a browser
///
/// The token of an administrator of the account is read from standard input, as it is or in JSON, such as `databricks auth token` prints it. The account
/// is asked once; it shows the secret of a confidential application this once, which goes into a file.
#[derive(Args)]
#[command(after_help = EXIT_STATUSES)]
pub struct RegisterApp {
    /// The account's id, which the account console shows
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
    /// The application's name
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Where browsers may come back to, as often as needed
    #[arg(long, value_name = "URL", required = true)]
    pub redirect_url: Vec<String>,
    /// What it may ask for, as often as needed; by default sql and offline_access
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// The account's host: accounts.azuredatabricks.net in Azure, accounts.gcp.databricks.com on Google Cloud
    #[arg(long, value_name = "HOST", default_value = ACCOUNTS_HOSTS[0])]
    pub accounts_host: String,
    /// Without a secret, for programs on people's own machines
    #[arg(long)]
    pub public: bool,
    /// A new file for the secret, which is then its owner's alone
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// How long the account may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u32,
}
