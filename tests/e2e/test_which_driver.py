"""Which real driver stands behind a copy of tokenshim: what the driver manager's own files say of that very file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from support import drivers
from support.odbc_client import WIDE_BYTES, call, run_client
from support.odbc_home import DRIVER_LIBRARY

MANAGERS = list(WIDE_BYTES)
SQLITE = drivers.SQLITE
WAYS = [("SQLDriverConnect", {"string": "DSN=d"}), ("SQLDriverConnectW", {"string": "DSN=d"}),
        ("SQLConnect", {"dsn": "d"}), ("SQLConnectW", {"dsn": "d"})]
MEMORY = {"Database": ":memory:"}


def rows(home, dm, string="DSN=d"):
    """What SQLite answers through `string`."""
    connected, asked = run_client(home, [call("SQLDriverConnect", string=string),
                                         call("SQLExecDirect", sql="select 'I am', substr(sqlite_version(), 1, 1)")], dm)
    assert connected.code == "SQL_SUCCESS", connected
    return asked.rows


# -- What works


def section_of_the_system(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}}, {"d": {"Driver": "A", **MEMORY}})


def section_of_the_user(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}}, {"d": {"Driver": "A", **MEMORY}}, user=True)


def dsn_that_names_both_files(home):
    home.write({}, {"d": {"Driver": home.shim(), "RealDriver": SQLITE, **MEMORY}})


def dsn_that_names_the_real_driver_of_its_section(home):
    home.write({"A": {"Driver": home.shim()}}, {"d": {"Driver": "A", "RealDriver": SQLITE, **MEMORY}})


def dsn_that_names_the_file_of_a_section(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}}, {"d": {"Driver": home.shim(), **MEMORY}})


def real_driver_without_a_folder(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE.name}}, {"d": {"Driver": "A", **MEMORY}})


def real_driver_beside_tokenshim(home):
    shutil.copy(SQLITE, home.shim().with_name("beside.so"))
    home.write({"A": {"Driver": home.shim(), "RealDriver": "beside.so"}}, {"d": {"Driver": "A", **MEMORY}})


def sections_that_agree(home):
    link = home.folder / "link.so"
    link.symlink_to(SQLITE)
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}, "B": {"Driver": home.shim(), "RealDriver": link}},
               {"d": {"Driver": "B", **MEMORY}})


def symlink_to_tokenshim(home):
    link = home.folder / "link.so"
    link.symlink_to(home.shim())
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}, "B": {"Driver": link, "RealDriver": SQLITE}},
               {"d": {"Driver": "B", **MEMORY}})


def hard_link_to_tokenshim(home):
    os.link(home.shim(), home.shim().with_name("link.so"))
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}},
               {"d": {"Driver": home.shim().with_name("link.so"), **MEMORY}})


GOOD = [section_of_the_system, section_of_the_user, dsn_that_names_both_files, dsn_that_names_the_real_driver_of_its_section,
        dsn_that_names_the_file_of_a_section, real_driver_without_a_folder, real_driver_beside_tokenshim, sections_that_agree,
        symlink_to_tokenshim, hard_link_to_tokenshim]


@pytest.mark.parametrize("dm", MANAGERS)
@pytest.mark.parametrize("written", GOOD, ids=lambda each: each.__name__)
def test_the_real_driver_is_found_by(home, dm, written):
    written(home)
    assert rows(home, dm) == [["I am", "3"]]


def test_tokenshim_itself_may_be_a_bare_name(home):
    """Which the loader finds; iODBC 3.52 does not ask it."""
    home.env["LD_LIBRARY_PATH"] = str(home.shim().parent)
    home.write({"A": {"Driver": DRIVER_LIBRARY, "RealDriver": SQLITE.name}}, {"d": {"Driver": "A", **MEMORY}})
    assert rows(home, "unixodbc") == [["I am", "3"]]


@pytest.mark.parametrize("dm, key", [("unixodbc", "Driver64"), ("iodbc", "Driver")])
def test_driver64_counts_where_the_driver_manager_looks_at_it(home, dm, key):
    other = {"Driver64": "Driver", "Driver": "Driver64"}[key]
    home.write({"A": {key: home.shim(), other: "/no/such/file.so", "RealDriver": SQLITE}}, {"d": {"Driver": "A", **MEMORY}})
    assert rows(home, dm) == [["I am", "3"]]


@pytest.mark.parametrize("dm", MANAGERS)
@pytest.mark.parametrize("string", ["DRIVER=A;Database=:memory:", "driver={A};database=:memory:", "DRIVER={shim};Database=:memory:"])
def test_the_keyword_driver_names_a_section_or_the_file(home, dm, string):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}}, {})
    assert rows(home, dm, string.replace("{shim}", str(home.shim()))) == [["I am", "3"]]


@pytest.mark.parametrize("dm", MANAGERS)
def test_two_copies_serve_two_drivers_in_one_process(home, recorder, dm):
    recording = recorder.compile("ansi")
    home.write({"A": {"Driver": home.shim("one"), "RealDriver": SQLITE}, "B": {"Driver": home.shim("two"), "RealDriver": recording}},
               {"a": {"Driver": "A", **MEMORY}, "b": {"Driver": "B"}})
    sqlite, other, version = run_client(home, [
        call("SQLDriverConnect", string="DSN=a", dbc="a"),
        call("SQLDriverConnect", string="DSN=b", dbc="b"),
        call("SQLExecDirect", sql="select sqlite_version() >= '3'", dbc="a"),
    ], dm)
    assert sqlite.succeeded and other.succeeded and version.rows == [["1"]]
    assert [each["string"] for each in recorder.calls("SQLDriverConnect")] == ["DSN=b"]


# -- What is refused


def sections_that_disagree(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}, "B": {"Driver": home.shim(), "RealDriver": drivers.PSQLODBCW}})
    return "section [A]", "section [B]", "libsqlite3odbc.so", "psqlodbcw.so", "Give each real driver its own copy of libtokenshim_driver.so"


def a_dsn_that_disagrees(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}},
               {"d": {"Driver": "A"}, "e": {"Driver": "A", "RealDriver": drivers.PSQLODBCW}})
    return "section [A]", "DSN [e]", "Give each real driver its own copy"


def a_link_that_disagrees(home):
    link = home.folder / "link.so"
    link.symlink_to(home.shim())
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}, "B": {"Driver": link, "RealDriver": drivers.PSQLODBCW}})
    return "section [A]", "section [B]", "(no link)"


def real_driver_that_is_not_said(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": ""}})
    return "section [A] of odbcinst.ini names tokenshim but no real driver: add RealDriver=",


def real_driver_that_neither_dsn_nor_section_says(home):
    home.write({}, {"d": {"Driver": home.shim()}})
    return "DSN [d] of odbc.ini names tokenshim but no real driver: add RealDriver=",


def one_section_of_two_without_a_real_driver(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}, "B": {"Driver": home.shim()}})
    return "section [B] of odbcinst.ini names tokenshim but no real driver",


def real_driver_that_is_not_there(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": "/no/such/driver.so"}})
    return ("/no/such/driver.so, the RealDriver of section [A] of odbcinst.ini, cannot be loaded: cannot open shared object file: "
            "No such file or directory. Install it or correct RealDriver",)


def real_driver_that_lacks_a_library_of_its_own(home):
    needed, driver = home.folder / "libneeded.so.7", home.folder / "driver.so"
    subprocess.run(["cc", "-shared", f"-Wl,-soname,{needed.name}", "-o", needed], check=True)
    subprocess.run(["cc", "-shared", "-Wl,--no-as-needed", needed, "-o", driver], check=True)
    needed.unlink()
    home.write({"A": {"Driver": home.shim(), "RealDriver": driver}})
    return "/driver.so, the RealDriver of section [A]", "libneeded.so.7: cannot open shared object file"


def real_driver_that_is_a_text(home):
    (home.folder / "text.so").write_text("This is not a library. " * 100)
    home.write({"A": {"Driver": home.shim(), "RealDriver": home.folder / "text.so"}})
    return "text.so, the RealDriver of section [A] of odbcinst.ini, cannot be loaded: invalid ELF header",


def real_driver_that_is_a_folder(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": home.folder}})
    return "the RealDriver of section [A] of odbcinst.ini, cannot be loaded: cannot read file data: Is a directory",


def real_driver_that_has_no_odbc_names(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": drivers.LIBRARIES / "libz.so.1"}})
    return "libz.so.1, the RealDriver of section [A] of odbcinst.ini, is no ODBC driver",


def tokenshim_as_its_own_real_driver(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": home.shim()}})
    return "section [A] of odbcinst.ini names", "tokenshim itself", "set RealDriver to the real driver's file"


def a_link_to_tokenshim_as_real_driver(home):
    link = home.folder / "link.so"
    link.symlink_to(home.shim())
    home.write({"A": {"Driver": home.shim(), "RealDriver": link}})
    return "section [A] of odbcinst.ini names tokenshim itself",


def a_further_copy_of_tokenshim_as_real_driver(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": home.shim("other")}})
    return "section [A] of odbcinst.ini names", f"other/{DRIVER_LIBRARY} as RealDriver, which is tokenshim itself"


def two_copies_that_name_each_other(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": home.shim("other")}, "B": {"Driver": home.shim("other"), "RealDriver": home.shim()}})
    return "section [A] of odbcinst.ini names", "tokenshim itself"


def core_that_is_not_there(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}})
    home.shim().with_name("libtokenshim.so").unlink()
    return "cannot load libtokenshim.so, which belongs beside", "reinstall tokenshim"


def core_that_is_broken(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}})
    core = home.shim().with_name("libtokenshim.so")
    core.unlink()
    core.write_text("This is not a library. " * 100)
    return "cannot load libtokenshim.so", "invalid ELF header"


def core_of_another_version(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": SQLITE}})
    core = home.shim().with_name("libtokenshim.so")
    core.unlink()
    core.symlink_to(drivers.LIBRARIES / "libz.so.1")
    return "are of different versions",


BAD = [sections_that_disagree, a_dsn_that_disagrees, a_link_that_disagrees, real_driver_that_is_not_said,
       real_driver_that_neither_dsn_nor_section_says, one_section_of_two_without_a_real_driver, real_driver_that_is_not_there,
       real_driver_that_lacks_a_library_of_its_own, real_driver_that_is_a_text, real_driver_that_is_a_folder,
       real_driver_that_has_no_odbc_names, tokenshim_as_its_own_real_driver, a_link_to_tokenshim_as_real_driver,
       a_further_copy_of_tokenshim_as_real_driver, two_copies_that_name_each_other, core_that_is_not_there,
       core_that_is_broken, core_of_another_version]


@pytest.fixture(params=BAD, ids=lambda each: each.__name__)
def refused(request, home):
    """A configuration that cannot work, with DSN "d", and the words a person must see."""
    home.write({}, {"d": {"Driver": "A"}})
    return request.param(home)


@pytest.mark.parametrize("dm", MANAGERS)
def test_one_record_says_why(home, refused, dm):
    for function, arguments in WAYS:
        [step] = run_client(home, [call(function, **arguments)], dm)
        [record] = step.records
        assert (step.code, record.state, record.native) == ("SQL_ERROR", "IM003", 0), step
        assert all(words in record.message for words in refused), record.message
        assert record.message.removeprefix("[unixODBC]").startswith("[tokenshim] ") and len(record.message) < 512


def test_a_person_sees_it_in_isql_iusql_and_pyodbc(home, refused):
    python = "import pyodbc\ntry: pyodbc.connect('DSN=d')\nexcept pyodbc.Error as e: print(*e.args)"
    for program in (["isql", "-v", "d"], ["iusql", "-v", "d"], [sys.executable, "-c", python]):
        seen = subprocess.run(program, env=home.env, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=30)
        assert seen.returncode in (0, 1), (program, seen)
        assert all(words in seen.stdout + seen.stderr for words in refused), (program, seen)
        assert "IM003" in seen.stdout or program[0] == "iusql", seen  # iusql shows no SQLSTATE, of no driver


LONG = "/" + "/".join(["a-very-long-folder-name-for-a-driver"] * 20)


@pytest.mark.parametrize("dm", MANAGERS)
@pytest.mark.parametrize("sections, words", [
    ({"A": {"RealDriver": f"{LONG}/one.so"}}, ["/one.so", "section [A]", "No such file", "correct RealDriver"]),
    ({"A": {"RealDriver": f"{LONG}/one.so"}, "B": {"RealDriver": f"{LONG}/zwei-ä.so"}},
     ["section [A]", "section [B]", "/one.so", "its own copy of libtokenshim_driver.so"]),
], ids=["missing", "disagree"])
def test_long_paths_leave_room_for_what_to_do(home, dm, sections, words):
    home.write({name: {"Driver": home.shim(), **keys} for name, keys in sections.items()}, {"d": {"Driver": "A"}})
    for function, arguments in WAYS:
        [record] = run_client(home, [call(function, **arguments)], dm)[0].records
        assert record.state == "IM003" and len(record.message.encode()) < 512
        assert all(each in record.message for each in words), record.message
