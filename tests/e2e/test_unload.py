"""A driver manager that unloads drivers (unixODBC with DontDLClose=0) unloads the real driver too, and nothing is left
of it; one that does not, does not. A thousand rounds either way leave the process as they do without tokenshim."""

from __future__ import annotations

import json

import pytest

from support import drivers
from support.host import run_host
from support.two_ways import token_keys

ROUNDS, WARM_UP = 1000, 100
MANAGERS = [("unixodbc", {"DontDLClose": 0}), ("unixodbc", {"DontDLClose": 1}), ("iodbc", {})]
IDS = ["unixODBC that unloads", "unixODBC that does not", "iODBC"]

ROUND = """
def round(string):
    env = environment()
    dbc = allocate(DBC, env)
    code = connect(dbc, string)
    assert (code in (0, 1)) == ("missing" not in string), record(DBC, dbc)
    if code in (0, 1): assert disconnect(dbc) == 0
    assert free(DBC, dbc) == 0 and free(ENV, env) == 0
"""
ROUNDS_PROGRAM = ROUND + """
import json
from footprint import *
string, warm_up, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for _ in range(warm_up): round(string)
before = footprint()
for _ in range(rounds - warm_up): round(string)
after = footprint()
say(json.dumps({name: after[name] - before[name] for name in before}))
"""


def growth(home, string, dm, rounds=ROUNDS) -> dict[str, int]:
    """What the rounds after the first added to the process."""
    [line] = run_host(home, ROUNDS_PROGRAM, string, WARM_UP, rounds, dm=dm)
    return json.loads(line)


def is_as_flat(through: dict, direct: dict, rounds=ROUNDS) -> None:
    for name in ("mappings", "descriptors", "threads"):
        assert through[name] <= max(direct[name], 0), (name, through, direct)
    # The smallest block that could be left in each round has 32 bytes. Resident memory comes in pages.
    assert through["allocated"] - 1.02 * max(direct["allocated"], 0) < 16 * 1024 + 8 * rounds, (through, direct)
    assert through["resident"] - max(direct["resident"], 0) < 1024, (through, direct)


@pytest.mark.parametrize("dm, section", MANAGERS, ids=IDS)
def test_a_thousand_rounds_with_a_token_leave_no_more_behind_than_without_tokenshim(ways, identity_provider, dm, section):
    ways.write(drivers.SQLITE, {"data": {"Database": ":memory:"}}, token_keys(identity_provider), **section)
    is_as_flat(growth(ways.shim, "DSN=data", dm), growth(ways.direct, "DSN=data", dm))
    assert identity_provider.requests


def test_rounds_with_a_real_server_leave_no_more_behind_than_without_tokenshim(ways, identity_provider, postgres):
    postgres.role("rounds", identity_provider.token)
    ways.write(drivers.PSQLODBCW, {"data": postgres.keys(Username="rounds", Password=identity_provider.token)}, token_keys(identity_provider), DontDLClose=0)
    rounds = WARM_UP + 100
    is_as_flat(growth(ways.shim, "DSN=data", "unixodbc", rounds), growth(ways.direct, "DSN=data", "unixodbc", rounds), rounds)


@pytest.mark.parametrize("dm, section", MANAGERS[:2], ids=IDS[:2])
def test_rounds_with_a_real_driver_that_is_missing_leave_nothing_behind(home, dm, section):
    home.write({"A": {"Driver": home.shim(), "RealDriver": "/nowhere/driver.so", **section}}, {"missing": {"Driver": "A"}})
    is_as_flat(growth(home, "DSN=missing", dm), dict.fromkeys(["allocated", "resident", "mappings", "descriptors", "threads"], 0))


# -- The end of the real driver

TWICE = """
one, two = environment(), environment()
first, second = opened("DSN=data", one), opened("DSN=data", two)
closed(first, one)
say("first closed")
closed(second, two)
say("second closed")
closed(opened("DSN=data"))
"""


@pytest.mark.parametrize("dm, section", MANAGERS, ids=IDS)
def test_the_real_drivers_destructor_runs_when_it_runs_without_tokenshim(ways, identity_provider, dm, section):
    driver = ways.record(token_keys(identity_provider), dm=dm)
    ways.write(driver, {"data": {}}, token_keys(identity_provider), **section)
    for home in (ways.shim, ways.direct):
        home.env["RECORDER_UNLOAD"] = "1"
        run_host(home, TWICE, dm=dm)
    through, direct = ([each["call"] for each in calls] for calls in ways.calls())
    assert through == direct
    assert direct.count("unloaded") == (2 if section.get("DontDLClose") == 0 else 1)


LOADED = ROUND + """
from footprint import *
for _ in range(2):
    dbc = opened("DSN=data")
    say([mapped(name) for name in sys.argv[1:]])
    closed(dbc)
    say([mapped(name) for name in sys.argv[1:]])
"""


@pytest.mark.parametrize("section, left", [({"DontDLClose": 0}, [False, False, True]), ({}, [True, True, True])],
                         ids=["unixODBC that unloads", "unixODBC that does not"])
def test_the_driver_library_goes_with_the_real_driver_and_the_core_stays(ways, identity_provider, section, left):
    ways.write(drivers.SQLITE, {"data": {"Database": ":memory:"}}, token_keys(identity_provider), **section)
    names = [drivers.SQLITE.resolve().name, "libtokenshim_driver.so", "libtokenshim.so"]
    assert run_host(ways.shim, LOADED, *names) == [str([True, True, True]), str(left)] * 2


def test_a_real_driver_that_was_changed_meanwhile_is_the_one_of_the_next_round(home, recorder, tmp_path):
    one, two = recorder.compile("both", "libone.so"), recorder.compile("both", "libtwo.so")
    program = """
from footprint import *
for name in ("libone.so", "libtwo.so"):
    text = open(sys.argv[1]).read().replace("libone.so", name)
    open(sys.argv[1], "w").write(text)
    dbc = opened("DSN=data")
    say([mapped("libone.so"), mapped("libtwo.so")])
    closed(dbc)
"""
    home.write({"A": {"Driver": home.shim(), "RealDriver": one, "DontDLClose": 0}}, {"data": {"Driver": "A"}})
    assert two.parent == one.parent
    assert run_host(home, program, home.system / "odbcinst.ini") == [str([True, False]), str([False, True])]


CROWD = ROUND + """
def many(string):
    for _ in range(40): round(string)
threads = [started(many, f"DSN=data{i % 2}") for i in range(8)]
for thread in threads: thread.join()
say("done")
"""


@pytest.mark.parametrize("way", ["shim", "direct"])
def test_threads_may_connect_and_unload_at_once(ways, identity_provider, way):
    sources = {f"data{i}": {"Database": ":memory:"} for i in range(2)}
    ways.write(drivers.SQLITE, sources, token_keys(identity_provider), DontDLClose=0)
    assert run_host(getattr(ways, way), CROWD) == ["done"]
