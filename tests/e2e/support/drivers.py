"""Where the real drivers are: Debian's packages, and Microsoft's and IBM's out of PyPI wheels.

    drivers.PSQLODBCW                 # /usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so
    drivers.microsoft()               # …/target/e2e/msodbcsql/…/lib/libmsodbcsql-18.6.so.2.1
    drivers.microsoft_rust()          # …/target/e2e/mssql-rust/…/lib/mssqlodbc.so
    drivers.db2()                     # …/target/e2e/db2/clidriver/lib/libdb2.so.1
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import sysconfig
import zipfile
from contextlib import contextmanager
from pathlib import Path

from .odbc_home import REPOSITORY

BUILT = REPOSITORY / "target" / "e2e"
"""What tests fetch or compile once and keep."""

LIBRARIES = Path("/usr/lib") / (sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu")
_DEBIAN = LIBRARIES / "odbc"

PSQLODBCW = _DEBIAN / "psqlodbcw.so"
PSQLODBCA = _DEBIAN / "psqlodbca.so"
SQLITE = _DEBIAN / "libsqlite3odbc.so"
MARIADB = _DEBIAN / "libmaodbc.so"
FREETDS = _DEBIAN / "libtdsodbc.so"
DEBIAN = [PSQLODBCW, PSQLODBCA, SQLITE, MARIADB, FREETDS]

MICROSOFT_WHEEL = "mssql-python-odbc==18.6.2.2"
MICROSOFT_RUST_WHEEL = "mssql-python-rs==0.3.0"
DB2_WHEEL = "ibm_db==3.3.0"


def microsoft() -> Path:
    """Microsoft's driver for SQL Server. It finds its texts in `../share/resources`, so the wheel is unpacked whole."""
    return _out_of(MICROSOFT_WHEEL, "msodbcsql", "mssql_python_odbc/libs/linux/debian_ubuntu/x86_64/lib/libmsodbcsql-*.so.*")


def microsoft_rust() -> Path:
    """Microsoft's newer driver for SQL Server, written in Rust."""
    return _out_of(MICROSOFT_RUST_WHEEL, "mssql-rust", "mssql_py_core/libs/linux/glibc/x86_64/lib/mssqlodbc.so")


def db2() -> Path:
    """IBM's driver for Db2, which finds its libraries and its messages beside it."""
    return _out_of(DB2_WHEEL, "db2", "clidriver/lib/libdb2.so.1")


def _out_of(package: str, name: str, library: str) -> Path:
    """The library that fits a pattern in a wheel, which is unpacked in a folder of this name."""
    folder = BUILT / name
    with once(folder):
        if not list(folder.glob(library)):
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder]
            subprocess.run([*pip, package], check=True, timeout=300)
            for wheel in folder.glob("*.whl"):
                zipfile.ZipFile(wheel).extractall(folder)
                wheel.unlink()
    return sorted(folder.glob(library))[0]


@contextmanager
def once(folder: Path):
    """Makes the folder, and lets one process at a time fill it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
