"""An open connection gets a new token before the old one ends, where its driver takes one (attributes 122 and 123)."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.live import CREDENTIALS, REFRESH, Live
from support.odbc_client import WIDE_BYTES, call, run_client
from support.replies import status
from support.sign_in import SPARK

SHAPES = [("unixodbc", "ansi"), ("unixodbc", "wide"), ("unixodbc", "both"), ("unixodbc", "suffixed"), ("iodbc", "ansi"), ("iodbc", "wide"),
          ("iodbc", "both")]
WIDE = """
def opened_wide(string):
    dbc = allocate(DBC, environment())
    text = string.encode({2: "utf-16-le", 4: "utf-32-le"}[int(sys.argv[2])]) + bytes(4)
    assert odbc("SQLDriverConnectW", dbc, None, text, NTS, None, 0, None, 0) in (0, 1)
    return dbc
"""
OPEN = "dbc = opened('DSN=data')"
CLOSE = "closed(dbc)"


@pytest.fixture
def live(ways, identity_provider, tmp_path) -> Live:
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(4)
    return live


def workers(process) -> list[int]:
    """The threads of tokenshim's that a process has."""
    return [int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir() if (task / "comm").read_text().strip() == "tokenshim"]


# -- How a connection gets it


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("dm, shape", SHAPES)
def test_at_half_of_its_life_a_new_token_is_set_as_the_partner_guide_says(live, dm, shape, letter):
    """By the letter and in the width by which the driver was connected, from another thread."""
    live.write(dm, shape)
    with live.host(WIDE + ("dbc = opened_wide('DSN=data')" if letter else OPEN), WIDE_BYTES[dm], ends=CLOSE):
        live.refreshed(1)
    [connect] = [each for each in live.calls() if each["call"].startswith("SQLDriverConnect")]
    [credentials], [refresh] = live.set(CREDENTIALS), live.set(REFRESH)
    suffix = connect["call"].removeprefix("SQLDriverConnect")
    for each in (credentials, refresh):
        assert (each["call"], each["handle"], each["code"]) == (f"SQLSetConnectAttr{suffix}", connect["handle"], 0)
        assert each["thread"] != connect["thread"]
    assert (credentials["string"], credentials["length"]) == ("Auth_AccessToken=token-2", -3)
    assert (refresh["value"], refresh["length"]) == (-1, -8)
    assert credentials["at"] < refresh["at"] and 1.5 < credentials["at"] - connect["at"], "at half of its life, or a little sooner"
    assert len(live.provider.requests) == 2


def test_a_connect_by_name_gets_it_too(live):
    live.write()
    with live.host("dbc = allocate(DBC, environment())\nassert odbc('SQLConnect', dbc, b'data', NTS, None, 0, None, 0) == 0", ends=CLOSE):
        live.refreshed(1)
    assert live.given() == ["Auth_AccessToken=token-2"]


def test_a_browsing_that_has_come_to_its_end_gets_it_too(live):
    live.write()
    browse = """
dbc, out, length = allocate(DBC, environment()), ctypes.create_string_buffer(500), ctypes.c_short()
assert [odbc("SQLBrowseConnect", dbc, text, NTS, out, 500, ctypes.byref(length)) for text in (b"DSN=data", b"UID=x")] == [99, 0]
"""
    with live.host(browse, ends=CLOSE):
        live.refreshed(1)
    assert live.given() == ["Auth_AccessToken=token-2"]


def test_a_driver_that_takes_its_token_as_password_gets_it_so_where_its_section_says_so(live):
    live.write(name="librecorder.so", profile="password", TokenLive="yes")
    with live.host(OPEN, ends=CLOSE):
        live.refreshed(1)
    assert live.given() == ["PWD={token-2}"]


@pytest.mark.parametrize("keys", [{"TokenLive": "no"}, {"TokenRenewal": "off"}, {"name": "librecorder.so", "profile": "password"}],
                         ids=["TokenLive=no", "TokenRenewal=off", "another driver"])
def test_where_nobody_asks_for_it_no_token_is_set_and_no_thread_is_there(live, keys):
    live.write(**keys)
    with live.host(OPEN, ends="time.sleep(3)\n" + CLOSE) as process:
        process.stdout.readline()
        assert workers(process) == []
    assert live.set(CREDENTIALS) == [] and len(live.provider.requests) == 1


