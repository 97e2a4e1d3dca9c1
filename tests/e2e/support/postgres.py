"""A throwaway PostgreSQL cluster whose roles have passwords: the server itself decides whether a token arrived."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .server_process import ServerProcess

OWNER = "postgres"
"""The system user that runs the server when the tests run as root, which PostgreSQL refuses."""
_ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


class PostgresCluster:
    """Listens on loopback only, authenticates by scram-sha-256 only. TLS is offered when a certificate is given."""

    host = "127.0.0.1"
    database = "postgres"
    superuser = "postgres"
    superuser_password = "superuser-password"

    def __init__(self, certificate: bytes | None = None, key: bytes | None = None):
        """`certificate` and `key` are PEM."""
        self.port = free_port()
        self._programs = _server_programs()
        self._as_owner = {"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="tokenshim-postgres-"))
        self._data = self._folder / "data"
        self._server: ServerProcess | None = None
        self._tls = {"server.crt": certificate, "server.key": key} if certificate and key else {}

    def start(self) -> PostgresCluster:
        if self._as_owner:
            shutil.chown(self._folder, OWNER, OWNER)
        password = self._own_file("password", self.superuser_password.encode())
        self._run("initdb", "-D", self._data, "-U", self.superuser, "-A", "scram-sha-256", f"--pwfile={password}",
                  "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        settings = {"listen_addresses": self.host, "port": self.port, "unix_socket_directories": "", "fsync": "off",
                    "shared_buffers": "16MB", "log_connections": "on"}
        for name, pem in self._tls.items():
            self._own_file(f"data/{name}", pem)
            settings["ssl"] = "on"
        command = [self._programs / "postgres", "-D", self._data, *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))]
        # SIGQUIT is PostgreSQL's immediate shutdown.
        self._server = ServerProcess(self._folder, command, self._folder / "log", signal.SIGQUIT, OWNER if self._as_owner else "", _ENVIRONMENT)
        deadline = time.monotonic() + 30
        while not self._is_up():
            if self._server.has_ended or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not come up: {self.log}")
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        if self._server:
            self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()

    def role(self, name: str, password: str) -> None:
        """Creates a role that may log in with `password`, or gives an existing one that password."""
        quoted, literal = name.replace('"', '""'), password.replace("'", "''")
        exists = self.query(f"select 1 from pg_roles where rolname = '{name}'")
        self.query(f"{'alter' if exists else 'create'} role \"{quoted}\" login password '{literal}'")

    def query(self, sql: str) -> str:
        """Runs a statement as the superuser; the rows as psql writes them."""
        environment = {"PGPASSWORD": self.superuser_password, **_ENVIRONMENT}
        psql = [self._programs / "psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", self.host,
                "-p", str(self.port), "-U", self.superuser, "-d", self.database]
        done = subprocess.run(psql, input=sql, env=environment, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    @property
    def log(self) -> str:
        """The server's log: what it thought of those who knocked."""
        return (self._folder / "log").read_text(errors="replace")

    def keys(self, **more: object) -> dict[str, object]:
        """The keys with which psqlodbc finds this server, for a DSN or a connection string."""
        return {"Servername": self.host, "Port": self.port, "Database": self.database, **more}

    def _own_file(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        if self._as_owner:
            shutil.chown(path, OWNER, OWNER)
        return path

    def _is_up(self) -> bool:
        """As pg_ctl knows it: the eighth line of this file says so."""
        with contextlib.suppress(FileNotFoundError):
            return [line.strip() for line in (self._data / "postmaster.pid").read_text().splitlines()[7:]] == ["ready"]
        return False

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd="/", timeout=60, env=_ENVIRONMENT, **self._as_owner)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}")


def _server_programs() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    raise FileNotFoundError("no PostgreSQL server: install Debian's package postgresql")


def free_port() -> int:
    """A port that nobody listens on, below those that the system hands to clients: it stays free until a server takes it."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
