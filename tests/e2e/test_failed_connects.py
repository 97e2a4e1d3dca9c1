"""Connects that fail leave nothing behind: neither memory, nor what tokenshim knew about the handle, whoever refused them
and whether the handle is used again or thrown away.

CONNECTS=100000 makes it the long run of `make soak`.
"""

from __future__ import annotations

import json
import os
from http import HTTPStatus

import pytest

from support import replies
from support.host import run_host
from support.odbc_client import WIDE_BYTES
from support.two_ways import token_keys

CONNECTS = int(os.environ.get("CONNECTS", 5000))

PROGRAM = """
import json
from footprint import *
string, state, count, fresh_handles = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "new handles"
env = environment()
dbc = allocate(DBC, env)

def fail(times):
    global dbc
    for _ in range(times):
        assert connect(dbc, string) == -1
        said = record(DBC, dbc)
        assert said and said[0] == state, said
        if fresh_handles:
            assert free(DBC, dbc) == 0
            dbc = allocate(DBC, env)

fail(max(count // 10, 100))
before = footprint()
fail(count)
after = footprint()
say(json.dumps({name: after[name] - before[name] for name in before}))
assert connect(dbc, "DSN=good") == 0, record(DBC, dbc)
closed(dbc, env)
"""

KINDS = {
    "a key that means nothing": ("DSN=good;TokenSource=nonsense", "HY000", 1),
    "a host that nobody vouches for": ("DSN=good;TokenProfile=databricks;Host=evil.example", "28000", 2),
    "the provider": ("DSN=refused", "28000", 10),
    "the real driver": ("DSN=good;Fail=28P01:wrong password", "28P01", 10),
    "the real driver, without a token": ("DSN=plain;Fail=28P01:wrong password", "28P01", 5),
}
"""What is connected to, the SQLSTATE, and how many times fewer connects there are of it, for they take their time."""


def growth(home, string, state, count, handles, dm) -> dict[str, int]:
    [line] = run_host(home, PROGRAM, string, state, count, handles, dm=dm, timeout=60 + count / 50)
    return json.loads(line)


@pytest.mark.parametrize("handles", ["new handles", "one handle"])
@pytest.mark.parametrize("kind, dm", [*((kind, "unixodbc") for kind in KINDS), ("a key that means nothing", "iodbc"), ("the provider", "iodbc")])
def test_connects_that_fail_leave_nothing_behind(ways, identity_provider, kind, handles, dm):
    identity_provider.always(replies.oauth_error(HTTPStatus.BAD_REQUEST, "invalid_client", "no such client"), path="/refused")
    sources = {"good": {}, "refused": {"TokenEndpoint": f"{identity_provider.url}/refused"}, "plain": {"TokenSource": ""}}
    driver = ways.record(token_keys(identity_provider), dm=dm, sources=sources)
    assert driver.exists() and dm in WIDE_BYTES
    for home in (ways.shim, ways.direct):
        del home.env["RECORDER_LOG"]
    string, state, fewer = KINDS[kind]
    count = max(CONNECTS // fewer, 200)
    through = growth(ways.shim, string, state, count, handles, dm)
    # What the driver manager itself leaves behind, shown on fewer connects.
    few = count // 5
    direct = {name: 5 * max(0, each) for name, each in growth(ways.direct, f"DSN=plain;Fail={state}:no", state, few, handles, dm).items()}
    assert (through["descriptors"], through["threads"]) == (0, 0), through
    # A request has a thread, for which the C library may keep an arena of its own and a stack.
    mappings, once = (64, 64 * 1024) if kind == "the provider" else (0, 16 * 1024)
    assert through["mappings"] <= mappings, through
    # The smallest block that each connect could leave has 32 bytes.
    assert through["allocated"] - direct["allocated"] < once + 4 * count, (through, direct)
    assert through["resident"] - direct["resident"] < 1024 + count * 4 // 1024, (through, direct)
