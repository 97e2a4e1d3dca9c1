"""What a suite's tests came to, and how two runs of it differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Outcome:
    """`passed`, `failed` or `skipped`, and the test's own words where it did not pass."""

    result: str
    words: str = ""


Outcomes = dict[str, Outcome]

# What no two runs have in common: addresses, durations, random names, the folders of a run, and the test process's id.
_EACH_TIME = [
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "0x…"),
    (re.compile(r"/[^\s'\"]*/(?:direct|token|untouched)(?=[/'\"\s;])"), "<home>"),
    (re.compile(r"/tmp/[^\s'\";]+"), "<file>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?"), "<time>"),
    (re.compile(r"\b\d+\.\d+(s|ms|µs|ns)\b"), "<duration>"),
    # Random, and in sets whose order follows.
    (re.compile(r"[{(]*(?:\d+, )?UUID\(.*", re.S), "<UUIDs>"),
    (re.compile(r"(thread '[^']*') \(\d+\)"), r"\1"),
]


def words(text: str | None) -> str:
    """The words of a failure without what differs each time."""
    text = text or ""
    for pattern, replacement in _EACH_TIME:
        text = pattern.sub(replacement, text)
    return text.strip()


def from_junit(file: Path) -> Outcomes:
    """The outcomes in a JUnit file. The words are those of the exception, not of the traceback."""
    outcomes = {}
    for case in ElementTree.parse(file).iter("testcase"):
        result, said = "passed", []
        for child in case:
            if child.tag in ("failure", "error", "skipped"):
                result = "skipped" if child.tag == "skipped" and result == "passed" else "failed" if child.tag != "skipped" else result
                said.append(f"{child.tag}: {child.get('message', '')}")
        # Of several reasons to skip a test pytest names any.
        outcomes[f"{case.get('classname')}::{case.get('name')}"] = Outcome(result, "" if result == "skipped" else words("\n".join(said)))
    return outcomes


_LIBTEST = re.compile(r"^test (\S.*?)(?: - should panic)? \.\.\. (?:.*\n)??(ok|FAILED|ignored)(?:, .*|)$", re.M)
_LIBTEST_RESULTS = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}


def from_libtest(output: str, binary: str) -> Outcomes:
    """The outcomes of a Rust test binary that ran its tests one after the other."""
    said = dict(re.findall(r"^---- (\S.*?) stdout ----\n(.*?)(?=^---- |^failures:$|\Z)", output, re.M | re.S))
    outcomes = {f"{binary}::{name}": Outcome(_LIBTEST_RESULTS[result], words(said.get(name)))
                for name, result in _LIBTEST.findall(output)}
    counted = sum(int(number) for line in re.findall(r"^test result: .*", output, re.M)
                  for number in re.findall(r"(\d+) (?:passed|failed|ignored)", line))
    if counted != len(outcomes) or "test result:" not in output:
        raise RuntimeError(f"{binary} speaks of {counted} tests, and {len(outcomes)} were read:\n{output[-3000:]}")
    return outcomes


def differences(direct: Outcomes, through: Outcomes) -> list[str]:
    """The tests that came to something else, with both sides' words."""
    absent = Outcome("absent")
    found = []
    for test in sorted(direct.keys() | through.keys()):
        left, right = direct.get(test, absent), through.get(test, absent)
        if left != right:
            found.append(f"{test}\n    direct:  {left.result} {left.words}\n    through: {right.result} {right.words}")
    return found
