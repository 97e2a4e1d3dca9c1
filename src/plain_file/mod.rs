//! Files that a setting names: read whole, at once or not at all. A pipe, a device, or a file without end must not hold
//! up a connect.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub mod kept;

/// The bytes of a regular file of at most `max_bytes`, which may be a secret, and what the file system says about it.
///
/// # Errors
/// Says what is wrong with the file, in words that go on where its key ends.
pub fn read(path: &Path, max_bytes: usize) -> Result<(Vec<u8>, Metadata), String> {
    whole(open(path).map_err(unreadable)?, max_bytes)
}

/// As [`read`], of a file that is its reader's own: where it cannot be opened, the words end with what to do.
///
/// # Errors
/// As [`read`].
pub fn read_own(path: &Path, max_bytes: usize) -> Result<(Vec<u8>, Metadata), String> {
    whole(open(path).map_err(to_mend)?, max_bytes)
}

fn open(path: &Path) -> io::Result<File> {
    // Opening must not wait for a pipe's other end, nor make a terminal this process's own.
    File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

fn whole(file: File, max_bytes: usize) -> Result<(Vec<u8>, Metadata), String> {
    let about = regular(&file)?;
    Ok((contents(file, max_bytes)?, about))
}

/// What the file system says about `file`, if it is a regular one.
///
/// # Errors
/// As [`read`].
pub fn regular(file: &File) -> Result<Metadata, String> {
    let about = file.metadata().map_err(unreadable)?;
    if about.is_file() { Ok(about) } else { Err("is no regular file".into()) }
}

/// The bytes of a file that is open.
///
/// # Errors
/// As [`read`].
pub fn contents(file: File, max_bytes: usize) -> Result<Vec<u8>, String> {
    // Room for all that is ever read: without, the first bytes would be read into a buffer on the stack, which nobody wipes.
    let mut bytes = Vec::with_capacity(max_bytes + 1);
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > max_bytes {
        return Err(format!("has more than {max_bytes} bytes"));
    }
    Ok(bytes)
}

/// Adds a line to a file, which nobody but this user may read where it is made for it.
///
/// # Errors
/// As [`read`].
pub fn append(path: &Path, line: &[u8]) -> Result<(), String> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW;
    let unwritable = |error| format!("cannot be written: {error}");
    let mut file = File::options().append(true).create(true).mode(0o600).custom_flags(flags).open(path).map_err(unwritable)?;
    regular(&file)?;
    file.write_all(line).map_err(unwritable)
}

/// Whose file it would have to be is the one thing that nobody sees in a path.
fn to_mend(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("cannot be read: {error}: correct the path, or put the file there"),
        io::ErrorKind::PermissionDenied => {
            let user = nix::unistd::geteuid();
            format!("cannot be read by user {user}, which this application runs as: run chown {user} on it, and let that user into its folder")
        }
        _ => unreadable(error),
    }
}

fn unreadable(error: io::Error) -> String {
    format!("cannot be read: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hinders_this_user_alone_is_said_with_the_user_and_what_to_do() {
        let user = nix::unistd::geteuid().to_string();
        let denied = to_mend(io::ErrorKind::PermissionDenied.into());
        assert!(denied.contains(&format!("by user {user},")) && denied.contains(&format!("run chown {user} on it")), "{denied}");
        let gone = read_own(Path::new("/no/such/file"), 1).expect_err("no file");
        assert!(gone.contains("No such file") && gone.ends_with("correct the path, or put the file there"), "{gone}");
    }
}
