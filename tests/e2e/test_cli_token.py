"""`tokenshim token`, `login`, `logout`, `list` and `keys`: the same settings, the same rules and the same files as of a connect."""

from __future__ import annotations

import os
import pty
import re
import subprocess

import pytest

from support import drivers, replies
from support.browser_people import ASKED, BrowserPeople, browser_keys
from support.command_line import CommandLine
from support.device_code import COMPLETE, NOPROMPT, connect, device_keys, passwords, refused
from support.device_provider import DevicePeople
from support.odbc_client import run_client
from support.two_ways import token_keys

TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def command(ways) -> CommandLine:
    return CommandLine(ways.shim)


@pytest.fixture
def people(identity_provider) -> BrowserPeople:
    return BrowserPeople(identity_provider)


# -- token


def test_it_prints_the_token_that_a_connect_would_get_where_no_terminal_shows_it(ways, command, identity_provider):
    ways.record(token_keys(identity_provider, TokenCache="file"))
    assert command.does("token", "data") == f"{identity_provider.token}\n"
    assert command.does("token", "DSN=data;UID=x") == f"{identity_provider.token}\n"
    assert run_client(ways.shim, [connect()])[0].succeeded
    assert len(identity_provider.requests) == 1 and passwords(ways) == [identity_provider.token], "all share the file"


