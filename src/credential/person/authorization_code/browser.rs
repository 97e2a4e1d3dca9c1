//! The browser of the person before this program: what `BROWSER` names, else `xdg-open`.

use crate::credential::{child, program};
use crate::environment;
use std::any::Any;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a program is asked whether it could show the page.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A program, and what it is told.
type Line = (PathBuf, Vec<String>);

/// Those that are left running: a browser stays open for longer than a sign-in takes. Their ends are looked at when the next one
/// is started.
static RUNNING: Mutex<Vec<Child>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Child>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at those that run until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(running())
}

/// Whether one could be opened here: one is named, or there is a desktop that has one.
pub fn is_there() -> bool {
    let is_desktop = || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| environment::variable(name).is_some());
    let names = environment::text("BROWSER").or_else(|| is_desktop().then(|| "xdg-open".into()));
    environment::is_trusted() && !lines(&names.unwrap_or_default(), "").is_empty()
}

/// A browser that is being opened.
pub struct Browser {
    child: Option<Child>,
    /// What else might do.
    others: std::vec::IntoIter<Line>,
}

impl Browser {
    /// Shows `url`.
    pub fn open(url: &str) -> Self {
        running().retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        // With another user's rights, nothing is started that the environment could name.
        let names = environment::is_trusted().then(|| environment::text("BROWSER").unwrap_or_else(|| "xdg-open".into()));
        let mut browser = Self { child: None, others: lines(&names.unwrap_or_default(), url).into_iter() };
        browser.start_next();
        browser
    }

    /// Where a program has ended without success, the next one is tried. Returns when to look again.
    pub fn look(&mut self) -> Option<Duration> {
        match self.child.as_mut()?.try_wait() {
            Ok(None) => return Some(LOOK_EVERY),
            Ok(Some(status)) if !status.success() => self.start_next(),
            _ => self.child = None,
        }
        self.child.as_ref().map(|_| LOOK_EVERY)
    }

    fn start_next(&mut self) {
        self.child = self.others.find_map(|(program, arguments)| child::leave(&program, &arguments).ok());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        running().extend(self.child.take());
    }
}

/// What `BROWSER` names: programs with their words, between colons, with `%s` where the URL belongs, else at the end. Of names that
/// are on PATH the full path counts.
fn lines(names: &str, url: &str) -> Vec<Line> {
    let line = |words: &str| {
        let mut words = words.split_whitespace();
        let name = words.next()?;
        let program = if name.contains('/') { Some(PathBuf::from(name)).filter(|path| Path::is_absolute(path)) } else { child::on_path(name) };
        let program = program.filter(|program| program::check(program, program::EVERYBODY).is_ok());
        let mut arguments: Vec<String> = words.map(str::to_owned).collect();
        if !arguments.iter().any(|word| word.contains("%s")) {
            arguments.push("%s".into());
        }
        Some((program?, arguments.iter().map(|word| word.replace("%s", url)).collect()))
    };
    names.split(':').filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn each_name_between_colons_is_a_program_with_its_words() {
        let url = "https://idp/?a=b%20c";
        let lines = lines(" /bin/ls  -new %s --end:/bin/cat: :no-such-program:/no/such/program:./three:sh -x", url);
        let shown: Vec<_> =
            lines.iter().map(|(program, words)| (program.file_name().and_then(|name| name.to_str()).unwrap_or_default(), words.join(" "))).collect();
        assert_eq!(shown, [("ls", format!("-new {url} --end")), ("cat", url.to_owned()), ("sh", format!("-x {url}"))]);
        assert!(lines.iter().all(|(program, _)| program.is_absolute()));
    }

    #[test]
    fn a_browser_that_everybody_can_replace_is_none() {
        let folder = std::env::temp_dir().join(format!("tokenshim-browser-{}", std::process::id()));
        let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("a file");
        std::fs::create_dir(&folder).expect("a folder");
        let program = folder.join("browser");
        std::fs::write(&program, "#!/bin/sh\n").expect("a file");
        mode(&program, 0o755);
        let found = [0o755, 0o777].map(|of_folder| {
            mode(&folder, of_folder);
            lines(&program.to_string_lossy(), "https://idp/").len()
        });
        std::fs::remove_dir_all(&folder).expect("a folder");
        assert_eq!(found, [1, 0]);
    }
}
