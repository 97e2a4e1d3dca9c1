"""The two libraries as the loader sees them: what they export, what they need, and what loading them does to a process."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from support import drivers
from support.odbc_home import CORE_LIBRARY, DRIVER_LIBRARY, REPOSITORY, build_folder

DRIVER, CORE = build_folder() / DRIVER_LIBRARY, build_folder() / CORE_LIBRARY
# binutils of Debian 12 does not know the type's name in a library that is not marked as GNU's own.
IFUNC = {"IFUNC", "<OS specific>: 10"}


def exported(library) -> dict[str, str]:
    """The type of each name that others can bind to."""
    symbols = re.compile(r"^ *\d+: [0-9a-f]+ +\d+ (\S+|<OS specific>: \d+) +(?:GLOBAL|WEAK|UNIQUE|<OS specific>: \d+) +DEFAULT +(?!UND)\S+ (\S+)", re.M)
    table = subprocess.run(["readelf", "--dyn-syms", "--wide", library], text=True, capture_output=True, check=True).stdout
    return {name.split("@")[0]: kind for kind, name in symbols.findall(table)}


def dynamic(library) -> list[tuple[str, str]]:
    """The dynamic section: (tag, value)."""
    table = subprocess.run(["readelf", "--dynamic", "--wide", library], text=True, capture_output=True, check=True).stdout
    return re.findall(r"^ 0x[0-9a-f]+ \((\w+)\) +(.*?) *$", table, re.M)


# -- What stands in the files


def test_the_driver_library_exports_indirect_functions_and_nothing_else():
    names = re.findall(r"^    (\w+)(?: \w+)*;$", (REPOSITORY / "driver/src/names.rs").read_text(), re.M)
    assert len(names) >= 180
    assert set(exported(DRIVER)) == set(names)
    assert set(exported(DRIVER).values()) <= IFUNC


def test_the_driver_library_defines_no_odbc_name_that_its_own_code_is_bound_to():
    """A relocation against one of its names would run a resolver while the library itself is being relocated."""
    relocations = subprocess.run(["readelf", "--relocs", "--wide", DRIVER], text=True, capture_output=True, check=True).stdout
    assert "R_X86_64_IRELATIV" not in relocations
    assert not [line for line in relocations.splitlines() if re.search(r"\b(SQL[A-Z]|bcp_|Config(DSN|Driver))", line)]


def test_the_core_exports_only_names_of_tokenshim():
    names = exported(CORE)
    assert "tokenshim_driver_attach_3" in names
    assert [name for name in names if not name.startswith("tokenshim_")] == []


@pytest.mark.parametrize("library", [DRIVER, CORE], ids=lambda path: path.name)
def test_a_library_needs_no_driver_manager_and_no_second_openssl(library):
    """What is not of glibc or gcc would have to be there, in the right version, in whatever process loads a driver."""
    needed = {re.search(r"\[(.*)\]", value)[1] for tag, value in dynamic(library) if tag == "NEEDED"}
    assert needed <= {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


@pytest.mark.parametrize("library", [DRIVER, CORE], ids=lambda path: path.name)
def test_a_library_runs_nothing_of_its_own_when_it_is_loaded(library):
    flags = dict(dynamic(library))
    assert "INIT_ARRAYSZ" not in flags or flags["INIT_ARRAYSZ"].split()[0] in ("8", "16")  # the compiler's frame_dummy, and std's argv


def test_the_core_which_has_threads_stays_loaded_and_the_driver_library_does_not():
    assert "NODELETE" in dict(dynamic(CORE))["FLAGS_1"]
    assert "NODELETE" not in dict(dynamic(DRIVER))["FLAGS_1"]


def test_what_runs_when_a_library_is_unloaded_is_one_function_of_the_driver_library():
    # The compiler's own __do_global_dtors_aux is there, too.
    assert [dict(dynamic(library))["FINI_ARRAYSZ"].split()[0] for library in (DRIVER, CORE)] == ["16", "8"]


def test_the_core_has_the_soname_by_which_the_driver_library_knows_that_it_is_loaded():
    assert dict(dynamic(CORE))["SONAME"].endswith("[libtokenshim.so.0]")
    assert "SONAME" not in dict(dynamic(DRIVER))  # the loader must never take one copy for another


# -- What happens in a process

LOOK = """
import json, os, pyodbc, sys

def look():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    lines = [line.split(None, 5) for line in open("/proc/self/maps")]
    return {"threads": len(os.listdir("/proc/self/task")), "caught": status["SigCgt"], "ignored": status["SigIgn"],
            "blocked": status["SigBlk"], "variables": dict(os.environ),
            "descriptors": sorted(fd for fd in os.listdir("/proc/self/fd")),
            "files": sorted({line[5].strip() for line in lines if len(line) > 5})}

pyodbc.drivers()
before = look()
open_connections = [pyodbc.connect(text) for text in sys.argv[1:]]
print(json.dumps([before, look()]))
"""


def look(home, *strings: str) -> tuple[dict, dict]:
    """A process before and after it connected by each of `strings`."""
    done = subprocess.run([sys.executable, "-c", LOOK, *strings], env=home.env, text=True, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))


def test_a_connect_without_a_token_leaves_the_process_as_it_was(home):
    home.write({"A": {"Driver": home.shim(), "RealDriver": drivers.SQLITE}}, {})
    before, after = look(home, "DRIVER=A;Database=:memory:")
    assert before["threads"] == 1
    unchanged = ("threads", "caught", "ignored", "blocked", "variables", "descriptors")
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}


def test_two_copies_of_the_driver_library_share_one_core(home):
    one, two = home.shim("one"), home.shim("two")
    for copy in (one, two):  # each with a core of its own, as two packages would have
        copy.with_name(CORE_LIBRARY).unlink()
        shutil.copy(CORE, copy.with_name(CORE_LIBRARY))
    home.write({"A": {"Driver": one, "RealDriver": drivers.SQLITE}, "B": {"Driver": two, "RealDriver": shutil.copy(drivers.SQLITE, home.folder)}}, {})
    _, after = look(home, "DRIVER=A;Database=:memory:", "DRIVER=B;Database=:memory:")
    loaded = {name: [file for file in after["files"] if file.endswith("/" + name)] for name in (DRIVER_LIBRARY, CORE_LIBRARY)}
    assert loaded == {DRIVER_LIBRARY: [str(one), str(two)], CORE_LIBRARY: [str(one.with_name(CORE_LIBRARY))]}
