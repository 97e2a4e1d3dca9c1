//! Whether every other thread of this process has ended: then it is over, and must not be kept from its end.

use crate::signals::NAME;
use std::fs;
use std::path::Path;

/// A program's first thread may end before the others (pthread_exit(3)), and a process without any other than tokenshim's would
/// go on for ever. Where /proc does not tell, there are others.
pub fn is_alone() -> bool {
    let own = nix::unistd::gettid().to_string();
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return false };
    let mut others = tasks.flatten().filter(|task| task.file_name().to_str() != Some(own.as_str()));
    others.all(|task| is_zombie(&task.path()) || is_ours(&task.path()))
}

/// Those that fetch tokens end by themselves.
fn is_ours(task: &Path) -> bool {
    fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == NAME)
}

/// proc(5), "stat": the state stands behind the name, which ends with the last parenthesis. The first thread stays as a zombie.
fn is_zombie(task: &Path) -> bool {
    let Ok(stat) = fs::read_to_string(task.join("stat")) else { return true };
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}
