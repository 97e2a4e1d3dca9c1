"""The table of clients: real programs and libraries that speak ODBC. For each: who brings it, how its story is run, and on what.

Each story is the same, told in the client's own language in the folder of its name: sign in to the DSN `data`, make a table,
insert rows with parameters, read them, show their types, make mistakes, list the tables, leave. Where a client cannot do a part
of that (isql has no parameters) its story is without it.

Run as a program it prints the packages to install: `python3 -m clients.table debian all`, or `pypi`, `npm`, and `light`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "target" / "clients"
PYTHON = BUILT / "python" / "bin" / "python"
NODE = BUILT / "node"

PSQLODBCW, PSQLODBCA, MARIADB = "psqlodbcw", "psqlodbca", "MariaDB"
PYPI, NPM = "PyPI", "npm"
# What a client cannot show that tells no SQLSTATE.
SQLSTATES = ("42P01", "42S02", "28000")


@dataclass(frozen=True)
class Client:
    name: str
    packages: str
    """What installs it, in that order: the first is the client itself, and its version is the one shown."""
    story: str
    """The file of its story, in `tests/clients`."""
    program: tuple[str, ...]
    """The command; `{story}` in it stands for the file, which otherwise comes as the standard input."""
    origin: str = "Debian"
    driver: str = PSQLODBCW
    linked_in: str = ""
    """Its driver manager, where that is a part of its program."""
    is_light: bool = True
    """Whether its packages are small enough for `make test`."""
    silent: tuple[str, ...] = ()
    """Words of the story (below) that this client cannot show."""
    tells_why: bool = True
    """Whether it shows why a connect failed, whoever refused it."""
    env: dict[str, str] = field(default_factory=dict)

    @property
    def server(self) -> str:
        """The fixture that is the server of its driver."""
        return "mariadb" if self.driver == MARIADB else "postgres"

    @property
    def user_key(self) -> str:
        """How the driver calls the user in a DSN."""
        return "User" if self.driver == MARIADB else "Username"

    @property
    def command(self) -> list[str]:
        return [part.format(story=HERE / self.story) for part in self.program]

    @property
    def stdin(self) -> Path | None:
        return None if any("{story}" in part for part in self.program) else HERE / self.story

    @property
    def words(self) -> list[str]:
        """What its story has to show, so that nobody compares nothing with nothing."""
        no_table = {MARIADB: "42S02"}.get(self.driver, "42P01")
        return [word for word in ("alice", "Zoë", "日本", "people", "nowhere", no_table) if word not in self.silent]


def debian(name: str, packages: str, story: str, *program: str, **more) -> Client:
    return Client(name, packages, story, program, **more)


def cpp(libraries: str) -> tuple[str, ...]:
    return "sh", "-c", f"g++ -w -o story {{story}} {libraries} && exec ./story"


def pypi(name: str, packages: str, story: str, *, arguments: tuple[str, ...] = (), **more) -> Client:
    return Client(name, packages, story, (str(PYTHON), "{story}", *arguments), origin=PYPI, **more)


CLIENTS = [
    debian("isql", "unixodbc", "isql/story.sql", "isql", "-v", "-b", "data", "alice"),
    debian("iusql", "unixodbc", "isql/story.sql", "iusql", "-v", "-b", "data", "alice", silent=SQLSTATES),
    debian("iodbctest", "iodbc", "iodbctest/story.sql", "iodbctest", "DSN=data", driver=PSQLODBCA, linked_in="iODBC, linked in"),
    debian("bsqlodbc", "freetds-bin", "bsqlodbc/story.sql", "bsqlodbc", "-S", "data", "-U", "alice", "-P", "", silent=("28000",)),
    debian("Perl DBD::ODBC", "libdbd-odbc-perl", "perl/story.pl", "perl", "{story}"),
    debian("PHP odbc", "php-odbc php-cli", "php/odbc.php", "php", "{story}"),
    debian("PHP pdo_odbc", "php-odbc php-cli", "php/pdo_odbc.php", "php", "{story}"),
    debian("R RODBC", "r-cran-rodbc", "r/story.R", "Rscript", "--vanilla", "{story}"),
    # Debian's build calls functions of its own that stand for a missing driver manager, unless one is there before it.
    debian("Ruby-ODBC", "ruby-odbc", "ruby/story.rb", "ruby", "{story}", env={"LD_PRELOAD": "libodbc.so.2"}),
    debian("Tcl tdbc::odbc", "tcl8.6-tdbc-odbc tcl8.6", "tcl/tdbc.tcl", "tclsh8.6", "{story}"),
    debian("Qt QODBC (PyQt5)", "libqt5sql5-odbc python3-pyqt5.qtsql", "qt/story.py", "/usr/bin/python3", "{story}", silent=SQLSTATES),
    debian("Erlang odbc", "erlang-odbc", "erlang/story.escript", "escript", "{story}", is_light=False),
    debian("Pike Sql.odbc", "pike8.0-odbc", "pike/story.pike", "pike8.0", "{story}", silent=("Zoë", "日本"), is_light=False),
    debian("SWI-Prolog odbc", "swi-prolog-odbc", "prolog/story.pl", "swipl", "{story}", is_light=False),
    debian("tclodbc", "tclodbc tcl8.6", "tclodbc/story.tcl", "tclsh8.6", "{story}", is_light=False),
    debian("Mono System.Data.Odbc", "libmono-system-data4.0-cil mono-runtime mono-mcs", "mono/story.cs",
           "sh", "-c", "mcs -r:System.Data.dll -out:story.exe {story} && exec mono story.exe", is_light=False),
    debian("GDAL ogrinfo", "gdal-bin", "gdal/story.sh", "sh", "{story}", is_light=False, tells_why=False),
    debian("POCO Data::ODBC", "libpocodataodbc80 libpoco-dev g++", "poco/story.cpp",
           *cpp("-lPocoDataODBC -lPocoData -lPocoFoundation"), is_light=False),
    # It shows four bytes of the native code that nobody has written.
    debian("Free Pascal SQLdb", "fp-units-db fp-units-fcl fp-compiler", "pascal/story.pas",
           "sh", "-c", "fpc -v0 -o./pascal-story {story} >fpc.log && ./pascal-story 2>&1 | sed 's/NativeError: [0-9]*/NativeError: …/'", is_light=False),
    debian("CLSQL", "cl-sql-odbc sbcl", "clsql/story.lisp", "sbcl", "--script", "{story}", is_light=False),
    debian("Gambas gb.db.odbc", "gambas3-gb-db-odbc gambas3-scripter gambas3-devel", "gambas/story.gbs",
           "sh", "-c", "gbs3 {story} 2>&1 | grep -v 'allocation(s) non freed'", is_light=False),
    debian("LibreOffice Base", "libreoffice-base-nogui python3-uno", "libreoffice/story.py", "/usr/bin/python3", "{story}", is_light=False),
    pypi("pyodbc", "pyodbc==5.5.0", "pyodbc/story.py"),
    pypi("SQLAlchemy", "SQLAlchemy==2.1.9 pyodbc==5.5.0", "sqlalchemy/story.py"),
    pypi("SQLAlchemy, get_engine", "SQLAlchemy==2.1.9 pyodbc==5.5.0 azure-identity==1.27.0", "sqlalchemy/get_engine.py"),
    pypi("SQLAlchemy, MariaDB", "SQLAlchemy==2.1.9 pyodbc==5.5.0", "sqlalchemy/story.py", arguments=("mysql",), driver=MARIADB),
    pypi("arrow-odbc", "arrow-odbc==10.6.2", "arrow_odbc/story.py"),
    pypi("ceODBC", "ceODBC==3.1", "ceodbc/story.py", is_light=False, silent=SQLSTATES),
    pypi("DuckDB odbc_scanner", "duckdb-extension-odbc-scanner==1.5.5 duckdb-extensions==1.5.5 duckdb==1.5.5", "duckdb/story.py", is_light=False),
    pypi("pypyodbc", "pypyodbc==1.3.6", "pypyodbc/story.py"),
    Client("node odbc", "odbc@2.6.0", "node/story.js", ("node", "{story}"), origin=NPM, is_light=False,
           env={"NODE_PATH": str(NODE / "node_modules")}),
]


def packages(origin: str, size: str) -> list[str]:
    """What to install, each once."""
    wanted = [client for client in CLIENTS if client.origin.lower() == origin and (client.is_light or size == "all")]
    return list(dict.fromkeys(package for client in wanted for package in client.packages.split()))


if __name__ == "__main__":
    print(*packages(*sys.argv[1:]))
