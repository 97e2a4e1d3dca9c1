"""docs/invisible.md names tests that are there."""

from __future__ import annotations

import re

from support.odbc_home import REPOSITORY

PAGE = (REPOSITORY / "docs" / "invisible.md").read_text()
RULES = 27


def test_the_page_has_a_row_for_each_rule():
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.M)] == list(range(1, RULES + 1))


def test_each_row_says_what_shows_it():
    rows = re.findall(r"^\| (.+) \|$", PAGE, re.M)
    rules = [row for row in rows if re.match(r"\d", row)]
    besides = rows[rows.index("what | shown by") + 1:]
    assert len(rules) == RULES and len(besides) >= 4
    for row in rules + besides:
        assert re.search(r"::\w+`|`make [\w-]+`", row.rpartition(" | ")[2]), row


def test_every_test_that_the_page_names_is_there():
    named = re.findall(r"`([\w/.]+)::(\w+)`", PAGE)
    assert len(named) > 40
    for file, name in named:
        path = REPOSITORY / (file if "/" in file else f"tests/e2e/{file}")
        assert path.is_file(), f"there is no {file}"
        assert re.search(rf"^ *(def|fn) {name}\(", path.read_text(), re.M), f"{file} has no {name}"


def test_every_target_that_the_page_names_is_in_the_makefile():
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([\w-]+)`", PAGE))
    assert named and named <= targets
