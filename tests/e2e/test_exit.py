"""However a program ends, it ends as it does without tokenshim: no hang, no crash, the same status and output. Also while
another thread waits in a connect: through tokenshim for its token, without it in the real driver."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support import recorder, replies
from support.drivers import BUILT, once
from support.host import Held, run_host
from support.odbc_client import DRIVER_MANAGERS, WIDE_BYTES
from support.two_ways import token_keys

SOURCE = Path(__file__).parent / "support" / "ending.c"
STATUS = {"return from main": 7, "exit": 7, "_exit": 7, "quick_exit": 7, "exit in a thread": 7, "abort": -signal.SIGABRT,
          "SIGTERM": -signal.SIGTERM, "SIGKILL": -signal.SIGKILL}


@pytest.fixture(scope="session")
def ending() -> Path:
    program = BUILT / "ending" / "ending"
    with once(program.parent):
        if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
            subprocess.run(["cc", "-std=gnu11", "-g", "-Wall", "-Wextra", SOURCE, "-o", f"{program}.new", "-lpthread", "-ldl"], check=True)
            os.replace(f"{program}.new", program)
    return program


def ends(ending, home, how, dm, *more) -> tuple[int, str, str]:
    """Status, stdout and stderr of a program that ends so; it has half a minute for it."""
    done = subprocess.run([ending, DRIVER_MANAGERS[dm], how, *map(str, more)], env=home.env, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def two(ways, identity_provider):
    """The DSN `data`, with a token, and `held`, whose provider keeps its reply back; without tokenshim nobody does."""

    def write(dm):
        driver = recorder.compile("both", wide_bytes=WIDE_BYTES[dm])
        held = {"TokenEndpoint": f"{identity_provider.url}/held"}
        ways.write(driver, {"data": {}, "plain": {"TokenSource": ""}, "held": held}, token_keys(identity_provider))
        for home in (ways.shim, ways.direct):
            home.env["RECORDER_UNLOAD"] = "1"
        return ways

    return write


@pytest.mark.parametrize("dm", DRIVER_MANAGERS)
@pytest.mark.parametrize("how", [*STATUS, "pthread_exit in main"])
def test_a_program_that_has_a_token_ends_as_without_tokenshim(ending, two, how, dm):
    ways = two(dm)
    through, direct = (ends(ending, home, how, dm, "DSN=data") for home in (ways.shim, ways.direct))
    assert through == direct
    assert direct[0] == STATUS.get(how, 0) and direct[2] == ""
    through, direct = ([each["call"] for each in calls] for calls in ways.calls())
    assert through == direct, "the real driver's destructor runs, or does not, as without tokenshim"


@pytest.mark.parametrize("dm", DRIVER_MANAGERS)
@pytest.mark.parametrize("how", STATUS)
def test_a_program_ends_while_another_thread_waits_for_a_token(ending, two, identity_provider, tmp_path, how, dm):
    ways = two(dm)
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(held, path="/held")
    code, out, err = ends(ending, ways.shim, how, dm, "DSN=data", "DSN=held", held.asked)
    assert (code, err) == (STATUS[how], "")
    assert out == ends(ending, ways.direct, how, dm, "DSN=data")[1]
    assert not held.replied_late.is_set() and held.requests == 1


@pytest.mark.parametrize("how", STATUS)
def test_a_program_ends_while_another_thread_waits_to_ask_a_busy_provider_again(ending, two, identity_provider, tmp_path, how):
    def busy(exchange):
        replies.status(503, Retry_After="15")(exchange)
        exchange.connection.recv(1)  # the client has read it, and hangs up
        asked.touch()
        return False

    ways, asked = two("unixodbc"), tmp_path / "asked"
    identity_provider.always(busy, path="/held")
    code, out, err = ends(ending, ways.shim, how, "unixodbc", "DSN=data", "DSN=held", asked)
    assert (code, err) == (STATUS[how], "")
    assert out == ends(ending, ways.direct, how, "unixodbc", "DSN=data")[1]
    assert [request.path for request in identity_provider.requests].count("/held") == 1


@pytest.mark.parametrize("string", ["DSN=data", "DSN=plain", "DSN=data;TokenSource=nonsense"], ids=["token", "plain", "refused"])
@pytest.mark.parametrize("how", ["return from main", "exit in a thread"])
def test_a_program_ends_while_other_threads_connect_all_the_time(ending, two, how, string):
    ways = two("unixodbc")
    del ways.shim.env["RECORDER_LOG"]
    ways.shim.env["MALLOC_PERTURB_"] = "165"  # who still uses what was freed has nothing to use
    ways.shim.env["RECORDER_UNLOAD_SECONDS"] = "0.2"
    for _ in range(3):
        assert ends(ending, ways.shim, how, "unixodbc", "DSN=plain", string) == (7, "atexit\n", "")


def test_a_program_whose_main_thread_ends_first_ends_with_the_thread_that_waits_for_a_token(ending, two, identity_provider, tmp_path):
    ways = two("unixodbc")
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(held, path="/held")
    command = [ending, DRIVER_MANAGERS["unixodbc"], "pthread_exit in main", "DSN=data", "DSN=held", held.asked]
    with subprocess.Popen(command, env=ways.shim.env, stdout=subprocess.PIPE, text=True) as host:
        with pytest.raises(subprocess.TimeoutExpired):
            host.wait(1)
        held.release.touch()
        assert host.wait(30) == 0
        assert host.stdout.read() == "atexit\n"


def test_an_interpreter_that_ends_while_its_thread_waits_for_a_token_ends(two, identity_provider, tmp_path):
    """Python takes its own state away under threads that are still in a call."""
    ways = two("unixodbc")
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(held, path="/held")
    assert run_host(ways.shim, """
dbc = opened("DSN=data")
waiting = allocate(DBC, environment())
threading.Thread(target=connect, args=(waiting, "DSN=held"), daemon=True).start()
wait_for(sys.argv[1])
say("ends")
""", held.asked) == ["ends"]
