"""Diagnostics: where tokenshim lets a connect fail, exactly one record of its own, in the way of the driver that it stands
before; after the real driver's connect only the real driver's records."""

from __future__ import annotations

import contextlib
import itertools
import threading

import pytest

from support import drivers, replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import SECTION, token_keys

SECRETS = ("section-secret", "good-token", "mine", "client_secret=")
BOTH = [(dm, letter) for dm in WIDE_BYTES for letter in ("", "W")]
CONNECTS = {"SQLDriverConnect": {"string": "DSN=data;UID=u;PWD=mine"}, "SQLConnect": {"dsn": "data", "user": "u", "password": "mine"},
            "SQLBrowseConnect": {"string": "DSN=data;PWD=mine"}}
REFUSAL = replies.oauth_error(401, "invalid_client", "who are you?")


@pytest.fixture
def token(identity_provider) -> dict[str, object]:
    identity_provider.always(REFUSAL)
    return token_keys(identity_provider)


@pytest.mark.parametrize("dm, letter", BOTH)
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("reply, more, state", [
    (REFUSAL, {}, "28000"),
    (replies.busy_for_long(), {}, "08001"),
    (replies.good_token(delay=5), {"TokenTimeout": 1}, "HYT00"),
    (replies.Reply(200, {"no": "token"}), {}, "HY000"),
    (REFUSAL, {"TokenSource": "no-such-source"}, "HY000"),
    (REFUSAL, {"RealDriver": "/no/such/driver.so"}, "IM003"),
], ids=["refused", "out of order", "slow", "no token", "bad setting", "no driver"])
def test_one_record_with_the_right_state_says_where_to_look(ways, token, identity_provider, dm, letter, version, reply, more, state):
    identity_provider.always(reply)
    ways.record(token | more, dm=dm)
    steps = [call(f"{function}{letter}", **arguments, dbc=function) for function, arguments in CONNECTS.items()]
    if more.get("RealDriver"):
        steps = steps[:2]  # without a driver there is nothing to browse with
    for step in run_client(ways.shim, steps, dm, version=version):
        # In an ODBC 2 environment unixODBC, and iODBC from 3.52.13 on, has the old names.
        old = {"HY000": "S1000", "HYT00": "S1T00"}.get(state) if version == 2 else None
        assert step.code == "SQL_ERROR" and [each.state in (state, old) for each in step.records] == [True], step
        [record] = step.records
        assert "[tokenshim]" in record.message and record.native == 0
        assert SECTION in record.message or "try again later" in record.message  # then nothing needs to be changed
        assert len(record.message.encode()) < 512 and not any(secret in record.message for secret in SECRETS)
    assert ways.calls("SQLDriverConnect")[0] == ways.calls("SQLConnect")[0] == ways.calls("SQLBrowseConnect")[0] == []


# -- Without a driver manager: the functions that a driver exports, one by one


def run_bare(ways, steps, **options):
    return run_client(ways.shim, steps, ways.shim.shim(), **options)


FAILING = call("SQLDriverConnect", string="DSN=data", records=None)


@pytest.mark.parametrize("shape, letter", [("ansi", ""), ("wide", "W"), ("both", ""), ("both", "W")])
def test_getdiagrec_gives_the_record_again_and_again(ways, token, shape, letter):
    ways.record(token, shape=shape)
    failing = FAILING | {"call": f"SQLDriverConnect{letter}"}
    rec = f"SQLGetDiagRec{letter}"
    _, first, second, cut, again, length, negative = run_bare(ways, [failing, *(
        call(rec, record=record, out=out) for record, out in [(1, 600), (2, 600), (1, 20), (1, 600), (1, None), (0, 600)])])
    assert (first.code, first.state, first.native, first.length) == ("SQL_SUCCESS", "28000", 0, len(first.out))
    assert first.out.startswith("[tokenshim] ") and again.out == first.out
    assert second.code == "SQL_NO_DATA" and second.out == ""
    assert (cut.code, cut.out, cut.length, cut.overrun) == ("SQL_SUCCESS_WITH_INFO", first.out[:19], len(first.out), False)
    assert length.length == len(first.out) and negative.code == "SQL_ERROR"


