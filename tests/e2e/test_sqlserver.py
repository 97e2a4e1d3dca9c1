"""Microsoft's own driver for SQL Server takes the token that `az` gives, whatever else stands beside it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import drivers
from support.az_stand_in import TOKEN
from support.odbc_client import call, run_client
from support.tds_door import Guest, TdsDoor

NAME = "ODBC Driver 18 for SQL Server"
SIGNED_IN = Guest(brings_token=True, encrypt="on")
OWN_TOKEN = call("SQLSetConnectAttr", attribute=1256, value={"hex": "0600000061006200" + "6300"})


class Sql:
    """DSN "d" is Microsoft's driver through tokenshim, DSN "bare" without it."""

    def __init__(self, home, az, door):
        self.home, self.az, self.door = home, az, door
        self.configure()

    def configure(self, dsn: dict | None = None, **section: str) -> None:
        real = drivers.microsoft()
        source = {"Server": self.door.server, **(dsn or {})}
        self.home.write(
            {NAME: {"Driver": self.home.shim(), "RealDriver": real, "TokenSource": "azure-cli", **section}, "Bare": {"Driver": real}},
            {"d": {"Driver": NAME, **source}, "bare": {"Driver": "Bare", **source}})

    def run(self, *steps: dict, **options):
        return run_client(self.home, list(steps), **options)

    def connect(self, string: str, *before: dict, letter: str = "W", **arguments):
        return self.run(*before, call(f"SQLDriverConnect{letter}", string=string, **arguments))[-1]


@pytest.fixture
def sql(home, az, start) -> Sql:
    return Sql(home, az, start(TdsDoor()))


def went_to_the_server(sql: Sql, step, guests=1) -> None:
    """The driver was content with everything, and asked the server, which is none."""
    assert step.code == "SQL_ERROR" and {record.state for record in step.records} == {"08001"}, step
    assert "prelogin failure" in step.records[-1].message, step
    assert sql.door.guests == [SIGNED_IN] * guests


# -- What Microsoft's driver refuses beside a token

BESIDE = ["UID=u", "PWD=p", "UID=u;PWD=p", "UID=;PWD=;", "UID={};PWD={}", "uid=u;Pwd={a;b}}c}", "Trusted_Connection=yes",
          "trusted_connection=Yes", "Authentication=ActiveDirectoryInteractive", "AUTHENTICATION=ActiveDirectoryMsi;UID=u",
          "Authentication=ActiveDirectoryPassword;UID=u@example.com;PWD=p"]


@pytest.mark.parametrize("beside", BESIDE)
def test_what_stands_beside_the_token_in_the_string_goes_away(sql, beside):
    assert sql.connect(f"DSN=bare;{beside}", OWN_TOKEN).records[-1].state == "FA005"  # so it has to
    went_to_the_server(sql, sql.connect(f"DSN=d;{beside};Database=x"))
    [call_of_az] = sql.az.calls
    assert call_of_az["argv"][-2:] == ["--resource", "https://database.windows.net"]


IN_DSN = {"authentication": {"Authentication": "ActiveDirectoryInteractive"}, "trusted": {"Trusted_Connection": "Yes"},
          "both": {"Trusted_Connection": "yes", "Authentication": "ActiveDirectoryPassword", "UID": "u", "PWD": "p"},
          "user": {"UID": "u", "PWD": "p"}}
