"""A connect that waits for a token stands in nobody's way: other connects overlap with it, and everything else that a
program does with its handles meanwhile comes to its end, while the provider still holds its reply."""

from __future__ import annotations

import threading

import pytest

from support import recorder as recorder_library
from support.host import Held, finished, run_host, start_host
from support.odbc_client import WIDE_BYTES
from support.replies import good_token
from support.two_ways import token_keys

MANAGERS = [("unixodbc", {"Threading": level}) for level in (0, 1, 2)] + [("iodbc", {})]
IDS = ["unixODBC, Threading 0", "unixODBC, Threading 1", "unixODBC, Threading 2", "iODBC"]

BOTH = """
threads = [started(answers, f"DSN={name}") for name in ("one", "two")]
for thread in threads: thread.join()
say("both answered")
"""


class Meeting:
    """A provider's reply that is given once `count` requests are there, and not before: or none, after a while."""

    def __init__(self, count: int, seconds: float):
        self._barrier = threading.Barrier(count, timeout=seconds)
        self.met = True

    def __call__(self, exchange) -> bool:
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            self.met = False
        return good_token()(exchange)


def write(home, identity_provider, section, dm="unixodbc") -> None:
    """The DSNs `one`, `two` and `held`, each with an endpoint of its own, `plain` without a token; the same DSNs with `other`
    before their names are served by another copy."""
    sections, sources = {}, {}
    for copy in ("", "other"):
        driver = recorder_library.compile("both", f"librecorder{copy}.so", WIDE_BYTES[dm])
        sections[f"Engine{copy}"] = {"Driver": home.shim(f"shim{copy}"), "RealDriver": driver, **section, **token_keys(identity_provider)}
        for name in ("one", "two", "held"):
            sources[copy + name] = {"Driver": f"Engine{copy}", "TokenEndpoint": f"{identity_provider.url}/{name}"}
        sources[f"{copy}plain"] = {"Driver": f"Engine{copy}", "TokenSource": ""}
    home.write(sections, sources)


# -- Two connects


@pytest.mark.parametrize("dm, section", MANAGERS, ids=IDS)
def test_two_connects_wait_for_their_tokens_at_the_same_time(home, identity_provider, dm, section):
    meeting = Meeting(2, seconds=20)
    identity_provider.always(meeting)
    write(home, identity_provider, section, dm)
    assert run_host(home, BOTH, dm=dm) == ["both answered"]
    assert meeting.met and len(identity_provider.requests) == 2


@pytest.mark.parametrize("dm, section", MANAGERS, ids=IDS)
def test_two_connects_are_inside_the_real_driver_at_the_same_time(home, identity_provider, recorder, tmp_path, dm, section):
    """Each waits in the real driver until a file is there, which comes only once both are in."""
    home.env["RECORDER_GATE"] = str(tmp_path / "gate")
    write(home, identity_provider, section, dm)
    host = start_host(home, BOTH, dm=dm)
    inside = lambda: len(recorder.calls("SQLDriverConnect"))
    wait_until(lambda: inside() == 2 or host.poll() is not None)
    (tmp_path / "gate").touch()
    done = finished(host)
    assert (done.stdout, done.stderr, done.returncode) == ("both answered\n", "", 0)
    assert inside() == 2


def wait_until(happened, seconds: float = 25) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if happened():
            return
        pause.wait(0.01)


def test_at_threading_3_unixodbc_itself_lets_one_connect_follow_the_other(home, identity_provider):
    """As it does without tokenshim: one lock around everything. What tokenshim owes is that the lock is held no longer
    than the application's login timeout (next test)."""
    meeting = Meeting(2, seconds=1)
    identity_provider.always(meeting)
    write(home, identity_provider, {"Threading": 3})
    assert run_host(home, BOTH) == ["both answered"]
    assert not meeting.met and len(identity_provider.requests) == 2


