"""What tokenshim does besides passing calls on: it asks the network right before a connect and at no other time, and opens
libraries as the driver managers do."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from support import drivers, recorder
from support.drivers import BUILT, once
from support.odbc_client import WIDE_BYTES, call, dlsym_table, run_client
from support.odbc_home import CORE_LIBRARY, DRIVER_LIBRARY
from support.two_ways import SECTION, token_keys
from support.whole_odbc import run_whole_odbc
from test_binding import names
from test_traces import CONNECTS

pytestmark = pytest.mark.unlogged  # nothing but a connect may be seen in the process

# What could ask the network, or start a thread or a program.
ASKING = {"socket", "connect", "clone", "clone3", "fork", "vfork", "execve"}
CONNECT = re.compile(r'\\"call\\":\\"SQL(Driver|Browse)?ConnectW?\\"')
PASSED_ON = re.compile(r'\\"call\\":\\"(\w+)\\"')


def trace(ways, dm: str) -> list[str]:
    """The system calls of a program that calls all of ODBC, one a line, those by which the recorder writes its log among them."""
    log = ways.shim.folder / "strace"
    calls = ",".join(sorted(ASKING | {"write"}))
    run_whole_odbc(ways.shim, CONNECTS, dm, "W", 3, under=(shutil.which("strace"), "-f", "-qq", "-s", "200", "-e", f"trace={calls}", "-o", str(log)))
    return log.read_text().splitlines()


def asked(lines: list[str]) -> list[str]:
    """The calls of the driver before which somebody asked the network; "end" for the time after the last."""
    before, found = False, []
    # The first is the program's own start. By AF_UNIX the C library asks who the user is, for the driver manager as well.
    for line in [*(line for line in lines[1:] if "AF_UNIX" not in line), '{\\"call\\":\\"end\\"']:
        call_of = re.match(r"\d+ +(\w+)\(", line)
        before |= bool(call_of) and call_of[1] in ASKING
        passed_on = PASSED_ON.search(line)
        if passed_on and before:
            found.append(passed_on[1])
        before &= not passed_on
    return found


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_without_a_token_nobody_asks_the_network_or_starts_anything(ways, dm):
    ways.record(dm=dm)
    lines = trace(ways, dm)
    assert len([line for line in lines if CONNECT.search(line)]) >= 7
    assert asked(lines) == []


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_with_a_token_that_happens_right_before_a_connect_and_at_no_other_time(ways, identity_provider, dm):
    ways.record(token_keys(identity_provider), dm=dm)
    lines = trace(ways, dm)
    found = asked(lines)
    assert found and set(found) <= {"SQLDriverConnectW", "SQLConnectW", "SQLBrowseConnectW"}, "\n".join(line[:120] for line in lines)
    assert identity_provider.requests


# -- Libraries


@pytest.fixture(scope="module")
def dlopen_log():
    folder = BUILT / "dlopen_log"
    source = recorder._SOURCE.parent / "dlopen_log.c"
    with once(folder):
        library = folder / "dlopen_log.so"
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-Wall", "-Wextra", "-o", library, source], check=True)
    return library


@pytest.mark.parametrize("dm, mode", [("unixodbc", 1), ("iodbc", 2)], ids=["lazily by unixODBC", "at once by iODBC"])
def test_the_real_driver_is_opened_as_the_driver_manager_opens_drivers(ways, dlopen_log, dm, mode):
    """RTLD_LAZY is 1, RTLD_NOW 2; RTLD_DEEPBIND (8) and RTLD_GLOBAL (0x100) would change what its names mean."""
    ways.write(drivers.SQLITE, {"data": {"Database": ":memory:"}})
    log = ways.shim.folder / "dlopen"
    [connect] = run_client(ways.shim, [call("SQLDriverConnect", string="DSN=data")], dm, env={"LD_PRELOAD": str(dlopen_log), "DLOPEN_LOG": str(log)})
    assert connect.succeeded
    opened = [line.split(" ", 1) for line in log.read_text().splitlines()]
    modes = {name: {int(how, 16) for how, file in opened if file.endswith(name)} for name in (drivers.SQLITE.name, DRIVER_LIBRARY, CORE_LIBRARY)}
    assert modes[drivers.SQLITE.name] == modes[DRIVER_LIBRARY] == {mode}, opened
    assert modes[CORE_LIBRARY] and all(not how & 0x108 for how in modes[CORE_LIBRARY]), opened


def test_a_name_that_belongs_to_the_driver_manager_is_neither_hooked_nor_called(ways, identity_provider):
    """A driver that is linked with a driver manager seems to have all its names."""
    driver = recorder.compile("linked")
    ways.write(driver, {"data": {}}, token_keys(identity_provider))
    own = {name for name, answer in dlsym_table(ways.shim.env, driver, recorder.compile("ansi"), list(names())).items() if answer != "only shim"}
    table = dlsym_table(ways.shim.env, ways.shim.shim(), driver, list(names()))
    assert {"SQLConnectW", "SQLErrorW", "SQLDriverConnectW", "SQLFreeConnect"} <= names().keys() - own
    assert {name: table[name] for name in names().keys() - own if table[name] != "equal"} == {}
    assert table["SQLDriverConnect"] == "different"
    steps = [call("SQLDriverConnectW", string="DSN=data"), call("SQLConnect", dsn="data", dbc="second")]
    through, direct = ways.run(steps)
    assert [step.code for step in through] == [step.code for step in direct] == ["SQL_SUCCESS"] * 2
    assert [each["call"] for each in ways.calls()[0]] == [each["call"] for each in ways.calls()[1]]
    assert f"DSN=data;PWD={{{identity_provider.token}}}" == ways.calls("SQLDriverConnect")[0][0]["string"], SECTION
