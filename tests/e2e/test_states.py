"""Each SQLSTATE of tokenshim's own is told by each function with which a driver tells its records, in one short record."""

from __future__ import annotations

import pytest

from support import recorder, replies
from support.odbc_client import call, run_client
from support.two_ways import token_keys

REFUSAL = replies.oauth_error(401, "invalid_client", "who are you?")
CONNECT = call("SQLDriverConnect", string="DSN=data", records=None)
FAILURES = {
    "28000": (REFUSAL, {}, {}),
    "08001": (replies.busy_for_long(), {}, {}),
    "HYT00": (replies.silence, {"TokenTimeout": 1}, {}),
    "HY000": (REFUSAL, {"TokenSource": "no-such-source"}, {}),
    "IM001": (replies.good_token(), {"TokenProfile": "sqlserver"}, {"RECORDER_REFUSE": "1256"}),
    "IM003": (REFUSAL, {"RealDriver": "/no/such/driver.so"}, {}),
}
NUMBER, STATE, TEXT = (0, 2), (1, 4), (1, 6)


def readers(letter: str, with_error: bool) -> list[dict]:
    fields = [call(f"SQLGetDiagField{letter}", record=record, field=field, out=1200) for record, field in (NUMBER, STATE, TEXT)]
    error = [call(f"SQLError{letter}", out=600)] * 2 if with_error else []
    return [call(f"SQLGetDiagRec{letter}", record=1, out=600), call(f"SQLGetDiagRec{letter}", record=2, out=600), *fields, *error]


@pytest.mark.parametrize("state", FAILURES)
@pytest.mark.parametrize("shape", ["ansi", "wide", "both"])
def test_every_function_that_the_driver_has_tells_it(ways, identity_provider, state, shape):
    """Without a driver manager: one of those would ask only some of them."""
    reply, keys, env = FAILURES[state]
    identity_provider.always(reply)
    ways.record(token_keys(identity_provider, **keys), shape=shape, sources={"data": {"Server": "db.example.com"}})
    # Where there is no real driver, there are only the plain names.
    letters = {"ansi": [""], "wide": ["W"], "both": ["", "W"]}[shape] if state != "IM003" else [""]
    for letter in letters:
        has_error = shape == "both" and state != "IM003"
        failed, record, second, number, field, text, *error = run_client(
            ways.shim, [CONNECT | {"call": f"SQLDriverConnect{letter}"}, *readers(letter, has_error)], ways.shim.shim(), env=env)
        assert failed.code == "SQL_ERROR" and second.code == "SQL_NO_DATA" and number.value == 1
        assert (record.state, field.out, text.out) == (state, state, record.out)
        assert "[tokenshim]" in record.out and len(record.out.encode()) < 512
        assert not any(secret in record.out for secret in ("section-secret", "good-token", "/token"))
        assert [each.code for each in error] == (["SQL_SUCCESS", "SQL_NO_DATA"] if has_error else [])
        assert all((each.state, each.out) == (state, record.out) for each in error[:1])
    assert ways.calls("SQLDriverConnect")[0] == []


@pytest.mark.parametrize("letter", ["", "W"])
def test_a_connect_that_succeeds_leaves_no_record(ways, identity_provider, letter):
    ways.record(token_keys(identity_provider))
    connects = [CONNECT | {"call": f"SQLDriverConnect{letter}", "out": 200}, call(f"SQLConnect{letter}", dsn="data", dbc="b")]
    for connect in connects:
        of = {"dbc": connect.get("dbc", "dbc")}
        done, record, number, error = run_client(ways.shim, [connect, *(step | of for step in (
            call(f"SQLGetDiagRec{letter}", record=1, out=600), call(f"SQLGetDiagField{letter}", record=0, field=2, out=4),
            call(f"SQLError{letter}", out=600)))], ways.shim.shim())
        assert (done.code, record.code, number.value, error.code) == ("SQL_SUCCESS", "SQL_NO_DATA", 0, "SQL_NO_DATA")


# -- A handle's end


