//! Runs a program that signs in: by absolute path, without a shell, alone in its process group, until a deadline.

use crate::{environment, signals};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// No token is longer, nor are the words of a program worth reading further.
const OUTPUT_MAX_BYTES: usize = 1024 * 1024;
/// How often a child that prints nothing is asked whether it still lives.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where a system has its own programs.
const SYSTEM_PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// What a child said.
pub struct Output {
    /// `None` where the host took the status away: it ignores SIGCHLD, or waits for every child itself.
    pub status: Option<ExitStatus>,
    /// It may hold a token.
    pub stdout: Zeroizing<Vec<u8>>,
    /// Its words for a person.
    pub stderr: Vec<u8>,
}

/// Why there is no output.
pub enum Failure {
    /// It could not be started.
    NotStarted(io::Error),
    /// It was still running at the deadline, and was killed with its children.
    TooSlow,
    /// It printed more than any token.
    TooMuch,
}

/// The absolute path of `name` on PATH. Relative entries are passed over: the working folder may be anybody's. With another user's
/// rights nothing is found, for PATH is that of whoever started the program.
pub fn on_path(name: &str) -> Option<PathBuf> {
    all_on_path(name).into_iter().next()
}

/// As [`on_path`], for all programs of that name.
pub fn all_on_path(name: &str) -> Vec<PathBuf> {
    let Some(path) = environment::variable("PATH") else { return Vec::new() };
    let files = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(name));
    files.filter(|file| file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)).collect()
}

/// Runs `program`, reads what it prints, and sees to its end.
pub fn run(program: &Path, arguments: &[&str], environment: &[(&str, &str)], deadline: Instant) -> Result<Output, Failure> {
    let mut command = command(program);
    command.args(arguments).envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = signals::as_host(|| command.spawn()).map_err(Failure::NotStarted)?;
    let result = read(&mut child, deadline);
    let end = |child: &Child| killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
    if !matches!(result, Ok((_, true))) {
        // Too slow, too much, or somebody it left behind still holds its output open.
        let _ = end(&child);
    }
    const AT_ONCE: Duration = Duration::from_secs(1);
    let Some(status) = reap(&mut child, deadline.max(Instant::now() + AT_ONCE)) else {
        // It has closed its output, and goes on.
        let _ = end(&child);
        reap(&mut child, Instant::now() + AT_ONCE);
        return result.and(Err(Failure::TooSlow));
    };
    result.map(|(output, _)| Output { status, ..output })
}

/// Starts `program`, which may go on for as long as it likes. What it prints, nobody reads.
pub fn leave(program: &Path, arguments: &[String]) -> io::Result<Child> {
    let mut command = command(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    signals::as_host(|| command.spawn())
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null()).process_group(0);
    if !environment::is_trusted() {
        // With another user's rights it would do what whoever started the program wants.
        command.env_clear().env("PATH", SYSTEM_PATH);
        return command;
    }
    // What a BI server sets for its own libraries and its own Python would break, or take over, somebody else's.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("LD_") || text == "PYTHONHOME" || text == "PYTHONPATH" {
            command.env_remove(&name);
        }
    }
    command
}

/// Reads both pipes to their ends; the flag tells whether both were reached.
fn read(child: &mut Child, deadline: Instant) -> Result<(Output, bool), Failure> {
    let mut output = Output { status: None, stdout: Zeroizing::new(Vec::with_capacity(OUTPUT_MAX_BYTES)), stderr: Vec::new() };
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let mut gone = false;
    while stdout.is_some() || stderr.is_some() {
        let now = Instant::now();
        if now >= deadline {
            return Err(Failure::TooSlow);
        }
        let left = deadline.saturating_duration_since(now).min(LOOK_EVERY);
        let ready = {
            let open = [stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)];
            readable(open, left)
        };
        if ready == [false, false] {
            if gone {
                return Ok((output, false));
            }
            // One more look after its end: what it wrote last may still be in the pipe.
            gone = !matches!(child.try_wait(), Ok(None));
            continue;
        }
        if ready[0] {
            take(&mut stdout, &mut output.stdout)?;
        }
        if ready[1] {
            take(&mut stderr, &mut output.stderr)?;
        }
    }
    Ok((output, true))
}

/// Which of two pipes have something, or have ended.
fn readable(pipes: [Option<BorrowedFd<'_>>; 2], wait: Duration) -> [bool; 2] {
    let mut polled: Vec<(usize, PollFd<'_>)> =
        pipes.iter().enumerate().filter_map(|(index, pipe)| Some((index, PollFd::new((*pipe)?, PollFlags::POLLIN)))).collect();
    let mut fds: Vec<PollFd<'_>> = polled.iter().map(|(_, fd)| fd.clone()).collect();
    let wait = PollTimeout::try_from(wait.as_millis().max(1) as i32).unwrap_or(PollTimeout::ZERO);
    let mut ready = [false; 2];
    // A signal of the host's may interrupt the wait; the caller then just looks again.
    if poll(&mut fds, wait).is_ok() {
        for ((index, _), fd) in polled.drain(..).zip(&fds) {
            ready[index] = fd.any().unwrap_or(true);
        }
    }
    ready
}

/// Reads what is there; closes the pipe at its end.
fn take<P: Read>(pipe: &mut Option<P>, to: &mut Vec<u8>) -> Result<(), Failure> {
    let Some(open) = pipe else { return Ok(()) };
    let mut piece = Zeroizing::new([0; 16 * 1024]);
    match open.read(&mut piece[..]) {
        Ok(0) => *pipe = None,
        Ok(count) if to.len() + count > OUTPUT_MAX_BYTES => return Err(Failure::TooMuch),
        Ok(count) => to.extend_from_slice(&piece[..count]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(_) => *pipe = None,
    }
    Ok(())
}

/// The child's status, if the host leaves it to us; `None` where it still runs at the deadline.
fn reap(child: &mut Child, deadline: Instant) -> Option<Option<ExitStatus>> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(Some(status)),
            Err(_) => return Some(None),
            Ok(None) if Instant::now() >= deadline => return None,
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
