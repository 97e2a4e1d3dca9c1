"""A throwaway MariaDB server whose accounts have passwords: the server itself decides whether a token arrived."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from .postgres import free_port
from .server_process import ServerProcess

PROGRAM = Path("/usr/sbin/mariadbd")
# Where MariaDB 10 and 11 have the statements that make their own tables.
_TABLES = [Path("/usr/share/mysql/mysql_system_tables"), Path("/usr/share/mariadb/mariadb_system_tables")]


class MariaDbServer:
    """Listens on loopback only, authenticates by password."""

    host = "127.0.0.1"
    database = "test"

    def __init__(self):
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="tokenshim-mariadb-"))
        self._socket = self._folder / "socket"
        self._server: ServerProcess | None = None

    def start(self) -> MariaDbServer:
        if not PROGRAM.exists():
            raise FileNotFoundError("no MariaDB server: install Debian's packages mariadb-server-core and mariadb-client-core")
        data = self._folder / "data"
        data.mkdir()
        # As mariadb-install-db does, which needs more packages.
        tables = "create database mysql;\ncreate database test;\nuse mysql;\n"
        made = next(path for path in _TABLES if Path(f"{path}.sql").exists())
        for name in (f"{made}.sql", f"{made}_data.sql"):
            tables += Path(name).read_text() + "\n"
        with open(self._folder / "log", "a") as log:
            subprocess.run([*self._command, "--bootstrap"], input=tables, text=True, check=True, stdout=subprocess.DEVNULL, stderr=log, timeout=60)
        command = [*self._command, f"--port={self.port}", f"--bind-address={self.host}", "--skip-name-resolve"]
        self._server = ServerProcess(self._folder, command, self._folder / "log", signal.SIGKILL)
        deadline = time.monotonic() + 30
        while not self._is_up():
            if self._server.has_ended or time.monotonic() > deadline:
                raise RuntimeError(f"mariadbd does not come up: {self.log}")
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        if self._server:
            self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()

    def role(self, name: str, password: str) -> None:
        """Creates an account that may log in with `password`, or gives an existing one that password."""
        literal = password.replace("\\", "\\\\").replace("'", "''")
        self.query(f"create or replace user '{name}'@'127.0.0.1' identified by '{literal}'; grant all on {self.database}.* to '{name}'@'127.0.0.1'")

    def query(self, sql: str) -> str:
        """Runs a statement as root; the rows as the command-line client writes them."""
        done = subprocess.run(self._client, input=sql, text=True, capture_output=True, timeout=30, env={"PATH": os.environ["PATH"]})
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def keys(self, **more: object) -> dict[str, object]:
        """The keys with which MariaDB's driver finds this server, for a DSN or a connection string."""
        return {"Server": self.host, "Port": self.port, "Database": self.database, **more}

    @property
    def _command(self) -> list[str]:
        # A tmpdir of its own: a server that starts removes every temporary table that it finds in there.
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        return [str(PROGRAM), "--no-defaults", f"--datadir={self._folder / 'data'}", f"--socket={self._socket}",
                f"--pid-file={self._folder / 'pid'}", f"--tmpdir={self._folder}",
                "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M", "--innodb-flush-log-at-trx-commit=0", *as_root]

    @property
    def _client(self) -> list[str]:
        return ["mariadb", "--no-defaults", f"--socket={self._socket}", "-u", "root", "-N", "-B"]

    def _is_up(self) -> bool:
        return subprocess.run([*self._client, "-e", "select 1"], capture_output=True, timeout=10).returncode == 0