@pytest.mark.parametrize("shape, letter", [("ansi", ""), ("wide", "W"), ("both", ""), ("both", "W")])
def test_getdiagfield_has_every_field_of_it(ways, token, shape, letter):
    ways.record(token, shape=shape)
    field = f"SQLGetDiagField{letter}"
    fields = {"number": (0, 2), "return code": (0, 1), "state": (1, 4), "native": (1, 5), "text": (1, 6), "class": (1, 8), "subclass": (1, 9),
              "connection": (1, 10), "server": (1, 11), "beyond": (2, 4), "beyond text": (2, 6)}
    steps = [call(field, record=record, field=number, out=1400) for record, number in fields.values()]
    cut = call(field, record=1, field=6, out=20)
    _, rec, *got, short = run_bare(ways, [FAILING | {"call": f"SQLDriverConnect{letter}"}, call(f"SQLGetDiagRec{letter}", record=1, out=600), *steps, cut])
    got = dict(zip(fields, got, strict=True))
    width = 2 if letter else 1
    assert got["number"].value == 1 and got["native"].value == 0
    assert int.from_bytes(bytes.fromhex(got["return code"].bytes)[:2], "little", signed=True) == -1
    assert (got["state"].out, got["text"].out, got["class"].out, got["subclass"].out) == ("28000", rec.out, "ISO 9075", "ISO 9075")
    assert (got["state"].length, got["text"].length) == (5 * width, len(rec.out) * width)
    assert got["connection"].out == got["server"].out == ""
    assert got["beyond"].code == got["beyond text"].code == "SQL_NO_DATA"
    assert (short.code, short.out, short.length, short.overrun) == ("SQL_SUCCESS_WITH_INFO", rec.out[: 20 // width - 1], len(rec.out) * width, False)


@pytest.mark.parametrize("letter", ["", "W"])
def test_sqlerror_takes_the_record_away(ways, token, letter):
    ways.record(token)
    read = call(f"SQLError{letter}", out=600)
    rec = call(f"SQLGetDiagRec{letter}", record=1, out=600)
    _, before, first, second, after, _, third, fourth = run_bare(ways, [FAILING, rec, read, read, rec, FAILING, read | {"out": 20}, read])
    assert first.code == "SQL_SUCCESS" and (first.state, first.out) == ("28000", before.out)
    assert second.code == after.code == fourth.code == "SQL_NO_DATA"
    assert (third.code, third.out, third.length) == ("SQL_SUCCESS_WITH_INFO", before.out[:19], len(before.out))


@pytest.mark.parametrize("between", [
    call("SQLSetConnectAttr", attribute=103, value=5), call("SQLGetConnectAttr", attribute=103, out=8), call("SQLDisconnect"),
    call("SQLDriverConnect", string="DSN=off"), call("SQLConnect", dsn="off"), call("SQLBrowseConnect", string="DSN=off", out=100),
], ids=lambda step: step["call"])
def test_the_next_call_drops_the_record(ways, token, between):
    ways.record(token, sources={"data": {}, "off": {"TokenSource": ""}})
    result = run_bare(ways, [FAILING, between, call("SQLGetDiagRec", record=1, out=600), call("SQLGetDiagField", record=0, field=2, out=4)])
    assert result[-2].code == "SQL_NO_DATA" and result[-1].value == 0


# -- With a driver manager, and real drivers


@pytest.mark.parametrize("dm, letter", BOTH)
@pytest.mark.parametrize("same", [True, False], ids=["same handle", "new handle"])
def test_a_connect_succeeds_after_one_that_failed(ways, token, identity_provider, dm, letter, same):
    ways.record(token, dm=dm)
    identity_provider.answer(REFUSAL, replies.good_token())
    steps = [call(f"SQLDriverConnect{letter}", string="DSN=data", dbc="a"), call(f"SQLDriverConnect{letter}", string="DSN=data", dbc="a" if same else "b")]
    failed, done = run_client(ways.shim, steps, dm)
    assert failed.code == "SQL_ERROR" and done.code == "SQL_SUCCESS" and done.records == []


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_two_real_drivers_in_one_process_each_say_their_own(ways, token, identity_provider, postgres, dm):
    """And a third that connects."""
    home = ways.shim
    section = {name: {"Driver": home.shim(name), "RealDriver": real, **token} for name, real in (
        ("Ansi", drivers.PSQLODBCA), ("Lite", drivers.SQLITE), ("Fine", drivers.SQLITE))}
    section["Fine"]["TokenSource"] = ""
    home.write(section, {name: {"Driver": name, **postgres.keys(Database=":memory:" if name != "Ansi" else "postgres")} for name in section})
    steps = [call("SQLDriverConnect", string=f"DSN={name}", dbc=name) for name in section]
    ansi, lite, fine = run_client(home, steps, dm)
    assert [[record.state for record in each.records] for each in (ansi, lite, fine)] == [["28000"], ["28000"], []]
    assert "[Ansi]" in ansi.records[0].message and "[Lite]" in lite.records[0].message
    assert fine.code == "SQL_SUCCESS"


@pytest.mark.parametrize("dm, letter", BOTH)
@pytest.mark.parametrize("variable, code", [("RECORDER_FAIL", "SQL_ERROR"), ("RECORDER_INFO", "SQL_SUCCESS_WITH_INFO")])
@pytest.mark.parametrize("version", [2, 3])
def test_after_the_real_connect_only_the_drivers_records_are_there(ways, token, identity_provider, dm, letter, variable, code, version):
    identity_provider.always(replies.good_token())
    ways.record(token, dm=dm)
    connects = dict(itertools.islice(CONNECTS.items(), 2))
    steps = [call(f"{function}{letter}", **arguments, dbc=function) for function, arguments in connects.items()]
    steps += [call(f"{function}{letter}", **arguments, dbc=f"{function} again", records="SQLErrorW" if letter else "SQLError")
              for function, arguments in connects.items()]
    through, direct = ways.run(steps, dm, env={variable: "28000:not ünlike"}, version=version)
    assert through == direct
    assert [each.code for each in through] == [code] * 4 and [len(each.records) for each in through] == [1] * 4


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_connects_on_many_threads_each_get_their_own_answer(ways, token, identity_provider, dm):
    meeting = threading.Barrier(6)

    def once_all_have_asked(exchange) -> bool:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(30)
        return replies.good_token()(exchange)

    identity_provider.always(once_all_have_asked)
    # A scope for each, for one identity's token is fetched once.
    names = [f"{'bad' if number % 3 == 2 else 'data'}{number}" for number in range(9)]
    ways.record(token, dm=dm, sources={name: {"TokenSource": "no-such-source"} if "bad" in name else {"TokenScope": name} for name in names})
    steps = [[call("SQLDriverConnectW", string=f"DSN={name};Number={number}", dbc=name, out=100)] for number, name in enumerate(names)]
    [all_of_them] = run_client(ways.shim, [call("parallel", steps=steps)], dm, timeout=60)
    for number, [connect] in enumerate(all_of_them.parallel):
        if "bad" in names[number]:
            assert [each.state for each in connect.records] == ["HY000"], connect
        else:
            assert connect.code == "SQL_SUCCESS" and connect.out == f"DSN={names[number]};Number={number};PORT=443", connect
    assert not meeting.broken, "they waited for each other"
