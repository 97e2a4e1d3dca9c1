"""The databases that the suites talk to, and the ways to their drivers: direct, and through tokenshim."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support import drivers
from support.identity_provider import IdentityProvider
from support.mariadb import MariaDbServer
from support.odbc_home import OdbcHome
from support.postgres import PostgresCluster

WAYS = ("direct", "token", "untouched")
"""Without tokenshim; through it, with a token for a password; through it, with no token asked for."""


@dataclass(frozen=True)
class Backend:
    """A database, and the driver's section by which a suite finds it."""

    name: str
    section: str
    """The name that the suites have written down."""
    driver: Callable[[], Path]
    takes_token: bool = True

    @property
    def is_here(self) -> bool:
        return self.driver().exists()


BACKENDS = (
    SQLITE := Backend("SQLite", "SQLite3", lambda: drivers.SQLITE),
    POSTGRES := Backend("PostgreSQL", "PostgreSQL UNICODE", lambda: drivers.PSQLODBCW),
    POSTGRES_ANSI := Backend("PostgreSQL, ANSI driver", "PostgreSQL UNICODE", lambda: drivers.PSQLODBCA),
    MARIADB := Backend("MariaDB", "MariaDB Unicode", lambda: drivers.MARIADB),
    # No server: what its driver says of that must be the same too. It would take no password for a token.
    SQL_SERVER := Backend("SQL Server, none there", "ODBC Driver 18 for SQL Server", cache(drivers.microsoft), takes_token=False),
    MDBTOOLS := Backend("Access file", "MDBTools", lambda: drivers.LIBRARIES / "odbc" / "libmdbodbc.so"),
)


class Bench:
    """Servers, the identity provider, and for each backend and way a configuration. The names, passwords and ports are
    those that the suites have written down (odbc-api's and arrow-odbc's docker-compose.yml)."""

    postgres_account = ("test", "test")
    mariadb_account = ("root", "my-secret-pw")

    def __init__(self, folder: Path, postgres_port: int | None = None, mariadb_port: int | None = None):
        self.folder = folder
        self.token = f"eyJ.{secrets.token_urlsafe(24)}"
        self.provider = IdentityProvider(token=self.token)
        self.postgres, self.mariadb = PostgresCluster(), MariaDbServer()
        self.postgres.port = postgres_port or self.postgres.port
        self.mariadb.port = mariadb_port or self.mariadb.port
        self._running = ExitStack()

    def __enter__(self) -> Bench:
        for server in (self.provider, self.postgres, self.mariadb):
            self._running.enter_context(server)
        self._set_passwords(*(account[1] for account in (self.postgres_account, self.mariadb_account)))
        self.postgres.query("alter role test superuser")
        self.postgres.query("create database test owner test")
        for database in ("test_db", "test_schema", "test_schema_2"):  # the last two as sqlalchemy's README.unittests asks
            self.mariadb.query(f"create database {database} character set utf8mb4")
        return self

    def __exit__(self, *failure) -> None:
        self._running.__exit__(*failure)

    def home(self, backend: Backend, way: str) -> OdbcHome:
        """The configuration in which this backend is reached this way. With a token, nothing but the token opens the
        databases: the passwords that suites and data sources still have would be refused."""
        if way == "token":
            self._set_passwords(self.token, self.token)
        else:
            self._set_passwords(self.postgres_account[1], self.mariadb_account[1])
        home = OdbcHome(self.folder / backend.name.replace(", ", "-").replace(" ", "-") / way)
        home.write(self._sections(backend, way, home), self._sources(backend))
        return home

    def _set_passwords(self, postgres: str, mariadb: str) -> None:
        self.postgres.role(self.postgres_account[0], postgres)
        user = self.mariadb_account[0]
        self.mariadb.query(f"create or replace user '{user}'@'127.0.0.1' identified by '{mariadb}';"
                           f"grant all on *.* to '{user}'@'127.0.0.1' with grant option")

    def _sections(self, backend: Backend, way: str, home: OdbcHome) -> dict:
        if way == "direct":
            return {backend.section: {"Driver": backend.driver()}}
        section = {"Driver": home.shim(), "RealDriver": backend.driver()}
        if way == "token" and backend.takes_token:
            section |= {"TokenProfile": "password", "TokenSource": "client-credentials", "TokenEndpoint": f"{self.provider.url}/token",
                        "TokenClientId": "peers", "TokenClientSecret": "peers-secret", "TokenAllowedHosts": "localhost,127.0.0.1"}
        return {backend.section: section}

    def _sources(self, backend: Backend) -> dict:
        """The data sources that pyodbc's tests look for."""
        user, password = self.postgres_account
        if backend in (POSTGRES, POSTGRES_ANSI):
            keys = self.postgres.keys(Database="test", Username=user, Password=password)
            return {"pyodbc-postgres": {"Driver": backend.section, **keys}}
        if backend is MARIADB:
            user, password = self.mariadb_account
            return {"mysql": {"Driver": backend.section, **self.mariadb.keys(Database="test_db", UID=user, PWD=password)}}
        return {}
