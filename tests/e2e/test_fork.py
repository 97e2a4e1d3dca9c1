"""A program that forks: its child connects as well, whenever that was."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import drivers
from support.host import Held, run_host
from support.identity_provider import IdentityProvider
from support.odbc_client import DRIVER_MANAGERS, WIDE_BYTES
from support.two_ways import token_keys

# No driver manager stands between the program and tokenshim here: a child that is forked while another thread is inside
# unixODBC's own locks hangs there, with any driver. Each DSN has a route of its own, and with it an HTTP client that nobody has built before.
COLD = range(20)

PROGRAM = """
import ctypes, os, signal, sys, threading, time
driver = ctypes.CDLL(sys.argv[1])
driver.SQLDriverConnect.restype = ctypes.c_short

def connect(name):
    environment, connection = ctypes.c_void_p(), ctypes.c_void_p()
    driver.SQLAllocHandle(1, None, ctypes.byref(environment))
    driver.SQLAllocHandle(2, environment, ctypes.byref(connection))
    return driver.SQLDriverConnect(connection, None, f"DSN={name}".encode(), -3, None, 0, None, 0)

assert connect("without") == 0
for cold in range(int(sys.argv[2])):
    thread = threading.Thread(target=connect, args=[f"cold{cold}"])
    thread.start()
    time.sleep(0.0015 * cold)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os._exit(connect(f"cold{cold}"))
    _, status = os.waitpid(child, 0)
    thread.join()
    print(cold, status, flush=True)
    if status:
        break
"""


def test_a_child_connects_though_it_was_forked_while_another_thread_did(ways, identity_provider):
    sources = {f"cold{cold}": {"TokenProxy": f"http://127.0.0.1:{cold + 1}"} for cold in COLD}
    ways.record(token_keys(identity_provider), sources={"without": {"TokenSource": ""}, **sources})
    program = [sys.executable, "-c", PROGRAM, ways.shim.shim(), str(len(COLD))]
    done = subprocess.run(program, env=ways.shim.env, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [f"{cold} 0" for cold in COLD], done
    # A child that is forked early asks for itself.
    assert len(COLD) < len(identity_provider.requests) <= 2 * len(COLD)


CHILD = """
import signal, warnings
warnings.simplefilter("ignore") # Python would rather not fork while there are threads

def child(*strings):
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        signal.alarm(60)
        for string in strings: answers(string)
        sys.exit(3) # an ordinary end, with everything that an interpreter does at its end
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
"""


@pytest.mark.parametrize("dm", DRIVER_MANAGERS)
@pytest.mark.parametrize("before", [[], ["plain"], ["data"], ["plain", "data"]], ids=["load", "connect", "token", "both"])
def test_a_child_that_was_forked_after_the_first_connects_connects_and_ends(ways, identity_provider, before, dm):
    """With no connect before, only the library is loaded, as a server does that forks its workers."""
    ways.record(token_keys(identity_provider), dm=dm, sources={"data": {}, "plain": {"TokenSource": ""}, "other": {"TokenEndpoint": f"{identity_provider.url}/other"}})
    program = CHILD + """
