"""What `make install` lays down for C programs: the header, which the build holds against its sources, its page, and the library, which is
linked in either order, and is one for the program and its driver manager."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from support import drivers, stories
from support.c_api import PROGRAMS
from support.odbc_home import CORE_LIBRARY, REPOSITORY, build_folder
from support.two_ways import token_keys


def test_the_build_fails_where_the_header_is_not_what_the_sources_say(tmp_path):
    """The check of build.rs, as the build script was built, on a copy of what it reads."""
    for name in ("cbindgen.toml", "include/tokenshim.h", "docs/c-api.md", *(f"src/capi/{each.name}" for each in (REPOSITORY / "src/capi").glob("*.rs"))):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    scripts = sorted((build_folder() / "build").glob("tokenshim-*/build-script-build"), key=lambda each: each.stat().st_mtime)
    check = lambda **env: subprocess.run([scripts[-1]], env={"CARGO_MANIFEST_DIR": str(tmp_path), **env}, capture_output=True, text=True, timeout=60).stdout
    assert "cargo::error" not in check()
    source = tmp_path / "src/capi/counters.rs"
    source.write_text(source.read_text().replace("Numbers that only grow", "Numbers that grow"))
    assert "cargo::error=include/tokenshim.h is not what src/capi says: run `make header`" in check()
    assert "cargo::error" not in check(TOKENSHIM_WRITE_HEADER="yes")
    assert "cargo::error" not in check()
    for name in ("include/tokenshim.h", "docs/c-api.md"):
        assert "Numbers that grow" in (tmp_path / name).read_text()
        (tmp_path / name).write_text((tmp_path / name).read_text().replace("Numbers that grow", "Numbers"))
        assert f"cargo::error={name} is not what src/capi says: run `make header`" in check()
        check(TOKENSHIM_WRITE_HEADER="yes")


def test_the_page_has_every_function_type_constant_and_status_of_the_header():
    header, page = ((REPOSITORY / name).read_text() for name in ("include/tokenshim.h", "docs/c-api.md"))
    functions = re.findall(r"^(?:tokenshim_status|void) (tokenshim_\w+)\(", header, re.M)
    types = re.findall(r"^} (tokenshim_\w+);|^typedef \w+ \(?\*?(tokenshim_\w+)", header, re.M)
    headings = re.findall(r"^### (\w+)$", page, re.M)
    assert headings == functions + [one or other for one, other in types] and len(functions) >= 14 and len(types) > 6
    assert re.findall(r"^\| \[(\w+)\]\(#\1\) \| \S", page, re.M) == functions
    constants = re.findall(r"^#define (TOKENSHIM_\w+) (\S+)$", header, re.M)
    assert re.findall(r"^\| `(\w+)` \| (\S+) \| \S", page, re.M) == constants and len(constants) > 9
    for name, number in re.findall(r"^  (TOKENSHIM_STATUS_\w+) = (\d+),$", header, re.M):
        assert f"  {name} = {number},\n" in page
    words = lambda text: re.sub(r"[^\w]+", " ", text)
    for comment in re.findall(r"^/\*\n((?:(?!\*/).)*)\*/$", header, re.M | re.S):
        assert words(comment).strip() in words(page), comment


@pytest.mark.parametrize("language", ["c99", "c++11"])
def test_sizes_places_and_numbers_are_what_programs_were_built_with(installed, language):
    assert installed.compile(PROGRAMS / "api_layout.c", language).exists()


def test_every_function_of_the_header_is_exported_and_every_exported_function_stands_there(installed):
    header = (installed.folder / "include" / "tokenshim.h").read_text()
    declared = set(re.findall(r"\b(tokenshim_\w+)\(", header)) - {"tokenshim_driver_attach_3"}
    symbols = subprocess.run(["nm", "-D", "--defined-only", installed.folder / "lib" / "libtokenshim.so"], capture_output=True, text=True, check=True).stdout
    exported = set(re.findall(r" T (\w+)", symbols))
    assert declared == {name for name in exported if not name.startswith("tokenshim_driver_")} and len(declared) > 10


def test_every_function_of_the_header_says_who_may_call_it_and_how_it_fails(installed):
    header = (installed.folder / "include" / "tokenshim.h").read_text()
    functions = re.findall(r"/\*\n((?:(?!\*/).)*)\*/\n(?:tokenshim_status|void) (tokenshim_\w+)\(", header, re.S)
    assert len(functions) > 10
    known = set(re.findall(r"^  (TOKENSHIM_STATUS_\w+) =", header, re.M))
    for comment, name in functions:
        assert re.search(r"\bthread may call it", comment) and re.search(r"Fails (with|as)|Never fails", comment), name
        assert "`failure` may be NULL" in comment or name == "tokenshim_wipe", name
        assert set(re.findall(r"TOKENSHIM_STATUS_\w+", comment)) <= known, name


@pytest.mark.parametrize("libraries", [("tokenshim", "odbc"), ("odbc", "tokenshim")], ids="-l".join)
def test_linking_tokenshim_in_either_order_changes_nothing_for_odbc(installed, ways, identity_provider, libraries):
    story = stories.Story(ways, "unixodbc", "W").write("sqlite", identity_provider, None)
    linked = lambda home, program, *arguments, **options: installed.run(home, program, *arguments, libraries=libraries, **options)
    for program in ("connect", "odd_order"):
        assert story.tell(program, run=linked) == story.tell(program), "without tokenshim between"
        assert story.tell(program, through=True, run=linked) == story.tell(program)


SHARES = """
import ctypes, json, pyodbc, sys

