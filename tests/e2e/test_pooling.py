"""unixODBC's connection pool (docs/pooling.md): a connection that is used again asks nothing of anybody, and tokenshim has
it closed only where its token, or the identity behind its words, is over."""

from __future__ import annotations

import pytest

from support import drivers, recorder
from support.host import run_host
from support.replies import good_token
from support.sign_in import SPARK
from support.two_ways import TwoWays, token_keys

POOL = """
env = environment()
def use(string="DSN=data"):
    dbc = opened(string, env)
    disconnect(dbc), free(DBC, dbc)
"""
ONE_ENV = 'assert odbc("SQLSetEnvAttr", None, 201, ctypes.c_void_p(2), 0) == 0 # SQL_CP_ONE_PER_HENV\n'


class Pool:
    """The DSN `data`, through tokenshim and without it, where unixODBC keeps connections for a minute."""

    def __init__(self, ways: TwoWays, provider):
        self.ways, self.provider = ways, provider
        self.tokens = 0

    def write(self, driver, keys=None, source=None, pooling="Yes", **section) -> None:
        self.ways.write(driver, {"data": source or {}}, keys or token_keys(self.provider), CPTimeout=60, **section)
        for home in (self.ways.shim, self.ways.direct):
            odbcinst = home.system / "odbcinst.ini"
            odbcinst.write_text(f"[ODBC]\nPooling={pooling}\n\n{odbcinst.read_text()}")

    def tokens_last(self, seconds: float) -> None:
        """Each token is another one, and good for so long."""

        def reply(exchange):
            self.tokens += 1
            return good_token(f"token-{self.tokens}", expires_in=seconds)(exchange)

        self.provider.always(reply)

    def run(self, program: str, *arguments) -> list[str]:
        return run_host(self.ways.shim, POOL + program, *arguments)

    def connects(self) -> list[str]:
        """The strings that reached the real driver, through tokenshim."""
        return [each["string"] for each in self.ways.calls("SQLDriverConnect")[0]]


@pytest.fixture
def pool(ways, identity_provider) -> Pool:
    return Pool(ways, identity_provider)


def names(calls: list[dict]) -> list:
    """The calls; of a connect, whose texts are tokenshim's, only that there was one."""
    return [{key: each[key] for key in ("call", "handle", "code")} if each["call"].startswith("SQLDriverConnect") else each for each in calls]


# -- A connection that is used again


@pytest.mark.parametrize("asks", ["", ONE_ENV], ids=["", "the application asks for a pool"])
def test_a_connection_that_is_used_again_asks_nothing_of_the_provider_and_one_thing_of_the_driver(pool, asks):
    """The token is over by then: a new connection would need another one."""
    pool.tokens_last(1)
    pool.write(recorder.compile())
    program = asks + POOL + "use()\ntime.sleep(1.5)\nuse()\nfree(ENV, env)"
    for home in (pool.ways.shim, pool.ways.direct):
        run_host(home, program)
    through, direct = pool.ways.calls()
    assert names(through) == names(direct) and len(pool.connects()) == 1
    assert [each.get("attribute") for each in direct if each["call"].startswith("SQLGetConnectAttr")] == [1209]
    assert len(pool.provider.requests) == 1


def test_without_unixodbcs_own_switch_there_is_no_pool(pool):
    pool.write(recorder.compile(), pooling="No")
    pool.run(ONE_ENV + "use()\nuse()")
    assert len(pool.connects()) == 2


def test_a_renewed_token_does_not_split_the_pool(pool):
    pool.tokens_last(1)
    pool.write(recorder.compile())
    pool.run("""
first = opened("DSN=data", env)
time.sleep(1.5) # the token is over
second = opened("DSN=data", env)
closed(first), closed(second)
again = [opened("DSN=data", env) for _ in range(2)]
for dbc in again: closed(dbc)
""")
    assert [string.rpartition("PWD=")[2] for string in pool.connects()] == ["{token-1}", "{token-2}"]
    assert len(pool.provider.requests) == 2


def test_a_driver_that_does_not_say_whether_a_connection_lives_is_probed_as_without_tokenshim(pool):
    pool.write(recorder.compile("ansi"), CPProbe="select 1")
    for home in (pool.ways.shim, pool.ways.direct):
        home.env["RECORDER_REFUSE_GET"] = "1209"
        # unixODBC knows the probe only on a handle that was connected before.
        run_host(home, POOL + "dbc = opened('DSN=data', env)\ndisconnect(dbc)\nassert connect(dbc, 'DSN=data') == 0\nclosed(dbc)")
    through, direct = pool.ways.calls()
    assert names(through) == names(direct)
    assert len([each for each in direct if each["call"] == "SQLExecDirect"]) == 1, "the probe"


