"""What tokenshim keeps in files, and programs that share it.

    files = TokenFiles(home)
    with Programs(home, "answers('DSN=data')", 32) as programs:
        programs.go()                     # all at once
        assert programs.finished() == ...
    [token] = files.tokens()
"""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from pathlib import Path

from .host import finished, start_host

WITHOUT_A_PRIVILEGE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown"] if os.geteuid() == 0 else []
"""Runs a program that may do no more with files than any user: root may read and write all."""


class TokenFiles:
    def __init__(self, home):
        self.folder = Path(home.user) / ".cache" / "tokenshim"
        self.log = Path(home.folder) / "tokenshim.log"
        """For TokenLog."""

    def names(self, end: str = "") -> list[str]:
        return sorted(each.name for each in self.folder.iterdir() if each.name.endswith(end)) if self.folder.is_dir() else []

    @property
    def file(self) -> Path:
        """The file of the only token."""
        [name] = self.names(".token")
        return self.folder / name

    def tokens(self) -> list[str]:
        return [json.loads((self.folder / name).read_text())["access_token"] for name in self.names(".token")]

    def make_older(self, seconds: float) -> None:
        """As if the only token had come that much earlier."""
        kept = json.loads(self.file.read_text())
        for time_of in ("came_unix_ms", "end_unix_ms"):
            kept[time_of] -= int(seconds * 1000)
        self.file.write_text(json.dumps(kept))

    def modes(self) -> dict[str, int]:
        """Who may do what, by name: the folder is `.`."""
        return {name: stat.S_IMODE((self.folder / name).lstat().st_mode) for name in [".", *self.names()]}

    @property
    def warnings(self) -> str:
        """The lines of the log that are warnings."""
        lines = self.log.read_text().splitlines(keepends=True) if self.log.exists() else []
        return "".join(line for line in lines if " warning: " in line)

    def in_line(self, *processes) -> bool:
        """Whether each of these processes stands in line for the token, or has the turn to fetch it."""
        return all(any(target.endswith(".lock") for target in _open_files(process.pid)) for process in processes)


def _open_files(pid: int) -> list[str]:
    found = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(file))
        except FileNotFoundError:
            pass
    return found


_WAIT = """
touch(f"{sys.argv[1]}/{os.getpid()}")
wait_for(f"{sys.argv[1]}/go", 90)
"""


class Programs:
    """As many host programs, which all begin with the ODBC library loaded, and go on at the same moment."""

    def __init__(self, home, program: str, count: int, *arguments, dm: str = "unixodbc"):
        self._gate = Path(home.folder) / f"gate-{time.monotonic_ns()}"
        self._gate.mkdir()
        self.all = [start_host(home, _WAIT + program, self._gate, number, *arguments, dm=dm) for number in range(count)]

    def __enter__(self) -> Programs:
        return self

    def __exit__(self, *_) -> None:
        for process in self.all:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.communicate()

    def go(self) -> None:
        until(lambda: len(list(self._gate.iterdir())) == len(self.all))
        (self._gate / "go").touch()

    def lines(self) -> list[list[str]]:
        """What each printed. Each must end well, and without a word on stderr."""
        ended = [finished(process) for process in self.all]
        assert all(each.returncode == 0 and not each.stderr for each in ended), ended
        return [each.stdout.splitlines() for each in ended]


def until(condition, seconds: float = 60) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
