"""Measures tokenshim beside its absence, both in one run, and prints the tables of docs/benchmarks.md: `make bench`.

Times are ratios and differences of pairs that follow each other, so that what else the machine does meets both; of many
pairs the median is told, and between which values the middle half of them lies.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from support import c_programs, callgrind, drivers, recorder, replies
from support.identity_provider import IdentityProvider
from support.mariadb import MariaDbServer
from support.odbc_home import CORE_LIBRARY, DRIVER_LIBRARY, REPOSITORY, OdbcHome
from support.postgres import PostgresCluster
from support.two_ways import TwoWays, token_keys

from .tables import FAST, HERE, RELEASE, TOKEN, pairs, settle, side_by_side, spread, table
from .tokens import cold, first_token, live, many

STEPS = "instructions hooks fetching connecting loading first_token cold live many".split()


def fetching(folder: Path, provider) -> None:
    home, direct, through = side_by_side(folder, drivers.SQLITE, {"Database": ":memory:"}, provider, token=True)
    found = pairs(home, "rows", 3000, direct, through)
    table("Rows and statements, SQLite through unixODBC: 1,000,000 rows, 1000 here and 1000 there in turn, three times", ["what", "without tokenshim", "time with tokenshim : without"], [
        [name, f"{statistics.median(one for one, _ in each) / 1e3:.0f} µs", spread([two / one for one, two in each], ".3f")]
        for name, each in found.items()])


def connecting(folder: Path, provider) -> None:
    rows = []
    with PostgresCluster() as postgres, MariaDbServer() as mariadb:
        for server in (postgres, mariadb):
            server.role("app", TOKEN)
        for title, driver, keys, count in (
                ("PostgreSQL (psqlodbcw)", drivers.PSQLODBCW, postgres.keys(), 600), ("MariaDB (libmaodbc)", drivers.MARIADB, mariadb.keys(), 3000),
                ("SQLite, in memory", drivers.SQLITE, {"Database": ":memory:"}, 3000), ("the recorder, which connects to nothing", recorder.compile(), {}, 3000)):
            for token in (False, True):
                found = pairs(*_arguments(side_by_side(folder / f"{driver.name}{token}", driver, keys, provider, token), "connects", count))
                each = found["connect"]
                rows.append([title, "with a token" if token else "without", f"{statistics.median(one for one, _ in each) / 1e3:.0f} µs",
                             spread([(two - one) / 1e3 for one, two in each], "+.0f") + " µs", spread([two / one for one, two in each], ".3f")])
    table("SQLDriverConnect through unixODBC", ["driver", "tokenshim gets a token", "without tokenshim", "with tokenshim, more", "ratio"], rows)


def _arguments(side, program: str, count: int) -> tuple:
    home, direct, through = side
    return home, program, count, direct, through


def hooks(folder: Path, provider) -> None:
    home, _, through = side_by_side(folder, drivers.SQLITE, {"Database": ":memory:"}, provider, token=True)
    found = pairs(home, "tight", 2000, through, drivers.SQLITE, home.shim())
    table("Functions that tokenshim looks at, SQLite's driver called without a driver manager (2000 pairs of 2000 calls)",
          ["what", "without tokenshim", "with tokenshim, more"], [
              [name, f"{statistics.median(one for one, _ in each) / 2e3:.0f} ns", spread([(two - one) / 2e3 for one, two in each], "+.0f") + " ns"]
              for name, each in found.items()])


def instructions(folder: Path, provider) -> None:
    ways = TwoWays(OdbcHome(folder / "shim", RELEASE), OdbcHome(folder / "real"))
    ways.write(drivers.SQLITE, {"data": {"Database": ":memory:"}}, token_keys(provider, TokenTimeout=300))
    for home in (ways.direct, ways.shim):
        settle(home)
    bare = (drivers.SQLITE, ways.shim.shim())
    for title, program, dms in (("Instructions of a call, SQLite through unixODBC", ["instructions", "DSN=data"], ("unixodbc", "unixodbc")),
                                ("Instructions of a call that tokenshim looks at, SQLite's driver called without a driver manager",
                                 ["hooks", "DSN=data"], bare),
                                ("Instructions of a connect with a token that is kept, SQLite's driver called without a driver manager",
                                 ["opening", "DSN=data", "data"], bare)):
        direct, through = (callgrind.count(home, *program, dm=dm) for home, dm in zip((ways.direct, ways.shim), dms, strict=True))
        rows = []
        for name, count in direct.items():
            more = through[name].by_library.copy()
            more.subtract(count.by_library)
            in_c = more.pop("libc.so.6", 0)
            rows.append([name, *(f"{value / callgrind.CALLS:{form}}" for value, form in (
                (count.total, ".0f"), (more.total(), "+.0f"), (in_c, "+.0f")))])
        table(title, ["what", "without tokenshim", "more in all code but the C library's", "more in the C library"], rows)


def loading(folder: Path, provider) -> None:
    home, _, _ = side_by_side(folder, drivers.SQLITE, {"Database": ":memory:"}, provider, token=False)
    times: dict[Path, list[float]] = {drivers.SQLITE: [], home.shim(): []}
    memory: dict[str, list[tuple[int, int]]] = {}
    for _ in range(40):
        for file, each in times.items():
            loaded, *libraries = c_programs.run(home, HERE / "load.c", file, flags=FAST)
            each.append(int(loaded.split()[1]) / 1e6)
        kb: dict[str, list[int]] = {}
        for library, resident, private in map(str.split, libraries):
            kb[library] = [a + int(b) for a, b in zip(kb.get(library, [0, 0]), (resident, private), strict=True)]
        for library, values in kb.items():
            memory.setdefault(library, []).append(tuple(values))
    direct, through = times.values()
    rows = [["dlopen and the first name, SQLite's driver alone", spread(direct, ".2f") + " ms"], ["the same through tokenshim", spread(through, ".2f") + " ms"]]
    for name in (DRIVER_LIBRARY, CORE_LIBRARY):
        resident, private = (statistics.median(column) for column in zip(*memory[name], strict=True))
        rows.append([f"{name}: file, in memory, of it private to the process",
                     f"{(RELEASE / name).stat().st_size / 1024:.0f} kB, {resident:.0f} kB, {private:.0f} kB"])
    table("Loading the libraries (40 processes each)", ["what", "how much"], rows)


def main() -> None:
    version = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()
    print(f"Made by `make bench`, version {version}.")
    with tempfile.TemporaryDirectory() as folder, IdentityProvider() as provider:
        provider.always(replies.good_token(TOKEN))
        for step in sys.argv[1:] or STEPS:
            globals()[step](Path(folder) / step, provider)


if __name__ == "__main__":
    main()