def test_many_threads_share_a_pool_of_pyodbcs_connections(pool, postgres):
    """pyodbc asks for a pool by itself."""
    postgres.role("pooled", pool.provider.token)
    pool.write(drivers.PSQLODBCW, source=postgres.keys(Username="pooled"))
    assert pool.run("""
import pyodbc
assert pyodbc.pooling
def work():
    for _ in range(25):
        connection = pyodbc.connect("DSN=data", autocommit=True)
        assert connection.execute("select 1").fetchone()[0] == 1
        connection.close()
work()
threads = [started(work) for _ in range(6)]
for thread in threads: thread.join()
say("done")
""") == ["done"]
    assert postgres.log.count("connection authorized: user=pooled") in range(1, 9)
    assert len(pool.provider.requests) == 1


# -- A connection that must not be used again


def databricks(pool) -> None:
    """The recorder under the name of Databricks' driver, whose server looks at the token in every request. Nobody renews it."""
    pool.write(recorder.compile("both", SPARK), token_keys(pool.provider, TokenProfile="databricks", TokenLive="no"), source={"Host": "127.0.0.1"})


def test_a_databricks_session_is_used_again_while_its_token_is_good(pool):
    pool.tokens_last(3600)
    databricks(pool)
    pool.run("use()\nuse()")
    assert len(pool.connects()) == 1


def test_a_databricks_session_whose_token_is_over_is_closed_and_not_used_again(pool):
    pool.tokens_last(2)
    databricks(pool)
    pool.run("use()\ntime.sleep(2.5)\nuse()\nuse()")
    assert ["token-1" in string for string in pool.connects()] == [True, False]
    calls = [each["call"] for each in pool.ways.calls()[0]]
    ended = calls.index("SQLGetConnectAttr")
    assert calls[ended + 1: ended + 3] == ["SQLDisconnect", "SQLFreeHandle"]


ASK = """
def dead(dbc):
    value = ctypes.c_uint64(0)
    assert odbc("SQLGetConnectAttr", dbc, 1209, ctypes.byref(value), -6, None) == 0
    return value.value
dbc = opened("DSN=data")
say(dead(dbc))
time.sleep(2.5)
say(dead(dbc))
value = ctypes.c_uint64(0)
say(odbc("SQLGetConnectOption", dbc, 1209, ctypes.byref(value)), value.value)
"""


@pytest.mark.parametrize("keys, says", [({"TokenProfile": "databricks", "TokenLive": "no"}, "1"), ({}, "0"),
                                        ({"TokenProfile": "databricks", "TokenSource": ""}, "0")],
                         ids=["Databricks", "a server that looks at it once", "no token"])
def test_only_a_session_that_ends_with_its_token_is_called_dead(pool, keys, says):
    pool.tokens_last(2)
    pool.write(recorder.compile("both", "librecorder.so"), token_keys(pool.provider, **keys), source={"Host": "127.0.0.1"})
    assert run_host(pool.ways.shim, ASK, dm=pool.ways.shim.shim()) == ["0", says, f"0 {says}"]


def test_a_driver_that_does_not_say_whether_a_connection_lives_is_not_spoken_for(pool):
    """Also where tokenshim knows: the driver manager then probes, as without tokenshim."""
    pool.tokens_last(1)
    databricks(pool)
    pool.ways.shim.env["RECORDER_REFUSE_GET"] = "1209"
    program = 'dbc = opened("DSN=data")\ntime.sleep(1.5)\nvalue = ctypes.c_uint64(0)\n' \
              'say(odbc("SQLGetConnectAttr", dbc, 1209, ctypes.byref(value), -6, None), value.value, record(DBC, dbc)[0])'
    assert run_host(pool.ways.shim, program, dm=pool.ways.shim.shim()) == ["-1 0 HYC00"]


# -- Two identities behind the same words


CHANGE = """
busy = opened("DSN=data", env) # as the identity of before
with open(sys.argv[1]) as file: text = file.read()
with open(sys.argv[1], "w") as file: file.write(text.replace("TokenClientId=me", f"TokenClientId={sys.argv[2]}"))
use() # the pool has none that is free, so this one is new
disconnect(busy), free(DBC, busy) # and back into the pool
use()
both = [opened("DSN=data", env), opened("DSN=data", env)]
"""


@pytest.mark.parametrize("client", ["somebody-else", "me"])
def test_a_connection_of_an_identity_that_these_words_no_longer_stand_for_is_closed(pool, client):
    pool.tokens_last(3600)
    pool.write(recorder.compile())
    pool.run(CHANGE, pool.ways.shim.system / "odbcinst.ini", client)
    tokens = [string.partition("PWD={")[2][:7] for string in pool.connects()]
    assert tokens == (["token-1", "token-1"] if client == "me" else ["token-1", "token-2", "token-2"])


def test_other_words_of_another_identity_leave_a_connection_alone(pool):
    pool.tokens_last(3600)
    pool.write(recorder.compile())
    pool.run("busy = opened('DSN=data', env)\nuse('DSN=data;TokenClientId=other')\ndisconnect(busy), free(DBC, busy)\nuse()\nuse('DSN=data;TokenClientId=other')")
    assert len(pool.connects()) == 2
