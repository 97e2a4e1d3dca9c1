"""The driver manager holds the real driver's own handles, of several real drivers in one environment, and each answers for itself.
What it tells of them differs: unixODBC the real driver's handles, iODBC mostly its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import drivers, recorder
from support.odbc_client import DRIVER_MANAGERS, WIDE_BYTES, call, run_client, run_program
from support.two_ways import token_keys

KINDS = {"1": "environment", "2": "connection", "3": "statement", "4": "descriptor"}
WAYS = {"directly": None, "without a token": lambda provider: {}, "with a token": token_keys}
PROGRAM = Path(recorder.__file__).parents[1] / "handles_program.py"


def copies(home, reals: dict[str, Path], **section: object) -> dict[str, dict]:
    """A driver section for each real driver, with its own copy of tokenshim."""
    return {name: {"Driver": home.shim(name), "RealDriver": real, **section} for name, real in reals.items()}


class Asked:
    """What SQLGetInfo told an application of its two connections' handles, beside the handles that it has, and those that the real drivers made."""

    def __init__(self, home, provider, dm: str, letter: str, way: str):
        reals = {name: recorder.compile("both", f"librecorder_{name}.so", WIDE_BYTES[dm]) for name in ("one", "two")}
        sections = {name: {"Driver": real} for name, real in reals.items()} if way == "directly" else copies(home, reals, **WAYS[way](provider))
        home.write(sections, {name: {"Driver": name} for name in reals})
        home.env["RECORDER_LOG"] = str(home.folder / "log")
        script = {"library": DRIVER_MANAGERS[dm], "wide_bytes": WIDE_BYTES[dm], "letter": letter, "version": 3, "sources": list(reals)}
        lines, _, stderr, end = run_program(PROGRAM, script, home.env, 30)
        assert not end, stderr
        [[_, answers, applications]] = [line for line in lines if line[0] == "answers"]
        calls = recorder.read(home.folder / "log")
        made: dict[str, list[int]] = {}
        for each in calls:
            if each["call"].startswith("SQLAlloc"):  # driver managers prefer SQLAllocStmt, where a driver has it
                made.setdefault(KINDS[str(each.get("kind", 3))], []).append(each["out"])
        assert {kind: len(handles) for kind, handles in made.items()} == dict.fromkeys(KINDS.values(), 2)
        assert bool(provider.requests) == (way == "with a token")
        self.told, self.applications = ([{KINDS[kind]: handle for kind, handle in of[name].items()} for name in reals] for of in (answers, applications))
        self.drivers = [{kind: handles[number] for kind, handles in made.items()} for number in range(2)]
        self.questions = [each for each in calls if each["call"].startswith("SQLGetInfo") and each["info"] in (3, 4, 5, 135)]
        """What the real drivers were asked of it: SQL_DRIVER_HDBC, SQL_DRIVER_HENV, SQL_DRIVER_HSTMT, SQL_DRIVER_HDESC."""
        for own, theirs in zip(self.drivers, self.applications, strict=True):
            assert not set(own.values()) & set(theirs.values())


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("way", WAYS)
def test_unixodbc_tells_the_handles_that_the_real_driver_made(home, identity_provider, letter, way):
    asked = Asked(home, identity_provider, "unixodbc", letter, way)
    assert asked.told == asked.drivers and asked.questions == []


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("way", WAYS)
def test_iodbc_tells_its_own_handles_and_asks_the_real_driver_for_a_descriptor(home, identity_provider, letter, way):
    """iODBC 3.52.9 does so by itself: only of the descriptor does a real driver hear, which is asked of its own connection."""
    asked = Asked(home, identity_provider, "iodbc", letter, way)
    for told, theirs, drivers_own, question in zip(asked.told, asked.applications, asked.drivers, asked.questions, strict=True):
        assert told == theirs | {"descriptor": drivers_own["connection"]}, "what the recorder answers"
        assert (question["info"], question["handle"], question["asked"]) == (135, drivers_own["connection"], theirs["descriptor"])


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("signs_in", [False, True], ids=["without a token", "with a token"])
def test_two_real_drivers_in_one_environment_answer_many_threads_at_once_each_for_itself(home, postgres, identity_provider, dm, signs_in):
    """psqlodbcw takes SQLWCHARs of two bytes, so iODBC gets psqlodbca."""
    postgres.role("alice", identity_provider.token)
    reals = {"lite": drivers.SQLITE, "pg": drivers.PSQLODBCW if dm == "unixodbc" else drivers.PSQLODBCA,
             **{name: recorder.compile("both", f"librecorder_{name}.so", WIDE_BYTES[dm]) for name in ("one", "two")}}
    keys = token_keys(identity_provider) if signs_in else {}
    password = "" if signs_in else f";PWD={identity_provider.token}"
    sources = {"lite": {"Database": ":memory:"}, "pg": postgres.keys(Username="alice"), "one": {}, "two": {}}
    home.write(copies(home, reals, **keys), {name: {"Driver": name, **source} for name, source in sources.items()})
    expected = {"lite": ("SQLite", "40"), "pg": ("PostgreSQL", "40"), "one": ("librecorder_one.so", "1"), "two": ("librecorder_two.so", "1")}

    def session(name: str, number: int) -> list[dict]:
        of = {"dbc": f"{name}{number}"}
        info = {"info": 6 if name in ("one", "two") else 17, "out": 100}  # SQL_DRIVER_NAME, SQL_DBMS_NAME
        # iODBC gives the recorder's 40 rows, too: a number of rows is what the SQL says.
        once = [call("SQLDriverConnect", string=f"DSN={name}{password}", **of),
                call("meet"), call("SQLGetInfo", **info, **of),  # by now all are connected
                call("SQLExecDirect", sql="select 40" if name in ("lite", "pg") else "select 1", **of),
                call("meet"), call("SQLDisconnect", **of)]
        return once * 2

    plan = [(name, number) for number in range(4) for name in reals]
    warm = [call("SQLDriverConnect", string=f"DSN={name}{password}", dbc=f"warm{name}") for name in ("lite", "one")]
    *_, together = run_client(home, [*warm, call("parallel", steps=[session(*each) for each in plan])], dm, timeout=60)
    for (name, _), steps in zip(plan, together.parallel, strict=True):
        for connect, info, rows, end in (steps[:4], steps[4:]):
            assert connect.succeeded and end.code == "SQL_SUCCESS", connect
            assert (info.out, rows.rows) == (expected[name][0], [[expected[name][1]]]), (name, info, rows)
