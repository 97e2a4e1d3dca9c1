"""The tables of docs/benchmarks.md, and what all of them are made with."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from support import c_programs
from support.odbc_home import REPOSITORY, OdbcHome
from support.two_ways import token_keys

HERE = Path(__file__).parent
RELEASE = REPOSITORY / "target" / "release"
TOKEN = "a-token-of-the-benchmark"
FAST = ("-O2", "-I", str(c_programs.SOURCES))
# A file that was written only just now is read at each connect, by which an ini file's change is seen at once.
SETTLED_SECONDS = 3.5

Pairs = dict[str, list[tuple[float, float]]]


def settle(home: OdbcHome) -> None:
    (home.user / ".odbc.ini").touch()  # unixODBC would make it
    time.sleep(SETTLED_SECONDS)


def pairs(home: OdbcHome, program: str, *arguments: object) -> Pairs:
    """Nanoseconds without and with tokenshim, for each thing that the program measures."""
    settle(home)
    found: Pairs = {}
    for line in c_programs.run(home, HERE / f"{program}.c", *arguments, flags=FAST, timeout=3000):
        name, direct, through = line.rsplit(" ", 2)
        found.setdefault(name, []).append((int(direct), int(through)))
    return found


def spread(values: list[float], form: str) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def side_by_side(folder: Path, driver: Path, keys: dict, provider, token: bool, **more: object) -> tuple[OdbcHome, str, str]:
    """One configuration in which the DSN `direct` is the driver's and `through` is tokenshim's; their connection strings."""
    home = OdbcHome(folder, RELEASE)
    shim = {"Driver": home.shim(), "RealDriver": driver, **(token_keys(provider, **more) if token else {})}
    home.write({"Direct": {"Driver": driver}, "Shim": shim}, {"direct": {"Driver": "Direct", **keys}, "through": {"Driver": "Shim", **keys}})
    own = f"UID=app;PWD={TOKEN}"
    return home, f"DSN=direct;{own}", f"DSN=through;{'UID=app' if token else own}"


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
