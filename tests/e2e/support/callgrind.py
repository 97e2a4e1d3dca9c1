"""Instructions counted by callgrind, for each function that a program of tests/c dumps, and in each library.

    counts = callgrind.count(home, "instructions", "DSN=data")
    counts["SQLFetch"].code, counts["SQLFetch"].total, counts["SQLFetch"].by_library["libodbc.so.2.0.0"]
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from . import c_programs
from .odbc_home import OdbcHome

CALLS = 10
"""How often a program calls each function while it is counted (COUNTED in counted.h)."""

COMMAND = ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", "--compress-pos=no", "--fair-sched=yes"]


@dataclass(frozen=True)
class Count:
    code: str
    """What the last call returned."""
    by_library: Counter[str]
    """Instructions of all calls, in each library's own code."""

    @property
    def total(self) -> int:
        return self.by_library.total()


def count(home: OdbcHome, program: str, *arguments: object, **options) -> dict[str, Count]:
    with tempfile.TemporaryDirectory() as folder:
        under = [*COMMAND, f"--callgrind-out-file={folder}/out"]
        told = c_programs.run(home, program, *arguments, under=under, timeout=300, **options)
        dumps = dict(map(_dump, Path(folder).glob("out.*")))
    codes = dict(line.rsplit(" ", 1) for line in told)
    return {name: Count(code, dumps[name]) for name, code in codes.items()}


def _dump(file: Path) -> tuple[str, Counter[str]]:
    """The name of a dump, and its instructions by library."""
    text = file.read_text()
    name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
    names: dict[str, str] = {}
    costs: Counter[str] = Counter()
    library, of_callee = "", False
    for line in text.splitlines():
        if named := re.match(r"c?ob=(\(\d+\))(?: (.*))?$", line):
            number, path = named.groups()
            names.setdefault(number, Path(path or "?").name)
            if line.startswith("ob="):
                library = names[number]
        elif line.startswith("calls="):
            of_callee = True  # the next line is what the callee cost
        elif cost := re.match(r"(?:0x[0-9a-f]+|\d+) (\d+)$", line):
            costs[library] += 0 if of_callee else int(cost[1])
            of_callee = False
    return name[1] if name else "", costs
