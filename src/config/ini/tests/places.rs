//! Where the files are.

use super::*;

fn files(manager: &Manager, environment: Environment) -> Vec<PathBuf> {
    Registry::read(manager, &environment).files().into_iter().map(Path::to_owned).collect()
}

pub(super) fn unix_odbc() -> Manager {
    Manager::UnixOdbc { system_folder: "/usr/local/etc".into() }
}

#[test]
fn unix_odbc_takes_the_users_drivers_from_home_and_data_sources_from_the_account() {
    let environment = Environment::of(&[("HOME", "/h")]).with_account_home("/a");
    let expected = ["/usr/local/etc/odbcinst.ini", "/h/.odbcinst.ini", "/a/.odbc.ini", "/usr/local/etc/odbc.ini"].map(PathBuf::from);
    assert_eq!(files(&unix_odbc(), environment), expected);
}

#[test]
fn unix_odbc_takes_odbcsysini_for_a_folder_and_odbcinstini_for_a_name_in_it() {
    let environment = [("ODBCSYSINI", "/s"), ("ODBCINSTINI", "/x/my.ini"), ("ODBCINI", "/u/dsn.ini")];
    let expected = ["/s//x/my.ini", "/home/.odbcinst.ini", "/u/dsn.ini", "/s/odbc.ini"].map(PathBuf::from);
    assert_eq!(files(&unix_odbc(), Environment::of(&environment)), expected);
}

#[test]
fn unix_odbc_takes_an_empty_odbcini_for_none_but_an_empty_odbcsysini_for_the_root() {
    let environment = Environment::of(&[("ODBCINI", ""), ("ODBCSYSINI", "")]);
    let expected = ["/odbcinst.ini", "/home/.odbcinst.ini", "/home/.odbc.ini", "/odbc.ini"].map(PathBuf::from);
    assert_eq!(files(&unix_odbc(), environment), expected);
}

#[test]
fn iodbc_looks_at_its_variables_then_home_then_etc() {
    let environment = [("ODBCINI", "/u"), ("ODBCINSTINI", "/i"), ("SYSODBCINI", "/su"), ("SYSODBCINSTINI", "/si"), ("HOME", "/h")];
    let expected = ["/i", "/h/.odbcinst.ini", "/si", "/etc/odbcinst.ini", "/u", "/h/.odbc.ini", "/su", "/etc/odbc.ini"];
    assert_eq!(files(&Manager::Iodbc, Environment::of(&environment)), expected.map(PathBuf::from));
}

#[test]
fn iodbc_ignores_odbcsysini_and_without_home_asks_the_account() {
    let environment = Environment::of(&[("ODBCSYSINI", "/s")]).with_account_home("/a");
    let expected = ["/a/.odbcinst.ini", "/etc/odbcinst.ini", "/a/.odbc.ini", "/etc/odbc.ini"].map(PathBuf::from);
    assert_eq!(files(&Manager::Iodbc, environment), expected);
}

#[test]
fn the_process_has_an_environment() {
    let shown = format!("{:?}", Environment::process());
    assert!(shown.starts_with("Environment"), "{shown}");
}

#[test]
fn unix_odbc_reads_the_systems_data_sources_as_its_first_file_when_the_users_is_a_folder() {
    let machine = Machine::new().with("odbc.ini", "[x]\n Driver=indented\n");
    fs::create_dir(machine.path("home/.odbc.ini")).expect("a folder instead of the file");
    let data_source = machine.unix_odbc().data_source("x");
    assert_eq!(value(data_source, "Driver").as_deref(), Some("indented"));
}
