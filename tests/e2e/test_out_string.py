"""The completed connection string: what a direct connect with the application's own credentials gives. It connects again
through tokenshim, and holds neither the token nor a secret that the application did not write."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import SECTION, timeless, token_keys

TOKEN = "%41+ }{;="
TOKEN_FORMS = (TOKEN, "%41+ }}{;=", "%2541%2B+%7D%7B%3B%3D", "%2541%2b+%7d%7b%3b%3d")
POSTGRES = [("unixodbc", drivers.PSQLODBCW), ("unixodbc", drivers.PSQLODBCA), ("iodbc", drivers.PSQLODBCA)]
NAMED = {"ids": lambda value: getattr(value, "name", value)}


@pytest.fixture
def token(identity_provider) -> dict[str, object]:
    identity_provider.always(replies.good_token(TOKEN))
    return token_keys(identity_provider, TokenScope="section-scope")


@pytest.fixture
def alice(postgres):
    """Sets the password of the role that signs in, for a connect through tokenshim or for a direct one."""
    return lambda password: postgres.role("alice", password)


STRINGS = ["DSN=data;UID=u;PWD=mine", "DSN=data;Pwd={m;i}}ne};UID=u", "DSN=data;UID=u;PWD=mine;", "dsn=data;PWD=;A={};B={x}}}",
           f"PWD=mine;DRIVER={{{SECTION}}};Odd={{=;}}"]


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("string", [*STRINGS, "DSN=größe;UID=日本;PWD=ü"])
def test_a_driver_that_repeats_its_string_gives_that_of_a_direct_connect_in_whatever_room(ways, token, dm, letter, string):
    if not letter and not string.isascii():
        string = "DSN=data;UID=ascii;PWD=u"  # the driver managers convert no such text
    ways.record(token, dm=dm, letter=letter, sources={"data": {}, "größe": {}})
    whole = len(f"{string};PORT=443")
    steps = [call(f"SQLDriverConnect{letter}", string=string, dbc=str(room), out=room) for room in (300, whole + 1, whole, whole - 1, 10, 2, 1, None)]
    through, direct = ways.run(steps, dm)
    for ours, theirs in zip(through, direct, strict=True):
        assert (ours.code, ours.out, ours.length, ours.overrun) == (theirs.code, theirs.out, theirs.length, theirs.overrun)
        assert [each.state for each in ours.records] == [each.state for each in theirs.records]
    assert through[0].out == f"{string};PORT=443"
    assert through[4].code == "SQL_SUCCESS_WITH_INFO" and [each.state for each in through[4].records] == ["01004"]


@pytest.mark.parametrize("letter", ["", "W"])
def test_the_length_alone_can_be_asked_for(ways, token, letter):
    real = ways.record(token)
    steps = [call(f"SQLDriverConnect{letter}", string=STRINGS[0], dbc=str(room), out=room) for room in (None, 0, 1, 5)]
    through = timeless(run_client(ways.shim, steps, ways.shim.shim()))  # without a driver manager
    direct = timeless(run_client(ways.direct, steps, real))
    assert [(each.code, each.out, each.length) for each in through] == [(each.code, each.out, each.length) for each in direct]
    assert [each.length for each in through] == [len(STRINGS[0]) + len(";PORT=443")] * 4
    # One record where the text was cut, and it is gone with the next call.
    assert [[record.state for record in each.records] for each in through] == [[], ["01004"], ["01004"], ["01004"]]


def test_a_truncation_is_told_in_one_record_that_the_next_call_drops(ways, token):
    ways.record(token)
    connect, rec, second, _, none = run_client(ways.shim, [
        call("SQLDriverConnectW", string=STRINGS[0], out=5, records=None),
        call("SQLGetDiagRecW", record=1, out=200), call("SQLGetDiagRecW", record=2, out=200),
        call("SQLGetConnectAttr", attribute=103, out=8), call("SQLGetDiagRecW", record=1, out=200),
    ], ways.shim.shim())
    assert connect.code == "SQL_SUCCESS_WITH_INFO" and (rec.state, rec.native) == ("01004", 0)
    assert second.code == none.code == "SQL_NO_DATA"


@pytest.mark.parametrize("dm, driver", POSTGRES, **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("password", ["PWD=mine", "pwd={mine}", "PWD=mine;B0=9", None])
def test_postgres_completes_it_as_in_a_direct_connect(ways, token, postgres, alice, dm, driver, letter, password):
    written = "DSN=data;UID=alice" + (f";{password}" if password else "")
    ways.write(driver, {"data": postgres.keys(**{"Password": "mine"} if password is None else {})}, token)
    alice("mine")
    [direct] = run_client(ways.direct, [call(f"SQLDriverConnect{letter}", string=written, out=4000)], dm)
    alice(TOKEN)
    [through] = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string=written, out=4000)], dm)
    assert direct.code == through.code == "SQL_SUCCESS", (direct, through)
    # But for psqlodbc's default, which it writes out: said so in a string, no token would be sent with it.
    expected = direct.out.replace("SSLmode=disable;", "")
    if password is None:  # the DSN's own, which psqlodbc writes out
        expected = ";".join(pair for pair in expected.split(";") if not pair.upper().startswith("PWD="))
        assert "mine" in direct.out and "mine" not in through.out
    elif password.startswith("pwd"):
        expected = expected.replace("PWD=mine", password).replace("PWD={mine}", password)  # as the application wrote it
    assert through.out == expected
    assert through.length / len(through.out) == direct.length / len(direct.out)  # psqlodbcw counts bytes of its own


REAL = [("unixodbc", drivers.PSQLODBCW), ("unixodbc", drivers.PSQLODBCA), ("iodbc", drivers.PSQLODBCA), ("unixodbc", drivers.MARIADB)]


@pytest.mark.parametrize("dm, driver", REAL, **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("string", ["DSN=data;UID=alice", "DSN=data;UID=alice;PWD=mine;TokenScope=my-scope", "UID=alice;DSN=data;TokenClientId={my;self};",
                                    f"DRIVER={SECTION};{{keys}};UID=alice", f"DRIVER={{{SECTION}}};{{keys}};UID=alice;PWD={{m}};TokenTimeout=9"])
def test_it_connects_again_through_tokenshim(ways, token, postgres, mariadb, identity_provider, dm, driver, letter, string):
    server = mariadb if driver is drivers.MARIADB else postgres
    server.role("alice", TOKEN)
    keys = server.keys()
    string = string.replace("{keys}", ";".join(f"{key}={value}" for key, value in keys.items()))
    ways.write(driver, {"data": keys}, token | {"TokenAllowedHosts": "127.0.0.1"})
    connect = call(f"SQLDriverConnect{letter}", string=string, out=4000)
    [first] = run_client(ways.shim, [connect], dm)
    assert first.code == "SQL_SUCCESS", first
    again, rows = run_client(ways.shim, [connect | {"string": first.out}, call(f"SQLExecDirect{letter}", sql="select 40+2")], dm)
    assert again.code == "SQL_SUCCESS" and rows.rows == [["42"]], again
    assert again.out == first.out
    assert not any(form in first.out for form in TOKEN_FORMS) and "section-" not in first.out
    # The same token is asked for: what the application wrote for tokenshim came back, too.
    assert len(identity_provider.requests) == 2 and len({each.body for each in identity_provider.requests}) == 1
    assert len({each.header("authorization") for each in identity_provider.requests}) == 1


# iODBC does not convert the text of an attribute it does not know.
@pytest.mark.parametrize("dm, letter", [("unixodbc", ""), ("unixodbc", "W"), ("iodbc", "W")])
@pytest.mark.parametrize("way", ["string", "name"])
def test_no_attribute_shows_the_token(ways, token, dm, letter, way):
    ways.record(token, dm=dm, sources={"data": {"PWD": "dsn-secret"}})
    connect = call(f"SQLDriverConnect{letter}", string="DSN=data;UID=u") if way == "string" else call(f"SQLConnect{letter}", dsn="data", user="u")
    _, credentials, access_token = run_client(ways.shim, [connect, call(f"SQLGetConnectAttr{letter}", attribute=122, out=2000),
                                                          call(f"SQLGetConnectAttr{letter}", attribute=1256, out=8)], dm)
    assert credentials.code == "SQL_SUCCESS" and "%41" not in credentials.out and "PWD" not in credentials.out
    assert bytes.fromhex(access_token.bytes) == bytes(8)
    if way == "string":
        assert credentials.out == "DSN=data;UID=u"


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_a_token_as_an_attribute_is_not_shown_either(ways, token, dm):
    ways.record(token | {"TokenProfile": "sqlserver"}, dm=dm, letter="W", shape="wide", name="libmsodbcsql-18.so",
                sources={"data": {"Server": "s.database.windows.net"}})
    connect, access_token = run_client(ways.shim, [call("SQLDriverConnectW", string="DSN=data;UID=u;PWD=p", out=300),
                                                   call("SQLGetConnectAttrW", attribute=1256, out=8)], dm)
    assert connect.out == "DSN=data;UID=u;PWD=p;PORT=443"
    assert bytes.fromhex(access_token.bytes) == bytes(8)
    [given] = ways.calls("SQLDriverConnect")[0]
    assert bytes.fromhex(given["access_token"])[4::2] == TOKEN.encode()


# -- After a string that was cut


@pytest.mark.parametrize("dm, driver, server", [("unixodbc", "MARIADB", "mariadb"), ("unixodbc", "PSQLODBCW", "postgres"), ("iodbc", "PSQLODBCA", "postgres")])
def test_a_later_error_of_the_drivers_is_not_hidden_by_the_cut(request, ways, identity_provider, dm, driver, server):
    server = request.getfixturevalue(server)
    server.role("alice", identity_provider.token)
    ways.write(getattr(drivers, driver), {"data": server.keys()}, token_keys(identity_provider))
    ask = call("SQLGetInfo", info=9999, out=10)
    cut, through = run_client(ways.shim, [call("SQLDriverConnect", string="DSN=data;UID=alice", out=10), ask], dm)
    _, direct = run_client(ways.direct, [call("SQLDriverConnect", string=f"DSN=data;UID=alice;PWD={identity_provider.token}"), ask], dm)
    assert [record.state for record in cut.records] == ["01004"]
    assert through.records == direct.records and through.records


@pytest.mark.parametrize("length", [1000, 2000, 8000, 16000])
def test_a_long_token_leaves_a_string_that_connects_again(ways, postgres, identity_provider, length):
    """psqlodbc leaves a completed string empty that it has no room for; an Entra token is that long."""
    token = ("eyJ" + "Ab3-_." * length)[:length]
    identity_provider.always(replies.good_token(token))
    postgres.role("alice", token)
    ways.write(drivers.PSQLODBCW, {"data": postgres.keys()}, token_keys(identity_provider))
    [step] = run_client(ways.shim, [call("SQLDriverConnectW", string="DSN=data;UID=alice", out=2000)])
    assert step.succeeded and step.out.startswith("DSN=data;") and "UID=alice" in step.out and "Ab3" not in step.out, step
    assert run_client(ways.shim, [call("SQLDriverConnectW", string=step.out)])[0].succeeded


@pytest.mark.parametrize("dm, driver", POSTGRES, **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
def test_psqlodbc_abbreviates_where_it_would_have_and_a_long_token_leaves_the_applications_own_string(ways, alice, postgres, identity_provider, dm, driver, letter):
    """It does so in little room. With a long token in it the string would be too long for that, and psqlodbc writes none."""
    ways.write(driver, {"data": postgres.keys(SSLmode="require")}, token_keys(identity_provider))
    steps = [call(f"SQLDriverConnect{letter}", string="DSN=data;UID=alice;PWD=token", dbc=str(room), out=room) for room in (4000, 1024, 1023, 250, 200, None)]
    identity_provider.always(replies.good_token("token"))
    alice("token")
    through, direct = ways.run(steps, dm)
    assert len({each.length for each in direct}) > 1, "it abbreviates"
    assert [(each.code, each.length, each.out) for each in through] == [(each.code, each.length, each.out) for each in direct]
    identity_provider.always(replies.good_token("long" * 400))
    alice("long" * 400)
    whole = run_client(ways.shim, steps[3:4], dm)[0]
    assert (whole.code, whole.out) == ("SQL_SUCCESS", "DSN=data;UID=alice;PWD=token")
