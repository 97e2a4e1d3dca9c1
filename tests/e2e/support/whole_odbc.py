"""Runs an application that calls every function of ODBC's, in a process of its own.

    seen = run_whole_odbc(home, [("SQLDriverConnect", "DSN=data"), ("SQLConnect", "data")], dm="iodbc", letter="W", version=3.8)
"""

from __future__ import annotations

import json
from pathlib import Path

from .odbc_client import DRIVER_MANAGERS, WIDE_BYTES, run_program

PROGRAM = Path(__file__).with_name("whole_program.py")
VERSIONS = {2: 2, 3: 3, 3.8: 380}


def run_whole_odbc(home, connects: list[tuple[str, str]], dm: str, letter: str, version: float, env: dict[str, str] | None = None,
                   under: tuple[str, ...] = ()) -> list[list]:
    """What the application saw: for each call its name, its return code, and what it wrote, in hex. `under`: as in `run_program`."""
    script = {"library": DRIVER_MANAGERS[dm], "wide_bytes": WIDE_BYTES[dm], "letter": letter, "version": VERSIONS[version], "connects": connects}
    lines, stdout, stderr, end = run_program(PROGRAM, script, {**home.env, **(env or {})}, 60, under)
    assert not end, f"the application {end} after {lines[-3:]}\n{stderr}{stdout}"
    return lines
