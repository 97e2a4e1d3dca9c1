"""docs/invisible.md and docs/security.md name tests that are there."""

from __future__ import annotations

import re

import pytest

from support.odbc_home import REPOSITORY

PAGE, SECURITY = ((REPOSITORY / "docs" / name).read_text() for name in ("invisible.md", "security.md"))
RULES = 27
both_pages = pytest.mark.parametrize("page", [PAGE, SECURITY], ids=["invisible", "security"])
SHOWN = r"::\w+`|`make [\w-]+`"


def test_the_page_has_a_row_for_each_rule():
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.M)] == list(range(1, RULES + 1))


def test_each_row_says_what_shows_it():
    rows = re.findall(r"^\| (.+) \|$", PAGE, re.M)
    rules = [row for row in rows if re.match(r"\d", row)]
    besides = rows[rows.index("what | shown by") + 1:]
    assert len(rules) == RULES and len(besides) >= 4
    for row in rules + besides:
        assert re.search(SHOWN, row.rpartition(" | ")[2]), row


def test_each_attack_has_what_shows_that_it_fails():
    rows = [row for row in re.findall(r"^\| (.+) \|$", SECURITY, re.M) if not re.fullmatch(r".* \| (shown )?by", row)]
    assert len(rows) > 30
    for row in rows:
        assert re.search(SHOWN, row.rpartition(" | ")[2]), row


@both_pages
def test_every_test_that_a_page_names_is_there(page):
    named = re.findall(r"`([\w/.]+)::(\w+)`", page)
    assert len(named) > 40
    for file, name in named:
        path = REPOSITORY / (file if "/" in file else f"tests/e2e/{file}")
        assert path.is_file(), f"there is no {file}"
        assert re.search(rf"^ *(def|fn) {name}\(", path.read_text(), re.M), f"{file} has no {name}"


@both_pages
def test_every_target_that_a_page_names_is_in_the_makefile(page):
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([\w-]+)`", page))
    assert named and named <= targets
