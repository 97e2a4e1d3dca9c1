"""TOKENSHIM_ATTR_…: a program that reads when its connection's token ends, and has a newer one given to it at once."""

from __future__ import annotations

import re
import time

import pytest

from support.host import Held
from support.live import CREDENTIALS, REFRESH, Live
from support.odbc_home import REPOSITORY
from support.replies import good_token, status
from support.sign_in import MICROSOFT
from test_live_connections import SHAPES

_VALUES = dict(re.findall(r"#define TOKENSHIM_ATTR_(\w+) (\d+)", (REPOSITORY / "include/tokenshim.h").read_text()))
EXPIRY, RENEW = int(_VALUES["TOKEN_EXPIRY"]), int(_VALUES["RENEW_TOKEN"])
CALLS = f"""
def renew(dbc, seconds=0, letter=""):
    return odbc("SQLSetConnectAttr" + letter, dbc, {RENEW}, ctypes.c_void_p(seconds), -5)

def expiry(dbc, room=8, letter=""):
    end, length = ctypes.c_int64(-7), ctypes.c_int(-7)
    code = odbc("SQLGetConnectAttr" + letter, dbc, {EXPIRY}, ctypes.byref(end), room, ctypes.byref(length))
    return (code, end.value, length.value)

def told(dbc, number=1):
    state, text = record(DBC, dbc, number) or ("none", "")
    say(state, text[text.find("[tokenshim]") if "[tokenshim]" in text else 0:])
"""
OPEN, CLOSE = CALLS + "dbc = opened('DSN=data')\n", "closed(dbc)"


@pytest.fixture
def live(ways, identity_provider, tmp_path) -> Live:
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(1000)
    return live


def run(live: Live, program: str, *arguments: object) -> list[str]:
    with live.host(program, *arguments):
        pass
    return live.said[:-1]


def seen(live: Live, *attributes: int) -> list[dict]:
    """What the real driver heard of these attributes."""
    return [each for each in live.calls() if each.get("attribute") in attributes]


@pytest.mark.parametrize("letter", ["", "W"], ids=["A", "W"])
@pytest.mark.parametrize("dm, shape", SHAPES)
def test_a_program_reads_when_its_token_ends_and_has_a_newer_one_at_once(live, dm, shape, letter):
    live.write(dm, shape)
    program = OPEN + f"""
say(*expiry(dbc, letter="{letter}"))
say(renew(dbc, 0, "{letter}"), record(DBC, dbc))
say(*expiry(dbc, letter="{letter}"))
""" + CLOSE
    before = int(time.time())
    first, renewed, second = run(live, program)
    after = int(time.time())
    for line, life in ((first, 1000), (second, 3600)):
        code, end, length = map(int, line.split())
        assert (code, length) == (0, 8) and before + life - 1 <= end <= after + life
    assert renewed == "0 None"
    assert [each.get("string", each["attribute"]) for each in seen(live, CREDENTIALS, REFRESH)] == ["Auth_AccessToken=token-2", REFRESH]
    assert seen(live, EXPIRY, RENEW) == [] and len(live.provider.requests) == 2


@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
def test_of_a_connection_without_a_token_the_real_driver_is_asked_as_ever(live, dm):
    live.write(dm)
    program = CALLS + "dbc = opened('DSN=data;TokenSource=')\nsay(expiry(dbc)[0], renew(dbc, 5))\n" + CLOSE
    assert run(live, program) == ["0 0"]
    [get], [set_] = seen(live, EXPIRY), seen(live, RENEW)
    assert get["max"] == 8 and (set_["value"], set_["length"]) == (5, -5)
    assert live.provider.requests == []


def test_before_a_connection_is_open_and_once_it_is_closed_the_real_driver_is_asked(live):
    live.write()
    live._dm = live.ways.shim.shim()
    run(live, CALLS + "dbc = allocate(DBC, environment())\nrenew(dbc), expiry(dbc)\nassert connect(dbc, 'DSN=data') == 0\n"
        "disconnect(dbc)\nrenew(dbc), expiry(dbc)\nfree(DBC, dbc)")
    assert [each["attribute"] for each in seen(live, EXPIRY, RENEW)] == [RENEW, EXPIRY] * 2
    assert len(live.provider.requests) == 1


def test_the_old_functions_have_them_too(live):
    live.write()
    live._dm = live.ways.shim.shim()
    program = OPEN + f"""
end = ctypes.c_int64()
say(odbc("SQLGetConnectOption", dbc, {EXPIRY}, ctypes.byref(end)), end.value == expiry(dbc)[1])
say(odbc("SQLSetConnectOption", dbc, {RENEW}, ctypes.c_size_t(0)), end.value < expiry(dbc)[1])
""" + CLOSE
    assert run(live, program) == ["0 True", "0 True"]
    assert live.given() == ["Auth_AccessToken=token-2"] and seen(live, EXPIRY, RENEW) == []


