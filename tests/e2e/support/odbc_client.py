"""Runs an ODBC program in a process of its own, so that its environment and its libraries are its own too.

    result = run_client(home, [
        call("SQLDriverConnectW", string="DSN=pg", out=200),
        call("SQLExecDirectW", sql="select 1"),
        call("SQLDisconnect"),
    ], dm="iodbc")
    assert result[0].code == "SQL_SUCCESS" and result[1].rows == [["1"]]

A step is named after the ODBC function it calls; `odbc_program.py` says which arguments each takes. Environment
and connection are allocated before the first step and freed after the last. After each call that did not succeed, its
diagnostic records are read. The process must end by itself, without a signal and in time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from . import leaks

DRIVER_MANAGERS = {"unixodbc": "libodbc.so.2", "iodbc": "libiodbc.so.2"}
WIDE_BYTES = {"unixodbc": 2, "iodbc": 4}
"""The width of a SQLWCHAR, on both sides of each driver manager."""
ALL_SIGNALS = ((1 << 64) - 1) & ~(1 << 8) & ~(1 << 18) & ~(1 << 31) & ~(1 << 32)
"""As a mask. SIGKILL and SIGSTOP cannot be blocked; the C library keeps 32 and 33 for itself and hides them."""
PROGRAM = Path(__file__).with_name("odbc_program.py")
SYMBOL_PROGRAM = Path(__file__).with_name("dlsym_program.py")


@dataclass(frozen=True)
class Record:
    """One diagnostic record."""

    state: str
    native: int
    message: str


@dataclass(frozen=True)
class Step:
    """What one call gave."""

    call: str
    code: str
    """`SQL_SUCCESS`, `SQL_ERROR` …"""
    out: str | None = None
    """The text in the out buffer."""
    length: int | None = None
    """What the call wrote to its StringLengthPtr (for W calls as the driver manager counts); None if it wrote nothing."""
    value: int | None = None
    bytes: str | None = None
    """An attribute's or an info's buffer, in hex."""
    overrun: bool = False
    """Something was written past the end of the out buffer."""
    native: int | None = None
    state: str | None = None
    rows: list[list[str | None]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    seconds: float = 0
    parallel: list = field(default_factory=list)
    threads: dict[str, str] = field(default_factory=dict)
    """The threads of the process and the signals each blocks."""

    @property
    def succeeded(self) -> bool:
        return self.code in ("SQL_SUCCESS", "SQL_SUCCESS_WITH_INFO")

    @staticmethod
    def parse(data: dict) -> Step:
        records = [Record(*record) for record in data.pop("records", [])]
        parallel = [[Step.parse(step) for step in steps] for steps in data.pop("parallel", [])]
        return Step(**data, records=records, parallel=parallel)


class Result(list):
    """The steps of a run, and what the process printed: a library has nothing to print there."""

    stdout: str
    stderr: str


def call(function: str, **arguments) -> dict:
    """One step for `run_client`."""
    return {"call": function, **arguments}


def run_client(home, steps: list[dict], dm: str | Path = "unixodbc", *, version: float = 3, wide_bytes: int | None = None,
               timeout: float = 30, handles: bool = True, env: dict[str, str] | None = None, under: tuple[str, ...] = ()) -> Result:
    """Runs `steps` and returns what each gave.

    `home` is an `OdbcHome` (or anything with `env`); `dm` a name in DRIVER_MANAGERS, or the path of a driver that is
    called without any driver manager; `version` the ODBC version asked for (2, 3, 3.8); `wide_bytes` the width of a
    SQLWCHAR (default 4 for iODBC, else 2); with `handles=False` the steps allocate and free handles themselves; `env` adds to the
    environment; the program runs `under` another one if so.
    """
    script = {
        "library": DRIVER_MANAGERS.get(str(dm), str(dm)),
        "is_driver_manager": str(dm) in DRIVER_MANAGERS,
        "wide_bytes": wide_bytes or WIDE_BYTES.get(str(dm), 2),
        "version": {2: 2, 3: 3, 3.8: 380}[version],
        "handles": handles,
        "steps": steps,
    }
    lines, stdout, stderr, end = run_program(PROGRAM, script, {**home.env, **(env or {})}, timeout, under)
    steps_done = [line for line in lines if "started" not in line]
    if getattr(home, "is_shims", False):
        leaks.client_said(script, steps_done, stderr)
    if end:
        begun = [line["started"] for line in lines if "started" in line]
        raise AssertionError(f"the ODBC program {end}, last in {begun[-1] if begun else 'its start'}\n"
                             f"before that: {json.dumps(steps_done[-5:])}\nstderr: {stderr}\nstdout: {stdout}")
    result = Result(Step.parse(line) for line in steps_done)
    result.stdout, result.stderr = stdout, stderr
    return result


def dlsym_table(env: dict[str, str], shim_path: Path, real_path: Path, names: list[str], now: bool = False) -> dict[str, str]:
    """What `dlsym` answers for each name: `absent` (in both), `equal`, `different`, `only shim`, `only real`.

    The shim is opened first, as a driver manager would: lazily like unixODBC, or `now` like iODBC.
    """
    script = {"shim": str(shim_path), "real": str(real_path), "names": list(names), "now": now}
    lines, stdout, stderr, end = run_program(SYMBOL_PROGRAM, script, env, 60)
    assert not end, f"the look-up {end} after {lines[-1:]}\n{stderr}{stdout}"
    return {name: answer for line in lines for name, answer in line.items()}


def run_program(program: Path, script: dict, env: dict[str, str], timeout: float, under: tuple[str, ...] = ()):
    """Runs a program that writes a JSON line for each thing it did, `under` another program if so. Returns the lines, its output,
    and how it ended when it did not end well."""
    reading, writing = os.pipe()
    process = subprocess.Popen([*under, sys.executable, "-I", "-X", "faulthandler", str(program), str(writing)], env=env,
                               pass_fds=[writing], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as report:
        lines: list[dict] = []
        reader = threading.Thread(target=lambda: lines.extend(map(json.loads, report)), daemon=True)
        reader.start()
        end = None
        try:
            stdout, stderr = process.communicate(json.dumps(script).encode(), timeout)
            if process.returncode < 0:
                end = f"died of {signal.Signals(-process.returncode).name}"
            elif process.returncode:
                end = f"failed with exit status {process.returncode}"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            end = f"did not end within {timeout} s"
        reader.join(5)
        return list(lines), stdout.decode(errors="replace"), stderr.decode(errors="replace"), end

