"""Instructions counted by callgrind: a call that tokenshim has nothing to do in costs the very instructions that it costs
without tokenshim, and one that it looks at costs a bounded number more."""

from __future__ import annotations

import time

import pytest

from support import callgrind, drivers
from support.two_ways import token_keys
from test_overlap import wait_until

pytestmark = pytest.mark.unlogged

C_LIBRARY = "libc.so.6"
SETTLED_SECONDS = 3.1
"""A file that was written only just now is read at each connect, so that a change of it is seen at once."""
# Without optimisation: the libraries under test are Cargo's debug build. docs/benchmarks.md has those of a release.
MOST_MORE = {"SQLGetDiagRec": 1000, "SQLGetDiagField": 1000, "SQLError": 1200, "SQLFreeHandle, a statement": 600, "SQLFreeHandle, a connection": 5000,
             "SQLGetConnectAttr": 2000, "SQLSetConnectAttr": 8000, "SQLDisconnect": 60000}
MOST_MORE_OPENING = {"SQLDriverConnect, its string": 700_000, "SQLDriverConnect": 220_000, "SQLConnect": 160_000}


@pytest.fixture
def sqlite(ways, identity_provider, authority):
    """Connections through tokenshim have a token."""
    ways.shim.env["SSL_CERT_FILE"] = str(authority.file)  # one authority is read faster than the system's hundred
    ways.write(drivers.SQLITE, {"data": {"Database": ":memory:"}}, token_keys(identity_provider, TokenTimeout=300))
    return ways


def test_a_forwarded_call_runs_not_one_instruction_more(sqlite):
    direct, through = (callgrind.count(home, "instructions", "DSN=data") for home in (sqlite.direct, sqlite.shim))
    assert len(direct) > 30 and direct.keys() == through.keys()
    for name, count in direct.items():
        assert through[name].code == count.code, name
        # How long malloc and memcpy take depends on what was where before.
        elsewhere = [{library: cost for library, cost in each.by_library.items() if library != C_LIBRARY} for each in (count, through[name])]
        assert elsewhere[0] == elsewhere[1], name
        assert count.total > 100 and not [library for library in through[name].by_library if library.startswith("libtokenshim")], name


def test_a_call_that_tokenshim_looks_at_runs_a_bounded_number_of_instructions_more(sqlite):
    direct = callgrind.count(sqlite.direct, "hooks", "DSN=data", dm=drivers.SQLITE)
    through = callgrind.count(sqlite.shim, "hooks", "DSN=data", dm=sqlite.shim.shim())
    assert direct.keys() == through.keys()
    for name, count in direct.items():
        more = (through[name].total - count.total) / callgrind.CALLS
        most = next(most for hook, most in MOST_MORE.items() if name.startswith(hook))
        assert through[name].code == count.code and 0 < more <= most, (name, more)


def test_a_connect_with_a_kept_token_runs_a_bounded_number_of_instructions_more(sqlite):
    homes = {sqlite.direct: drivers.SQLITE, sqlite.shim: sqlite.shim.shim()}
    for home in homes:
        (home.user / ".odbc.ini").touch()
        wait_until(lambda: all(time.time() - file.stat().st_ctime > SETTLED_SECONDS for file in [*home.system.iterdir(), *home.user.iterdir()]))
    direct, through = (callgrind.count(home, "opening", "DSN=data", "data", dm=dm) for home, dm in homes.items())
    assert direct.keys() == through.keys()
    for name, count in direct.items():
        more = (through[name].total - count.total) / callgrind.CALLS
        most = next(most for function, most in MOST_MORE_OPENING.items() if name.startswith(function))
        assert through[name].code == count.code and 0 < more <= most, (name, more)