WAYS = {
    "string": ("SQLDriverConnectW", {"string": "DSN=d"}), "ansi string": ("SQLDriverConnect", {"string": "DSN=d;UID=v"}),
    "name": ("SQLConnectW", {"dsn": "d"}), "name and nothing": ("SQLConnectW", {"dsn": "d", "user": "", "password": ""}),
    "name and user": ("SQLConnectW", {"dsn": "d", "user": "v", "password": "q"}),
    "ansi name": ("SQLConnect", {"dsn": "d", "user": "v", "password": ""}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("in_dsn", [*IN_DSN, "nothing"])
def test_what_stands_beside_the_token_in_the_dsn_or_in_the_arguments_does_not_count(sql, in_dsn, way):
    sql.configure(IN_DSN.get(in_dsn))
    function, arguments = WAYS[way]
    [step] = sql.run(call(function, **arguments))
    went_to_the_server(sql, step)


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("completion", [0, 1, 3], ids=["NOPROMPT", "COMPLETE", "COMPLETE_REQUIRED"])
def test_a_program_that_lets_the_driver_ask_connects_all_the_same(sql, completion, letter):
    if completion:
        assert sql.connect("DSN=bare", OWN_TOKEN, completion=completion, letter=letter).records[-1].state == "FA006"
    went_to_the_server(sql, sql.connect("DSN=d", completion=completion, letter=letter))


# -- Encryption


@pytest.mark.parametrize("dsn, string", [
    ({}, "Encrypt=no"), ({}, "encrypt={Optional}"), ({}, "TrustServerCertificate=yes"),
    ({"Encrypt": "No"}, ""), ({"Encrypt": "optional"}, ""), ({"TrustServerCertificate": "Yes"}, ""),
], ids=str)
def test_no_token_goes_over_a_connection_that_others_could_read(sql, dsn, string):
    sql.configure(dsn)
    steps = [call("SQLDriverConnectW", string=f"DSN=d;{string}"), *([call("SQLConnectW", dsn="d", dbc="by name")] if dsn else [])]
    for step in sql.run(*steps):
        [record] = step.records
        assert record.state == "28000"
        assert "no token is sent with" in record.message and f"TokenAllowUnencrypted=yes in section [{NAME}] of odbcinst.ini" in record.message
        assert ("DSN [d]" if dsn else "the connection string") in record.message
    assert sql.az.calls == [] and sql.door.guests == []

    sql.configure(dsn, TokenAllowUnencrypted="yes")
    assert sql.connect(f"DSN=d;{string}").records[-1].state == "08001"
    assert len(sql.az.calls) == len(sql.door.guests) == 1


def test_a_string_that_switches_encryption_on_overrides_the_dsn(sql):
    sql.configure({"Encrypt": "no", "TrustServerCertificate": "yes"})
    went_to_the_server(sql, sql.connect("DSN=d;Encrypt=yes;TrustServerCertificate=no"))


def test_only_an_administrator_may_allow_it(sql):
    [record] = sql.connect("DSN=d;Encrypt=no;TokenAllowUnencrypted=yes").records
    assert record.state == "28000" and "TokenAllowUnencrypted may not stand in a connection string" in record.message
    assert sql.az.calls == [] and sql.door.guests == []


# -- A token of the application's own


def test_a_token_of_the_applications_own_is_left_alone(sql):
    went_to_the_server(sql, sql.connect("DSN=d", OWN_TOKEN))
    # Nothing is changed, so the driver says what it says without tokenshim.
    for string, options in (("UID=u", {}), ("Trusted_Connection=yes", {}), ("", {"completion": 1})):
        ours, bare = (sql.connect(f"DSN={dsn};{string}", OWN_TOKEN, **options).records for dsn in ("d", "bare"))
        assert ours == bare and ours[-1].state in ("FA005", "FA006")
    assert sql.az.calls == []


def test_the_token_is_not_shown(sql):
    get = call("SQLGetConnectAttrW", attribute=1256, out=8)
    connect = call("SQLDriverConnectW", string="DSN=d")
    # Without a driver manager, which would not let a call through to a connection that failed.
    shown = sql.run(get, connect, get, {**get, "out": None}, OWN_TOKEN, get, dm=sql.home.shim())
    bare = sql.run(get, {**get, "out": None}, dm=drivers.microsoft())
    answer = [(step.code, step.bytes, step.length) for step in (*shown, *bare) if step.call == get["call"]]
    before, after, without_room, own, nothing, bare_without_room = answer
    assert before == after == nothing == ("SQL_SUCCESS", "00" * 8, 8)
    assert without_room == bare_without_room
    assert own[0] == "SQL_SUCCESS" and own[1] != "00" * 8


# -- One handle, several connects


def test_every_connect_brings_a_token_again(sql):
    again = call("SQLDriverConnectW", string="DSN=d")
    for dm in ("unixodbc", sql.home.shim()):
        sql.door.guests.clear()
        went_to_the_server(sql, sql.run(again, again, again, dm=dm)[-1], guests=3)
    assert len(sql.az.calls) == 2  # one in each program


def test_a_connect_without_a_token_gets_none_of_the_connect_before(sql):
    with_token, without = (call("SQLDriverConnectW", string=string) for string in ("DSN=d", "DSN=d;TokenSource=;UID=u;PWD=p"))
    sql.run(with_token, without, with_token, dm=sql.home.shim())
    assert [guest.brings_token for guest in sql.door.guests] == [True, False, True]


# -- Programs as the seed has them


def python(home, program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], env=home.env, text=True, capture_output=True, timeout=30)
    assert done.returncode == 1, done
    return done.stderr


STRING = (f"database=GasLFH;server={{server}};driver={{{{{NAME}}}}};encrypt=yes;trustservercertificate=no;connection timeout=30;")
INTERACTIVE = "uid=me@example.com;authentication=ActiveDirectoryInteractive"


@pytest.mark.parametrize("more", ["", INTERACTIVE, "Trusted_Connection=Yes"], ids=["plain", "interactive", "trusted"])
def test_pyodbc_with_the_seeds_connection_string_signs_in(sql, more):
    sql.configure(TokenAllowedHosts="127.0.0.1")
    said = python(sql.home, "import pyodbc, sys; pyodbc.connect(sys.argv[1])", STRING.format(server=sql.door.server) + more)
    assert "handshakes before login" in said and TOKEN not in said
    assert sql.door.guests == [SIGNED_IN] and len(sql.az.calls) == 1


def test_pyodbc_that_brings_a_token_signs_in_with_that(sql):
    program = """
import pyodbc, struct, sys
token = "my-own-token".encode("utf-16-le")
pyodbc.connect(sys.argv[1], attrs_before={1256: struct.pack(f"<I{len(token)}s", len(token), token)})
"""
    said = python(sql.home, program, STRING.format(server=sql.door.server))
    assert "handshakes before login" in said
    assert sql.door.guests == [SIGNED_IN] and sql.az.calls == []


def test_the_seeds_server_in_a_string_of_anybodys_gets_no_token(sql):
    said = python(sql.home, "import pyodbc, sys; pyodbc.connect(sys.argv[1])", STRING.format(server=sql.door.server))
    assert "28000" in said and f"add it to TokenAllowedHosts in section [{NAME}]" in said
    assert sql.az.calls == [] and sql.door.guests == []


@pytest.mark.parametrize("arguments", [["d"], ["d", "", ""], ["d", "u", "p"]], ids=str)
@pytest.mark.parametrize("program", ["isql", "iusql"])
def test_isql_signs_in(sql, program, arguments):
    done = subprocess.run([program, "-v", *arguments], env=sql.home.env, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=30)
    assert "prelogin failure" in done.stdout + done.stderr, done
    assert sql.door.guests == [SIGNED_IN] and len(sql.az.calls) == 1
