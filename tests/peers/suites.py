"""The suites: what they are called, where they come from, how they are built and run, and against what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.odbc_home import OdbcHome

from . import outcome, sources
from .backends import MARIADB, MDBTOOLS, POSTGRES, POSTGRES_ANSI, SQL_SERVER, SQLITE, Backend

Build = Callable[["Suite"], Path | dict[str, Path]]


@dataclass(frozen=True, eq=False)
class Suite:
    name: str
    version: str
    fetch: Callable[[str, str], Path]
    build: Build
    """What `run` is given."""
    run: Callable[[object, str, OdbcHome], outcome.Outcomes]
    tests: dict[Backend, str]
    """Which of its tests are for a backend: pytest's arguments, or parts of their names."""
    features: str = ""

    @property
    def folder(self) -> Path:
        return self.fetch(self.name, self.version)

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}{f' ({self.features})' if self.features else ''}"


def _python(suite: Suite) -> Path:
    """Python's suites use the package as it is installed beside these tests."""
    import importlib.metadata
    installed = importlib.metadata.version(suite.name)
    if installed != suite.version:
        raise RuntimeError(f"{suite.name} {installed} is installed, but the suite is that of {suite.version}")
    return suite.folder


def _pip(suite: Suite) -> Path:
    """The package as published, beside its suite."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--upgrade", "--target", sources.PYTHON]
    subprocess.run([*pip, f"{suite.name}=={suite.version}"], check=True, timeout=600)
    return suite.folder


def run_pytest(folder: Path, tests: str, home: OdbcHome) -> outcome.Outcomes:
    report = home.folder / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", f"--junitxml={report}",
               f"--basetemp={home.folder / 'tmp'}", *tests.split()]
    environment = {**home.env, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(sources.PYTHON)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{tests} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return outcome.from_junit(report)


def _cargo(suite: Suite) -> dict[str, Path]:
    """The test programs by their names."""
    command = ["cargo", "test", "--locked", "--no-run", "--tests", "--message-format=json", "--features", suite.features]
    done = subprocess.run(command, cwd=suite.folder, stdout=subprocess.PIPE, check=True, timeout=3600,
                          env={**os.environ, "CARGO_TARGET_DIR": str(sources.PEERS / "cargo")})
    built = (json.loads(line) for line in done.stdout.splitlines())
    return {each["target"]["name"]: Path(each["executable"]) for each in built if each.get("executable") and each["profile"]["test"]}


def run_libtest(programs: dict[str, Path], filters: str, home: OdbcHome) -> outcome.Outcomes:
    """One test after the other: SQLite's have one file."""
    outcomes = {}
    work = home.folder / "work"
    work.mkdir(exist_ok=True)
    for name, program in programs.items():
        done = subprocess.run([program, "--test-threads=1", *filters.split()], cwd=work, timeout=1200, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**home.env, "RUST_BACKTRACE": "0"})
        outcomes |= outcome.from_libtest(done.stdout.decode(errors="replace"), name)
    return outcomes


_PYODBC = {SQLITE: "tests/sqlite_test.py", POSTGRES: "tests/postgresql_test.py", POSTGRES_ANSI: "tests/postgresql_test.py",
           MARIADB: "tests/mysql_test.py"}
_SQLALCHEMY = {MARIADB: "--dburi mysql+pyodbc://root:my-secret-pw@mysql test/dialect/test_suite.py test/dialect/mysql"}
_ODBC_API = {SQLITE: "sqlite_3", POSTGRES: "postgresql", POSTGRES_ANSI: "postgresql", MARIADB: "maria_db",
             MDBTOOLS: "mdbtools",
             # Each of the others waits 15 s for the server that is not there.
             SQL_SERVER: "access_token_conflicts_with_credentials connect::test_case_1_microsoft_sql_server"}

SUITES: Sequence[Suite] = (
    Suite("pyodbc", "5.5.0", sources.from_pypi, cache(_python), run_pytest, _PYODBC),
    Suite("sqlalchemy", "2.1.9", sources.from_pypi, cache(_pip), run_pytest, _SQLALCHEMY),
    Suite("odbc-api", "29.3.0", sources.from_crates_io, cache(_cargo), run_libtest, _ODBC_API, "derive,structured_logging"),
    Suite("odbc-api", "29.3.0", sources.from_crates_io, cache(_cargo), run_libtest, _ODBC_API, "derive,structured_logging,wide"),
)

FLAKY: dict[tuple[str, str], str] = {
}
"""Tests whose outcome changes from run to run without tokenshim too, by suite and name, and why."""