def test_a_token_is_renewed_while_a_statement_is_being_executed_on_its_connection(live):
    live.write()
    busy = OPEN + """
statement = allocate(STMT, dbc)
thread = started(lambda: say("ended", execute(statement, "wait for a cancel")))
wait_for(sys.argv[2])
say(renew(dbc))
odbc("SQLCancel", statement); thread.join(); free(STMT, statement)
""" + CLOSE
    begun = live.ways.shim.folder / "begun"
    with live.host(busy, begun):
        live.wait_for(lambda: any(each["call"] == "SQLExecDirect" for each in live.calls()))
        begun.touch()
    assert live.said == ["0", "ended -1", "ready"]
    calls = [each["call"] for each in live.calls()]
    assert calls.index("SQLExecDirect") < len(calls) - 1 - calls[::-1].index("SQLSetConnectAttr") < calls.index("SQLCancel")


def test_connections_with_one_token_get_the_same_newer_one_each_when_it_asks(live):
    live.write()
    program = CALLS + "env = environment()\nall = [opened('DSN=data', env) for _ in range(3)]\n" \
        "say(*[renew(dbc) for dbc in all], len({expiry(dbc)[1] for dbc in all}))\nfor dbc in all: closed(dbc)"
    assert run(live, program) == ["0 0 0 1"]
    assert live.given() == ["Auth_AccessToken=token-2"] * 3 and len(live.provider.requests) == 2


def test_many_threads_that_ask_at_once_for_one_connection_each_get_an_answer(live):
    live.write()
    live._dm = live.ways.shim.shim()
    program = OPEN + "codes = []\nthreads = [started(lambda: codes.append(renew(dbc))) for _ in range(8)]\n" \
        "for thread in threads: thread.join()\nsay(codes == [0] * 8)\n" + CLOSE
    assert run(live, program) == ["True"]
    given = live.given()
    assert 1 <= len(given) <= 8 and given == [f"Auth_AccessToken=token-{number + 2}" for number in range(len(given))]
    assert len(live.provider.requests) == len(given) + 1


def test_the_memory_of_microsofts_driver_has_the_newer_token_at_once(live):
    live.write(shape="wide", name=MICROSOFT, profile="sqlserver")
    assert run(live, OPEN + "say(renew(dbc))\ndisconnect(dbc), free(DBC, dbc)") == ["0"]
    [end] = [each for each in live.calls() if each["call"] == "SQLDisconnect"]
    assert bytes.fromhex(end["access_token"])[4::2] == b"token-2"
    assert seen(live, CREDENTIALS, REFRESH, EXPIRY, RENEW) == []


# -- Where there is no newer one


KEEPS = "HYC00 [tokenshim] this connection keeps the token that it has: {}. A new connection gets a newer one (see section [Engine] of odbcinst.ini)."


@pytest.mark.parametrize("keys, reason", [
    ({"TokenLive": "no"}, "its driver takes a token when it signs in only, or TokenLive=no"),
    ({"TokenRenewal": "off"}, "TokenRenewal=off"),
    ({"name": "librecorder.so", "profile": "password"}, "its driver takes a token when it signs in only, or TokenLive=no"),
], ids=["TokenLive=no", "TokenRenewal=off", "another driver"])
@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
def test_a_connection_that_takes_no_other_token_says_so_and_nobody_is_asked_for_one(live, dm, keys, reason):
    live.write(dm, **keys)
    told = run(live, OPEN + "say(renew(dbc)); told(dbc)\nsay(expiry(dbc)[0], record(DBC, dbc))\n" + CLOSE)
    assert told == ["-1", KEEPS.format(reason), "0 None"]
    assert len(live.provider.requests) == 1 and seen(live, CREDENTIALS) == []


def test_a_driver_that_knows_of_no_newer_tokens_is_not_asked_again(live):
    live.env["RECORDER_REFUSE"] = "122"
    live.write()
    told = run(live, OPEN + "say(renew(dbc)); told(dbc)\nsay(renew(dbc)); told(dbc)\n" + CLOSE)
    assert told[:2] == ["-1", KEEPS.format("its driver does not know connection attributes 122 and 123")]
    assert told[2] == "-1" and told[3].startswith("HYC00") and len(seen(live, CREDENTIALS)) == 1


def test_a_driver_that_refuses_it_says_why_itself_and_may_be_asked_again_at_once(live):
    live.env["RECORDER_REFRESH_FAIL"] = "08S01:the line is down"
    live.write()
    told = run(live, OPEN + "end = expiry(dbc)[1]\nsay(renew(dbc)); told(dbc); told(dbc, 2)\nsay(expiry(dbc)[1] == end, renew(dbc))\n" + CLOSE)
    assert told == ["-1", "08S01 [Recorder]the line is down", "none ", "True 0"]
    assert live.given() == ["Auth_AccessToken=token-2"] * 2 and len(live.provider.requests) == 2


