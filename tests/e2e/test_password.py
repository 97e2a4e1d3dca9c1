"""The profile `password`, with real servers: they decide whether the token arrived, and their words come back untouched."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import drivers, replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import SECTION, token_keys

TOKENS = {
    "plain": "eyJhbGciOi.eyJzdWIi-_.c2lnbmF0dXJl",
    "odd": "%41+ }{;=",
    "percent": "100%25+%zz%",
    "braces": "}}{{}",
    "quotes": "'\"\\`$(x)&|<>?#*@!,:[]",
    "long": "eyJ" + "Ab3-_." * 160,
}
REAL = [("unixodbc", drivers.PSQLODBCW), ("unixodbc", drivers.PSQLODBCA), ("iodbc", drivers.PSQLODBCA), ("unixodbc", drivers.MARIADB)]
NAMED = {"ids": lambda value: getattr(value, "name", value)}
WHO = {drivers.MARIADB: "select substring_index(user(), '@', 1)"}


@pytest.fixture
def signed_in(ways, identity_provider, request):
    """Both ways to the server of this driver, whose role `alice` has `password`; the provider hands out `token`."""
    def write(driver, password: str, token: str | None = None, section: dict | None = None, **keys):
        server = request.getfixturevalue("mariadb" if driver is drivers.MARIADB else "postgres")
        server.role("alice", password)
        identity_provider.always(replies.good_token(token or password))
        # The profile is known from the real driver's file.
        keys_of_section = {key: value for key, value in token_keys(identity_provider).items() if key != "TokenProfile"}
        ways.write(driver, {"data": server.keys(**keys)}, keys_of_section | (section or {}))
        return server
    return write


@pytest.mark.parametrize("dm, driver", REAL, **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("token", TOKENS)
def test_the_server_lets_in_whoever_has_the_token(ways, signed_in, dm, driver, letter, token):
    signed_in(driver, TOKENS[token], UID="dsn-user", PWD="dsn-password", Password="dsn-password")
    who = call(f"SQLExecDirect{letter}", sql=WHO.get(driver, "select current_user"))
    if driver is drivers.MARIADB and letter:
        who["call"] = "SQLExecDirect"
    steps = []
    for name, connect in {
        "bare": call(f"SQLDriverConnect{letter}", string="DSN=data;UID=alice"),
        "old password": call(f"SQLDriverConnect{letter}", string="dsn=data;PWD={o}}ld};UID=alice;"),
        "other word": call(f"SQLDriverConnect{letter}", string="Password=old;DSN=data;Uid=alice", out=4000),
        "by name": call(f"SQLConnect{letter}", dsn="data", user="alice", password="old"),
        "by name alone": call(f"SQLConnect{letter}", dsn="data", user="alice"),
    }.items():
        steps += [connect | {"dbc": name}, who | {"dbc": name}]
    result = run_client(ways.shim, steps, dm)
    assert [each.code for each in result[::2]] == ["SQL_SUCCESS"] * 5, result
    assert [each.rows for each in result[1::2]] == [[["alice"]]] * 5


@pytest.mark.parametrize("dm, driver", REAL, **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("version", [2, 3])
def test_a_token_that_the_server_refuses_gives_the_drivers_own_records(ways, signed_in, dm, driver, letter, version):
    signed_in(driver, "right", "stale")
    steps = [call(f"SQLDriverConnect{letter}", string="DSN=data;UID=alice;PWD=stale", out=200),
             call(f"SQLConnect{letter}", dsn="data", user="alice", password="stale", dbc="by name")]
    through, direct = ways.run(steps, dm, version=version)
    assert [(each.code, each.records) for each in through] == [(each.code, each.records) for each in direct]
    assert all(each.code == "SQL_ERROR" and each.records and "tokenshim" not in str(each.records) for each in through)


@pytest.mark.parametrize("driver", [drivers.PSQLODBCW, drivers.PSQLODBCA, drivers.MARIADB], **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
def test_a_server_that_is_not_there_is_told_in_the_drivers_own_words(ways, signed_in, driver, letter):
    signed_in(driver, "token", Port=1)
    through, direct = ways.run([call(f"SQLDriverConnect{letter}", string="DSN=data;UID=alice;PWD=token")])
    assert through[0].code == "SQL_ERROR" and through[0].records == direct[0].records


@pytest.mark.parametrize("dm, driver", REAL, **NAMED)
def test_a_failed_connect_and_then_one_that_succeeds(ways, signed_in, identity_provider, dm, driver):
    signed_in(driver, "right")
    identity_provider.answer(replies.good_token("stale"), replies.invalid_client())
    connect = call("SQLDriverConnect", string="DSN=data;UID=alice")
    stale, refused, done, again, other = run_client(ways.shim, [
        connect, connect, connect, call("SQLDisconnect"), connect | {"dbc": "other"}], dm)
    # The provider refuses to give another token, so the server's refusal stands.
    assert "tokenshim" not in stale.records[0].message and refused.records == stale.records
    assert [each.code for each in (done, again, other)] == ["SQL_SUCCESS"] * 3


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("letter", ["", "W"])
def test_a_driver_that_is_not_known_takes_a_password_where_the_section_says_so(ways, identity_provider, tmp_path, dm, letter):
    database = tmp_path / "data.db"
    ways.write(drivers.SQLITE, {"data": {"Database": database}}, token_keys(identity_provider))
    connect, rows = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string="DSN=data;UID=u", out=1000),
                                           call(f"SQLExecDirect{letter}", sql="select 40+2")], dm)
    assert connect.code == "SQL_SUCCESS" and rows.rows == [["42"]], connect
    assert identity_provider.token not in connect.out
    keys = {key: value for key, value in token_keys(identity_provider).items() if key != "TokenProfile"}
    ways.write(drivers.SQLITE, {"data": {"Database": database}}, keys)
    [refused] = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string="DSN=data")], dm)
    assert [each.state for each in refused.records] == ["HY000"] and "TokenProfile is missing" in refused.records[0].message


def test_two_real_drivers_sign_in_side_by_side_and_one_may_fail(ways, signed_in, postgres, mariadb, identity_provider):
    home = ways.shim
    signed_in(drivers.PSQLODBCW, "token-of-both")
    mariadb.role("alice", "another")
    keys = {key: value for key, value in token_keys(identity_provider).items() if key != "TokenProfile"}
    home.write({name: {"Driver": home.shim(name), "RealDriver": real, **keys} for name, real in
                (("Pg", drivers.PSQLODBCW), ("Maria", drivers.MARIADB))},
               {"pg": {"Driver": "Pg", **postgres.keys()}, "maria": {"Driver": "Maria", **mariadb.keys()}})
    steps = [call("SQLDriverConnectW", string=f"DSN={name};UID=alice", dbc=name) for name in ("maria", "pg")]
    steps.append(call("SQLExecDirectW", sql="select current_user", dbc="pg"))
    [[first], [second, rows]] = run_client(home, [call("parallel", steps=[steps[:1], steps[1:]])])[0].parallel
    assert first.code == "SQL_ERROR" and "Access denied for user 'alice'" in first.records[0].message
    assert second.code == "SQL_SUCCESS" and rows.rows == [["alice"]]


@pytest.mark.parametrize("dm, driver", REAL, **NAMED)
def test_many_threads_connect_at_once(ways, signed_in, dm, driver):
    signed_in(driver, TOKENS["odd"])
    steps = [[call("SQLDriverConnect", string="DSN=data;UID=alice", dbc=str(number)), call("SQLExecDirect", sql="select 40+2", dbc=str(number))]
             for number in range(8)]
    [done] = run_client(ways.shim, [call("parallel", steps=steps)], dm, timeout=60)
    for connect, rows in done.parallel:
        assert connect.code == "SQL_SUCCESS" and rows.rows == [["42"]], connect


@pytest.mark.parametrize("driver", [drivers.PSQLODBCW, drivers.MARIADB], **NAMED)
@pytest.mark.parametrize("program", [
    ["isql", "-b", "data", "alice", "old"],
    ["isql", "-b", "data", "alice"],
    [sys.executable, "-c", "import pyodbc; print(pyodbc.connect('DSN=data;UID=alice').execute(input()).fetchone()[0])"],
], ids=["isql", "isql without a password", "pyodbc"])
def test_programs_that_never_heard_of_tokens_sign_in_with_one(ways, signed_in, driver, program):
    signed_in(driver, TOKENS["odd"])
    done = subprocess.run(program, input="select 40+2\n", env=ways.shim.env, text=True, capture_output=True, timeout=30)
    assert "42" in done.stdout, done


@pytest.mark.parametrize("dm, driver", REAL, **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
def test_where_no_token_is_asked_for_the_password_is_the_applications(ways, signed_in, identity_provider, dm, driver, letter):
    server = signed_in(driver, TOKENS["odd"], section={"TokenSource": ""})
    keys = ";".join(f"{key}={value}" for key, value in server.keys().items())
    string = f"DRIVER={SECTION};{keys};UID=alice;PWD={{{TOKENS['odd'].replace('}', '}}')}}}"
    through, direct = ways.run([call(f"SQLDriverConnect{letter}", string=string, out=4000)], dm)
    assert through == direct and through[0].code == "SQL_SUCCESS"
    assert identity_provider.requests == []


def test_an_access_token_attribute_means_nothing_to_a_driver_that_takes_passwords(ways, mariadb, identity_provider):
    """MariaDB's driver accepts any attribute: the token comes all the same."""
    mariadb.role("alice", identity_provider.token)
    ways.write(drivers.MARIADB, {"data": mariadb.keys(UID="alice", PWD="stale")}, token_keys(identity_provider))
    _, connect = run_client(ways.shim, [call("SQLSetConnectAttr", attribute=1256, value=1), call("SQLConnect", dsn="data", user="alice")])
    assert connect.succeeded and len(identity_provider.requests) == 1, connect
