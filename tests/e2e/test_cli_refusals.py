"""What `tokenshim install` and `uninstall` refuse: with the next step, and with every file as it was."""

from __future__ import annotations

import pytest

from support import drivers
from support.command_line import CommandLine, library

MANAGERS = pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])


@pytest.fixture
def command(home, dm) -> CommandLine:
    command = CommandLine(home, dm)
    home.write({"SQLite": {"Driver": drivers.SQLITE}, "Other": {"Driver": "/no/such/driver.so"}}, {})
    return command


def needs_what_is_missing(command):
    gone = [library(command.home, "int g(void){return 1;}", f"-Wl,-soname,libgone{number}.so", name=f"libgone{number}.so") for number in (1, 2)]
    made = library(command.home, "int SQLAllocHandle(void){return 0;}", "-Wl,--no-as-needed", *map(str, gone))
    for file in gone:
        file.unlink()
    return command.install("X", made), "these libraries are missing: "


def crashes(command):
    return command.install("X", library(command.home, "#include <stdlib.h>\n__attribute__((constructor)) static void f(void){abort();}")), "crashed (SIGABRT)"


def ends_the_process(command):
    return command.install("X", library(command.home, "#include <unistd.h>\n__attribute__((constructor)) static void f(void){_exit(0);}")), "cannot be loaded"


def second_driver_for_a_copy(command):
    command.installs("New", drivers.SQLITE)
    copy = command.library.with_name("libtokenshim_driver-libsqlite3odbc.so")
    return command.install("X", drivers.PSQLODBCA, "--copy", copy), "name the same file of tokenshim but two real drivers"


def data_source_that_disagrees(command):
    command.home.write(sources={"d": {"Driver": "SQLite", "RealDriver": drivers.PSQLODBCA}})
    return command.install("SQLite", drivers.SQLITE), "DSN [d] of odbc.ini name the same file of tokenshim but two real drivers"


def section_of_another_driver(command):
    return command.install("Other", drivers.SQLITE), "section [Other] of "


def section_by_hand(command):
    with command.drivers.open("a") as file:
        file.write(f"[Hand]\nDriver={command.library}\nRealDriver={drivers.SQLITE}\n")
    return command.install("Hand", drivers.SQLITE), "names tokenshim already, but install did not write it"


def file_that_unixodbc_refuses(command):
    command.drivers.write_text("nonsense\n[SQLite]\nDriver=/x.so\n")
    return command.install("New", drivers.SQLITE), "does not begin with a section" if command.dm == "unixodbc" else None


def library_that_is_none(command):
    return ("install", "X", "--real", drivers.SQLITE, "--library", drivers.PSQLODBCA, "--driver-manager", command.dm), "is not tokenshim's driver library"


def folder_without_the_core(command):
    place = command.home.folder / "elsewhere" / "deep"
    place.mkdir(parents=True)
    return command.install("X", drivers.SQLITE, "--copy", place / "a.so"), "would not find libtokenshim.so"


def keys(*more):
    return lambda command: (command.install("SQLite", drivers.SQLITE, *more[:-1]), more[-1])


REFUSED = {
    "no file": lambda command: (command.install("X", "/no/such.so"), "is no file"),
    "no bare name": lambda command: (command.install("X", "nowhere.so"), "is in none of the folders"),
    "no library": lambda command: (command.install("X", "/etc/passwd"), "cannot be loaded"),
    "no driver": lambda command: (command.install("X", library(command.home, "int f(void){return 1;}")), "is no ODBC driver"),
    "missing libraries": needs_what_is_missing,
    "a crash": crashes,
    "an end": ends_the_process,
    "tokenshim itself": lambda command: (command.install("X", command.library), "is tokenshim itself"),
    "the core": lambda command: (command.install("X", command.library.with_name("libtokenshim.so")), "is tokenshim itself"),
    "a copy that is taken": second_driver_for_a_copy,
    "a data source that disagrees": data_source_that_disagrees,
    "another driver's section": section_of_another_driver,
    "a section by hand": section_by_hand,
    "a file that is refused": file_that_unixodbc_refuses,
    "no driver library": library_that_is_none,
    "no core": folder_without_the_core,
    "a reserved name": lambda command: (command.install("odbc", drivers.SQLITE), "speaks of ODBC itself"),
    "a name with a bracket": lambda command: (command.install("a]b", drivers.SQLITE), "cannot be a section's"),
    "an unknown key": keys("--set", "TokenSpeed=1", "TokenSpeed is none of tokenshim's keys"),
    "the driver's key": keys("--set", "Servername=x", "Servername is none of tokenshim's keys"),
    "no pair": keys("--set", "TokenScope", "write it as Key=Value"),
    "a secret": keys("--set", "TokenClientSecret=s3cr3t", "others may read command lines"),
    "a key twice": keys("--source", "env", "--set", "tokensource=file", "TokenSource is set twice"),
    "a bad level": keys("--source", "env", "--set", "TokenLogLevel=loud", "TokenLogLevel must be"),
    "a bad number": keys("--source", "env", "--set", "TokenTimeout=0", "TokenTimeout must be a number of seconds"),
    "a bad word without a source": keys("--set", "TokenLogLevel=loud", "TokenLogLevel must be error, warning, info or debug"),
    "a bad source": keys("--source", "env,az", "has az, which this version of tokenshim does not know"),
    "a bad profile": keys("--profile", "sqlite", "TokenProfile is not one of"),
    "no profile": keys("--source", "env", "is no driver that tokenshim knows"),
    "a line break": keys("--set", "TokenScope=a\n[b]", "a character that no ini file can hold"),
    "a long value": keys("--set", "TokenScope=" + "x" * 2000, "would not read TokenScope as it is written"),
}


@MANAGERS
@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_changed_where_install_refuses(command, dm, case):
    arguments, words = REFUSED[case](command)
    if words is None or (case, dm) == ("a long value", "iodbc"):
        command.does(*arguments, "--dry-run")  # of no harm under iODBC
        return
    before, copies = command.drivers.read_bytes(), command.copies
    said = command.refuses(1, words, *arguments)
    assert (command.drivers.read_bytes(), command.copies) == (before, copies), said


@pytest.mark.parametrize("dm", ["unixodbc"])
def test_every_missing_library_is_named(command, dm):
    arguments, words = needs_what_is_missing(command)
    said = command.refuses(1, words, *arguments)
    assert "libgone1.so" in said and "libgone2.so" in said


@MANAGERS
def test_uninstall_refuses_what_is_none_of_tokenshims(command, dm):
    before = command.drivers.read_bytes()
    command.refuses(3, "there is no section [Nobody]", *command.uninstall("Nobody"))
    command.refuses(1, "section [SQLite] is none of tokenshim's", *command.uninstall("SQLite"))
    assert command.drivers.read_bytes() == before
    assert command.run("uninstall").status == 2


@MANAGERS
def test_a_file_that_nobody_may_write_is_said(command, dm):
    before = command.drivers.read_bytes()
    command.drivers.rename(command.home.folder / "real.ini")
    command.drivers.mkdir()
    command.refuses(1, "cannot be read: it is no regular file", *command.install("SQLite", drivers.SQLITE))
    command.drivers.rmdir()
    command.drivers.symlink_to(command.home.folder / "real.ini")
    command.installs("SQLite", drivers.SQLITE)
    assert command.drivers.is_symlink(), "a link is followed"
    command.does(*command.uninstall("SQLite"))
    assert command.drivers.read_bytes() == before
