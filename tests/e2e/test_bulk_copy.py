"""Bulk copy in Microsoft's driver gets the driver manager's handle from the program, and asks the driver manager for its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import drivers, recorder
from support.odbc_client import run_program
from support.odbc_home import OdbcHome
from support.tds_server import TdsServer

PROGRAM = Path(recorder.__file__).parents[1] / "bcp_program.py"
SECTION = "ODBC Driver 18 for SQL Server"


@pytest.fixture
def server(start) -> TdsServer:
    return start(TdsServer())


def bulk_copy(home: OdbcHome, driver: Path, server: TdsServer, string: str) -> list:
    script = {"library": "libodbc.so.2", "wide_bytes": 2, "letter": "W", "version": 3, "driver": str(driver), "string": string}
    lines, stdout, stderr, end = run_program(PROGRAM, script, home.env, 30)
    assert not end, f"{end} after {lines[-3:]}\n{stderr}{stdout}"
    return [line for line in lines if line[0] != "SQLDriverConnect"]


@pytest.mark.parametrize("signs_in", [False, True], ids=["with a password", "with a token"])
def test_bcp_init_succeeds(tmp_path, home, az, server, signs_in):
    """Without encryption, since this server is not a whole one; the token is a stand-in's."""
    real = drivers.microsoft()
    dsn = {"d": {"Driver": SECTION, "Server": server.server, "Encrypt": "no"}}
    token = {"TokenSource": "azure-cli", "TokenAllowUnencrypted": "yes"} if signs_in else {}
    home.write({SECTION: {"Driver": home.shim(), "RealDriver": real, **token}}, dsn)
    direct = OdbcHome(tmp_path / "direct")
    direct.write({SECTION: {"Driver": real}}, dsn)
    without = bulk_copy(direct, real, server, "DSN=d;UID=u;PWD=p")
    asked = len(server.batches)
    through = bulk_copy(home, home.shim(), server, "DSN=d" if signs_in else "DSN=d;UID=u;PWD=p")
    assert ["bcp_init", 1] in without, without
    assert through == without
    assert asked and server.batches[:asked] == server.batches[asked:]
    assert bool(az.calls) == signs_in
