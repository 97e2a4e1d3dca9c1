"""unixODBC's own trace of what an application called and what it got: the same with tokenshim as without."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from support import drivers
from support.two_ways import SECTION, token_keys

PYODBC = """
import pyodbc
connection = pyodbc.connect("DSN=data;UID=alice;PWD=%s", autocommit=False, timeout=9)
cursor = connection.cursor()
cursor.execute("create table notes (id int primary key, note varchar(200))")
cursor.executemany("insert into notes values (?, ?)", [(number, "\\u20ac" * number) for number in range(20)])
connection.commit()
print(cursor.execute("select note, id from notes where id > ? order by id", 3).fetchall())
print([row.column_name for row in cursor.columns("notes")], cursor.primaryKeys("notes").fetchall(), len(cursor.tables().fetchall()) > 0)
print(connection.getinfo(pyodbc.SQL_DRIVER_NAME), connection.getinfo(pyodbc.SQL_DBMS_NAME))
for wrong in ("select nonsense from nowhere", "insert into notes values (1, 'again')"):
    try:
        cursor.execute(wrong)
    except pyodbc.Error as failure:
        print(failure)
        connection.rollback()
cursor.execute("drop table notes")
connection.commit()
connection.close()
try:
    pyodbc.connect("DSN=data;UID=nobody;PWD=wrong;Database=/no/such/folder/x")
except pyodbc.Error as failure:
    print(failure)
"""
PROGRAMS = {
    "isql": (["isql", "-b", "-v", "-c", "data", "alice", "{token}"], "select 40+2 as answer\nselect nonsense\nhelp\nselect 'x', null\n"),
    "isql with a string": (["isql", "-b", "-v", "-k", "DSN=data;UID=alice;PWD={token}"], "select 40+2 as answer\n"),
    "iusql": (["iusql", "-b", "-v", "data", "alice", "{token}"], "select 40+2 as answer\n"),
    "pyodbc": ([sys.executable, "-c", PYODBC.replace("%s", "{token}")], ""),
}
# Who wrote a line and when, and addresses.
EACH_TIME = [(re.compile(r"^\[ODBC\]\[\d+\]\[[\d.]+\]"), "[ODBC]"), (re.compile(r"0x[0-9a-fA-F]+"), "0x…")]


def trace_and_output(home, real: dict, source: dict, command: list[str], text: str, token: str) -> tuple[list[str], str]:
    # By its bare name: unixODBC has room for 64 characters.
    home.write({"ODBC": {"Trace": "Yes", "TraceFile": "trace"}, SECTION: real}, {"data": {"Driver": SECTION, **source}})
    done = subprocess.run([part.replace("{token}", token) for part in command], input=text, env=home.env, text=True,
                          capture_output=True, timeout=60, cwd=home.folder)
    lines = (home.folder / "trace").read_text(errors="replace").splitlines()
    for pattern, replacement in EACH_TIME:
        lines = [pattern.sub(replacement, line) for line in lines]
    return lines, f"{done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("driver", [drivers.SQLITE, drivers.PSQLODBCW, drivers.PSQLODBCA, drivers.MARIADB], ids=lambda each: each.name)
@pytest.mark.parametrize("program", PROGRAMS)
def test_unixodbcs_trace_of_a_program_is_the_same(ways, identity_provider, request, driver, program):
    keys = {"Database": ways.shim.folder / "data.db"}
    if driver is not drivers.SQLITE:
        server = request.getfixturevalue("mariadb" if driver is drivers.MARIADB else "postgres")
        server.role("alice", identity_provider.token)
        keys = server.keys()
        if driver is not drivers.MARIADB:
            server.query("grant create on schema public to alice")
    (direct, said), (through, said_through) = (
        trace_and_output(home, section, keys, *PROGRAMS[program], identity_provider.token) for home, section in (
            (ways.direct, {"Driver": driver}),
            (ways.shim, {"Driver": ways.shim.shim(), "RealDriver": driver, **token_keys(identity_provider)})))
    assert said_through == said
    assert through == direct
    assert sum(line.startswith("\t\tEntry:") for line in direct) > 10 and identity_provider.requests
