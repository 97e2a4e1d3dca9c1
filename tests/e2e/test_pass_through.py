"""Without token configuration the real driver is called exactly as the application, or its driver manager, called."""

from __future__ import annotations

import pytest

from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import SECTION, timeless

STRINGS = [
    "DSN=data",
    "DSN=data;",
    ";;DSN=data;;",
    " dsn = data ;  Uid=u;PWD={a;b=c}}d};Odd=1;;x",
    "DSN=data;PWD={};UID=;Empty={}",
    "DSN=data;PWD=p;PWD=q;pwd={}}}",
    "DSN=data;Note={never closed;PWD=p",
    "DSN=data;TokenUnknown=1;=x;==",
    f"DRIVER={SECTION};Auth_Client_ID=id;Auth_Client_Secret=s;AuthMech=11;Auth_Flow=1",
    "DRIVER={%s};SERVER=tcp:h,1433;Trusted_Connection=yes" % SECTION,
    "DSN=data;Long=" + "x" * 8000,
]
WIDE_STRINGS = ["DSN=größe;UID=日本;PWD={€}", "DSN=data;Note=\U0001d11e"]


def assert_nothing_differs(ways, steps, dm, **options):
    through, direct = ways.run(steps, dm, **options)
    assert through == direct
    calls = ways.calls()
    assert calls[0] == calls[1]
    assert calls[0]
    return through


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("shape", ["ansi", "wide", "both"])
@pytest.mark.parametrize("letter", ["", "W"])
def test_every_connection_string_reaches_the_driver_as_it_was_written(ways, dm, shape, letter):
    ways.record(shape=shape, dm=dm, letter=letter)
    strings = STRINGS + (WIDE_STRINGS if letter and shape != "ansi" else [])
    steps = []
    for index, string in enumerate(strings):
        out = (None, 5, 200)[index % 3]
        steps.append(call(f"SQLDriverConnect{letter}", string=string, dbc=str(index), out=out, length=("nts", "exact")[index % 2]))
    assert_nothing_differs(ways, steps, dm, timeout=60)


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("keys", [{"TokenProfile": "nonsense"}, {"TokenTimeout": "soon", "TokenSource": ""}, {"TokenCAFile": "/nowhere"}])
def test_settings_that_nobody_asks_for_stand_in_no_ones_way(ways, dm, keys):
    ways.record(keys, dm=dm)
    [connect] = assert_nothing_differs(ways, [call("SQLDriverConnect", string="DSN=data;UID=u;PWD=p")], dm)
    assert connect.succeeded


@pytest.mark.parametrize("letter", ["", "W"])
def test_texts_that_no_driver_manager_lets_through_are_passed_on_all_the_same(ways, letter):
    real = ways.record()
    steps = [call(f"SQLDriverConnect{letter}", dbc="null", out=50),
             call(f"SQLDriverConnect{letter}", string="", dbc="empty"),
             call(f"SQLDriverConnect{letter}", string="DSN=data;PWD=p", length=8, dbc="cut"),
             call(f"SQLDriverConnect{letter}", string="DSN=data", length=0, dbc="length zero"),
             call(f"SQLBrowseConnect{letter}", dbc="browse null", out=50),
             call(f"SQLConnect{letter}", dbc="nothing"),
             call(f"SQLConnect{letter}", dsn="", user="", password="", dbc="empty name"),
             call(f"SQLConnect{letter}", dsn="dataX", dsn_length=4, user="uX", user_length=1, password="pX", password_length=0, dbc="cut name"),
             call("SQLGetConnectAttr", attribute=1256, out=8, dbc="null"),
             call("SQLGetConnectAttr", attribute=103, out=8, dbc="null")]
    through = timeless(run_client(ways.shim, steps, ways.shim.shim()))
    direct = timeless(run_client(ways.direct, steps, real))
    assert through == direct
    assert ways.calls()[0] == ways.calls()[1]
    assert [each.code for each in through[:3]] == ["SQL_SUCCESS"] * 3


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("user", [None, "", "u"])
@pytest.mark.parametrize("password", [None, "", "p;=}{"])
def test_a_connect_by_name_stays_what_it_was(ways, dm, letter, user, password):
    ways.record(dm=dm, letter=letter)
    # iODBC reads a name to its NUL, whatever its length.
    lengths = {} if dm == "iodbc" else {"user_length": "exact", "password_length": "exact"}
    [connect] = assert_nothing_differs(ways, [call(f"SQLConnect{letter}", dsn="größe", user=user, password=password, **lengths)], dm)
    assert connect.succeeded


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("letter", ["", "W"])
def test_browsing_attributes_and_the_calls_after_a_connect_are_the_same(ways, dm, letter):
    ways.record(dm=dm)
    assert_nothing_differs(ways, [
        call("SQLSetConnectAttr", attribute=103, value=7),
        call("SQLSetConnectAttr", attribute=1257, value=3),
        call("SQLSetConnectAttr", attribute=122, value="Auth_AccessToken=x", length="nts"),
        call(f"SQLBrowseConnect{letter}", string="DSN=data;A={b;c}", out=20),
        call(f"SQLBrowseConnect{letter}", string="UID=u;PWD=p;", out=100, length="exact"),
        call(f"SQLGetConnectAttr{letter}", attribute=122, out=100),
        call("SQLGetInfo", info=17, out=50),
        call(f"SQLExecDirect{letter}", sql="select 1"),
        call("SQLDisconnect"),
        call(f"SQLDriverConnect{letter}", string="DSN=data;B=2", out=100),
    ], dm)


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("variable", ["RECORDER_FAIL", "RECORDER_INFO"])
@pytest.mark.parametrize("letter", ["", "W"])
def test_the_drivers_own_records_come_back_as_they_are(ways, dm, version, variable, letter):
    ways.record(dm=dm)
    steps = [call(f"SQLDriverConnect{letter}", string="DSN=data"),
             call(f"SQLConnect{letter}", dsn="data", user="u", dbc="second"),
             call(f"SQLExecDirect{letter}", sql="select 1", dbc="second")][: 3 if variable == "RECORDER_INFO" else 2]
    connect, *_ = assert_nothing_differs(ways, steps, dm, version=version, env={variable: "08006:ünwilling"})
    assert [each.state for each in connect.records] == ["08006"]
