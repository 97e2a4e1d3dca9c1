"""A thread may be cancelled while it connects: the process lives, and the thread ends as cancelled, its cleanup done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support import recorder
from support.drivers import BUILT, once
from support.host import Held, finished
from support.odbc_client import DRIVER_MANAGERS, WIDE_BYTES
from support.two_ways import token_keys
from test_overlap import wait_until

SOURCE = Path(__file__).parent / "support" / "cancelled.c"
ENDED = "cleaned up\nPTHREAD_CANCELED\nconnected\n"
FUNCTIONS = ["SQLConnect", "SQLDriverConnect", "SQLBrowseConnect"]


@pytest.fixture(scope="session")
def cancelled() -> Path:
    program = BUILT / "cancelled" / "cancelled"
    with once(program.parent):
        if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
            subprocess.run(["cc", "-std=gnu11", "-g", "-Wall", "-Wextra", SOURCE, "-o", f"{program}.new", "-lpthread", "-ldl"], check=True)
            os.replace(f"{program}.new", program)
    return program


@pytest.fixture
def start(ways, identity_provider, cancelled):
    """Starts the program, whose thread connects to a DSN, and which itself connects to `other` in the end."""
    driver = recorder.compile("both", wide_bytes=WIDE_BYTES["unixodbc"])
    sources = {"data": {}, "other": {}, "plain": {"TokenSource": ""}, "held": {"TokenEndpoint": f"{identity_provider.url}/held"}}
    ways.write(driver, sources, token_keys(identity_provider))

    def start(home, function, dsn):
        command = [cancelled, DRIVER_MANAGERS["unixodbc"], function, dsn, "other"]
        # Without buffers: what one reads of a line leaves the rest where `communicate` finds it.
        return subprocess.Popen(command, env=home.env, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    return start


def cancel(host) -> None:
    host.stdin.write(b"\n")
    assert host.stdout.readline() == b"cancelled\n"


def in_the_gate(home, start, function, dsn, gate) -> subprocess.Popen:
    """The program, with its thread inside the real driver's connect, and cancelled there."""
    home.env["RECORDER_GATE"] = str(gate)
    host = start(home, function, dsn)
    log = Path(home.env["RECORDER_LOG"])
    wait_until(lambda: host.poll() is not None or log.exists() and any(call["call"] == function for call in recorder.read(log)))
    cancel(host)
    return host


def ends(host) -> tuple[int, str, str]:
    done = finished(host, 60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_thread_cancelled_while_it_waits_for_its_token_ends_after_its_connect(ways, start, identity_provider, tmp_path, function):
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(held, path="/held")
    host = start(ways.shim, function, "held")
    wait_until(lambda: host.poll() is not None or held.asked.exists())
    cancel(host)
    held.release.touch()
    assert ends(host) == (0, ENDED, "")
    assert [each["call"] for each in ways.raw_calls()].count(function) == (2 if function == "SQLDriverConnect" else 1)
    assert not held.replied_late.is_set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_thread_cancelled_inside_the_real_connect_with_a_token_ends_after_its_connect(ways, start, tmp_path, function):
    gate = tmp_path / "gate"
    host = in_the_gate(ways.shim, start, function, "data", gate)
    with pytest.raises(subprocess.TimeoutExpired):
        host.wait(0.5)  # the request waits, as long as the real driver does
    gate.touch()
    assert ends(host) == (0, ENDED, "")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_thread_cancelled_inside_a_connect_that_has_no_token_ends_at_once_as_without_tokenshim(ways, start, tmp_path, function):
    """The gate opens only once the cleanup has run."""
    for home, dsn in ((ways.shim, "plain"), (ways.direct, "plain")):
        gate = tmp_path / home.folder.name
        host = in_the_gate(home, start, function, dsn, gate)
        assert host.stdout.readline() == b"cleaned up\n", host.communicate()[1]
        gate.touch()
        assert ends(host) == (0, ENDED.removeprefix("cleaned up\n"), "")