def test_all_connections_get_one_token_and_the_thread_ends_with_the_last_of_them(live):
    live.tokens_last(6)
    live.write()
    with live.host("env = environment(3)\nall = [opened('DSN=data', env) for _ in range(300)]\nopened('DSN=data;TokenSource=')\n"
                   "wait_for(sys.argv[2], 120)\nfor dbc in all: closed(dbc)", live.ways.shim.folder / "close") as process:
        live.refreshed(300)
        assert len(workers(process)) == 1
        (live.ways.shim.folder / "close").touch()
        process.stdout.readline()
        live.wait_for(lambda: workers(process) == [])
    assert live.given() == ["Auth_AccessToken=token-2"] * 300
    assert len({each["handle"] for each in live.set()}) == 300 and len(live.provider.requests) == 2


def test_each_life_brings_a_new_token(live):
    live.tokens_last(4, later=4)
    live.write()
    with live.host(OPEN, ends=CLOSE):
        live.refreshed(3)
    assert live.given()[:3] == [f"Auth_AccessToken=token-{number}" for number in (2, 3, 4)]


def test_a_success_with_info_is_a_success(live):
    """The next one comes at half of the next life, not when a failed attempt would be made again."""
    live.tokens_last(4, later=4)
    live.env["RECORDER_REFRESH_INFO"] = "01S02:Option value changed"
    live.write()
    with live.host(OPEN, ends=CLOSE):
        live.wait_for(lambda: len(live.set(REFRESH)) >= 3, seconds=12)
    assert {each["code"] for each in live.set(REFRESH)} == {1}
    assert live.given()[:3] == [f"Auth_AccessToken=token-{number}" for number in (2, 3, 4)]


@pytest.mark.parametrize("attribute, state", [(122, "HYC00"), (122, "HY092"), (123, "HYC00"), (122, "S1C00")])
def test_a_driver_that_does_not_know_the_attributes_is_asked_once_and_left_alone(live, attribute, state):
    live.tokens_last(4, later=4)
    live.env |= {"RECORDER_REFUSE": str(attribute), "RECORDER_REFUSE_STATE": state}
    live.write()
    with live.host("env = environment()\nall = [opened('DSN=data', env) for _ in range(3)]", ends="all.append(opened('DSN=data', env))\n"
                   "time.sleep(6)\nfor dbc in all: closed(dbc)") as process:
        live.wait_for(lambda: len(live.set(attribute)) == 1)
        live.wait_for(lambda: workers(process) == [])
    assert len(live.set(attribute)) == 1


def test_a_connection_that_refused_it_is_given_it_again_later(live):
    """The next attempt waits for 15 to 45 seconds."""
    live.env["RECORDER_REFRESH_FAIL"] = "08S01:the line is down"
    live.tokens_last(100)
    live.write(TokenRenewal=98)
    with live.host(OPEN, ends=CLOSE):
        live.wait_for(lambda: len(live.set(REFRESH)) >= 2, seconds=60)
    assert [each["code"] for each in live.set(REFRESH)] == [-1, 0]
    first, second = live.set(REFRESH)
    assert 14 < second["at"] - first["at"] and set(live.given()) == {"Auth_AccessToken=token-2"}


# -- Beside what the application does


def test_it_is_set_while_a_statement_is_being_executed(live):
    live.write()
    busy = OPEN + """
statement = allocate(STMT, dbc)
thread = started(lambda: say("ended", execute(statement, "wait for a cancel")))
"""
    with live.host(busy, ends="odbc('SQLCancel', statement)\nthread.join()\nfree(STMT, statement)\n" + CLOSE) as process:
        live.refreshed(1)
    assert live.said == ["ready", "ended -1"]
    calls = [each["call"] for each in live.calls()]
    assert calls.index("SQLExecDirect") < len(calls) - 1 - calls[::-1].index("SQLSetConnectAttr") < calls.index("SQLCancel")


