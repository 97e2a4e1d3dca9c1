"""A connection that gets a new token neither disturbs others nor is it held up by them: those of another identity, those whose driver
refuses, and those of a parent process."""

from __future__ import annotations

import time

import pytest

from support import recorder
from support.host import Held
from support.live import CREDENTIALS, REFRESH, Live
from support.replies import good_token, status
from support.sign_in import SPARK
from support.two_ways import token_keys


@pytest.fixture
def live(ways, identity_provider, tmp_path) -> Live:
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(4)
    return live


def with_a_silent_provider(live: Live, tmp_path) -> Held:
    """The DSN `slow` has a provider that gives one token, and then says nothing."""
    held = Held(tmp_path, seconds=60)
    live.provider.answer(good_token("slow", expires_in=2), held, path="/slow")
    live.ways.write(recorder.compile("both", SPARK), {"data": {"Host": "127.0.0.1"}, "slow": {"Host": "127.0.0.1", "TokenEndpoint": f"{live.provider.url}/slow"}},
                    token_keys(live.provider, TokenProfile="databricks", TokenTimeout=50))
    return held


def test_a_silent_provider_holds_up_no_other_identitys_connections(live, tmp_path):
    held = with_a_silent_provider(live, tmp_path)
    with live.host("env = environment()\nslow = opened('DSN=slow', env)\nwait_for(sys.argv[2])\ndbc = opened('DSN=data', env)", held.asked,
                   ends="os._exit(0)"):
        live.refreshed(1)
        assert not held.release.exists() and held.requests == 1
    assert live.given() == ["Auth_AccessToken=token-2"]


def test_a_connection_that_refuses_a_new_token_keeps_it_from_no_other(live):
    """Nor do the statements of the others wait for the next attempt at that one."""
    live.env["RECORDER_REFRESH_FAIL"] = "08S01:the line is down"
    live.write()
    with live.host("env = environment()\nboth = [opened('DSN=data', env) for _ in range(2)]", ends="for dbc in both: closed(dbc)"):
        live.refreshed(2)
    assert {each["handle"] for each in live.set(REFRESH)} == {each["handle"] for each in live.calls() if each["call"] == "SQLDriverConnect"}
    assert live.given() == ["Auth_AccessToken=token-2"] * 2


SLEEPERS = """
env = environment()
both = [opened('DSN=data', env) for _ in range(2)]
statements = [allocate(STMT, dbc) for dbc in both]
time.sleep(2.2) # the thread waits for its provider, and the token is over
def run(statement): execute(statement, "select 1")
threads = [started(run, statement) for statement in statements]
wait_for(sys.argv[2])
time.sleep(0.3)
touch(sys.argv[3])
for thread in threads: thread.join()
"""


def test_after_a_sleep_each_connections_statement_gets_the_token_though_another_refused_it(live, tmp_path):
    held = Held(tmp_path, good_token("awake"))
    live.provider.answer(good_token("first", expires_in=2), held)
    live.env["RECORDER_REFRESH_FAIL"] = "08S01:the line is down"
    live.write()
    with live.host(SLEEPERS, held.asked, held.release, ends="os._exit(0)"):
        pass
    for dbc in [each["handle"] for each in live.calls() if each["call"] == "SQLDriverConnect"]:
        [statement] = [each["out"] for each in live.calls() if each["call"] in ("SQLAllocHandle", "SQLAllocStmt") and each["handle"] == dbc]
        order = [each.get("attribute") for each in live.calls() if each["handle"] in (dbc, statement) and
                 (each["call"] == "SQLExecDirect" or each.get("attribute") in (CREDENTIALS, REFRESH))]
        assert order == [CREDENTIALS, REFRESH, None]
    assert held.requests == 1


INHERITED = """
import warnings; warnings.simplefilter("ignore")
dbc = opened("DSN=data")
sys.stdout.flush()
child = os.fork()
if child == 0:
    own = opened("DSN=data;APP=child")
    wait_for(sys.argv[2])
    os._exit(3)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_process_gives_new_tokens_to_its_own_connections_only(live, tmp_path):
    """It shares the others' sockets with its parent, whose business they are."""
    live.tokens_last(4, later=4)
    live.write()
    done = tmp_path / "done"
    with live.host(INHERITED, done, ends="disconnect(dbc)"):
        live.wait_for(lambda: all(len([each for each in live.set(REFRESH) if each["handle"] == dbc["handle"] or dbc is None]) >= 2 for dbc in connects(live)))
        done.touch()
    parents, childs = connects(live)
    by_thread = {each["thread"] for each in live.set(REFRESH) if each["handle"] == parents["handle"]}
    assert len(by_thread) == 1, "its own process's thread"
    assert parents["handle"] != childs["handle"]


def connects(live: Live) -> list[dict]:
    live.wait_for(lambda: len([each for each in live.calls() if each["call"] == "SQLDriverConnect"]) == 2)
    return [each for each in live.calls() if each["call"] == "SQLDriverConnect"]


def test_an_az_that_a_live_connections_renewal_runs_gets_the_hosts_signals(live, az):
    az.answer("good", token="eyJ" + "a" * 100, lifetime_seconds=5)
    keys = {"TokenSource": "azure-cli", "TokenProfile": "databricks", "TokenScope": "x/.default", "TokenAllowedHosts": "127.0.0.1"}
    live.ways.write(recorder.compile("both", SPARK), {"data": {"Host": "127.0.0.1"}}, keys)
    with live.host("dbc = opened('DSN=data')", ends="disconnect(dbc)"):
        live.wait_for(lambda: len(az.calls) >= 2)
    assert az.calls[1]["blocked"] == az.calls[0]["blocked"]


def test_connections_of_one_identity_with_many_strings_get_their_next_token_by_one_request(live):
    live.write()
    with live.host("env = environment()\nall = [opened(f'DSN=data;APP={number}', env) for number in range(60)]", ends="for dbc in all: closed(dbc)"):
        live.refreshed(60)
    assert live.given() == ["Auth_AccessToken=token-2"] * 60 and len(live.provider.requests) == 2


def test_a_provider_that_wants_time_gets_it_though_connections_come_and_go(live):
    live.tokens_last(100)
    live.write(TokenRenewal=98)
    with live.host("env = environment()\nclosed(opened('DSN=data', env))", ends="for _ in range(12): dbc = opened('DSN=data', env); time.sleep(0.2); closed(dbc)"):
        live.wait_for(lambda: live.tokens == 1)
        live.later(status(429, Retry_After="300"))
        time.sleep(2)  # the token is old, and good for a minute yet
    assert len(live.provider.requests) == 2
