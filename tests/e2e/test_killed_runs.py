"""A test run that is killed leaves no server behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from support.mariadb import MariaDbServer
from support.postgres import PostgresCluster

SECONDS = 30
RUN = """
import os, pathlib, threading
from conftest import authority, mariadb, postgres

def test_that_never_ends(postgres, mariadb):
    assert postgres.query("select 40 + 2") == mariadb.query("select 40 + 2") == "42"
    told = pathlib.Path(os.environ["TOLD"])
    told.with_suffix(".new").write_text(f"{os.getpid()}\\n{postgres._folder}\\n{mariadb._folder}\\n")
    told.with_suffix(".new").rename(told)
    threading.Event().wait()
"""


class Process:
    """A process, whoever started it, as long as nobody else gets its number."""

    def __init__(self, pid: int):
        self.pid, self.descriptor = pid, os.pidfd_open(pid)
        self.command = Path(f"/proc/{pid}/comm").read_text().strip()

    def has_ended(self, seconds: float) -> bool:
        return bool(select.select([self.descriptor], [], [], max(seconds, 0))[0])


def descendants(pid: int) -> list[Process]:
    """Who was started by a process, or by one that it started."""
    found = []
    with suppress(FileNotFoundError, ProcessLookupError):  # one that has ended since
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                with suppress(FileNotFoundError, ProcessLookupError):
                    found += [Process(child), *descendants(child)]
    return found


def end_in_time(processes: list[Process]) -> None:
    deadline = time.monotonic() + SECONDS
    left = [process.command for process in processes if not process.has_ended(deadline - time.monotonic())]
    assert not left


@pytest.fixture
def killed():
    """What a test may leave behind, should it fail."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        if not process.has_ended(0):
            signal.pidfd_send_signal(process.descriptor, signal.SIGKILL)
        os.close(process.descriptor)


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "with a worker"])
def test_a_run_that_is_killed_leaves_no_server_and_none_of_its_files_behind(tmp_path, killed, workers):
    (tmp_path / "test_run.py").write_text(RUN)
    told, output = tmp_path / "told", tmp_path / "output"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", f"--basetemp={tmp_path / 'inner'}", *workers]
    env = {**os.environ, "TOLD": str(told), "PYTHONPATH": str(Path(__file__).parent)}
    with open(output, "w") as file:
        run = subprocess.Popen([*command, "test_run.py"], cwd=tmp_path, stdout=file, stderr=file, env=env)
    deadline = time.monotonic() + 2 * SECONDS
    while not told.exists():
        assert run.poll() is None and time.monotonic() < deadline, output.read_text()
        time.sleep(0.02)
    pid, *folders = told.read_text().split()  # of the run, or of its worker
    servers = descendants(int(pid))
    killed += [*servers, Process(run.pid)]
    assert {"postgres", "mariadbd"} <= {process.command for process in servers}
    assert all(Path(folder).is_dir() for folder in folders)
    run.kill()
    run.wait()
    end_in_time(servers)
    assert not any(Path(folder).exists() for folder in folders)


@pytest.mark.parametrize("server", [PostgresCluster, MariaDbServer])
def test_a_server_ends_with_its_keeper(killed, server):
    with ExitStack() as stack:
        running = stack.enter_context(server())
        keeper = running._server.keeper
        killed += descendants(keeper.pid)
        assert killed
        keeper.kill()
        end_in_time(killed)


@pytest.mark.parametrize("server, table", [(PostgresCluster, "pg_stat_activity"), (MariaDbServer, "information_schema.processlist")])
def test_a_server_is_stopped_with_all_that_it_runs(killed, server, table):
    running = server().start()
    killed += descendants(running._server.keeper.pid)
    assert int(running.query(f"select count(*) from {table}")) > 0
    running.stop()
    assert all(process.has_ended(0) for process in killed) and not running._folder.exists()