def test_at_threading_3_a_provider_that_is_silent_holds_the_others_no_longer_than_the_login_timeout(home, identity_provider, tmp_path):
    held = Held(tmp_path, seconds=60)
    identity_provider.always(held)
    write(home, identity_provider, {"Threading": 3})
    [line] = run_host(home, """
env = environment()
dbc = allocate(DBC, env)
assert odbc("SQLSetConnectAttr", dbc, 103, ctypes.c_void_p(2), 0) == 0
began = time.monotonic()
thread = started(connect, dbc, "DSN=held")
wait_for(sys.argv[1])
free(DBC, allocate(DBC, env))
say(time.monotonic() - began, record(DBC, dbc)[0])
thread.join()
""", held.asked)
    seconds, state = line.split()
    assert state == "HYT00"
    assert float(seconds) < 15, "the timeout of 2 s, and what a busy machine takes"


# -- Everything else, while a connect waits

MEANWHILE = """
asked, release = sys.argv[1:]
env = environment()
busy = opened("DSN=plain", env)
waiting, done = allocate(DBC, env), []
thread = started(lambda: done.append(connect(waiting, "DSN=held")))
wait_for(asked)

for name in ("plain", "otherplain", "one", "othertwo"):     # connecting, executing, disconnecting
    answers(f"DSN={name}", env)                             # in the same environment
    answers(f"DSN={name}")                                  # and in another: env, dbc, stmt
say("others connected")

statement = allocate(STMT, busy)
running = started(lambda: done.append(execute(statement, "wait")))
time.sleep(0.05)
assert odbc("SQLCancel", statement) in (0, 1)
running.join()
assert done == [-1] and record(STMT, statement)[0] == "HY008", (done, record(STMT, statement))
say("cancelled")

fresh = allocate(DBC, env)
assert odbc("SQLSetConnectAttr", fresh, 103, ctypes.c_void_p(5), 0) == 0
assert odbc("SQLSetConnectAttr", busy, 113, ctypes.c_void_p(5), 0) == 0
value = ctypes.c_int()
assert odbc("SQLGetConnectAttr", busy, 113, ctypes.byref(value), 4, None) == 0 and value.value == 5
assert connect(fresh, "DSN=plain;TokenSource=nonsense") == -1 and "tokenshim" in record(DBC, fresh)[1]
assert free(DBC, fresh) == 0 and free(STMT, statement) == 0
closed(busy)
say("handles, attributes and diagnostics")

assert thread.is_alive() and not os.path.exists(release)
touch(release)
thread.join()
assert done[1:] == [0], (done, record(DBC, waiting))
closed(waiting, env)
say("connected at last")
"""


@pytest.mark.parametrize("dm, section", MANAGERS, ids=IDS)
def test_a_connect_that_waits_for_a_token_holds_nothing_that_others_need(home, identity_provider, recorder, tmp_path, dm, section):
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(held, path="/held")
    write(home, identity_provider, section, dm)
    lines = run_host(home, MEANWHILE, held.asked, held.release, dm=dm)
    assert lines == ["others connected", "cancelled", "handles, attributes and diagnostics", "connected at last"]
    assert not held.replied_late.is_set()


def test_a_connect_that_waits_for_a_program_holds_nothing_that_others_need(home, identity_provider, recorder, az, tmp_path):
    """As above, with `az`, whose reply comes when a file is there."""
    write(home, identity_provider, {})
    asked, release = tmp_path / "asked", tmp_path / "release"
    good = az.path.with_name("good-az")
    az.path.rename(good)
    az.path.write_text(f"#!/bin/sh\ntouch {asked}\nwhile [ ! -e {release} ]; do sleep 0.01; done\nexec {good} \"$@\"\n")
    az.path.chmod(0o755)
    program = MEANWHILE.replace('"DSN=held"', '"DSN=held;TokenSource=azure-cli;TokenScope=https://x.example/.default"')
    assert run_host(home, program, asked, release)[-1] == "connected at last"
    assert len(az.calls) == 1
