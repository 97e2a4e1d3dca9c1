//! The environment, where it says whom to trust or where something is: believed only of somebody who has no more rights without
//! this program than with it.

use nix::unistd::{getegid, geteuid, getgid, getuid};
use std::ffi::OsString;
use std::fs;
use std::sync::atomic::{AtomicU8, Ordering};

/// The value of a variable that is set to something, in a program that runs with its own user's rights.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty() && is_trusted())
}

/// The same as text; one that is none counts as not set.
pub fn text(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}

/// In a program that runs with another user's rights (secure_getenv(3)) the environment is that of whoever started it.
pub fn is_trusted() -> bool {
    getuid() == geteuid() && getgid() == getegid() && began_so()
}

/// Whether the kernel began it so. That is asked once; no lock is held meanwhile, which a `fork` could leave locked.
fn began_so() -> bool {
    const YES: u8 = 1;
    const NO: u8 = 2;
    static KNOWN: AtomicU8 = AtomicU8::new(0);
    let known = match KNOWN.load(Ordering::Relaxed) {
        0 if fs::read("/proc/self/auxv").is_ok_and(|vector| !is_secure(&vector)) => YES,
        0 => NO,
        known => known,
    };
    KNOWN.store(known, Ordering::Relaxed);
    known == YES
}

/// AT_SECURE of an auxiliary vector (getauxval(3)). One that ends without it is none that a kernel made.
fn is_secure(vector: &[u8]) -> bool {
    const WORD: usize = size_of::<usize>();
    let words: Vec<usize> = vector.chunks_exact(WORD).map(|bytes| usize::from_ne_bytes(bytes.try_into().unwrap_or_default())).collect();
    words.chunks_exact(2).find(|pair| pair[0] == libc::AT_SECURE as usize).is_none_or(|pair| pair[1] != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_counts_only_where_the_kernel_says_so() {
        let vector = |pairs: &[[usize; 2]]| pairs.as_flattened().iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
        assert!(!is_secure(&vector(&[[33, 1], [23, 0], [0, 0]])));
        assert!(is_secure(&vector(&[[33, 0], [23, 1], [0, 0]])));
        assert!(is_secure(&vector(&[[33, 0], [0, 0]])) && is_secure(b"") && is_secure(b"\x17"));
        assert!(!is_secure(&fs::read("/proc/self/auxv").expect("a vector")), "these tests run with their own user's rights");
    }
}
