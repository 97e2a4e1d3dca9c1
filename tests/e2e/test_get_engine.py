"""The way in which programs make an SQLAlchemy engine for Azure SQL: with Microsoft's driver, a connection string in the URL, and
`AzureCliCredential` in a listener. Through tokenshim the listener may stay or go."""

from __future__ import annotations

import subprocess

import pytest

from clients.installed import version
from clients.table import CLIENTS, PYTHON
from support import drivers
from support.tds_door import Guest, TdsDoor

NAME = "ODBC Driver 18 for SQL Server"
PROGRAM = """
import struct, sys
from urllib.parse import quote_plus
import sqlalchemy as sa
from azure.identity import AzureCliCredential

def provide_token(dialect, record, cargs, cparams):
    token = AzureCliCredential().get_token("https://database.windows.net/.default").token.encode("utf-16-le")
    cparams["attrs_before"] = {1256: struct.pack(f"<I{len(token)}s", len(token), token)}
    cargs[0] = cargs[0].replace(";Trusted_Connection=Yes", "")

def get_engine(**kwargs):
    keywords = {"driver": "{ODBC Driver 18 for SQL Server}", "database": "GasLFH", "encrypt": "yes", "trustservercertificate": "no",
                "connection timeout": 30, **kwargs}
    cs = ";".join(f"{key}={value}" for key, value in keywords.items())
    engine = sa.create_engine(f"mssql+pyodbc:///?odbc_connect={quote_plus(cs)}")
    if listens:
        sa.event.listens_for(engine, "do_connect")(provide_token)
    return engine

listens = sys.argv[2] == "listener"
more = {"authentication": "ActiveDirectoryInteractive", "uid": "me@example.com"} if sys.argv[2].startswith("windows") else {}
try:
    get_engine(server=sys.argv[1], **more).connect()
except sa.exc.DBAPIError as error:
    print(type(error).__name__, error.orig.args)
"""


@pytest.fixture
def engine(ways, az, start):
    """What the program says on each way, its guests at the door, and how often `az` was called."""
    assert version(next(each for each in CLIENTS if each.name == "SQLAlchemy, get_engine")), "run scripts/install-dependencies test"
    ways.direct.env["PATH"] = ways.shim.env["PATH"]
    real = drivers.microsoft()
    ways.direct.write({NAME: {"Driver": real}})
    ways.shim.write({NAME: {"Driver": ways.shim.shim(), "RealDriver": real, "TokenSource": "azure-cli", "TokenAllowedHosts": "127.0.0.1"}})
    door = start(TdsDoor())

    def run(home, way: str):
        if way == "windows, and no TokenSource":
            az.keep_users(ways.shim.user, "me@example.com")
            home.write({NAME: {"Driver": home.shim(), "RealDriver": real, "TokenAllowedHosts": "127.0.0.1"}})
        door.guests.clear()
        before = len(az.calls)
        done = subprocess.run([PYTHON, "-c", PROGRAM, door.server, way], env=home.env, text=True, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout, list(door.guests), len(az.calls) - before

    return run


@pytest.mark.parametrize("way", ["listener", "no listener", "windows", "windows, and no TokenSource"])
def test_the_engine_brings_one_token_to_the_server_with_or_without_a_listener(engine, ways, way):
    said, guests, calls = engine(ways.direct, "listener")
    assert "08001" in said and guests == [Guest(brings_token=True, encrypt="on")] and calls == 1
    assert engine(ways.shim, way) == (said, guests, calls)


def test_without_tokenshim_and_listener_there_is_no_token(engine, ways):
    _, guests, calls = engine(ways.direct, "no listener")
    assert guests == [Guest(brings_token=False, encrypt="on")] and calls == 0
