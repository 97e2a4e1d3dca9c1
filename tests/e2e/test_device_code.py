"""TokenSource=device-code: somebody types a code on whatever machine has a browser, once; from then on the sign-in that is kept
does. Nobody is asked where the application does not allow it."""

from __future__ import annotations

import json
import re

import pytest

from support import replies
from support.device_code import COMPLETE, COMPLETE_REQUIRED, NOPROMPT, SECRET, connect, device_keys, passwords, refused
from support.device_provider import DEVICE_GRANT, DevicePeople
from support.host import Held, finished, start_host
from support.odbc_client import WIDE_BYTES, call, run_client
from support.token_files import Programs

ANSWERS = "answers('DSN=data')"
NOT_ASKING = [connect(NOPROMPT), call("SQLConnect", dsn="data"), call("SQLBrowseConnect", string="DSN=data", out=100)]
"""Connects that may ask nobody."""

@pytest.fixture
def people(identity_provider) -> DevicePeople:
    return DevicePeople(identity_provider)


# -- Signing in


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("completion", [COMPLETE, COMPLETE_REQUIRED], ids=["complete", "required"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_somebody_signs_in_once_and_then_nobody_is_asked(ways, people, files, dm, completion, letter):
    people.sign_in_after(polls=2)
    ways.record(device_keys(people), dm=dm)
    first = run_client(ways.shim, [connect(completion, letter=letter), connect(completion, dbc="b", letter=letter)], dm)
    assert all(step.succeeded for step in first), first
    assert first.stderr == f"[tokenshim] To sign in to 127.0.0.1, open {people.provider.url}/sign-in and enter the code WDJB-0001\n"
    device, *polls = [*people.requests("/device"), *people.requests("/token")]
    assert (device.method, device.form) == ("POST", [("client_id", "app"), ("scope", "database offline_access")])
    assert [poll.form for poll in polls] == [[("client_id", "app"), ("grant_type", DEVICE_GRANT), ("device_code", "device-code-1")]] * 2
    assert polls[0].arrived - device.arrived >= 0.95 and polls[1].arrived - polls[0].arrived >= 0.95

    [name] = files.names()
    assert files.modes() == {".": 0o700, name: 0o600} and name.endswith(".refresh")
    assert json.loads((files.folder / name).read_text()) == {"version": 1, "refresh_token": "person-1/refresh+2"}

    later = run_client(ways.shim, [connect(NOPROMPT, letter=letter), call(f"SQLConnect{letter}", dsn="data", dbc="b")], dm)
    assert all(step.succeeded for step in later) and later.stderr == ""
    assert people.requests("/token")[-1].form == [("client_id", "app"), ("grant_type", "refresh_token"), ("refresh_token", "person-1/refresh+2"),
                                                  ("scope", "database offline_access")]
    assert passwords(ways) == [people.issued[0]] * 2 + [people.issued[1]] and (people.asked, people.renewals) == (1, 1)


@pytest.mark.parametrize("step", NOT_ASKING, ids=lambda step: step["call"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_who_may_not_be_asked_reads_what_to_do(ways, people, files, dm, step):
    ways.record(device_keys(people), dm=dm)
    result = run_client(ways.shim, [step], dm)
    refused(result[0], "28000", "nobody is signed in to 127.0.0.1, and this connect may not ask anybody", "Sign in once with 'tokenshim login <DSN>'")
    assert result.stderr == "" and people.provider.requests == [] and files.names() == []


@pytest.mark.parametrize("step", NOT_ASKING, ids=lambda step: step["call"])
def test_a_connect_that_may_ask_leaves_no_leave_to_the_next_on_that_handle(ways, people, step):
    """A driver manager makes a new handle for each connect; a program that calls the driver without one does not."""
    people.refusals = [replies.oauth_error(400, "access_denied")]
    ways.record(device_keys(people))
    asked, not_asked = run_client(ways.shim, [connect(COMPLETE), step], ways.shim.shim())
    refused(asked, "28000", "access_denied")
    refused(not_asked, "28000", "may not ask anybody")
    assert people.asked == 1


@pytest.mark.parametrize("auth", ["basic", "post"])
def test_a_client_with_a_secret_shows_it_each_time(ways, people, auth):
    people.sign_in_after(polls=2)
    ways.record(device_keys(people, TokenClientSecret=SECRET, TokenClientAuth=auth))
    for completion in (COMPLETE, NOPROMPT):
        assert run_client(ways.shim, [connect(completion)])[0].succeeded
    posts = [each for each in people.provider.requests if each.method == "POST"]
    assert len(posts) == 4
    for each in posts:
        shown = dict(each.form)
        if auth == "post":
            assert (shown["client_id"], shown["client_secret"], each.header("authorization")) == ("app", SECRET, None)
        else:
            assert "client_secret" not in shown and each.header("authorization").startswith("Basic ")


@pytest.mark.parametrize("refusal, words", [
    (replies.oauth_error(400, "access_denied", "The person said no"), "access_denied: The person said no"),
    (replies.oauth_error(400, "expired_token"), "expired_token"),
], ids=["denied", "expired"])
def test_a_sign_in_that_comes_to_nothing_is_told_and_the_next_connect_asks_anew(ways, people, refusal, words):
    people.refusals = [refusal]
    ways.record(device_keys(people))
    first, second = run_client(ways.shim, [connect(COMPLETE), connect(COMPLETE, dbc="b")])
    refused(first, "28000", "127.0.0.1 refused the sign-in", words, "Connect again for a new code")
    assert second.succeeded and people.asked == 2


def test_slow_down_is_heeded(ways, people):
    people.refusals = [replies.oauth_error(400, "slow_down")]
    ways.record(device_keys(people))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    first, second = people.requests("/token")
    assert second.arrived - first.arrived >= 5.95


@pytest.mark.parametrize("trouble", [replies.status(503), replies.hang_up], ids=["busy", "hangs up"])
def test_a_provider_that_cannot_answer_for_a_while_is_asked_again(ways, people, trouble):
    people.refusals = [trouble]
    ways.record(device_keys(people))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded and people.asked == 1


@pytest.mark.parametrize("limit", ["login timeout", "TokenTimeout"])
def test_nobody_waits_longer_than_the_timeout(ways, people, limit):
    people.sign_in_after(polls=None)
    ways.record(device_keys(people, **({"TokenTimeout": 2} if limit == "TokenTimeout" else {})))
    before = [call("SQLSetConnectAttr", attribute=103, value=2)] if limit == "login timeout" else []
    *_, step = run_client(ways.shim, [*before, connect(COMPLETE)])
    refused(step, "HYT00", "127.0.0.1 gave no token within 2 s")
    assert step.seconds < 10 and passwords(ways) == []


def test_a_code_is_asked_about_as_long_as_it_is_good_and_no_longer(ways, people):
    people.code_lasts = 2
    people.sign_in_after(polls=None)
    ways.record(device_keys(people, TokenTimeout=60))
    step = run_client(ways.shim, [connect(COMPLETE)])[0]
    refused(step, "28000", "127.0.0.1 refused the sign-in: the code was good for 2 s, in which nobody signed in. Connect again for a new code")
    assert step.seconds < 30 and len(people.requests("/token")) in (1, 2, 3)


def test_a_provider_that_wants_to_be_asked_seldom_is_and_nobody_types_a_code_in_vain(ways, people):
    people.interval = 90
    ways.record(device_keys(people, TokenTimeout=80))
    result = run_client(ways.shim, [connect(COMPLETE)])
    refused(result[0], "HYT00", "127.0.0.1 gave no token within 80 s. Raise TokenTimeout")
    assert result[0].seconds < 30 and result.stderr == "" and people.requests("/token") == []


def test_a_code_that_would_play_with_the_terminal_is_not_shown(ways, people):
    people.provider.answer(replies.json_body({"device_code": "d", "user_code": "\x1b[2JA", "verification_uri": "https://idp.example"}), path="/device")
    ways.record(device_keys(people))
    result = run_client(ways.shim, [connect(COMPLETE)])
    refused(result[0], "HY000", "its user_code is none that somebody could type")
    assert result.stderr == ""


# -- The sign-in that is kept


@pytest.mark.parametrize("more, renewals", [({}, 8), ({"TokenCache": "file"}, 1)], ids=["token in memory", "token in a file"])
def test_many_processes_never_show_a_refresh_token_twice(ways, people, files, more, renewals):
    ways.record(device_keys(people, TokenLog=files.log, **more))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    if more:
        files.file.unlink()
    with Programs(ways.shim, ANSWERS, 8) as programs:
        programs.go()
        programs.lines()
    assert not people.stolen and (people.asked, people.renewals) == (1, renewals)
    assert sorted({*passwords(ways)}) == sorted(people.issued) and files.warnings == "" and len(files.names(".lock")) == 0


def test_many_processes_ask_one_person_once(ways, people, files):
    people.sign_in_after(polls=3)
    ways.record(device_keys(people, TokenPrompt="yes", TokenLog=files.log))
    with Programs(ways.shim, ANSWERS, 6) as programs:
        programs.go()
        ended = [finished(program) for program in programs.all]
    assert all(program.returncode == 0 for program in ended), ended
    said = [line for program in ended for line in program.stderr.splitlines()]
    assert len([line for line in said if "enter the code WDJB-0001" in line]) == 1
    # A person signs in at once here: whoever did not wait for long says nothing.
    assert all("To sign in" in line or "Waiting for another program of this user" in line for line in said), said
    assert not people.stolen and (people.asked, people.renewals) == (1, 5)
    assert sorted({*passwords(ways)}) == sorted(people.issued) and files.warnings == "" and len(files.names(".lock")) == 0


def test_where_one_program_asked_in_vain_the_next_asks_anew(ways, people, files):
    people.refusals = [replies.oauth_error(400, "access_denied")]
    ways.record(device_keys(people, TokenPrompt="yes"))
    with Programs(ways.shim, ANSWERS, 2) as programs:
        programs.go()
        ended = [finished(program) for program in programs.all]
    assert sorted(program.returncode for program in ended) == [0, 1] and people.asked == 2 and len(passwords(ways)) == 1, ended
    [refused_one] = [program for program in ended if program.returncode]
    assert "access_denied" in refused_one.stderr and "WDJB-0001" in refused_one.stderr


def test_a_reply_without_a_refresh_token_keeps_the_old_one(ways, people):
    people.rotates = False
    ways.record(device_keys(people))
    for completion in (COMPLETE, NOPROMPT, NOPROMPT):
        assert run_client(ways.shim, [connect(completion)])[0].succeeded
    shown = [dict(each.form).get("refresh_token") for each in people.requests("/token")]
    assert shown == [None, "person-1/refresh+2", "person-1/refresh+2"]


def test_one_that_is_accepted_no_more_is_forgotten(ways, people, files):
    ways.record(device_keys(people))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    people.revoke()
    first, second, third = run_client(ways.shim, [connect(NOPROMPT), connect(NOPROMPT), connect(COMPLETE)])
    refused(first, "28000", "127.0.0.1 no longer accepts the sign-in that was kept: HTTP 400, invalid_grant: AADSTS700082", "***", "Sign in once")
    refused(second, "28000", "nobody is signed in to 127.0.0.1")
    assert third.succeeded and (people.asked, people.renewals) == (2, 1) and len(files.names(".refresh")) == 1


def test_a_provider_that_is_out_of_order_costs_no_sign_in(ways, people):
    ways.record(device_keys(people))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    people.provider.always(replies.oauth_error(401, "invalid_client"), path="/token")
    refused(run_client(ways.shim, [connect(COMPLETE)])[0], "28000", "invalid_client")
    people.provider.always(people.token, path="/token")
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded and people.asked == 1


def test_each_user_has_a_sign_in_of_his_own(ways, people, files):
    ways.record(device_keys(people), sources={"data": {"TokenUser": "ann"}})
    strings = ["DSN=data", "DSN=data;TokenUser=bob"]
    signed_in = run_client(ways.shim, [connect(COMPLETE, string, dbc=string) for string in strings])
    assert [line.split(",")[0] for line in signed_in.stderr.splitlines()] == [f"[tokenshim] To sign in to 127.0.0.1 as {user}" for user in ("ann", "bob")]
    assert all(step.succeeded for step in run_client(ways.shim, [connect(NOPROMPT, string, dbc=string) for string in strings]))
    people_of = [re.sub(r"token-of-(person-\d+)-\d+", r"\1", password) for password in passwords(ways)]
    assert people_of == [people_of[0], people_of[1]] * 2 and people_of[0] != people_of[1] and len(files.names(".refresh")) == 2
    stranger = connect(NOPROMPT, "DSN=data;TokenUser=eve")
    other_client = connect(NOPROMPT, "DSN=data;TokenClientId=other")
    for step in run_client(ways.shim, [stranger, other_client]):
        refused(step, "28000", "nobody is signed in")


def test_in_memory_it_is_the_one_processs_alone(ways, people, files):
    ways.record(device_keys(people, TokenCache="memory"))
    other_scope = connect(NOPROMPT, "DSN=data;TokenScope=other", dbc="b")
    assert all(step.succeeded for step in run_client(ways.shim, [connect(COMPLETE), other_scope]))
    assert (people.asked, people.renewals) == (1, 1) and not files.folder.exists()
    for step in run_client(ways.shim, [connect(NOPROMPT), other_scope]):
        refused(step, "28000", "nobody is signed in")


RENEWED = """
asked, release = sys.argv[1:]
env, hosts = environment(), tasks()
def connects():
    dbc = allocate(DBC, env)
    assert connect(dbc, "DSN=data", 1) == 0
    closed(dbc)
wait_until(lambda: connects() or os.path.exists(asked), "nobody asked for another token")
own = tasks().keys() - hosts.keys()
touch(release)
wait_until(lambda: not own & tasks().keys(), "the renewal did not end")
connects()
"""


def test_a_renewal_behind_the_programs_back_asks_nobody(ways, people, tmp_path):
    """Though its program may ask: the renewal hears that the sign-in is accepted no more, and leaves it at that."""
    people.expires_in = 100
    ways.record(device_keys(people, TokenRenewal=99))
    held = Held(tmp_path, replies.oauth_error(400, "invalid_grant"))
    people.provider.answer(people.token, held, path="/token")
    done = finished(start_host(ways.shim, RENEWED, held.asked, held.release))
    assert done.returncode == 0 and done.stderr.count("To sign in") == 1, done
    assert {*passwords(ways)} == {*people.issued} and (people.asked, people.renewals, len(people.issued)) == (1, 1, 1)


def test_one_who_may_ask_does_not_take_another_ones_no_for_an_answer(ways, people, tmp_path):
    """Both want the same token at once; the first finds the sign-in revoked, and may ask nobody."""
    ways.record(device_keys(people))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    held = Held(tmp_path, replies.oauth_error(400, "invalid_grant"))
    people.provider.answer(held, path="/token")
    program = """
env, codes = environment(), {}
first, second = allocate(DBC, env), allocate(DBC, env)
threads = [started(lambda: codes.update(first=connect(first, "DSN=data")))]
wait_for(sys.argv[1])
threads.append(started(lambda: codes.update(second=connect(second, "DSN=data", 1))))
seen, until = 0, time.monotonic() + 30
while seen < 20 and time.monotonic() < until: # until it does nothing but wait for the first
    time.sleep(0.005)
    state = open(f"/proc/self/task/{threads[1].native_id}/stat").read().rpartition(")")[2].split()[0]
    seen = seen + 1 if state == "S" else 0
touch(sys.argv[2])
for thread in threads: thread.join()
say(codes["first"], record(DBC, first)[0], codes["second"])
"""
    done = finished(start_host(ways.shim, program, held.asked, held.release))
    assert done.stdout == "-1 28000 0\n" and people.asked == 2, done
