//! A driver manager in a process of its own, which is asked how it reads things.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tokenshim::config::ini::{Environment, Manager, Registry};

/// Of POSIX.
const SIGABRT: i32 = 6;

/// One of them. It ends with this value.
pub struct Asked {
    /// Whose rules these are.
    pub manager: Manager,
    /// Its files and drivers.
    pub folder: PathBuf,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    files: usize,
}

impl Asked {
    /// unixODBC and iODBC, each with the drivers A and B.
    pub fn all() -> Vec<Asked> {
        ["unixodbc", "iodbc"].into_iter().map(Asked::of).collect()
    }

    /// As its project writes it.
    pub fn name(&self) -> &'static str {
        if self.manager == Manager::Iodbc { "iODBC" } else { "unixODBC" }
    }

    fn of(name: &str) -> Asked {
        let thread = format!("{:?}", std::thread::current().id()).replace(|c: char| !c.is_alphanumeric(), "");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("asked-{name}-{}-{thread}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let source = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(name);
        for driver in ["A", "B"] {
            let library = folder.join(format!("{driver}.so"));
            compile(&["-shared", "-fPIC", &format!("-DNAME=\"{driver}\"")], &source("reached.c"), &library);
        }
        compile(&[], &source("read_by.c"), &folder.join("read_by"));
        let manager = if name == "iodbc" { Manager::Iodbc } else { Manager::UnixOdbc { system_folder: folder.clone() } };
        let (child, questions, answers) = started(&manager, &folder);
        Asked { manager, folder, child, questions, answers, files: 0 }
    }

    /// Writes odbcinst.ini and odbc.ini.
    pub fn write(&mut self, drivers: &str, data_sources: &str) {
        fs::write(self.folder.join("odbcinst.ini"), drivers).expect("a file");
        fs::write(self.folder.join("odbc.ini"), data_sources).expect("a file");
    }

    /// What tokenshim reads of them.
    pub fn registry(&self) -> Registry {
        Registry::read(&self.manager, &self.environment(&self.folder.join("odbc.ini")))
    }

    /// An environment in which `data_sources` is the one odbc.ini.
    pub fn environment(&self, data_sources: &Path) -> Environment {
        let [drivers, data_sources] = [self.folder.join("odbcinst.ini"), data_sources.to_owned()].map(|path| path.to_string_lossy().into_owned());
        Environment::of(&[("HOME", "/nonexistent"), ("SYSODBCINSTINI", &drivers), ("SYSODBCINI", &data_sources), ("ODBCINI", &data_sources)])
    }

    /// The driver that a connection string reaches, or `-`.
    pub fn reached(&mut self, string: &str) -> String {
        self.ask("s", &[string])
    }

    /// A path that no file had yet.
    pub fn fresh(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.join(format!("{}.ini", self.files))
    }

    /// A key's value; empty where there is none.
    pub fn value(&mut self, file: &Path, section: &str, key: &str) -> String {
        let answer = self.ask("i", &[&file.to_string_lossy(), section, key]);
        if answer == "-" {
            return String::new();
        }
        let bytes = (0..answer.len() / 2).map(|at| u8::from_str_radix(&answer[2 * at..2 * at + 2], 16).expect("hexadecimal"));
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
    }

    fn ask(&mut self, kind: &str, words: &[&str]) -> String {
        let mut line = kind.to_owned();
        for word in words {
            line.push(' ');
            if word.is_empty() {
                line.push('-');
            }
            word.bytes().for_each(|byte| _ = write!(line, "{byte:02x}"));
        }
        line.push('\n');
        self.questions.write_all(line.as_bytes()).expect("a question");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        if !answer.ends_with('\n') {
            // unixODBC's loader aborts at some names of drivers, such as `/`: nobody is reached then.
            let status = self.child.wait().expect("an end");
            assert!(kind == "s" && status.signal() == Some(SIGABRT), "{line}: {status}");
            (self.child, self.questions, self.answers) = started(&self.manager, &self.folder);
            return "-".into();
        }
        answer.trim_end().to_owned()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The program, and the pipes to it and from it.
fn started(manager: &Manager, folder: &Path) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let libraries = match manager {
        Manager::Iodbc => ["libiodbc.so.2", "libiodbcinst.so.2"],
        Manager::UnixOdbc { .. } => ["libodbc.so.2", "libodbcinst.so.2"],
    };
    let [drivers, data_sources] = ["odbcinst.ini", "odbc.ini"].map(|file| folder.join(file));
    let mut child = Command::new(folder.join("read_by"))
        .args(libraries)
        .env_clear()
        .envs([("HOME", Path::new("/nonexistent")), ("ODBCSYSINI", folder), ("SYSODBCINSTINI", &drivers)])
        .envs([("ODBCINI", &data_sources), ("SYSODBCINI", &data_sources)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a program");
    let questions = child.stdin.take().expect("a pipe");
    let answers = BufReader::new(child.stdout.take().expect("a pipe"));
    (child, questions, answers)
}

fn compile(options: &[&str], source: &Path, out: &Path) {
    let done = Command::new("cc")
        .args(["-std=c99", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"])
        .args(options)
        .arg(source)
        .arg("-o")
        .arg(out)
        .arg("-ldl")
        .status();
    assert!(done.expect("cc").success(), "{}", source.display());
}
