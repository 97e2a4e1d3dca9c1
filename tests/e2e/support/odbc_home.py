"""The ODBC configuration of one test: a folder with its own ini files and its own copies of tokenshim.

Nothing outside the folder is read: neither /etc nor the user's own files, by neither driver manager.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from . import leaks

REPOSITORY = Path(__file__).resolve().parents[3]
DRIVER_LIBRARY = "libtokenshim_driver.so"
CORE_LIBRARY = "libtokenshim.so"

Sections = dict[str, dict[str, object]]

_MAKING = threading.Lock()
"""Threads of a test that ask for a copy at once get a whole one."""


def build_folder() -> Path:
    """Where the libraries under test are: $TOKENSHIM_TARGET, or Cargo's debug folder."""
    return Path(os.environ.get("TOKENSHIM_TARGET") or REPOSITORY / "target" / "debug").absolute()


class OdbcHome:
    """
    home = OdbcHome(tmp_path)
    home.write({"PostgreSQL": {"Driver": home.shim(), "RealDriver": drivers.PSQLODBCW}},
               {"pg": {"Driver": "PostgreSQL", "Servername": "127.0.0.1"}})
    run_client(home, [call("SQLDriverConnectW", string="DSN=pg")])
    """

    def __init__(self, folder: Path, profile: Path | str | None = None):
        self.folder = Path(folder)
        self.libraries = Path(profile) if profile else build_folder()
        self.is_shims = False
        """tokenshim stands before some driver here: what comes back must hold no secret."""
        self.system = self.folder / "system"
        self.user = self.folder / "home"
        for each in (self.system, self.user):
            each.mkdir(parents=True, exist_ok=True)
        self.write({}, {})
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            # unixODBC takes the home folder from the password database: only ODBCINI keeps it off the user's own file.
            "HOME": str(self.user),
            "ODBCINI": str(self.user / ".odbc.ini"),
            "ODBCSYSINI": str(self.system),
            # For unixODBC ODBCINSTINI is the name of a file in ODBCSYSINI, for iODBC the full path of the user's file:
            # a test of one of them may set it; here iODBC gets its system files by the names that only it knows.
            "SYSODBCINI": str(self.system / "odbc.ini"),
            "SYSODBCINSTINI": str(self.system / "odbcinst.ini"),
        }
        """The whole environment of a child process. Tests add to it."""

    def shim(self, folder: str = "shim", name: str = DRIVER_LIBRARY) -> Path:
        """A copy of the driver library, with the core library beside it: each call with another folder or name
        makes a file of its own (own inode), which can serve one real driver more."""
        place = self.folder / folder
        copy, core = place / name, place / CORE_LIBRARY
        with _MAKING:
            place.mkdir(parents=True, exist_ok=True)
            if not copy.exists():
                shutil.copy(self._library(DRIVER_LIBRARY), copy)
            if not core.exists():
                core.symlink_to(self._library(CORE_LIBRARY))
        return copy

    def write(self, drivers: Sections | None = None, sources: Sections | None = None, user: bool = False,
              encoding: str = "utf-8") -> None:
        """Writes odbcinst.ini (driver sections) and odbc.ini (DSNs): the system's, or the user's."""
        for sections, name in ((drivers, "odbcinst.ini"), (sources, "odbc.ini")):
            if sections is not None:
                sections = {section: leaks.log_keys(keys) for section, keys in sections.items()}
                leaks.secrets_of(sections)
                self.is_shims |= any("RealDriver" in keys for keys in sections.values())
                path = self.user / f".{name}" if user else self.system / name
                path.write_text(ini_text(sections), encoding=encoding)

    def _library(self, name: str) -> Path:
        path = self.libraries / name
        if not path.exists():
            raise FileNotFoundError(f"{path} is not built: run `cargo build`, or set TOKENSHIM_TARGET")
        return path


def ini_text(sections: Sections) -> str:
    """The text of an ini file. A list as a value writes its key once for each item."""
    lines = []
    for section, keys in sections.items():
        lines.append(f"[{section}]")
        for key, value in keys.items():
            for item in value if isinstance(value, list) else [value]:
                lines.append(f"{key}={item}")
        lines.append("")
    return "\n".join(lines)
