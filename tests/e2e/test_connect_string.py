"""What the real driver gets for the application's connection string, where the token is its password: the same string,
without tokenshim's own keywords, and with the token in the old password's place, else at the end."""

from __future__ import annotations

import pytest

from support import replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import SECTION, token_keys

TOKEN = "%41+ }{;="
PWD = "PWD={%41+ }}{;=}"

GIVEN = {
    "DSN=data": f"DSN=data;{PWD}",
    "DSN=data;": f"DSN=data;{PWD};",
    "dsn=data;pwd=old;UID=u": f"dsn=data;{PWD};UID=u",
    "PASSWORD={old;x}}y};Dsn=data; uId = u": f"Dsn=data; uId = u;{PWD}",
    "DSN=data;PWD=;PWD={};Pwd=old": f"DSN=data;{PWD}",
    "DSN=data;Zebra=1;apple=2;Zebra=3;=;;x": f"DSN=data;Zebra=1;apple=2;Zebra=3;=;;x;{PWD}",
    "DSN=data;Note={a;PWD=b=c}}d;};UID={}": f"DSN=data;Note={{a;PWD=b=c}}}}d;}};UID={{}};{PWD}",
    "DSN=data;TokenScope=s;A=1;tokentimeout=9;B={}}}": f"DSN=data;A=1;B={{}}}}}};{PWD}",
    f"Driver={{{SECTION}}};A=b==c;UID=": f"Driver={{{SECTION}}};A=b==c;UID=;{PWD}",
}
WIDE_GIVEN = {
    "DSN=größe;UID=日本;Note={€;}": f"DSN=größe;UID=日本;Note={{€;}};{PWD}",
    "DSN=größe;PWD=ü;Note=\U0001d11e;": f"DSN=größe;{PWD};Note=\U0001d11e;",
}


@pytest.fixture
def token(identity_provider) -> dict[str, object]:
    """The keys of a section whose drivers take the token as their password."""
    identity_provider.always(replies.good_token(TOKEN))
    return token_keys(identity_provider)


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("shape", ["ansi", "wide", "both"])
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("length", ["nts", "exact"])
def test_all_but_the_password_and_tokenshims_keywords_stays_as_and_where_it_is(ways, token, dm, shape, letter, length):
    ways.record(token, shape=shape, dm=dm, letter=letter)
    expected = GIVEN | (WIDE_GIVEN if letter and shape != "ansi" else {})
    if (dm, letter, length) == ("iodbc", "", "exact"):
        del expected["DSN=data"]  # iODBC itself reads a DSN at the string's end to a NUL
    steps = [call(f"SQLDriverConnect{letter}", string=string, dbc=string, length=length) for string in expected]
    result = run_client(ways.shim, steps, dm, timeout=60)
    given = [each["string"] for each in ways.calls("SQLDriverConnect")[0]]
    assert given == list(expected.values())
    assert [each.code for each in result] == ["SQL_SUCCESS"] * len(expected), result


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("arguments, given", [
    ({}, PWD),
    ({"string": ""}, PWD),
    ({"string": "DSN=data;PWD=old;UID=u", "length": 8}, f"DSN=data;{PWD}"),
    ({"string": "DSN=data", "length": 0}, PWD),
    ({"string": "UID=u;DSN=elsewhere\0", "length": 20}, f"UID=u;DSN=elsewhere;{PWD}"),
])
def test_a_text_ends_where_its_length_says_and_null_is_no_text(ways, token, letter, arguments, given):
    ways.record(token)
    # Without a driver manager: each of them refuses some of these.
    [connect] = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", **arguments)], ways.shim.shim())
    assert connect.succeeded, connect
    assert [each["string"] for each in ways.calls("SQLDriverConnect")[0]] == [given]


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("string", ["DSN=data;Note={never closed", "DSN=data;PWD={a}};UID=u", "DSN=data;Note={"])
def test_a_brace_that_nothing_closes_is_refused_before_anything_is_sent(ways, token, identity_provider, dm, string):
    ways.record(token, dm=dm)
    [connect] = run_client(ways.shim, [call("SQLDriverConnectW", string=string)], dm)
    assert [each.state for each in connect.records] == ["HY000"]
    assert "opens a brace that nothing closes" in connect.records[0].message
    assert ways.calls("SQLDriverConnect")[0] == [] and identity_provider.requests == []


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("completion", [0, 1, 3])
def test_completion_and_attributes_reach_the_driver_as_the_application_set_them(ways, token, dm, letter, completion):
    ways.record(token, dm=dm)
    steps = [call("SQLSetConnectAttr", attribute=103, value=9), call("SQLSetConnectAttr", attribute=1257, value=5),
             call(f"SQLDriverConnect{letter}", string="DSN=data;UID=u", completion=completion)]
    ways.run(steps, dm)
    through, direct = ([{k: v for k, v in each.items() if k not in ("string", "length", "out")} for each in calls] for calls in ways.calls())
    assert through == direct
    assert ways.calls("SQLDriverConnect")[0][0]["completion"] == completion


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("kilobytes", [4, 20])
def test_a_long_string_and_a_long_token_arrive_whole(ways, token, identity_provider, dm, kilobytes):
    ways.record(token, dm=dm)
    token = "t" * kilobytes * 512
    identity_provider.always(replies.good_token(token))
    string = "DSN=data;Note=" + "x" * kilobytes * 200
    [connect] = run_client(ways.shim, [call("SQLDriverConnectW", string=string, out=100)], dm)
    assert connect.succeeded and not connect.overrun, connect
    [given] = ways.calls("SQLDriverConnect")[0]
    assert given["string"] == f"{string};PWD={{{token}}}"
