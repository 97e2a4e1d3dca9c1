"""The recorder: a driver that writes down every call it gets (see recorder.c).

    driver = recorder.compile("both", name="libsparkodbc_sb64.so")
    home.env["RECORDER_LOG"] = str(log)
    ...
    [connect] = [entry for entry in recorder.read(log) if entry["call"] == "SQLDriverConnectW"]
    assert "Auth_AccessToken=" in connect["string"]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from ..drivers import BUILT, once

SHAPES = {"ansi": ["-DANSI"], "wide": ["-DWIDE"], "both": ["-DANSI", "-DWIDE"], "suffixed": ["-DANSI", "-DWIDE", "-DSUFFIXED"]}
_SOURCE = Path(__file__).parent


def compile(shape: str = "both", name: str = "librecorder.so", wide_bytes: int = 2) -> Path:
    """The recorder in one of SHAPES under a file name; compiled when its source has changed."""
    folder = BUILT / "recorder" / f"{shape}{wide_bytes}"
    with once(folder):
        plain = folder / "librecorder.so"
        if not plain.exists() or plain.stat().st_mtime < max(each.stat().st_mtime for each in _SOURCE.glob("*.[ch]")):
            flags = SHAPES[shape] + (["-DSQL_WCHART_CONVERT"] if wide_bytes == 4 else [])
            # -Bsymbolic: its own calls stay its own, whatever else the process has loaded.
            subprocess.run(["cc", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-fPIC", "-shared", "-Wl,-Bsymbolic",
                            *flags, "-o", f"{plain}.new", _SOURCE / "recorder.c", "-lpthread"], check=True)
            os.replace(f"{plain}.new", plain)
        named = folder / name
        if not named.exists() or named.stat().st_mtime < plain.stat().st_mtime:
            shutil.copy(plain, f"{named}.new")
            os.replace(f"{named}.new", named)
    return named


def read(log: Path) -> list[dict]:
    """The recorded calls, in order."""
    return [json.loads(line) for line in log.read_text("utf-8", "surrogateescape").splitlines()] if log.exists() else []
