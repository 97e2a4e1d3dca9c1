"""SQLConnect: where the token is a password or an attribute, the real driver's SQLConnect is called, with the
application's own texts; where it needs keywords, SQLDriverConnect is, with the DSN in the application's own words."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import token_keys

TOKEN = "%41+ }{;="
SPARK = "libsparkodbc_sb64.so"


@pytest.fixture
def token(identity_provider) -> dict[str, object]:
    identity_provider.always(replies.good_token(TOKEN))
    return token_keys(identity_provider)


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("shape", ["ansi", "wide", "both"])
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("user", [None, "", "u{;}", "日本"])
@pytest.mark.parametrize("password", [None, "", "old"])
def test_only_the_password_is_another(ways, token, dm, shape, letter, user, password):
    if user == "日本" and (not letter or shape == "ansi"):
        user = "ascii"  # the driver managers convert no such text
    ways.record(token, dm=dm, letter=letter, shape=shape)
    through, direct = ways.run([call(f"SQLConnect{letter}", dsn="größe" if letter and shape != "ansi" else "data",
                                     user=user, password=password)], dm)
    assert through == direct and through[0].code == "SQL_SUCCESS"
    [call_through], [call_direct] = ways.calls("SQLConnect")
    assert call_through.pop("password") == TOKEN and call_through.pop("password_length") == -3
    del call_direct["password"], call_direct["password_length"]
    assert call_through == call_direct
    assert ways.calls("SQLDriverConnect")[0] == []


@pytest.mark.parametrize("letter", ["", "W"])
def test_texts_end_where_their_lengths_say(ways, token, letter):
    ways.record(token, letter=letter)
    # Without a driver manager, which hands on texts of its own.
    result = run_client(ways.shim, [
        call(f"SQLConnect{letter}", dsn="data", user="me", password="old", **dict.fromkeys(("dsn_length", "user_length", "password_length"), "exact")),
        call(f"SQLConnect{letter}", dsn="dataX", dsn_length=4, user="meX", user_length=0, password="old", password_length=0, dbc="second"),
    ], ways.shim.shim())
    assert [each.code for each in result] == ["SQL_SUCCESS"] * 2
    assert [(each["dsn"], each["user"], each["password"]) for each in ways.calls("SQLConnect")[0]] == [("data", "me", TOKEN), ("data", "", TOKEN)]


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("shape", ["ansi", "wide", "both"])
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("dsn", ["data", "größe", "odd name, (really)!"])
def test_a_delivery_by_keywords_becomes_a_connection_string_with_the_dsns_own_text(ways, token, dm, shape, letter, dsn):
    if not dsn.isascii() and (not letter or shape == "ansi"):
        dsn = "ascii"  # the driver managers convert no such text
    keys = {"Host": "x.cloud.databricks.com"}
    ways.record(token | {"TokenProfile": "databricks"}, dm=dm, letter=letter, shape=shape, sources={dsn: keys}, name=SPARK)
    [connect] = run_client(ways.shim, [call(f"SQLConnect{letter}", dsn=dsn, user="u", password="old")], dm)
    assert connect.code == "SQL_SUCCESS", connect
    [given] = ways.calls("SQLDriverConnect")[0]
    name = dsn if dsn.isalpha() else f"{{{dsn}}}"
    assert given["string"] == f"DSN={name};AuthMech=11;Auth_Flow=0;Auth_AccessToken={{{TOKEN.replace('}', '}}')}}}"
    assert given["completion"] == 0 and given["out"] == -1
    assert ways.calls("SQLConnect")[0] == []


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("user, password", [(None, None), ("", ""), ("sa", "old")])
def test_a_delivery_by_attribute_leaves_no_user_and_no_password(ways, token, dm, user, password):
    ways.record(token | {"TokenProfile": "sqlserver"}, dm=dm, letter="W", shape="wide", name="libmsodbcsql-18.so",
                sources={"data": {"Server": "s.database.windows.net"}})
    [connect] = run_client(ways.shim, [call("SQLConnectW", dsn="data", user=user, password=password)], dm)
    assert connect.succeeded, connect
    [given] = ways.calls("SQLConnect")[0]
    assert (given["user"], given["password"]) == (None, None)
    assert bytes.fromhex(given["access_token"])[4::2] == TOKEN.encode()


def test_an_unknown_dsn_is_the_default_one_and_the_driver_gets_the_name_all_the_same(ways, token):
    ways.record(token, sources={"DEFAULT": {}, "data": {"TokenSource": ""}})
    [connect] = run_client(ways.shim, [call("SQLConnect", dsn="nowhere", user="u")])
    assert connect.succeeded, connect
    [given] = ways.calls("SQLConnect")[0]
    assert (given["dsn"], given["user"], given["password"]) == ("nowhere", "u", TOKEN)


@pytest.mark.parametrize("dm, driver", [("unixodbc", drivers.PSQLODBCW), ("unixodbc", drivers.PSQLODBCA), ("iodbc", drivers.PSQLODBCA)],
                         ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("user", [None, "", "alice"])
def test_postgres_lets_a_token_in(ways, token, postgres, dm, driver, letter, user):
    postgres.role("alice", TOKEN)
    ways.write(driver, {"data": postgres.keys(**{} if user else {"Username": "alice"})}, token)
    connect, rows = run_client(ways.shim, [call(f"SQLConnect{letter}", dsn="data", user=user, password="old"),
                                           call(f"SQLExecDirect{letter}", sql="select current_user")], dm)
    assert connect.code == "SQL_SUCCESS" and rows.rows == [["alice"]], connect


@pytest.mark.parametrize("user", ["u;Host=evil.org", "u};Server=evil.org;x={", "u;SSL=0", "u;DSN=other"])
def test_a_users_name_leads_no_driver_elsewhere_that_pays_no_heed_to_braces(ways, token, user):
    keys = {"Host": "x.cloud.databricks.com"}
    ways.record(token | {"TokenProfile": "starburst-v2"}, sources={"data": keys | {"SSL": "1"}}, name="libstarburstodbc_sb64.so")
    bad, good = run_client(ways.shim, [call("SQLConnectW", dsn="data", user=name, password="old") for name in (user, "CORP\\u;{}=")])
    assert [bad.code, bad.records[0].state] == ["SQL_ERROR", "28000"] and good.succeeded, (bad, good)
    [given] = ways.calls("SQLDriverConnect")[0]
    assert "UID={CORP\\u;{}}=}" in given["string"]
