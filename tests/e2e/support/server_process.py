"""A server that ends with the process that started it, however that ends, and takes its folder along.

    server = ServerProcess(folder, ["/usr/sbin/mariadbd", …], log=folder / "log", end=signal.SIGKILL)
    ...
    server.stop()

Between the two stands a keeper: this file, run as a program. It runs the server until nobody holds the other end of its
standard input any more. Only the process that wanted the server does, and the kernel lets go what a killed one held.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

END_SECONDS = 10
"""What the server has after its signal; then it is killed."""
_PR_SET_PDEATHSIG = 1


class ServerProcess:
    """Runs from the beginning until `stop`."""

    def __init__(self, folder: Path, command: list[object], log: Path, end: signal.Signals, user: str = "", env: dict[str, str] | None = None):
        """`end` is the signal by which it ends at once; `user` the system's user that it runs as, if another one."""
        self.folder = folder
        with open(log, "a") as file:
            # A session of its own: what the terminal sends to the run does not reach the server before the run has ended with it.
            self.keeper = subprocess.Popen([sys.executable, "-I", __file__, str(int(end)), folder, user, *map(str, command)], stdin=subprocess.PIPE,
                                           stdout=subprocess.DEVNULL, stderr=file, cwd="/", env=env, start_new_session=True)

    @property
    def has_ended(self) -> bool:
        """By itself: it could not start, or crashed."""
        return self.keeper.poll() is not None

    def stop(self) -> None:
        self.keeper.stdin.close()
        self.keeper.wait(2 * END_SECONDS)


def keep(end: signal.Signals, folder: str, user: str, command: list[str]) -> int:
    """Runs the server until standard input ends. 1 if the server ended first: then its folder stays, where it says why."""
    ids = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    # The keeper may be killed, too. The signal is set behind the change of the user, which would take it back.
    libc = ctypes.CDLL(None)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, int(end)), **ids)
    wanted, ended = sys.stdin.fileno(), os.pidfd_open(server.pid)
    if wanted not in select.select([wanted, ended], [], [])[0]:
        return 1
    server.send_signal(end)
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(keep(signal.Signals(int(sys.argv[1])), sys.argv[2], sys.argv[3], sys.argv[4:]))
