"""The driver manager holds the real driver's own handles, of several real drivers in one environment, and each answers for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import drivers, recorder
from support.odbc_client import DRIVER_MANAGERS, WIDE_BYTES, call, run_client, run_program
from support.two_ways import token_keys

KINDS = {"1": "environment", "2": "connection", "3": "statement", "4": "descriptor"}
PROGRAM = Path(recorder.__file__).parents[1] / "handles_program.py"


def copies(home, reals: dict[str, Path], **section: object) -> dict[str, dict]:
    """A driver section for each real driver, with its own copy of tokenshim."""
    return {name: {"Driver": home.shim(name), "RealDriver": real, **section} for name, real in reals.items()}


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("signs_in", [False, True], ids=["without a token", "with a token"])
def test_the_driver_manager_tells_the_handles_that_the_real_driver_made(home, identity_provider, dm, letter, signs_in):
    reals = {name: recorder.compile("both", f"librecorder_{name}.so", WIDE_BYTES[dm]) for name in ("one", "two")}
    home.write(copies(home, reals, **(token_keys(identity_provider) if signs_in else {})), {name: {"Driver": name} for name in reals})
    home.env["RECORDER_LOG"] = str(home.folder / "log")
    script = {"library": DRIVER_MANAGERS[dm], "wide_bytes": WIDE_BYTES[dm], "letter": letter, "version": 3, "sources": list(reals)}
    lines, _, stderr, end = run_program(PROGRAM, script, home.env, 30)
    assert not end, stderr
    [[_, answers, applications]] = [line for line in lines if line[0] == "answers"]
    made: dict[str, list[int]] = {}
    for each in recorder.read(home.folder / "log"):
        if each["call"].startswith("SQLAlloc"):  # iODBC prefers SQLAllocStmt, where a driver has it
            made.setdefault(KINDS[str(each.get("kind", 3))], []).append(each["out"])
    assert {kind: len(handles) for kind, handles in made.items()} == dict.fromkeys(KINDS.values(), 2)
    for number, name in enumerate(reals):
        drivers_own = {kind: handles[number] for kind, handles in made.items()}
        managers_own = {KINDS[kind]: handle for kind, handle in applications[name].items()}
        answer = {KINDS[kind]: handle for kind, handle in answers[name].items()}
        assert not set(drivers_own.values()) & set(managers_own.values())
        if dm == "unixodbc":
            assert answer == drivers_own
        else:  # iODBC 3.52.9 answers with the handles that it gave to the application, whatever the driver
            assert [answer[kind] for kind in list(made)[:3]] == [managers_own[kind] for kind in list(made)[:3]]
    assert bool(identity_provider.requests) == signs_in


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("signs_in", [False, True], ids=["without a token", "with a token"])
def test_two_real_drivers_in_one_environment_answer_many_threads_each_for_itself(home, postgres, identity_provider, dm, signs_in):
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
        once = [call("SQLDriverConnect", string=f"DSN={name}{password}", **of), call("SQLGetInfo", **info, **of),
                call("SQLExecDirect", sql="select 40" if name in ("lite", "pg") else "select 1", **of), call("SQLDisconnect", **of)]
        return once * 2

    plan = [(name, number) for number in range(4) for name in reals]
    warm = [call("SQLDriverConnect", string=f"DSN={name}{password}", dbc=f"warm{name}") for name in ("lite", "one")]
    *_, together = run_client(home, [*warm, call("parallel", steps=[session(*each) for each in plan])], dm, timeout=60)
    for (name, _), steps in zip(plan, together.parallel, strict=True):
        for connect, info, rows, end in (steps[:4], steps[4:]):
            assert connect.succeeded and end.code == "SQL_SUCCESS", connect
            assert (info.out, rows.rows) == (expected[name][0], [[expected[name][1]]]), (name, info, rows)