@pytest.mark.parametrize("free", [call("SQLFreeHandle", kind="dbc"), call("SQLFreeConnect")], ids=lambda step: step["call"])
def test_a_handle_that_is_freed_leaves_nothing_to_one_that_gets_its_address(ways, identity_provider, free):
    identity_provider.always(REFUSAL)
    ways.record(token_keys(identity_provider))
    names = [f"dbc {number}" for number in range(12)]
    failing = [step | {"dbc": name} for name in names for step in (call("SQLSetConnectAttr", attribute=103, value=1), CONNECT)]
    again = [call("SQLGetDiagRec", record=1, out=600, dbc=name) for name in names]
    silent = [call("SQLDriverConnect", string="DSN=data;TokenTimeout=3", dbc=names[0])]
    result = run_client(ways.shim, [*failing, *(free | {"dbc": name} for name in names), *again, *silent], ways.shim.shim(), env={"RECORDER_REUSE": "1"})
    made = [each["out"] for each in ways.raw_calls() if each["call"] == "SQLAllocHandle" and each["kind"] == 2]
    assert set(made[:12]) == set(made[12:])
    assert {each.code for each in result[-13:-1]} == {"SQL_NO_DATA"}
    assert result[-1].code == "SQL_ERROR"


def test_an_option_that_would_show_the_token_is_refused_by_its_name(ways, identity_provider):
    """SQLGetConnectOption does not say how much room there is, so the completed string is not told there."""
    ways.record(token_keys(identity_provider))
    _, refused, record, token = run_client(ways.shim, [
        CONNECT, call("SQLGetConnectOption", option=122, out=400, records=None), call("SQLGetDiagRec", record=1, out=600),
        call("SQLGetConnectOption", option=1256, out=8)], ways.shim.shim())
    assert refused.code == "SQL_ERROR" and refused.out == "" and record.state == "HYC00"
    assert identity_provider.token not in record.out and bytes.fromhex(token.bytes) == bytes(8)


# -- After a failure


@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
@pytest.mark.parametrize("again", ["the same handle", "a new handle", "a new environment"])
def test_a_connect_that_failed_leaves_the_next_one_free(ways, identity_provider, dm, again):
    identity_provider.answer(REFUSAL)
    identity_provider.always(replies.good_token("good-token"))
    ways.record(token_keys(identity_provider), dm=dm)
    new_handle = [call("SQLFreeHandle", kind="dbc")]
    new_environment = [*new_handle, call("SQLFreeHandle", kind="env"), call("SQLAllocHandle", kind="env")]
    between = {"the same handle": [], "a new handle": new_handle, "a new environment": new_environment}[again]
    steps = [call("SQLAllocHandle", kind="env"), CONNECT, *between, CONNECT, call("SQLDisconnect"), *new_environment, CONNECT]
    result = [step for step in run_client(ways.shim, steps, dm, handles=False) if step.call == "SQLDriverConnect"]
    assert [step.code for step in result] == ["SQL_ERROR", "SQL_SUCCESS", "SQL_SUCCESS"]
    assert [each["string"] for each in ways.calls("SQLDriverConnect")[0]] == ["DSN=data;PWD={good-token}"] * 2


# -- The width of a SQLWCHAR


@pytest.mark.parametrize("wide_bytes, loaded", [(2, ""), (2, "libiodbc.so.2"), (4, "libiodbc.so.2")], ids=["2", "2 by iODBC", "4 by iODBC"])
def test_sqlwchars_of_two_and_of_four_bytes_are_read_and_written(ways, identity_provider, wide_bytes, loaded):
    """Newer versions of iODBC hand a driver what it asks for, so where iODBC is there, the texts themselves tell."""
    identity_provider.answer(REFUSAL)
    identity_provider.always(replies.good_token("good-token"))
    ways.write(recorder.compile("both", "librecorder_width.so", wide_bytes), {"data": {}, "größe": {}}, token_keys(identity_provider))
    failed, *_ = run_client(ways.shim, [
        call("SQLDriverConnectW", string="DSN=data", dbc="d"),
        call("SQLDriverConnectW", string="DSN=größe;UID=日本", dbc="a"), call("SQLConnectW", dsn="größe", user="😀", password="p", dbc="b"),
        call("SQLBrowseConnectW", string="DSN=größe;UID=ü", out=100, dbc="c"),
    ], ways.shim.shim(), wide_bytes=wide_bytes, env={"LD_PRELOAD": loaded})
    through = ways.calls()[0]
    assert [each["string"] for each in through if "string" in each] == ["DSN=größe;UID=日本;PWD={good-token}", "DSN=größe;UID=ü;PWD={good-token}"]
    assert [(each["dsn"], each["user"], each["password"]) for each in through if "dsn" in each] == [("größe", "😀", "good-token")]
    [record] = failed.records
    assert record.state == "28000" and record.message.startswith("[tokenshim] ") and "who are you" in record.message
