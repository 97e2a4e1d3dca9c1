"""SQL_ATTR_LOGIN_TIMEOUT is for the token and the login together, and reads as the application set it."""

from __future__ import annotations

import pytest

from support import drivers, recorder, replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import timeless, token_keys

LOGIN_TIMEOUT = 103
SET = call("SQLSetConnectAttr", attribute=LOGIN_TIMEOUT, value=30)
GET = call("SQLGetConnectAttr", attribute=LOGIN_TIMEOUT, out=8)
OFF = "DSN=data;TokenSource="
CONNECTS = [call("SQLDriverConnect", string="DSN=data"), call("SQLConnect", dsn="data"), call("SQLBrowseConnect", string="DSN=data", out=100)]


@pytest.fixture
def slow(ways, identity_provider):
    """The recorder behind a provider that takes its time: the driver of DSN "data"."""
    identity_provider.always(replies.good_token(delay=1.2))

    def make(shape: str = "both", dm: str = "unixodbc", name: str = "librecorder.so"):
        profile = {"TokenProfile": "sqlserver"} if "msodbcsql" in name else {}
        ways.record(token_keys(identity_provider, **profile), dm=dm, shape=shape, name=name, sources={"data": {"Server": "db.example.com"}})
        return ways

    return make


def timeouts(ways) -> list[int]:
    """What the driver was set to, and "connect" where it connected."""
    calls = ways.calls()[0]
    of = {"SQLSetConnectAttr": "attribute", "SQLSetConnectOption": "option"}
    found = []
    for each in calls:
        name = each["call"].removesuffix("W")
        if name in ("SQLConnect", "SQLDriverConnect", "SQLBrowseConnect"):
            found.append("connect")
        elif each.get(of.get(name, "call")) == LOGIN_TIMEOUT:
            found.append(each["value"])
    return found


@pytest.mark.parametrize("connect", CONNECTS, ids=lambda step: step["call"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_the_login_gets_what_the_token_left_and_the_application_reads_what_it_set(slow, dm, connect):
    ways = slow(dm=dm)
    further = [call("SQLBrowseConnect", string="UID=u", out=100)] if "Browse" in connect["call"] else []
    *_, done, asked = run_client(ways.shim, [SET, connect, *further, GET], dm)
    assert done.code == "SQL_SUCCESS", done
    # The last 30 is given back after the connect; a busy machine may take longer than the provider.
    before, *between, after = timeouts(ways)
    assert (before, after) == (30, 30) and between.count("connect") == len(further) + 1
    assert between[0] in range(20, 30) and set(between[1:]) == {"connect"}
    assert asked.value == 30


@pytest.mark.parametrize("shape, name", [("ansi", "librecorder.so"), ("wide", "librecorder.so"), ("old", "librecorder.so"), ("wide", "libmsodbcsql-18.so")])
def test_each_kind_of_driver_is_told_in_its_own_way(slow, shape, name):
    ways = slow(shape, name=name)
    _, done = run_client(ways.shim, [SET, CONNECTS[0]])
    assert done.succeeded, done
    assert timeouts(ways)[0] == 30 and timeouts(ways)[1] in range(20, 30) and timeouts(ways)[2:] == ["connect", 30]
    # The token's own attribute stays the last thing before the connect.
    calls = [each["call"].removesuffix("W") for each in ways.calls()[0]]
    if "msodbcsql" in name:
        assert ways.calls()[0][calls.index("SQLDriverConnect") - 1]["attribute"] == 1256


@pytest.mark.parametrize("seconds", [0, None])
def test_nothing_is_set_where_the_application_set_no_limit(slow, seconds):
    ways = slow()
    steps = [CONNECTS[0]] if seconds is None else [SET | {"value": seconds}, CONNECTS[0]]
    assert run_client(ways.shim, steps)[-1].succeeded
    assert timeouts(ways) == ["connect"] if seconds is None else timeouts(ways) == [0, "connect"]


def test_a_token_that_is_there_at_once_takes_nothing(slow, identity_provider):
    identity_provider.always(replies.good_token())
    ways = slow()
    identity_provider.always(replies.good_token())
    run_client(ways.shim, [SET | {"value": 3600}, CONNECTS[0]])
    # At most a second on a machine that is busy: seldom, and never many.
    assert timeouts(ways) in ([3600, "connect"], [3600, 3599, "connect", 3600])


# -- One handle of the driver, several connects: without a driver manager, which would take a new handle each time


def test_after_a_failure_the_records_stay_and_the_timeout_still_reads_as_set(slow):
    ways = slow()
    old = call("SQLGetConnectOption", option=LOGIN_TIMEOUT, out=8)
    steps = [SET, CONNECTS[0], GET, old, CONNECTS[0] | {"string": OFF}, GET]
    _, failed, asked, asked_as_option, _, later = run_client(ways.shim, steps, ways.shim.shim(), env={"RECORDER_FAIL": "28000:no entry"})
    assert [record.message for record in failed.records] == ["[Recorder]no entry"]
    assert asked.value == asked_as_option.value == later.value == 30 and asked.length == 4
    shortened = timeouts(ways)[1]
    assert shortened in range(20, 30) and timeouts(ways) == [30, shortened, "connect", 30, "connect"]


def test_a_driver_that_refuses_the_timeout_connects_and_answers_all_the_same(slow):
    ways = slow()
    refusing = {"RECORDER_REFUSE": str(LOGIN_TIMEOUT)}
    through = run_client(ways.shim, [SET, CONNECTS[0], GET], ways.shim.shim(), env=refusing)
    direct = run_client(ways.direct, [SET, CONNECTS[0], GET], recorder.compile("both"), env=refusing)
    assert [step.code for step in through] == ["SQL_ERROR", "SQL_SUCCESS", "SQL_SUCCESS"]
    assert timeless(through) == timeless(direct) and through[2].value == 0


@pytest.mark.parametrize("driver, server", [(drivers.PSQLODBCW, "postgres"), (drivers.MARIADB, "mariadb"), (drivers.SQLITE, None)],
                         ids=lambda value: getattr(value, "name", value))
def test_real_drivers_answer_with_the_applications_timeout(request, ways, identity_provider, driver, server):
    identity_provider.always(replies.good_token(delay=1.2))
    server = request.getfixturevalue(server) if server else None
    if server:
        server.role("alice", identity_provider.token)
    ways.write(driver, {"data": server.keys() if server else {"Database": ":memory:"}}, token_keys(identity_provider))
    steps = [SET, call("SQLDriverConnect", string="DSN=data;UID=alice"), GET]
    through = run_client(ways.shim, steps)
    direct = run_client(ways.direct, [SET, call("SQLDriverConnect", string=f"DSN=data;UID=alice;PWD={identity_provider.token}"), GET])
    assert through[1].succeeded and direct[1].succeeded, through
    assert (through[2].code, through[2].value) == (direct[2].code, direct[2].value)


@pytest.mark.parametrize("version, state", [(2, "S1T00"), (3, "HYT00"), (3.8, "HYT00")])
def test_a_login_timeout_that_the_token_uses_up_is_told_as_one(slow, identity_provider, version, state):
    identity_provider.always(replies.silence)
    ways = slow()
    identity_provider.always(replies.silence)
    first = SET if version > 2 else call("SQLSetConnectOption", option=LOGIN_TIMEOUT, value=30)
    value = {"value": 1}
    _, failed = run_client(ways.shim, [first | value, CONNECTS[0]], version=version)
    assert failed.code == "SQL_ERROR" and [record.state for record in failed.records] == [state], failed
    assert "connect" not in timeouts(ways)
