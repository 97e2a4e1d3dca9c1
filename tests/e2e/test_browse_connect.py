"""SQLBrowseConnect: the token goes in with the first step, and the browsing is the application's and its driver's own."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import token_keys

ASKED = "UID:User={?};*PWD:Password={?}"
BOTH = [(dm, letter) for dm in WIDE_BYTES for letter in ("", "W")]


@pytest.fixture
def token(identity_provider) -> dict[str, object]:
    identity_provider.answer(*(replies.good_token(f"to;ken-{number}") for number in range(1, 5)))
    return token_keys(identity_provider)


def given(ways) -> list[str]:
    """What the real driver was given; unixODBC ends each text with a `;`."""
    return [each["string"].removesuffix(";") for each in ways.calls("SQLBrowseConnect")[0]]


@pytest.mark.parametrize("dm, letter", BOTH)
@pytest.mark.parametrize("shape", ["ansi", "wide", "both"])
def test_the_token_goes_in_with_the_first_step_only(ways, token, identity_provider, dm, letter, shape):
    ways.record(token, dm=dm, letter=letter, shape=shape)
    ask, done = run_client(ways.shim, [
        call(f"SQLBrowseConnect{letter}", string="DSN=data;PWD=old;A=1;TokenScope=s", out=100),
        call(f"SQLBrowseConnect{letter}", string="UID=u;B=2", out=100),
    ], dm)
    assert ask.code == "SQL_NEED_DATA"
    assert given(ways) == ["DSN=data;PWD={to;ken-1};A=1", "UID=u;B=2"]
    assert done.succeeded and "to;ken" not in done.out, done
    assert len(identity_provider.requests) == 1


@pytest.mark.parametrize("letter", ["", "W"])
def test_every_other_text_of_a_step_is_kept_and_no_step_brings_a_password(ways, token, letter):
    ways.record(token)
    # Without a driver manager: unixODBC itself takes braces away.
    steps = ["Dsn=data;;A={x;y}}z};pwd={o;ld};", "UID={u;v};PWD=mine;B={}"]
    run_client(ways.shim, [call(f"SQLBrowseConnect{letter}", string=string, out=100, length="exact") for string in steps], ways.shim.shim())
    assert given(ways) == ["Dsn=data;;A={x;y}}z};PWD={to;ken-1}", "UID={u;v};B={}"]


@pytest.mark.parametrize("dm, letter", BOTH)
def test_what_the_driver_asks_for_is_passed_on_word_for_word(ways, token, dm, letter):
    ways.record(token, dm=dm, letter=letter)
    through, direct = ways.run([call(f"SQLBrowseConnect{letter}", string="DSN=data;UID=x;PWD=old", out=size, dbc=str(size))
                                for size in (200, len(ASKED) + 1, len(ASKED), 5, 1, None)], dm)
    assert through == direct
    assert {each.code for each in through} == {"SQL_NEED_DATA"}


def test_the_end_of_the_browsing_gives_the_whole_string_without_the_token(ways, token):
    ways.record(token)
    _, done = run_client(ways.shim, [call("SQLBrowseConnectW", string="DSN=data;TokenScope=s", out=100),
                                     call("SQLBrowseConnectW", string="UID=u;PWD=mine", out=100)])
    # The recorder completes what it was given last. The rest is what the application wrote, and connects again with.
    assert done.out == "TokenScope=s;UID=u;PWD=mine;PORT=443"


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_each_connection_browses_for_itself(ways, token, dm):
    ways.record(token, dm=dm)
    steps = [call("SQLBrowseConnectW", string="DSN=data", out=100, dbc="a"),
             call("SQLBrowseConnectW", string="DSN=data;TokenScope=b;B=1", out=100, dbc="b"),
             call("SQLBrowseConnectW", string="UID=a", out=100, dbc="a"),
             call("SQLDriverConnectW", string="DSN=data;TokenScope=c;C=1", dbc="c"),
             call("SQLBrowseConnectW", string="UID=b", out=100, dbc="b")]
    result = run_client(ways.shim, steps, dm)
    assert [each.succeeded for each in result] == [False, False, True, True, True], result
    assert given(ways) == ["DSN=data;PWD={to;ken-1}", "DSN=data;B=1;PWD={to;ken-2}", "UID=a", "UID=b"]
    assert [each["string"] for each in ways.calls("SQLDriverConnect")[0]] == ["DSN=data;C=1;PWD={to;ken-3}"]


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("steps", [1, 2])
def test_a_disconnect_ends_the_browsing(ways, token, dm, steps):
    """After the first step, and after the last."""
    ways.record(token, dm=dm)
    browse = [call("SQLBrowseConnectW", string="DSN=data", out=100), call("SQLBrowseConnectW", string="UID=u", out=100)]
    result = run_client(ways.shim, [*browse[:steps], call("SQLDisconnect"), *browse], dm)
    assert result[-3].code == "SQL_SUCCESS" and result[-2].code == "SQL_NEED_DATA" and result[-1].succeeded, result
    assert [string for string in given(ways) if "DSN" in string] == ["DSN=data;PWD={to;ken-1}"] * 2


def test_a_freed_handle_takes_its_browsing_with_it(ways, token):
    ways.record(token)
    # Without a driver manager, which lets nobody free a handle that is being browsed with; the next has its address.
    first = call("SQLBrowseConnect", string="DSN=data", out=100)
    run_client(ways.shim, [first, call("SQLFreeHandle", kind="dbc")] * 3, ways.shim.shim(), env={"RECORDER_REUSE": "1"})
    assert given(ways) == ["DSN=data;PWD={to;ken-1}"] * 3
    [address] = {each["handle"] for each in ways.raw_calls() if each["call"] == "SQLBrowseConnect"}
    assert address


@pytest.mark.parametrize("dm, letter", BOTH)
def test_a_browsing_that_fails_is_over(ways, token, dm, letter):
    ways.record(token, dm=dm, letter=letter)
    browse = [call(f"SQLBrowseConnect{letter}", string="DSN=data", out=100), call(f"SQLBrowseConnect{letter}", string="UID=u", out=100)]
    failed = run_client(ways.shim, browse * 2, dm, env={"RECORDER_FAIL": "28000:not you"})
    assert [each.code for each in failed] == ["SQL_NEED_DATA", "SQL_ERROR"] * 2
    assert [each.message for each in failed[1].records] == ["[Recorder]not you"]
    assert [string for string in given(ways) if "DSN" in string] == ["DSN=data;PWD={to;ken-1}"] * 2


@pytest.mark.parametrize("dm, letter", BOTH)
def test_without_a_token_the_driver_is_not_asked(ways, token, identity_provider, dm, letter):
    ways.record(token, dm=dm, letter=letter)
    identity_provider.forget()
    identity_provider.answer(replies.invalid_client())
    failed, ask = run_client(ways.shim, [call(f"SQLBrowseConnect{letter}", string="DSN=data", out=100)] * 2, dm)
    assert failed.code == "SQL_ERROR" and [each.state for each in failed.records] == ["28000"]
    assert ask.code == "SQL_NEED_DATA" and len(given(ways)) == 1


@pytest.mark.parametrize("driver", [drivers.PSQLODBCW, drivers.PSQLODBCA, drivers.SQLITE, drivers.MARIADB], ids=lambda path: path.name)
@pytest.mark.parametrize("letter", ["", "W"])
def test_a_real_driver_that_cannot_browse_says_so_itself(ways, token, driver, letter):
    ways.write(driver, {"data": {"Servername": "127.0.0.1", "Server": "127.0.0.1", "Port": 1}}, token)
    through, direct = ways.run([call(f"SQLBrowseConnect{letter}", string="DSN=data", out=100)])
    assert (through[0].code, through[0].records) == (direct[0].code, direct[0].records) and not through[0].succeeded
