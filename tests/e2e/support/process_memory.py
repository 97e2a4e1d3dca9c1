"""What stands in the memory of another process, and what of it a core dump has.

    places = process_memory.places(pid, b"secret")          # in all of its memory
    assert all(place.is_left_out for place in places)       # of core dumps, so it said
    assert b"secret" not in process_memory.core(pid, folder)
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

WIDTHS = ("ascii", "utf-16-le", "utf-32-le")
"""A text may stand in memory in units of one, two or four bytes."""


@dataclass(frozen=True)
class Mapping:
    start: int
    end: int
    name: str
    is_left_out: bool
    """It has asked not to be in core dumps (VmFlags `dd`)."""


@dataclass(frozen=True)
class Place:
    """Where something was found."""

    mapping: Mapping
    around: bytes

    @property
    def is_left_out(self) -> bool:
        return self.mapping.is_left_out


def mappings(pid: int) -> list[Mapping]:
    found = []
    for part in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", Path(f"/proc/{pid}/smaps").read_text()):
        start, end, access, name = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", part).groups()
        flags = re.search(r"^VmFlags:(.*)$", part, re.M)[1].split()
        if access.startswith("r"):
            found.append(Mapping(int(start, 16), int(end, 16), name, "dd" in flags))
    return found


def places(pid: int, text: str) -> list[Place]:
    """Where `text` stands, in whatever width. The process should not run meanwhile."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for mapping in mappings(pid):
            try:
                memory.seek(mapping.start)
                held = memory.read(mapping.end - mapping.start)
            except (OSError, OverflowError):  # the kernel's own pages
                continue
            for at in (match.start() for width in WIDTHS for match in re.finditer(re.escape(text.encode(width)), held)):
                found.append(Place(mapping, held[max(at - 32, 0):at + 160]))
    return found


def core(pid: int, folder: Path) -> bytes:
    """A core dump of the process as it is now, by gdb, which leaves out what the kernel would leave out."""
    file = folder / "core"
    # Without the libraries' symbols, which take it long to read.
    steps = ["set auto-solib-add off", f"attach {pid}", f"gcore {file}"]
    command = ["gdb", "-q", "-nx", "-batch", *(part for step in steps for part in ("-ex", step))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert file.exists(), done.stdout + done.stderr
    try:
        return file.read_bytes()
    finally:
        file.unlink()
