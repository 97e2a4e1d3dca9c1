//! This command once more, as a child: what a driver does to its process is seen, not suffered.

use super::arguments::{Manager, Source};
use clap::Parser;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What is tried in a child. Nobody types these.
#[derive(Parser)]
pub enum Probe {
    #[command(name = "probe-driver")]
    Driver { file: PathBuf },
    #[command(name = "probe-names")]
    Names {
        #[command(flatten)]
        manager: Manager,
        copy: PathBuf,
        real: PathBuf,
    },
    #[command(name = "probe-connect")]
    Connect {
        #[command(flatten)]
        source: Source,
        seconds: usize,
    },
}

impl Probe {
    /// What this process was started for, if it is such a child.
    pub fn asked_for() -> Option<Self> {
        std::env::args_os().nth(1).filter(|word| word.to_string_lossy().starts_with("probe-")).map(|_| Self::parse())
    }
}

/// Longer than any driver takes to be loaded from a slow disk.
pub const LOADING: Duration = Duration::from_secs(60);
/// More than a child has to say.
const OUTPUT_MAX_BYTES: u64 = 1 << 20;

/// What the child printed.
///
/// # Errors
/// How it ended else, going on where its subject ends: it crashed, or took too long.
pub fn run(program: &Path, arguments: &[&OsStr], timeout: Duration) -> Result<String, String> {
    run_with(program, arguments, &[], timeout)
}

/// The same, with more in its environment.
///
/// # Errors
/// As above.
pub fn run_with(program: &Path, arguments: &[&OsStr], environment: &[(&str, &str)], timeout: Duration) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("cannot be looked at: {} cannot be started: {error}", program.display()))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stdout.take(OUTPUT_MAX_BYTES).read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    let deadline = Instant::now() + timeout;
    let bytes = receiver.recv_timeout(timeout).ok();
    // It has closed its output, and ends; or it hangs, maybe in a destructor.
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if bytes.is_some() && Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            _ => break None,
        }
    };
    let Some(status) = status else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("did not come to an end within {} s", timeout.as_secs()));
    };
    match status.signal() {
        Some(signal) => Err(format!("crashed ({})", name_of(signal))),
        None => Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()),
    }
}

fn name_of(signal: i32) -> String {
    let named = nix::sys::signal::Signal::try_from(signal).map(|signal| signal.as_str());
    named.map_or_else(|_| format!("signal {signal}"), str::to_owned)
}

/// The child ends by itself, whatever the parent does.
pub fn end_within(timeout: Duration) {
    nix::unistd::alarm::set(u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX).max(1));
}
