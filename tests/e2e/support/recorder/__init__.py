"""The recorder: a driver that writes down every call it gets (see recorder.c).

    driver = recorder.compile("both", name="libsparkodbc_sb64.so")
    home.env["RECORDER_LOG"] = str(log)
    ...
    [connect] = [entry for entry in recorder.read(log) if entry["call"] == "SQLDriverConnectW"]
    assert "Auth_AccessToken=" in connect["string"]
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

from ..drivers import BUILT, once

SHAPES = {"ansi": ["-DHAS_A"], "wide": ["-DHAS_W"], "both": ["-DHAS_A", "-DHAS_W"], "suffixed": ["-DHAS_A", "-DHAS_W", "-DSUFFIXED"],
          "old": ["-DHAS_A", "-DOLD"],
          # As some drivers are: then the loader finds the driver manager's functions under names that the driver does not have.
          "linked": ["-DHAS_A", "-Wl,--no-as-needed", "-l:libodbc.so.2"]}
_SOURCE = Path(__file__).parent
DROP = 1
"""Of SQLFreeStmt: the statement itself is freed."""
FIXED = range(1 << 33, (1 << 33) + (1 << 24))
"""Where an application may have memory at the same addresses each time: then the driver must see these very addresses."""


def compile(shape: str = "both", name: str = "librecorder.so", wide_bytes: int = 2) -> Path:
    """The recorder in one of SHAPES under a file name; compiled when its source has changed. $RECORDER_FLAGS may
    have further flags for the compiler: those of a sanitizer."""
    more = os.environ.get("RECORDER_FLAGS", "").split()
    folder = BUILT / "recorder" / "".join([f"{shape}{wide_bytes}", *more])
    with once(folder):
        plain = folder / "librecorder.so"
        if not plain.exists() or plain.stat().st_mtime < max(each.stat().st_mtime for each in _SOURCE.glob("*.[ch]")):
            flags = SHAPES[shape] + (["-DSQL_WCHART_CONVERT"] if wide_bytes == 4 else [])
            # -Bsymbolic: its own calls stay its own, whatever else the process has loaded.
            subprocess.run(["cc", "-std=gnu2x", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-fPIC", "-shared", "-Wl,-Bsymbolic",
                            *flags, *more, "-o", f"{plain}.new", _SOURCE / "recorder.c", "-lpthread"], check=True)
            os.replace(f"{plain}.new", plain)
        named = folder / name
        if not named.exists() or named.stat().st_mtime < plain.stat().st_mtime:
            shutil.copy(plain, f"{named}.new")
            os.replace(f"{named}.new", named)
    return named


def read(log: Path) -> list[dict]:
    """The recorded calls, in order, each with the `code` that it returned, if it has."""
    calls: list[dict] = []
    under_way: dict[int, dict] = {}
    text = log.read_text("utf-8", "surrogateescape") if log.exists() else ""
    for line in text[: text.rfind("\n") + 1].splitlines():  # the last line may still be under way
        each = json.loads(line)
        if "call" not in each:
            under_way.pop(each["thread"])["code"] = each["code"]
            continue
        calls.append(each)
        if "code" not in each:
            under_way[each["thread"]] = each
    return calls


def comparable(calls: list[dict]) -> list[dict]:
    """The calls without what differs in each process: handles have a number each, in the order in which they were made."""
    handles: dict[int, tuple[str, int]] = {}
    made = itertools.count(1)
    compared = []
    for each in calls:
        if each["call"].startswith("SQLAlloc") or each["call"].startswith("SQLGetStmtAttr") and "out" in each:
            if each["out"] not in handles:  # a descriptor may be asked for twice
                handles[each["out"]] = f"handle {next(made)}", each["handle"]
        compared.append({key: _comparable(value, handles) for key, value in each.items() if key not in ("thread", "at")})
        if each["call"].startswith("SQLFree") and each.get("option", DROP) == DROP:  # its address may now be anything's
            gone = each["handle"]
            handles = {address: known for address, known in handles.items() if gone not in (address, known[1])}
    return compared


def _comparable(value, handles: dict[int, tuple[str, int]]):
    if not isinstance(value, int) or abs(value) < 1 << 32 or value in FIXED:
        return value
    return handles.get(value, ["address"])[0]
