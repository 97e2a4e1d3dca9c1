"""TokenPrompt: an administrator lets somebody be asked, or nobody, whatever the program says."""

from __future__ import annotations

import subprocess

import pytest

from support.browser import Browser
from support.browser_people import BrowserPeople, browser_keys
from support.device_code import COMPLETE, NOPROMPT, connect, device_keys, passwords, refused
from support.odbc_client import WIDE_BYTES, call, run_client

NOT_ASKING = [connect(NOPROMPT), call("SQLConnect", dsn="data"), call("SQLConnectW", dsn="data")]
SOURCES = {"device-code": device_keys, "authorization-code": browser_keys}


@pytest.fixture
def people(identity_provider, ways) -> BrowserPeople:
    """Who sign in with a browser, or with a code."""
    Browser(ways.shim)
    return BrowserPeople(identity_provider)


def asked(people) -> int:
    return people.asked + len(people.requests("/device"))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("step", NOT_ASKING, ids=lambda step: step["call"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_yes_asks_for_a_program_that_does_not_allow_it(ways, people, dm, step, source):
    ways.record(SOURCES[source](people, TokenPrompt="yes"), dm=dm)
    result = run_client(ways.shim, [step, {**step, "dbc": "b"}], dm)
    assert all(each.succeeded for each in result), result
    assert asked(people) == result.stderr.count("To sign in to") == 1


@pytest.mark.parametrize("source", SOURCES)
def test_yes_asks_for_isql(ways, people, source):
    ways.record(SOURCES[source](people, TokenPrompt="yes"))
    done = subprocess.run(["isql", "-b", "data"], env=ways.shim.env, input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and asked(people) == 1, done
    assert done.stderr.startswith("[tokenshim] To sign in to 127.0.0.1"), done


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_no_asks_for_no_program(ways, people, dm, source):
    ways.record(SOURCES[source](people, TokenPrompt="no"), dm=dm)
    result = run_client(ways.shim, [connect(COMPLETE)], dm)
    refused(result[0], "28000", "nobody is signed in to 127.0.0.1, and this connect may not ask anybody", "set TokenPrompt=yes in section [Engine]")
    assert result.stderr == "" and people.provider.requests == [] and passwords(ways) == []


@pytest.mark.parametrize("source", SOURCES)
def test_a_data_source_decides_for_itself(ways, people, source):
    ways.record(SOURCES[source](people, TokenPrompt="no"), sources={"data": {}, "own": {"TokenPrompt": "yes"}})
    refused(run_client(ways.shim, [connect(COMPLETE)])[0], "28000", "TokenPrompt=yes")
    assert run_client(ways.shim, [connect(NOPROMPT, "DSN=own")])[0].succeeded and asked(people) == 1


def test_a_connection_string_may_not_say_it_and_another_word_is_none(ways, people):
    ways.record(device_keys(people), sources={"data": {}, "odd": {"TokenPrompt": "perhaps"}})
    refused(run_client(ways.shim, [connect(NOPROMPT, "DSN=data;TokenPrompt=yes")])[0], "28000", "TokenPrompt may not stand in a connection string")
    refused(run_client(ways.shim, [connect(COMPLETE, "DSN=odd")])[0], "HY000", "TokenPrompt must be yes or no", "DSN [odd]")
    assert asked(people) == 0
