"""The C programs under valgrind: every wrong step in memory is seen, and everything that is lost.

    mistakes = memory.mistakes(home, "connect", "W", "DSN=data", …, dm="iodbc")

Driver managers and drivers make mistakes of their own. So a program runs with and without tokenshim: of what is seen with it,
nothing may be tokenshim's, and nothing may be new.
"""

from __future__ import annotations

import os
import tempfile
import xml.etree.ElementTree as xml
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from . import c_programs, stories
from .odbc_home import OdbcHome

VALGRIND = ["valgrind", "-q", "--xml=yes", "--leak-check=full", "--show-leak-kinds=definite,indirect", "--num-callers=40",
            "--keep-debuginfo=yes", "--fair-sched=yes", "--child-silent-after-fork=no"]
# An Arc's pointer leads behind its counters, and what only such pointers lead to is for valgrind "possibly lost": it is not.

_C = ("libc.so", "libc-", "ld-linux", "libpthread", "vgpreload", "libm.so")
_DRIVER_MANAGERS = ("libodbc.so", "libiodbc.so")


@dataclass(frozen=True)
class Mistake:
    """What valgrind complains of, and where: the frames of the library that is to blame, and of what it calls."""

    kind: str
    library: str
    frames: tuple[str, ...]

    @property
    def is_tokenshims(self) -> bool:
        return self.library.startswith("libtokenshim")


def mistakes(home: OdbcHome, program: str, *arguments: object, run: Callable = c_programs.run, **options) -> set[Mistake]:
    """What the program, and each of its children, did wrong. It must end well all the same."""
    with tempfile.TemporaryDirectory() as folder:
        run(home, program, *arguments, under=[*VALGRIND, f"--xml-file={folder}/%p.xml"], timeout=400, **options)
        reports = [xml.parse(report) for report in Path(folder).glob("*.xml")]
    pids = {report.findtext("pid") for report in reports}
    found = set()
    for report in reports:
        # What belonged to a thread that the fork did not take along is lost in the child.
        is_child = report.findtext("ppid") in pids
        found |= {_mistake(error) for error in report.iter("error") if not (is_child and error.findtext("kind").startswith("Leak"))}
    assert reports
    return found


def _mistake(error: xml.Element) -> Mistake:
    """Whoever stands nearest to the mistake, the C library apart, is to blame."""
    frames = []
    library = ""
    for frame in error.find("stack").iter("frame"):
        object_ = Path(frame.findtext("obj", "?")).name
        own = not object_.startswith(_C)
        if library and own and object_ != library:
            break
        frames.append(f"{object_}:{frame.findtext('fn', '?')}")
        if own:
            library = object_
            if object_.startswith(_DRIVER_MANAGERS):
                break  # further frames there differ with the program's own function
    return Mistake(error.findtext("kind"), library, tuple(frames))


def few_or_all(few: list, all_stories: Iterable | None = None) -> list:
    """The stories to tell: all of them, with every driver, where the environment says so."""
    if not os.environ.get("TOKENSHIM_ALL_STORIES"):
        return few
    if all_stories is None:
        all_stories = ((program, *rest) for program in stories.PROGRAMS for rest in stories.WITH if stories.can_tell(program, rest[0]))
    return few + [each for each in all_stories if each not in few]
