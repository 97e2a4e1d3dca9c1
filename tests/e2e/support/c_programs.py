"""The C programs of tests/c: real applications, linked with unixODBC, or opening iODBC (or a driver itself) as they run.

    done = run(home, "connect", "W", "DSN=data", "data", "", "")
    done = run(home, "connect", "W", "DSN=data", "data", "", "", dm="iodbc", under=valgrind.MEMCHECK)
    assert done == ["SQLDriverConnect", …]

A program prints a line `ok …` for each chapter that went well, and says on stderr where it went wrong.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from . import leaks
from .drivers import BUILT, once
from .odbc_client import DRIVER_MANAGERS
from .odbc_home import REPOSITORY, OdbcHome

SOURCES = REPOSITORY / "tests" / "c"
_FLAGS = ["-std=c99", "-D_DEFAULT_SOURCE", "-g", "-Wall", "-Wextra", "-Werror"]
_FOR = {"unixodbc": [], "iodbc": ["-DOPENED", "-DSQL_WCHART_CONVERT"], "driver": ["-DOPENED", "-DBARE"]}
"""The flags by which a program is compiled for a driver manager, or for none."""


def compile(source: Path | str, dm: str = "unixodbc", flags: tuple[str, ...] = ("-O1",)) -> Path:
    """The program of a C file, or of one in tests/c; compiled when a source has changed."""
    source = source if isinstance(source, Path) else SOURCES / f"{source}.c"
    folder = BUILT / "c" / "_".join([dm, *flags]).replace("/", "")
    program = folder / source.stem
    with once(folder):
        sources = [source, *source.parent.glob("*.h"), *SOURCES.glob("*.h")]
        if not program.exists() or program.stat().st_mtime < max(each.stat().st_mtime for each in sources):
            # The library behind the file that uses it.
            libraries = ["-lodbc"] if dm == "unixodbc" else []
            subprocess.run(["cc", *_FLAGS, *flags, *_FOR[dm], "-o", f"{program}.new", source, *libraries, "-lpthread"], check=True)
            os.replace(f"{program}.new", program)
    return program


def run(home: OdbcHome, name: str, *arguments: object, dm: str | Path = "unixodbc", under: list = (), flags: tuple[str, ...] = ("-O1",),
        env: dict[str, str] | None = None, timeout: float = 60) -> list[str]:
    """The chapters that went well. `dm` is a driver manager, or the path of a driver; `under` a command before the program's."""
    command, environment = _command(home, name, dm, flags)
    done = subprocess.run([*under, *command, *map(str, arguments)], env={**environment, **(env or {})}, capture_output=True, text=True,
                          timeout=timeout)
    leaks.tokenshims_lines("words of a program", f"{done.stdout}\n{done.stderr}")
    assert done.returncode == 0, f"{name} ended with {done.returncode} after {done.stdout!r}\n{done.stderr}"
    return [line.removeprefix("ok ") for line in done.stdout.splitlines()]


def start(home: OdbcHome, name: str, *arguments: object, dm: str | Path = "unixodbc") -> subprocess.Popen:
    """The program, which goes on while the test does something else, with pipes to and from it."""
    command, environment = _command(home, name, dm, ("-O1",))
    return subprocess.Popen([*command, *map(str, arguments)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def _command(home: OdbcHome, name: str, dm: str | Path, flags: tuple[str, ...]) -> tuple[list, dict[str, str]]:
    kind = str(dm) if str(dm) in _FOR else "driver"
    library = {} if kind == "unixodbc" else {"ODBC_LIBRARY": DRIVER_MANAGERS.get(str(dm), str(dm))}
    return [compile(name, kind, flags)], {**home.env, **library}
