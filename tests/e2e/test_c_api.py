"""The C functions of include/tokenshim.h: programs that are built and linked as a user does it, against the real driver manager."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

import pytest

from support import drivers, replies, stories
from support.c_api import EXAMPLES, SANITIZED, STORIES, sanitizers, write_sources
from support.device_code import device_keys
from support.device_provider import DevicePeople
from support.odbc_home import CORE_LIBRARY, REPOSITORY, build_folder
from support.two_ways import token_keys


@pytest.fixture
def data(home, recorder, identity_provider):
    return write_sources(home, recorder, identity_provider)


# -- What the functions do


def test_a_program_gets_keeps_uses_and_forgets_tokens(installed, data, recorder, identity_provider):
    told = installed.run(data, "api_tokens", *STORIES["api_tokens"])
    assert told == [
        "token-1", "it ends within the hour", "DSN=app;UID=u;PWD={token-1}",
        "token-1", "DSN=app;PWD={token-1}",
        "token-2", "token-2", "4 requests, 2 hits, 0 renewals, 0 failures",
        "connected with attribute 1256"]
    [connect] = recorder.calls("SQLDriverConnect")
    assert bytes.fromhex(connect["access_token"])[4::2] == b"token-3"
    assert len(identity_provider.requests) == 3


def test_a_token_that_is_forgotten_is_in_no_file_either(installed, data, identity_provider):
    told = installed.run(data, "api_tokens", "DSN=file", "file", "DSN=sql")
    assert [told[0], told[5], told[6]] == ["token-1", "token-2", "token-2"]
    files = list((data.user / ".cache" / "tokenshim").glob("*.token"))
    assert len(files) == 1 and "token-2" in files[0].read_text()


def test_what_no_program_should_do_is_a_status(installed, data, identity_provider):
    told = installed.run(data, "api_misuse", *STORIES["api_misuse"])
    assert told == ["NULL", "short buffers and wrong lengths", "handles that stand for nothing", "strings that lead nowhere",
                    "any string; of some comes a token", "many threads"]
    assert len(identity_provider.requests) == 1


def test_a_child_has_its_parents_handles_and_each_frees_its_own(installed, data, identity_provider):
    told = installed.run(data, "api_forks", *STORIES["api_forks"])
    assert told == ["a child has handles of its own", "children that are forked while other threads are at work"]
    assert [dict(each.form).get("scope") for each in identity_provider.requests] == [None, "other"]


def test_a_function_of_the_program_gives_tokens_to_calls_and_connects_and_holds_nobody_up(installed, data, recorder, identity_provider):
    begun = time.monotonic()
    told = installed.run(data, "api_provider", *STORIES["api_provider"])
    who, place = "the program's provider program", "DSN [callback] of odbc.ini"
    check = f"Check TokenCallback in {place}."
    assert told == [
        f"28000 [tokenshim] {who} refused the sign-in: not today. See what the program says of it.",
        f"08001 [tokenshim] cannot get a token from {who}: not today. See what the program says of it.",
        f"HY000 [tokenshim] {who} answered, but not with a token: what it returned means nothing. {check}",
        f"HY000 [tokenshim] {who} answered, but not with a token: its token is no text that ends with a NUL. {check}",
        "token-5; it was asked as program for a-scope, at most seconds",
        "a connect through the driver manager has the same token",
        f"HYT00 [tokenshim] {who} gave no token within 3 s. Raise TokenTimeout in {place}, or the application's login timeout if that is shorter.",
        "a connect does not wait for it, either",
        "its data is free once its last call has come back",
    ]
    assert 6 <= time.monotonic() - begun < 30
    assert [each["string"] for each in recorder.calls("SQLDriverConnect")] == ["DSN=callback;PWD={token-5}"]
    assert identity_provider.requests == []
    assert not list(data.user.rglob("*.token")), "another program may have a provider of this name"


def test_a_program_hears_what_goes_wrong_beside_a_call_that_succeeds(installed, data):
    (data.user / ".cache").mkdir()
    (data.user / ".cache" / "tokenshim").write_text("in the way")
    told = installed.run(data, "api_log", *STORIES["api_log"])
    assert told == [f"no token is kept in a file: {data.user}/.cache/tokenshim is no folder, or a link to one", "1"]


def test_a_program_hears_what_somebody_who_has_to_sign_in_is_told(installed, home, recorder, identity_provider):
    people = DevicePeople(identity_provider)
    home.write({"Engine": {"Driver": home.shim(), "RealDriver": recorder.compile("both"), **device_keys(people, TokenPrompt="yes")}},
               {"app": {"Driver": "Engine"}})
    told, count = installed.run(home, "api_log", "DSN=app", "DSN=app")
    assert re.fullmatch(r"To sign in to 127\.0\.0\.1, open http://127\.0\.0\.1:\d+/\S+ and enter the code \S+", told), told
    assert (count, people.asked) == ("1", 1)


# -- Memory


@pytest.mark.parametrize("story", STORIES)
def test_no_sanitizer_of_a_program_finds_anything(installed, data, story):
    assert installed.run(data, story, *STORIES[story], flags=SANITIZED, env=sanitizers(story), timeout=120)


# -- The examples


@pytest.mark.parametrize("language", ["c99", "c++11"])
@pytest.mark.parametrize("file", sorted(each.name for each in EXAMPLES.glob("*.c")))
def test_an_example_is_c99_and_cxx11_and_fits_on_a_screen(installed, file, language):
    assert installed.compile(EXAMPLES / file, language).exists()
    assert len((EXAMPLES / file).read_text().splitlines()) <= 60


@pytest.mark.parametrize("language", ["c99", "c++11"])
def test_the_example_get_token_prints_a_token_and_when_it_ends(installed, data, identity_provider, language):
    done = installed.end(data, "get_token.c", "DSN=app", language=language)
    assert (done.returncode, done.stdout) == (0, "token-1\n"), done.stderr
    end = int(re.fullmatch(r"it ends at (\d+) s since 1970\n", done.stderr)[1])
    assert abs(end - time.time() - 3600) < 60
    identity_provider.always(replies.invalid_client())
    done = installed.end(data, "get_token.c", "DSN=app", language=language)
    assert done.returncode == 1 and done.stderr.startswith("28000 [tokenshim] 127.0.0.1 refused the sign-in: HTTP 401, invalid_client")


def test_the_example_connect_signs_in_to_the_real_driver_without_tokenshim_between(installed, home, postgres, identity_provider):
    postgres.role("app", identity_provider.token)
    home.write({"PostgreSQL": {"Driver": drivers.PSQLODBCW}}, {"data": {"Driver": "PostgreSQL", **postgres.keys(), **token_keys(identity_provider)}})
    done = installed.end(home, "connect.c", "DSN=data;UID=app", "select current_user")
    assert (done.returncode, done.stdout) == (0, "app\n"), done.stderr
    assert len(identity_provider.requests) == 1
    home.write(None, {"data": {"Driver": "PostgreSQL", **postgres.keys(), **token_keys(identity_provider, TokenScope="x")}})
    identity_provider.answer(replies.good_token("no-password-of-anybody"))
    done = installed.end(home, "connect.c", "DSN=data;UID=app", "select current_user")
    assert done.returncode == 1 and "authentication failed" in done.stderr


@pytest.mark.parametrize("file", ["provider.c", "provider.cpp"])
def test_the_example_provider_gives_a_connect_its_password(installed, home, postgres, file):
    postgres.role("app", "a-token-of-the-program")
    section = {"TokenSource": "callback", "TokenCallback": "my-provider", "TokenProfile": "password"}
    home.write({"PostgreSQL": {"Driver": home.shim(), "RealDriver": drivers.PSQLODBCW, **section}}, {"data": {"Driver": "PostgreSQL", **postgres.keys()}})
    done = installed.end(home, file, "DSN=data;UID=app", "a-token-of-the-program")
    assert (done.returncode, done.stdout) == (0, "connected\n"), done.stderr
    done = installed.end(home, file, "DSN=data;UID=app", "")
    assert done.returncode == 1 and done.stderr.startswith("28000 [") and "for anybody" in done.stderr


# -- What is installed, and how it is linked


def test_the_build_fails_where_the_header_is_not_what_the_sources_say(tmp_path):
    """The check of build.rs, as the build script was built, on a copy of what it reads."""
    for name in ("cbindgen.toml", "include/tokenshim.h", *(f"src/capi/{each.name}" for each in (REPOSITORY / "src/capi").glob("*.rs"))):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    scripts = sorted((build_folder() / "build").glob("tokenshim-*/build-script-build"), key=lambda each: each.stat().st_mtime)
    check = lambda **env: subprocess.run([scripts[-1]], env={"CARGO_MANIFEST_DIR": str(tmp_path), **env}, capture_output=True, text=True, timeout=60).stdout
    assert "cargo::error" not in check()
    source = tmp_path / "src/capi/counters.rs"
    source.write_text(source.read_text().replace("Numbers that only grow", "Numbers that grow"))
    assert "cargo::error=include/tokenshim.h is not what src/capi says: run `make header`" in check()
    assert "cargo::error" not in check(TOKENSHIM_WRITE_HEADER="yes")
    assert "Numbers that grow" in (tmp_path / "include/tokenshim.h").read_text() and "cargo::error" not in check()


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
