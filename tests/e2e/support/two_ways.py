"""Two configurations that differ in one thing: who is named by the driver's section, tokenshim or the real driver.

    ways.write(drivers.PSQLODBCW, {"data": postgres.keys()}, token_keys(identity_provider))
    through = run_client(ways.shim, [call("SQLDriverConnectW", string="DSN=data;UID=alice")])
    direct = run_client(ways.direct, [call("SQLDriverConnectW", string="DSN=data;UID=alice;PWD={token}")])
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from . import recorder
from .odbc_client import WIDE_BYTES, Step, run_client
from .odbc_home import OdbcHome, Sections

SECTION = "Engine"
"""The driver's section, in both configurations."""


def ini_encoding(dm: str, letter: str) -> str:
    """How the name of a DSN is written for calls with this letter: unixODBC takes a wide name's low bytes, Latin-1."""
    return "latin-1" if (dm, letter) == ("unixodbc", "W") else "utf-8"


class TwoWays:
    def __init__(self, shim: OdbcHome, direct: OdbcHome):
        self.shim, self.direct = shim, direct
        for home in (shim, direct):
            home.env["RECORDER_LOG"] = str(home.folder / "recorder.log")

    def write(self, real: Path, sources: Sections, token: dict[str, object] | None = None, encoding: str = "utf-8",
              **section: object) -> None:
        """One driver section and these DSNs of it; `token` are keys that only tokenshim would understand."""
        sources = {name: {"Driver": SECTION, **keys} for name, keys in sources.items()}
        self.direct.write({SECTION: {"Driver": real, **section}}, sources, encoding=encoding)
        self.shim.write({SECTION: {"Driver": self.shim.shim(), "RealDriver": real, **section, **(token or {})}}, sources,
                        encoding=encoding)

    def record(self, token: dict[str, object] | None = None, *, dm: str = "unixodbc", letter: str = "", shape: str = "both",
               sources: Sections | None = None, name: str = "librecorder.so") -> Path:
        """The recorder, under a file name, is the real driver of the DSNs `data` and `größe`, or of `sources`."""
        driver = recorder.compile(shape, name, WIDE_BYTES[dm])
        self.write(driver, sources or {"data": {}, "größe": {}}, token, encoding=ini_encoding(dm, letter))
        return driver

    def run(self, steps: list[dict], dm: str = "unixodbc", **options) -> tuple[list[Step], list[Step]]:
        """What `steps` give through tokenshim, and what they give without it."""
        return tuple(timeless(run_client(home, steps, dm, **options)) for home in (self.shim, self.direct))

    def raw_calls(self) -> list[dict]:
        """What the recorder was called with through tokenshim, with the very addresses."""
        return recorder.read(Path(self.shim.env["RECORDER_LOG"]))

    def calls(self, name: str | None = None) -> tuple[list[dict], list[dict]]:
        """What the recorder was called with, through tokenshim and without it; a handle is the number of the call that made it."""
        return tuple(_calls(home, name) for home in (self.shim, self.direct))


def timeless(steps: list[Step]) -> list[Step]:
    """The steps without what differs each time."""
    return [dataclasses.replace(step, seconds=0) for step in steps]


def token_keys(provider, **more: object) -> dict[str, object]:
    """For a driver section: a token from `provider`, which is the password where nothing else is said."""
    return {"TokenProfile": "password", "TokenSource": "client-credentials", "TokenEndpoint": f"{provider.url}/token",
            "TokenClientId": "me", "TokenClientSecret": "section-secret", **more}


def _calls(home: OdbcHome, name: str | None) -> list[dict]:
    calls = recorder.comparable(recorder.read(Path(home.env["RECORDER_LOG"])))
    return [each for each in calls if name is None or each["call"].removesuffix("W") == name]