@pytest.mark.parametrize("end", ["disconnect(first)", "free(DBC, first)"])
def test_a_disconnect_or_free_waits_for_the_renewal_of_its_own_connection_and_of_no_other(live, tmp_path, end):
    """Called without a driver manager, which would not free a handle that is connected."""
    gate = tmp_path / "gate"
    live.env["RECORDER_REFRESH_GATE"] = str(gate)
    live.write()
    live._dm = live.ways.shim.shim()
    program = f"""
env = environment()
both = opened("DSN=data", env), opened("DSN=data", env)
wait_for(sys.argv[2])
with open(sys.argv[2]) as file: first, other = both if file.read() == "0" else both[::-1]
ending = started(lambda: {end})
statement = allocate(STMT, other)
assert execute(statement, "select 1") == 0 and rows(statement) == [["1"]]
free(STMT, statement)
closed(other)
ending.join(1)
say(ending.is_alive())
touch(sys.argv[3])
ending.join()
"""
    begun = tmp_path / "begun"
    with live.host(program, begun, gate):
        live.wait_for(lambda: any(each.get("attribute") == REFRESH for each in live.calls()))
        held = next(each for each in live.calls() if each.get("attribute") == REFRESH)
        first = held["handle"]
        (tmp_path / "new").write_text(str([each["handle"] for each in live.calls() if each["call"] == "SQLDriverConnect"].index(first)))
        (tmp_path / "new").rename(begun)
    assert live.said == ["True", "ready"]
    assert [each["string"] for each in live.set()] == ["Auth_AccessToken=token-2"]
    name = "SQLDisconnect" if "disconnect" in end else "SQLFreeHandle"
    lines = [line for line in open(live.env["RECORDER_LOG"])]
    begun_at = next(at for at, line in enumerate(lines) if '"attribute":123' in line)
    released = next(at for at, line in enumerate(lines) if at > begun_at and line.startswith('{"thread"') and f'"thread":{held["thread"]}' in line)
    ended = next(at for at, line in enumerate(lines) if f'"call":"{name}","handle":{first}' in line)
    assert released < ended


def test_an_application_that_sets_its_own_token_takes_over(live):
    live.write()
    with live.host("first, second = opened('DSN=data'), opened('DSN=data')\n"
                   "assert odbc('SQLSetConnectAttr', first, 122, b'Auth_AccessToken=mine', NTS) == 0",
                   ends="time.sleep(1)\nclosed(first), closed(second)"):
        live.refreshed(1)
    assert live.given() == ["Auth_AccessToken=mine", "Auth_AccessToken=token-2"]
    mine, ours = live.set()
    assert mine["handle"] != ours["handle"]


def test_a_token_of_the_applications_own_that_the_driver_refuses_takes_nothing_over(live):
    live.env["RECORDER_REFUSE_STATE"] = "HY024"
    live.write()
    program = OPEN + "\nos.environ['RECORDER_REFUSE'] = '122'\nctypes.CDLL(None).setenv(b'RECORDER_REFUSE', b'122', 1)\n" \
        "assert odbc('SQLSetConnectAttr', dbc, 122, b'nonsense', NTS) == -1\nctypes.CDLL(None).unsetenv(b'RECORDER_REFUSE')"
    with live.host(program, ends=CLOSE):
        live.refreshed(1)
    assert live.given() == ["nonsense", "Auth_AccessToken=token-2"]


def test_the_token_is_not_told_before_or_after_it_is_renewed_or_set_by_the_application(live):
    live.write()
    ask = """
def told():
    out, length = ctypes.create_string_buffer(1000), ctypes.c_int()
    assert odbc("SQLGetConnectAttr", dbc, 122, out, 1000, ctypes.byref(length)) == 0 and length.value == len(out.value)
    say(out.value.decode())
"""
    with live.host(ask + OPEN + "\ntold()", ends="told()\nodbc('SQLSetConnectAttr', dbc, 122, b'Auth_AccessToken=mine', NTS)\ntold()\n" + CLOSE):
        live.refreshed(1)
    assert not any("token-" in line for line in live.said), live.said


# -- When there is trouble


def test_a_provider_that_is_out_of_order_is_asked_again_and_the_old_token_stays(live):
    live.tokens_last(100)
    live.write(TokenRenewal=98)
    with live.host(OPEN, ends=CLOSE):
        live.wait_for(lambda: live.tokens == 1)
        live.provider.answer(status(401))
        live.wait_for(lambda: len(live.provider.requests) == 2)
        live.wait_for(lambda: live.given() == ["Auth_AccessToken=token-2"], seconds=60)
    assert len(live.provider.requests) == 3


def test_a_pooled_session_that_got_a_new_token_is_used_again(live):
    live.tokens_last(2)
    live.write()
    odbcinst = live.ways.shim.system / "odbcinst.ini"
    odbcinst.write_text(odbcinst.read_text().replace("[Engine]", "[ODBC]\nPooling=Yes\n\n[Engine]\nCPTimeout=60", 1))
    with live.host("env = environment()\ndisconnect(opened('DSN=data', env))", ends="time.sleep(1)\ndisconnect(opened('DSN=data', env))"):
        live.refreshed(1)
    assert len([each for each in live.calls() if each["call"] == "SQLDriverConnect"]) == 1
