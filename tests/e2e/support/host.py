"""Runs a host program: an application in a process of its own, written as Python with the calls of `odbc_calls.py`.

    assert run_host(home, "answers('DSN=pg'); say('done')", dm="iodbc") == ["done"]
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from . import leaks, replies
from .odbc_client import DRIVER_MANAGERS

_BEGIN = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom odbc_calls import *\n"


def host_environment(home, dm: str | Path) -> dict[str, str]:
    """The environment of a host that uses this driver manager, or this driver without one."""
    return {**home.env, "ODBC_LIBRARY": DRIVER_MANAGERS.get(str(dm), str(dm))}


def run_host(home, program: str, *arguments: object, dm: str | Path = "unixodbc", timeout: float = 90) -> list[str]:
    """The lines that the program printed. It must end by itself, well, in time, and without a word on stderr."""
    done = finished(start_host(home, program, *arguments, dm=dm), timeout)
    assert done.returncode == 0 and not done.stderr, (done.returncode, done.stdout, done.stderr)
    return done.stdout.splitlines()


def start_host(home, program: str, *arguments: object, dm: str | Path = "unixodbc", under: Sequence = (), **options) -> subprocess.Popen:
    """The program, `under` another one if so."""
    command = [*under, sys.executable, "-X", "faulthandler", "-c", _BEGIN + program, *map(str, arguments)]
    return subprocess.Popen(command, env=host_environment(home, dm), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finished(process: subprocess.Popen, timeout: float = 90) -> subprocess.CompletedProcess:
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler shows where it hangs
        out, err = process.communicate()
        raise AssertionError(f"the host did not end within {timeout} s\n{out}\n{err}") from None
    leaks.tokenshims_lines("words of a program", f"{out}\n{err}")
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class Held:
    """A provider's reply that waits: `asked` is there once the request has come, the reply goes when `release` is.

    Both are files, so that the host can wait for the one and make the other.
    """

    def __init__(self, folder: Path, reply=None, seconds: float = 30):
        self.asked, self.release = folder / "asked", folder / "release"
        self.requests = 0
        """How many requests have come."""
        self.replied_late = threading.Event()
        """`release` never came: the reply was given up."""
        self._reply, self._seconds, self._lock = reply or replies.good_token(), seconds, threading.Lock()

    def __call__(self, exchange) -> bool:
        with self._lock:
            self.requests += 1
        self.asked.touch()
        end = time.monotonic() + self._seconds
        while not self.release.exists():
            if exchange.stopping.wait(0.005) or time.monotonic() > end:
                self.replied_late.set()
                return False
        return self._reply(exchange)