@pytest.mark.parametrize("more, shown", [([], False), (["--show"], True), (["--expiry"], False)], ids=["plain", "show", "expiry"])
def test_a_terminal_shows_a_token_only_where_somebody_says_so(ways, command, identity_provider, more, shown):
    ways.record(token_keys(identity_provider))
    terminal, inside = pty.openpty()
    done = subprocess.run([command.program, "token", "data", *more], env=ways.shim.env, stdin=subprocess.DEVNULL, stdout=inside,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(inside)
    try:
        seen = os.read(terminal, 4096).decode()
    except OSError:
        seen = ""  # nobody wrote anything
    os.close(terminal)
    assert (identity_provider.token in seen) == shown
    if not more:
        assert done.returncode == 1 and "add --show" in done.stderr and identity_provider.requests == []
    else:
        assert (done.returncode, done.stderr) == (0, "")


def test_the_expiry_is_a_time_in_utc_or_unknown(ways, command, identity_provider):
    ways.record(token_keys(identity_provider))
    assert re.fullmatch(TIME + "\n", command.does("token", "data", "--expiry"))
    identity_provider.always(replies.good_token(expires_in=None))
    assert command.does("token", "data", "--expiry") == "unknown\n"


def test_the_exit_status_says_what_stands_in_the_way(ways, command, identity_provider, people):
    sources = {"data": {}, "plain": {"TokenSource": ""}, "away": {"TokenEndpoint": "http://127.0.0.1:1/token", "TokenTimeout": 1},
               "odd": {"TokenTimeout": "soon"}, "person": {"TokenSource": "device-code", "TokenTenant": "t", "TokenEndpoint": "", "TokenClientSecret": ""}}
    ways.record(token_keys(identity_provider), sources=sources)
    command.hidden += [identity_provider.token, "section-secret"]
    command.refuses(3, "there is no data source [nobody]", "token", "nobody")
    command.refuses(1, "nothing asks for a token here", "token", "plain")
    command.refuses(1, "TokenTimeout must be a number of seconds", "token", "odd")
    command.refuses(5, "cannot get a token from 127.0.0.1", "token", "away")
    command.refuses(4, "nobody is signed in", "token", "person")
    command.refuses(1, "PWD is a secret, and others may read command lines", "token", "DSN=data;PWD=s3cr3t")
    identity_provider.always(replies.invalid_client(), path="/token")
    command.refuses(4, "refused the sign-in", "token", "data")
    assert command.run("token").status == 2


def test_the_help_of_each_word_says_the_exit_statuses(command):
    words = re.findall(r"^  ([a-z-]+)  ", command.does("--help").partition("Commands:")[2].partition("Options:")[0], re.MULTILINE)
    assert len(words) > 9 and words.pop() == "help"
    for word in words:
        assert "\n  5  the provider cannot be reached" in command.does(word, "--help"), word


def test_iodbcs_files_count_where_it_is_named(command, ways, identity_provider):
    ways.record(token_keys(identity_provider), dm="iodbc")
    ways.shim.env["ODBCSYSINI"] = "/no/such/folder"
    command.refuses(3, "there is no data source [data]", "token", "data")
    assert command.does("token", "data", "--driver-manager", "iodbc") == f"{identity_provider.token}\n"


# -- login, logout


def login(command, *words: str, status: int = 0):
    done = command.run("login", "data")
    assert done.status == status and all(word in done.out + done.err for word in words), done
    return done


def test_a_code_signs_somebody_in_for_programs_that_may_not_ask_until_logout(ways, command, identity_provider, files):
    people = DevicePeople(identity_provider)
    ways.record(device_keys(people))
    refused(run_client(ways.shim, [connect(NOPROMPT)])[0], "28000", "nobody is signed in")
    done = login(command, "Signed in to 127.0.0.1: programs of this user")
    assert "Waiting 300 s for the sign-in." in done.err and f"open {people.url}/sign-in and enter the code WDJB-" in done.err
    [name] = files.names()
    assert files.modes()[name] == 0o600 and people.asked == 1
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded and people.asked == 1

    assert "Signed out of 127.0.0.1" in command.does("logout", "data") and files.names() == []
    refused(run_client(ways.shim, [connect(NOPROMPT)])[0], "28000", "nobody is signed in")
    assert "Nobody was signed in" in command.does("logout", "data")


def test_a_browser_signs_somebody_in(ways, command, people, browser):
    ways.record(browser_keys(people))
    done = login(command, "Signed in to 127.0.0.1")
    assert ASKED in done.err and people.asked == 1
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded and people.asked == 1


def test_login_asks_anew_and_the_last_sign_in_counts(ways, command, people, browser, files):
    ways.record(browser_keys(people, TokenCache="file"))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    [old] = files.tokens()
    login(command, "Signed in")
    assert people.asked == 2 and files.tokens() == [], "the old sign-in's token is gone"
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded
    assert passwords(ways)[-1] not in (old, "") and not people.stolen
    [kept] = files.tokens()
    assert kept == passwords(ways)[-1]
    command.does("logout", "data")
    assert files.names() == []


@pytest.mark.parametrize("status", [200, 503])
def test_a_provider_hears_of_a_logout_and_where_it_cannot_the_sign_in_is_forgotten_all_the_same(ways, command, people, browser, identity_provider, files, status):
    ways.record(browser_keys(people))
    login(command, "Signed in")
    told = []
    people.tells["revocation_endpoint"] = f"{people.url}/revoke"
    identity_provider.always(lambda exchange: told.append(dict(exchange.request.form)) or replies.Reply(status, {})(exchange), path="/revoke")
    assert "Signed out of 127.0.0.1" in command.does("logout", "data") and files.names() == []
    [form] = told
    assert form["token_type_hint"] == "refresh_token" and len(form["token"]) > 12


def test_a_sign_in_that_failed_leaves_the_old_one(ways, command, people, browser):
    ways.record(browser_keys(people))
    login(command, "Signed in")
    people.brings.append({"error": "access_denied", "code": None})
    login(command, "refused the sign-in: access_denied", status=4)
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded


def test_nobody_signs_in_where_it_would_be_of_no_use(ways, command, people, identity_provider):
    sources = {"data": {}, "service": token_keys(identity_provider), "azure": {"TokenSource": "azure-cli"}, "plain": {"TokenSource": ""}}
    ways.record(browser_keys(people, TokenCache="memory"), sources=sources)
    command.refuses(1, "remove TokenCache=memory", "login", "data")
    command.refuses(1, "nobody signs in with TokenSource=client-credentials", "login", "service")
    command.refuses(1, "sign in with az login", "logout", "azure")
    command.refuses(1, "set TokenSource in", "login", "plain")
    assert people.asked == 0


def test_nobody_is_waited_for_longer_than_the_timeout(ways, command, identity_provider):
    people = DevicePeople(identity_provider)
    people.sign_in_after(None)
    ways.record(device_keys(people, TokenTimeout=2))
    login(command, "gave no token within 2 s. Raise TokenTimeout", status=5)


def test_who_signs_in_sees_on_a_terminal_how_much_time_is_left(ways, command, identity_provider):
    people = DevicePeople(identity_provider)
    people.sign_in_after(None)
    ways.record(device_keys(people, TokenTimeout=60))
    terminal, inside = pty.openpty()
    with subprocess.Popen([command.program, "login", "data"], env=ways.shim.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=inside, text=True) as login:
        os.close(inside)
        seen = read_until(terminal, r"\r5\d s left \r")
        people.sign_in_after(1)
        seen += read_until(terminal, None)
        out = login.stdout.read()
    os.close(terminal)
    assert login.returncode == 0 and "Signed in to 127.0.0.1" in out
    assert "Waiting 60 s for the sign-in." in seen and re.search(r"\r {12}\r", seen.rpartition("left")[2]), seen


def read_until(terminal: int, words: str | None) -> str:
    """What a terminal shows until then, or until nobody writes there any more."""
    seen = ""
    while words is None or not re.search(words, seen):
        try:
            seen += os.read(terminal, 4096).decode()
        except OSError:
            assert words is None, seen
            break
    return seen


# -- list


def test_the_list_says_how_each_data_source_signs_in_and_how_long_its_kept_token_is_good(ways, command, people, browser):
    ways.record(browser_keys(people, TokenCache="file"), sources={"data": {}, "plain": {"TokenSource": ""}, "other": {"TokenUser": "bob"}})
    real = str(drivers.SQLITE)
    with (ways.shim.system / "odbcinst.ini").open("a") as file:
        file.write(f"[Direct]\nDriver={real}\n")
    asked = len(people.provider.requests)
    listed = command.does("list")
    lines = [line.split() for line in listed.splitlines()]
    assert lines[0] == ["NAME", "REAL", "DRIVER", "PROFILE", "SOURCE", "TOKEN"]
    assert [line[0] for line in lines[1:]] == ["[Engine]", "data", "plain", "other"] and "Direct" not in listed
    assert lines[2][2:] == ["password", "authorization-code", "nobody", "is", "signed", "in"] and lines[3][3:] == ["-", "-"]
    assert len(people.provider.requests) == asked, "nobody was asked"
    login(command, "Signed in")
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded
    assert re.search(rf"\n  data .* kept until {TIME}\n", command.does("list"))


def test_an_empty_list_says_what_adds_to_it(command):
    command.refuses(3, "tokenshim install adds one", "list")


# -- keys


def test_keys_are_told_with_their_meaning_and_where_they_may_stand(command):
    anywhere, section = "Where: driver section, data source or connection string.", "Where: driver section or data source."
    told = command.does("keys", "tokenscope", "TOKENLOG").splitlines()
    assert (told[0], told[2], told[3], told[5]) == ("TokenScope", f"    {anywhere}", "TokenLog", f"    {section}") and len(told) == 6
    assert told[1].startswith("    Scope asked for")
    every = command.does("keys")
    assert every.count("Where: ") > 30 and "\n".join(told[:3]) in every and "\n".join(told[3:]) in every
    for key, words in (("TokenSource", "client-credentials, azure-cli, "), ("TokenProfile", "databricks, ")):
        assert command.does("keys", key).splitlines()[2].startswith(f"    One of {words}")
    command.refuses(1, "TokenSpeed is none of tokenshim's keys: tokenshim keys lists them", "keys", "TokenLog", "TokenSpeed")