def requests():
    counters = (ctypes.c_uint64 * 4)()
    assert core.tokenshim_counters_read(counters, None) == 0
    return list(counters)

if sys.argv[1] == "first":
    core = ctypes.CDLL(sys.argv[2])
connection = pyodbc.connect(sys.argv[3])
if sys.argv[1] == "later":
    core = ctypes.CDLL("libtokenshim.so.0")
handle = ctypes.c_uint64()
assert core.tokenshim_token_get(sys.argv[3].encode(), 0, 0, ctypes.byref(handle), None) == 0
files = {line.split()[-1] for line in open("/proc/self/maps") if "libtokenshim.so" in line}
print(json.dumps([requests(), sorted(files)]))
"""


@pytest.mark.parametrize("when", ["first", "later"])
def test_a_program_and_the_driver_manager_share_one_core(installed, ways, identity_provider, when):
    """Of two files of it that are there: the one that was loaded first."""
    ways.write(drivers.SQLITE, {"data": {"Database": ":memory:"}}, token_keys(identity_provider))
    core = installed.folder / "lib" / "libtokenshim.so.0"
    program = [sys.executable, "-c", SHARES, when, core, "DSN=data"]
    done = subprocess.run(program, env=ways.shim.env, capture_output=True, text=True, timeout=60)
    counters, files = json.loads(done.stdout or f'["{done.stderr}", []]')
    assert counters == [2, 1, 0, 0] and len(identity_provider.requests) == 1
    beside = ways.shim.shim().with_name(CORE_LIBRARY).resolve()
    assert files == [str(core if when == "first" else beside)]


READS = """
import ctypes, sys

if sys.argv[2]:
    ctypes.CDLL(sys.argv[2])
handle, failure = ctypes.c_uint64(), ctypes.create_string_buffer(600)
status = ctypes.CDLL(sys.argv[1]).tokenshim_token_get(b"DSN=data", 0, 0, ctypes.byref(handle), failure)
print(status, failure.raw[:5].decode())
"""


@pytest.mark.parametrize("driver_manager, variable", [("libiodbc.so.2", "SYSODBCINI"), ("libodbc.so.2", "ODBCSYSINI"), ("", "ODBCSYSINI")])
def test_settings_are_read_where_the_driver_manager_of_the_process_reads_them(installed, home, identity_provider, driver_manager, variable):
    home.write({"Engine": {"Driver": drivers.SQLITE, **token_keys(identity_provider)}}, {"data": {"Driver": "Engine"}})
    program = [sys.executable, "-c", READS, installed.folder / "lib" / "libtokenshim.so.0", driver_manager]
    read = lambda **env: subprocess.run(program, env={**home.env, **env}, capture_output=True, text=True, timeout=60).stdout
    assert read() == "0 00000\n"
    elsewhere = {variable: str(home.folder / "elsewhere")}
    assert read(**elsewhere) == "10 IM002\n"
    others = {"SYSODBCINI", "ODBCSYSINI"} - {variable}
    assert read(**{other: elsewhere[variable] for other in others}) == "0 00000\n"