def test_a_provider_that_refuses_is_a_record_and_the_token_stays(live):
    live.write()
    live.provider.answer(good_token("token-1"))
    live.later(status(401))
    program = OPEN + "end = expiry(dbc)[1]\nsay(renew(dbc)); told(dbc)\nsay(expiry(dbc)[1] == end)\nanswers('DSN=data')\n" + CLOSE
    failed, told, stays = run(live, program)
    assert (failed, stays) == ("-1", "True") and told.startswith("28000 [tokenshim] 127.0.0.1 refused the sign-in: HTTP 401")
    assert live.given() == [] and "token-1" not in told


def test_a_provider_that_gives_the_same_token_again_has_none_that_is_newer(live):
    live.write()
    live.later(good_token("always-this"))
    failed, told = run(live, OPEN + "say(renew(dbc)); told(dbc)\n" + CLOSE)
    assert failed == "-1" and live.given() == []
    assert told == "HY000 [tokenshim] 127.0.0.1 gave the token again that this connection has: there is no newer one yet. " \
                   "See section [Engine] of odbcinst.ini."


@pytest.mark.parametrize("before, seconds", [("", 1), ("assert odbc('SQLSetConnectAttr', dbc, 103, ctypes.c_void_p(1), -5) == 0\n", 0),
                                             ("assert odbc('SQLSetConnectAttr', dbc, 103, ctypes.c_void_p(1), -5) == 0\n", 50)],
                         ids=["the value", "the login timeout", "the shorter of both"])
def test_nobody_waits_longer_than_the_value_or_the_login_timeout_says(live, tmp_path, before, seconds):
    held = Held(tmp_path, good_token("late"))
    live.provider.answer(good_token("token-1"))
    live.later(held)
    live.write()
    program = CALLS + "dbc = allocate(DBC, environment())\n" + before + f"""
assert connect(dbc, 'DSN=data') == 0
begun = time.monotonic()
say(renew(dbc, {seconds})); told(dbc)
say(0.9 < time.monotonic() - begun < 20)
touch(sys.argv[2])
""" + CLOSE
    failed, told, in_time = run(live, program, held.release)
    assert (failed, in_time) == ("-1", "True") and told.startswith("HYT00 [tokenshim] 127.0.0.1 gave no token within 1 s.")
    assert live.given() == []


def test_an_application_that_has_set_its_own_token_keeps_it_and_tokenshim_knows_no_end_of_it(live):
    live.write()
    told = run(live, OPEN + "assert odbc('SQLSetConnectAttr', dbc, 122, b'Auth_AccessToken=mine', NTS) == 0\nsay(*expiry(dbc))\n"
               "say(renew(dbc)); told(dbc)\n" + CLOSE)
    assert told == ["0 -1 8", "-1", KEEPS.format("the application set a token of its own")]
    assert live.given() == ["Auth_AccessToken=mine"] and len(live.provider.requests) == 1


def test_too_little_room_is_an_error_and_nothing_is_written(live):
    live.write()
    told = run(live, OPEN + "say(*expiry(dbc, room=4)); told(dbc)\n" + CLOSE)
    assert told == ["-1 -7 -7", "HY090 [tokenshim] the value of this attribute has 8 bytes, and BufferLength says 4: pass the address of an int64_t, and its size."]


def test_null_asks_for_the_length_alone(live):
    live.write()
    live._dm = live.ways.shim.shim()
    program = OPEN + f"length = ctypes.c_int()\nsay(odbc('SQLGetConnectAttr', dbc, {EXPIRY}, None, 0, ctypes.byref(length)), length.value)\n" \
        f"say(odbc('SQLGetConnectAttr', dbc, {EXPIRY}, None, 0, None))\n" + CLOSE
    assert run(live, program) == ["0 8", "0"]


# -- Beside others


def test_whoever_asks_waits_for_the_renewal_that_is_under_way_and_a_disconnect_waits_for_whoever_asked(live, tmp_path):
    gate = tmp_path / "gate"
    live.env["RECORDER_REFRESH_GATE"] = str(gate)
    live.write()
    live._dm = live.ways.shim.shim()
    program = OPEN + """
first = started(lambda: say("first", renew(dbc)))
wait_for(sys.argv[2])
second = started(lambda: say("second", renew(dbc)))
ending = started(lambda: say("disconnect", disconnect(dbc)))
second.join(1); ending.join(0.1)
say(first.is_alive(), second.is_alive(), ending.is_alive())
touch(sys.argv[3])
for thread in (first, second, ending): thread.join()
free(DBC, dbc)
"""
    begun = tmp_path / "begun"
    with live.host(program, begun, gate):
        live.wait_for(lambda: any(each.get("attribute") == REFRESH for each in live.calls()))
        begun.touch()
    waiting, *rest = live.said[:-1]
    assert waiting == "True True True" and {"first 0", "disconnect 0"} < set(rest)
    lines = [each["call"] for each in live.calls()]
    assert lines.index("SQLDisconnect") > max(at for at, each in enumerate(live.calls()) if each.get("attribute") == REFRESH)
