"""The command `tokenshim` itself, in the environment of one ODBC home.

    command = CommandLine(home)
    command.installs("PostgreSQL", drivers.PSQLODBCW, "--source", "azure-cli")
    command.refuses(1, "is no file", "install", "X", "--real", "/no/such.so")
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .odbc_home import OdbcHome


@dataclass(frozen=True)
class Done:
    """How a run ended, and what it printed."""

    status: int
    out: str
    err: str


class CommandLine:
    def __init__(self, home: OdbcHome, dm: str = "unixodbc"):
        self.home, self.dm = home, dm
        self.program = home.libraries / "tokenshim"
        self.drivers = home.system / "odbcinst.ini"
        self.hidden: list[str] = ["s3cr3t"]
        """What no run may ever print."""

    @property
    def library(self) -> Path:
        """The driver library that copies are made of, in a folder of this home."""
        return self.home.shim()

    @property
    def copies(self) -> set[str]:
        """The copies that were made of it."""
        return {file.name for file in self.library.parent.iterdir()} - {self.library.name, "libtokenshim.so"}

    def run(self, *arguments: object, timeout: float = 60, **options) -> Done:
        command = [str(self.program), *map(str, arguments)]
        done = subprocess.run(command, env=self.home.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, **options)
        for word in self.hidden:
            assert word not in done.stdout + done.stderr, word
        assert "panicked" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def does(self, *arguments: object, **options) -> str:
        """What a run prints that does what it is asked for."""
        done = self.run(*arguments, **options)
        assert (done.status, done.err) == (0, ""), done
        return done.out

    def refuses(self, status: int, words: str, *arguments: object) -> str:
        """What a run says that does nothing."""
        done = self.run(*arguments)
        assert done.status == status and done.out == "", done
        assert done.err.startswith("tokenshim: ") and words in done.err, done
        return done.err

    def install(self, name: str, real: object, *more: object) -> tuple[object, ...]:
        """The arguments of an install for this home."""
        return ("install", name, "--real", real, "--library", self.library, "--driver-manager", self.dm, *more)

    def installs(self, name: str, real: object, *more: object) -> str:
        return self.does(*self.install(name, real, *more))

    def uninstall(self, name: str, *more: object) -> tuple[object, ...]:
        return ("uninstall", name, "--driver-manager", self.dm, *more)


def library(home: OdbcHome, code: str, *options: str, name: str = "libmade.so") -> Path:
    """A library compiled from C."""
    file = home.folder / name
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(file), "-x", "c", "-", "-x", "none", *options], input=code, text=True, check=True, timeout=60)
    return file
