//! What tokenshim must see in the files is what the driver manager sees; both were watched to write these.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use super::*;

mod kept;
mod parse;
mod places;

/// What unixODBC reads from these two files, for tests of whatever is built on it.
pub fn registry(drivers: &str, data_sources: &str) -> Registry {
    let machine = Machine::new().with("odbcinst.ini", drivers).with("odbc.ini", data_sources);
    let registry = machine.unix_odbc();
    // Before the files go.
    let _ = (registry.drivers(), registry.data_sources(), registry.driver_of("nobody"));
    registry
}

/// A folder of its own for a test, with the four files in it.
struct Machine(PathBuf);

impl Machine {
    fn new() -> Machine {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tokenshim-ini-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join("home")).expect("a folder for the test");
        Machine(folder)
    }

    fn with(self, file: &str, text: impl AsRef<[u8]>) -> Machine {
        fs::write(self.path(file), text).expect("a file for the test");
        self
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let home = self.path("home").into_os_string().into_string().expect("a folder in UTF-8");
        Environment::of(&[&[("HOME", home.as_str())], more].concat()).with_account_home(&home)
    }

    fn unix_odbc(&self) -> Registry {
        Registry::read(&Manager::UnixOdbc { system_folder: self.0.clone() }, &self.environment(&[]))
    }

    fn iodbc(&self) -> Registry {
        let system = |file: &str| self.path(file).into_os_string().into_string().expect("a folder in UTF-8");
        let (drivers, data_sources) = (system("odbcinst.ini"), system("odbc.ini"));
        let variables = [("SYSODBCINSTINI", drivers.as_str()), ("SYSODBCINI", data_sources.as_str())];
        Registry::read(&Manager::Iodbc, &self.environment(&variables))
    }

    fn both(&self) -> [Registry; 2] {
        [self.unix_odbc(), self.iodbc()]
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn value(section: Option<Section>, key: &str) -> Option<String> {
    section?.get(key).map(str::to_owned)
}

fn names(sections: &[Section]) -> Vec<&str> {
    sections.iter().map(|section| &*section.name).collect()
}

fn section(name: &str) -> Option<DriverOf> {
    Some(DriverOf::Section(name.to_owned()))
}

fn file(name: &str) -> Option<DriverOf> {
    Some(DriverOf::File(name.into()))
}

#[test]
fn a_data_source_of_the_user_hides_the_systems_but_for_iodbc_key_by_key() {
    let machine =
        Machine::new().with("home/.odbc.ini", "[A]\nDriver=U\nServer=\n").with("odbc.ini", "[a]\nDriver=S\nServer=sys\nPort=1\n[b]\nDriver=B\n");
    let [unix_odbc, iodbc] = machine.both();
    for registry in [&unix_odbc, &iodbc] {
        assert_eq!(names(&registry.data_sources()), ["A", "b"]);
        assert_eq!(value(registry.data_source("a"), "driver").as_deref(), Some("U"));
        assert_eq!(registry.data_source("a").map(|s| s.file().to_owned()), Some(machine.path("home/.odbc.ini")));
    }
    assert_eq!(value(unix_odbc.data_source("A"), "Server").as_deref(), Some(""));
    assert_eq!(value(unix_odbc.data_source("A"), "Port"), None);
    assert_eq!(value(iodbc.data_source("A"), "Server").as_deref(), Some("sys"));
    assert_eq!(value(iodbc.data_source("A"), "Port").as_deref(), Some("1"));
}

#[test]
fn a_driver_of_the_system_hides_the_users_in_unix_odbc_and_the_other_way_round_in_iodbc() {
    let machine = Machine::new().with("home/.odbcinst.ini", "[P]\nDriver=/u.so\n").with("odbcinst.ini", "[p]\nDriver=/s.so\n");
    let [unix_odbc, iodbc] = machine.both();
    assert_eq!(value(unix_odbc.driver("P"), "Driver").as_deref(), Some("/s.so"));
    assert_eq!(value(iodbc.driver("P"), "Driver").as_deref(), Some("/u.so"));
}

#[test]
fn unix_odbc_reads_no_drivers_of_the_user_without_a_system_file() {
    let machine = Machine::new().with("home/.odbcinst.ini", "[P]\nDriver=/u.so\n");
    assert_eq!(names(&machine.unix_odbc().drivers()), [""; 0]);
    assert_eq!(names(&machine.iodbc().drivers())[..1], ["P"]);
    fs::create_dir(machine.path("odbcinst.ini")).expect("a folder instead of the file");
    assert_eq!(names(&machine.unix_odbc().drivers()), ["P"], "a folder counts as an empty file");
}

#[test]
fn unix_odbc_looks_for_the_driver_of_a_data_source_in_the_systems_file_too() {
    let machine = Machine::new()
        .with("home/.odbc.ini", "[x]\nServer=here\nDriver=\n[y]\nDriver=nowhere\n[z]\nDriver=/z.so\n")
        .with("odbc.ini", "[x]\n  Driver = P\n[default]\nDriver=P\n")
        .with("odbcinst.ini", "[p]\nDriver=/32.so\nDriver64=/64.so\n");
    let registry = machine.unix_odbc();
    assert_eq!(registry.driver_of("X"), section("P"));
    assert_eq!(registry.driver_of("y"), None);
    assert_eq!(registry.driver_of("z"), file("/z.so"));
    assert_eq!(registry.driver_named("/z.so"), DriverOf::File("/z.so".into()));
    assert_eq!(registry.driver_named("nowhere"), DriverOf::File("nowhere".into()));
    let driver = registry.driver("P").expect("a section");
    let wide = cfg!(target_pointer_width = "64");
    assert_eq!(registry.file_of(&driver), Some(if wide { "/64.so" } else { "/32.so" }));
    assert_eq!(["x", "y", "new", ""].map(|name| registry.data_source_to_connect(name)), ["x", DEFAULT, DEFAULT, DEFAULT]);
    assert!(registry.default_data_source().is_some());
}

#[test]
fn iodbc_takes_a_driver_without_a_section_for_a_library() {
    let machine = Machine::new()
        .with("odbc.ini", "[x]\nDriver={P}\n[y]\nDriver=lib.so\n[z]\nDriver=./z.so\n[w]\n")
        .with("odbcinst.ini", "[p]\nDriver=/32.so\nDriver64=/64.so\n[./z.so]\nDriver=/no\n");
    let registry = machine.iodbc();
    assert_eq!(registry.driver_of("X"), section("P"));
    assert_eq!(registry.driver_of("y"), file("lib.so"));
    assert_eq!(registry.driver_of("z"), file("./z.so"));
    assert_eq!(registry.driver_of("w"), None);
    assert_eq!(registry.driver_of(""), None);
    assert_eq!(registry.file_of(&registry.driver("p").expect("a section")), Some("/32.so"));
    assert_eq!(registry.data_source_to_connect("new"), "new");
}

#[test]
fn sections_about_odbc_itself_are_no_drivers_and_no_data_sources() {
    let text = "[ODBC]\nTrace=1\n[odbc drivers]\nP=Installed\n[ODBC Data Sources]\nx=P\n[Default]\nDriver=P\n[]\n\
                [ODBC Driver 18 for SQL Server]\nDriver=/m.so\n";
    let machine = Machine::new().with("odbcinst.ini", text).with("odbc.ini", text);
    for registry in machine.both() {
        assert_eq!(names(&registry.drivers()), ["ODBC Driver 18 for SQL Server"]);
        assert_eq!(names(&registry.data_sources()), ["ODBC Driver 18 for SQL Server"]);
        assert_eq!(value(registry.driver("odbc"), "trace").as_deref(), Some("1"));
    }
}

#[test]
fn what_cannot_be_read_counts_as_missing() {
    for odbcini in ["/dev/zero", "/", "/nowhere/at/all", "/proc/self/mem"] {
        let environment = Environment::of(&[("ODBCINI", odbcini), ("ODBCSYSINI", "/nowhere"), ("SYSODBCINI", "/")]);
        for manager in [places::unix_odbc(), Manager::Iodbc] {
            assert!(Registry::read(&manager, &environment).data_sources().is_empty(), "{odbcini} {manager:?}");
        }
    }
}

#[test]
fn a_huge_file_is_read_only_to_its_last_whole_line_below_the_limit() {
    let mut text = "[first]\nDriver=/a.so\n".to_owned();
    for n in 0.. {
        if text.len() > 5 << 20 {
            break;
        }
        text.push_str(&format!("[s{n}]\n#{}\nDriver=/a.so\n", "-".repeat(900)));
    }
    let machine = Machine::new().with("odbc.ini", text);
    for registry in machine.both() {
        let sections = registry.data_sources();
        assert_eq!(&*sections[0].name, "first");
        assert!(sections.iter().all(|section| section.get("Driver").is_none_or(|driver| driver == "/a.so")));
    }
}

#[test]
fn no_value_is_ever_shown() {
    let machine = Machine::new().with("odbc.ini", "[x]\nPWD=hunter2\n").with("odbcinst.ini", "[p]\nUid=hunter2\n");
    for registry in machine.both() {
        let shown = format!("{registry:#?} {:?}", registry.data_source("x"));
        assert!(shown.contains("PWD") && !shown.contains("hunter2"), "{shown}");
    }
}
