"""Real C applications, each a story told with and without tokenshim: what they see is the same."""

from __future__ import annotations

import pytest

from support import c_programs, drivers, replies
from support.two_ways import token_keys

TOKEN = "a-token-of-the-tests"
REAL = {"psqlodbcw": (drivers.PSQLODBCW, "postgres"), "psqlodbca": (drivers.PSQLODBCA, "postgres"),
        "maodbc": (drivers.MARIADB, "mariadb"), "sqlite": (drivers.SQLITE, None)}
# Debian's other drivers are built for unixODBC's two bytes in a SQLWCHAR.
WITH = [(real, dm, letter) for real in REAL for dm in ("unixodbc", "iodbc") for letter in "AW"
        if dm == "unixodbc" or real in ("psqlodbca", "sqlite")]


@pytest.fixture
def database(request, ways, identity_provider):
    """`database("sqlite")`: the DSN `data` of a real driver; where it has a server, the token is the password of `app`."""
    def write(real: str, **section: object):
        driver, server = REAL[real]
        identity_provider.always(replies.good_token(TOKEN))
        if server:
            server = request.getfixturevalue(server)
            server.role("app", TOKEN)
        keys = server.keys() if server else {"Database": ":memory:"}
        ways.write(driver, {"data": keys, "bad": {**keys, "TokenSource": "no-such-source", "Driver": "Engine"}, "plain": {**keys, "TokenSource": ""}},
                   token_keys(identity_provider), **section)
        return ways
    return write


def both(ways, program: str, direct: list, through: list, **options) -> tuple[list[str], list[str]]:
    """What the program tells without tokenshim, and with it."""
    return c_programs.run(ways.direct, program, *direct, **options), c_programs.run(ways.shim, program, *through, **options)


@pytest.mark.parametrize("real, dm, letter", WITH)
def test_an_application_connects_in_each_way_and_works(database, real, dm, letter):
    direct, through = both(database(real), "connect", [letter, f"DSN=data;UID=app;PWD={TOKEN}", "data", "app", TOKEN],
                           [letter, "DSN=data;UID=app", "data", "app", ""], dm=dm)
    assert through == direct and len(direct) == 6


@pytest.mark.parametrize("letter", ["A", "W"])
@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
def test_an_application_browses_its_way_to_a_connection(ways, identity_provider, dm, letter):
    ways.record(token_keys(identity_provider), dm=dm)
    direct, through = both(ways, "browse", [letter, "DSN=data;UID=app", "PWD=x"], [letter, "DSN=data", "UID=app"], dm=dm)
    assert through == direct and through.count("connected") == 2


@pytest.mark.parametrize("letter", ["A", "W"])
@pytest.mark.parametrize("real", REAL)
def test_the_completed_string_comes_whole_or_as_its_beginning_into_buffers_of_every_size(database, real, letter):
    first, *sizes = c_programs.run(database(real).shim, "out_string", letter, "DSN=data;UID=app")
    assert first.startswith("1 DSN=data;") and TOKEN not in first
    whole = len(first) - 2
    assert sizes == [f"{room}: 0 more, its beginning" for room in (whole + 1, whole, whole - 1, whole // 2, 2, 1, 0, -1, whole + 2)]


@pytest.mark.parametrize("real, dm, letter", WITH)
def test_handles_may_end_in_odd_orders(database, real, dm, letter):
    direct, through = both(database(real), "odd_order", [letter, f"DSN=data;UID=app;PWD={TOKEN}"], [letter, "DSN=data;UID=app"], dm=dm)
    assert through == direct


@pytest.mark.parametrize("real, dm, letter", WITH)
def test_many_threads_connect_fail_query_and_cancel(database, real, dm, letter):
    failing = "DSN=bad;UID=app"
    told = c_programs.run(database(real).shim, "threads", letter, 8, 3, "DSN=data;UID=app", failing, dm=dm)
    assert told == ["8 threads, 3 rounds"]


@pytest.mark.parametrize("real, dm, letter", WITH)
def test_children_connect_after_load_and_after_a_token(database, identity_provider, real, dm, letter):
    direct, through = both(database(real), "forks", [letter] + [f"DSN=data;UID=app;PWD={TOKEN}"] * 2,
                           [letter, f"DSN=plain;UID=app;PWD={TOKEN}", "DSN=data;UID=app"], dm=dm)
    assert through == direct and len(through) == 3
    assert identity_provider.requests


FAILURES = {"28000": {"TokenScope": "refused"}, "08001": {"TokenEndpoint": "http://127.0.0.1:1/token"},
            "HYT00": {"TokenScope": "slow", "TokenTimeout": 1}, "HY000": {"TokenSource": "no-such-source"}}


@pytest.mark.parametrize("letter", ["A", "W"])
@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
def test_each_failure_is_one_record_however_it_is_read(ways, identity_provider, dm, letter):
    """Each DSN fails in its own way, and then once more, so that a record is dropped by the next connect."""
    identity_provider.always(fitting)
    sources = {state: more for state, more in FAILURES.items()}
    ways.record(token_keys(identity_provider), dm=dm, letter=letter, sources=sources)
    arguments = [each for state in sources for each in (f"DSN={state}", state)]
    assert c_programs.run(ways.shim, "failures", letter, *arguments, dm=dm) == list(sources)
    if letter == "A" or dm == "unixodbc":  # the function that an ANSI, or a 2-byte driver manager would call
        assert c_programs.run(ways.shim, "failures", letter, *arguments, dm=ways.shim.shim()) == list(sources)
    unloadable = {"Driver": ways.shim.shim(), "RealDriver": "/no/such/driver.so"}
    ways.shim.write({"Engine": unloadable}, {"none": {"Driver": "Engine"}})
    assert c_programs.run(ways.shim, "failures", letter, "DSN=none", "IM003", dm=dm) == ["IM003"]


def fitting(exchange) -> bool:
    """Refuses, or takes its time, as the scope asks for it."""
    scope = dict(exchange.request.form).get("scope")
    reply = replies.good_token(delay=5) if scope == "slow" else replies.oauth_error(401, "invalid_client", "who are you?")
    return reply(exchange)