for name in sys.argv[1:]: answers(f"DSN={name}")
for _ in range(3): say(child("DSN=data", "DSN=plain", "DSN=other", "DSN=data"))
answers("DSN=data")
"""
    assert run_host(ways.shim, program, *before, dm=dm) == ["3"] * 3


@pytest.mark.parametrize("dm", [*DRIVER_MANAGERS, "none"])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_child_that_was_forked_while_another_thread_fetches_a_token_connects_and_ends(ways, start, authority, tmp_path, tls, dm):
    """The provider keeps the other thread's reply back until the children have come to their ends."""
    provider = start(IdentityProvider(authority.server_context("127.0.0.1") if tls else None))
    held = Held(tmp_path, seconds=120)
    provider.answer(held, path="/held")
    keys = token_keys(provider, TokenTimeout=120, **({"TokenCAFile": authority.file} if tls else {}))
    ways.record(keys, dm=dm if dm in WIDE_BYTES else "unixodbc", sources={
        "data": {}, "plain": {"TokenSource": ""}, "held": {"TokenEndpoint": f"{provider.url}/held"},
        "fresh": {"TokenEndpoint": f"{provider.url}/fresh"}})
    program = CHILD + """
if int(sys.argv[3]): answers("DSN=data") # else the thread's is the first token of all
waiting, done = allocate(DBC, environment()), []
thread = started(lambda: done.append(connect(waiting, "DSN=held")))
wait_for(sys.argv[1])
for _ in range(3): say(child("DSN=data", "DSN=fresh", "DSN=plain", "DSN=data"))
touch(sys.argv[2])
thread.join()
say(done)
answers("DSN=data")
"""
    library = ways.shim.shim() if dm == "none" else dm
    assert run_host(ways.shim, program, held.asked, held.release, int(not tls), dm=library) == ["3"] * 3 + ["[0]"]
    assert not held.replied_late.is_set()


WORKERS = """
import multiprocessing, pyodbc
def work(number):
    connection = pyodbc.connect(f"DSN=data{number % 2}", autocommit=True)
    try: return connection.execute("select 1").fetchone()[0]
    finally: connection.close()

if __name__ == "__main__":
    pyodbc.pooling = sys.argv[1] == "pooling"
    first = pyodbc.connect("DSN=data0", autocommit=True)
    with multiprocessing.get_context("fork").Pool(4) as pool:
        say(sum(pool.map(work, range(40), chunksize=1)))
    say(first.execute("select 1").fetchone()[0], work(0))
"""


@pytest.mark.parametrize("pooling", ["pooling", "no pooling"])
def test_pythons_forked_workers_connect_with_pyodbc(ways, identity_provider, pooling):
    ways.write(drivers.SQLITE, {"data0": {"Database": ":memory:"}, "data1": {"Database": ":memory:", "TokenEndpoint": f"{identity_provider.url}/other"}},
               token_keys(identity_provider), CPTimeout=60)
    odbcinst = ways.shim.system / "odbcinst.ini"
    odbcinst.write_text("[ODBC]\nPooling=Yes\n\n" + odbcinst.read_text())
    program = WORKERS.replace('if __name__ == "__main__":', "if True:")
    assert run_host(ways.shim, program, pooling) == ["40", "1 1"]


PRE_FORK = CHILD + """
parents = opened("DSN=data")
children = []
for number in range(4):
    process = os.fork()
    if process == 0:
        signal.alarm(60)
        for _ in range(5): answers("DSN=data")
        os._exit(0)
    children.append(process)
say([os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in children])
statement = allocate(STMT, parents)
assert execute(statement, "select 1") == 0 and rows(statement) == [["1"]]
free(STMT, statement)
closed(parents)
"""


def test_a_pre_fork_servers_workers_connect_each_for_itself(ways, identity_provider, postgres):
    postgres.role("workers", identity_provider.token)
    ways.write(drivers.PSQLODBCW, {"data": postgres.keys(Username="workers")}, token_keys(identity_provider))
    assert run_host(ways.shim, PRE_FORK) == ["[0, 0, 0, 0]"]


BUSY = CHILD + """
def busy():
    while not over:
        dbc = allocate(DBC, env)
        connect(dbc, "DSN=data"), disconnect(dbc), free(DBC, dbc)

env, over = environment(), []
answers("DSN=data")
threads = [threading.Thread(target=busy) for _ in range(4)]
for thread in threads: thread.start()
say({child("DSN=data") for _ in range(100)})
over.append(True)
for thread in threads: thread.join()
"""


def test_children_connect_though_other_threads_take_tokenshims_locks_all_the_time(ways, identity_provider):
    """Without a driver manager, whose own locks would get in the way."""
    ways.record(token_keys(identity_provider))
    del ways.shim.env["RECORDER_LOG"]
    assert run_host(ways.shim, BUSY, dm=ways.shim.shim()) == ["{3}"]
    assert len(identity_provider.requests) == 1
