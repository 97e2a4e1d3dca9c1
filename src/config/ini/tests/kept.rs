//! Files are read anew when, and only when, they may have changed.

use super::*;
use crate::plain_file::kept::{Kept, Reader, TICK};
use std::{cell::Cell, thread::sleep, time::Duration};

/// Longer than any file system's clock takes to tell that a file has changed.
const SETTLED: Duration = Duration::from_millis(TICK.as_millis() as u64 + 1100);

/// What both driver managers see.
fn tenant(machine: &Machine) -> Option<String> {
    let [one, other] = machine.both().map(|registry| registry.data_source("d")?.get("Tenant").map(str::to_owned));
    assert_eq!(one, other);
    one
}

#[test]
fn a_change_is_seen_at_once_however_soon_it_comes_and_however_alike_the_files_are() {
    let mut machine = Machine::new();
    for number in 0..50 {
        machine = machine.with("odbc.ini", format!("[d]\nTenant={number:02}\n"));
        assert_eq!(tenant(&machine), Some(format!("{number:02}")));
    }
    sleep(SETTLED);
    for _ in 0..2 {
        assert_eq!(tenant(&machine).as_deref(), Some("49"));
    }
    for number in 0..50 {
        machine = machine.with("odbc.ini", format!("[d]\nTenant={number:02}\n"));
        assert_eq!(tenant(&machine), Some(format!("{number:02}")));
    }
    fs::remove_file(machine.path("odbc.ini")).expect("the file is there");
    assert_eq!(tenant(&machine), None);
}

#[test]
fn a_file_that_has_settled_is_read_once_for_each_way_and_an_error_is_not_kept() {
    static KEPT: Kept<u8, usize> = Kept::nothing();
    let machine = Machine::new().with("file", "x");
    let reads = Cell::new(0);
    let ask = |way, answers: bool| {
        KEPT.get(&Reader::now().file(machine.path("file")), way, |_| {
            reads.set(reads.get() + 1);
            answers.then(|| reads.get())
        })
    };
    assert_eq!([ask(1, true), ask(1, true)], [Some(1), Some(2)], "it was written only just now");
    sleep(SETTLED);
    assert_eq!([ask(1, false), ask(1, true), ask(1, true), ask(1, true)], [None, Some(4), Some(4), Some(4)]);
    assert_eq!([ask(2, true), ask(2, true), ask(1, true)], [Some(5), Some(5), Some(4)]);
    assert_eq!(KEPT.get(&Reader::now().file(machine.path("missing")), 1, |_| unreachable!()), None);
}

#[test]
fn a_file_from_before_1970_is_read_as_any_other() {
    let machine = Machine::new().with("odbc.ini", "[d]\nTenant=old\n");
    let file = fs::File::options().write(true).open(machine.path("odbc.ini")).expect("the file is there");
    file.set_modified(std::time::SystemTime::UNIX_EPOCH - Duration::from_secs(43_200)).expect("any time will do");
    assert_eq!(tenant(&machine).as_deref(), Some("old"));
}
