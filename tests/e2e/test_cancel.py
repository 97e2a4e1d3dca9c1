"""SQLCancel from another thread reaches the real driver at once, as it does without tokenshim: a query that would run for
half a minute ends when it is cancelled, as soon as it does directly, also while another connection waits for its token."""

from __future__ import annotations

import threading

import pytest

from support import drivers
from support.host import Held, finished, start_host
from support.two_ways import token_keys

LONG_SECONDS = 30
ROUNDS = 5
LATER_SECONDS = 0.2
"""How much longer the quickest of the rounds may take. A busy machine holds up some of them, but not each."""

CANCEL = """
sql, running, rounds, asked, release, held = sys.argv[1:]
env, outcome = environment(), []
dbc = opened("DSN=data", env)
if held: # another connection waits for its token all the while
    waiting = allocate(DBC, env)
    connecting = started(lambda: outcome.append(connect(waiting, "DSN=held")))
    wait_for(asked)
def run(statement, sql):
    code = execute(statement, sql)
    outcome.append((code, record(STMT, statement) if code < 0 else rows(statement), time.monotonic()))
for number in range(int(rounds)):
    statement = allocate(STMT, dbc)
    thread = started(run, statement, sql.format(number))
    wait_for(running + str(number))     # the server says that the query runs
    cancelled = time.monotonic()
    assert odbc("SQLCancel", statement) in (0, 1), record(STMT, statement)
    thread.join()
    code, said, ended = outcome.pop()
    free(STMT, statement)
    say(ended - cancelled, code, said)
if held:
    assert connecting.is_alive() and outcome == []
    touch(release)
    connecting.join()
    assert outcome == [0], record(DBC, waiting)
"""


class Engine:
    """A server, its driver, and how it tells which queries are running."""

    def __init__(self, dm: str, server, driver, sql: str, running: str, user: str, password: str):
        self.dm, self.server, self.driver, self.sql, self._running = dm, server, driver, sql, running
        self.account = lambda name, token: {user: name, password: token}

    def is_running(self, number: int | str = "%") -> bool:
        """The query of this round, or of any."""
        return self.server.query(self._running.format(number)) != "0"


# Under iODBC, whose SQLWCHAR is wider than these drivers', the ANSI one.
@pytest.fixture(params=[("unixodbc", drivers.PSQLODBCW), ("iodbc", drivers.PSQLODBCA), ("unixodbc", drivers.MARIADB)],
                ids=["psqlodbcw, unixODBC", "psqlodbca, iODBC", "MariaDB, unixODBC"])
def engine(request) -> Engine:
    dm, driver = request.param
    if driver != drivers.MARIADB:
        return Engine(dm, request.getfixturevalue("postgres"), driver, f"select pg_sleep({LONG_SECONDS}) as round{{}}",
                      "select count(*) from pg_stat_activity where usename = 'cancels' and query like 'select pg_sleep%round{}' and state = 'active'",
                      "Username", "Password")
    return Engine(dm, request.getfixturevalue("mariadb"), driver, f"select sleep({LONG_SECONDS}) as round{{}}",
                  "select count(*) from information_schema.processlist where user = 'cancels' and info like 'select sleep%round{}'",
                  "User", "Password")


def cancelled(home, engine, held: Held | None) -> tuple[float, set[str]]:
    """The seconds from SQLCancel to the end of the query in the quickest round, and what the query's calls gave. Each began, was
    cancelled, and ended long before its own end."""
    running = home.folder / "running"
    host = start_host(home, CANCEL, engine.sql, running, ROUNDS, *((held.asked, held.release, "held") if held else ("", "", "")), dm=engine.dm)
    pause = threading.Event()
    for number in range(ROUNDS):
        while host.poll() is None and not engine.is_running(number):
            pause.wait(0.02)
        running.with_name(f"running{number}").touch()
    done = finished(host)
    assert done.returncode == 0 and not done.stderr, done
    seconds, said = zip(*(line.split(" ", 1) for line in done.stdout.splitlines()), strict=True)
    assert len(seconds) == ROUNDS and max(map(float, seconds)) < LONG_SECONDS / 2, seconds
    assert not engine.is_running()
    return min(map(float, seconds)), set(said)


@pytest.mark.parametrize("waiting", [False, True], ids=["alone", "while another connection waits for its token"])
def test_a_query_that_another_thread_cancels_ends_at_once_as_without_tokenshim(ways, identity_provider, engine, tmp_path, waiting):
    token = identity_provider.token
    engine.server.role("cancels", token)
    account = engine.account("cancels", token)
    keys = engine.server.keys(**account)
    ways.write(engine.driver, {"data": keys, "held": {**keys, "TokenEndpoint": f"{identity_provider.url}/held"}}, token_keys(identity_provider))
    held = None
    if waiting:
        (tmp_path / "held").mkdir()
        held = Held(tmp_path / "held", seconds=60)
        identity_provider.answer(held, path="/held")
    seconds, through = cancelled(ways.shim, engine, held)
    direct_seconds, direct = cancelled(ways.direct, engine, None)
    assert through == direct and all(each.startswith("-1 ") for each in through), (through, direct)
    assert seconds < direct_seconds + LATER_SECONDS
