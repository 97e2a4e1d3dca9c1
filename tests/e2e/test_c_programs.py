"""Real C applications, each a story told with and without tokenshim: what they see is the same."""

from __future__ import annotations

import pytest

from support import c_programs, stories
from support.stories import FAILURES, TOKEN, WITH, can_tell

TOLD_ALIKE = ("connect", "browse", "odd_order", "threads", "forks")


@pytest.fixture
def story(request, ways, identity_provider):
    """`story("sqlite", "unixodbc", "W")`"""
    def write(real: str, dm, letter: str) -> stories.Story:
        return stories.Story(ways, dm, letter).write(real, identity_provider, request.getfixturevalue)
    return write


@pytest.mark.parametrize("real, dm, letter", WITH)
def test_each_story_goes_as_without_tokenshim(story, identity_provider, real, dm, letter):
    """Connecting in each way and working; handles that end in odd orders; many threads; and children of a fork."""
    story = story(real, dm, letter)
    for program in TOLD_ALIKE:
        if can_tell(program, real):
            direct, through = story.tell(program), story.tell(program, through=True)
            assert through == direct and direct, program
    assert identity_provider.requests


@pytest.mark.parametrize("letter", ["A", "W"])
@pytest.mark.parametrize("real", [real for real in stories.REAL if "psqlodbc" not in real])  # which writes another one in little room
def test_the_completed_string_comes_whole_or_as_its_beginning_into_buffers_of_every_size(story, real, letter):
    first, *sizes = story(real, "unixodbc", letter).tell("out_string", through=True)
    assert first.startswith("1 DSN=data;") and TOKEN not in first
    whole = len(first) - 2
    assert sizes == [f"{room}: 0 more, its beginning" for room in (whole + 1, whole, whole - 1, whole // 2, 2, 1, 0, -1, whole + 2)]


@pytest.mark.parametrize("letter", ["A", "W"])
@pytest.mark.parametrize("real, dm", [*((real, dm) for real in stories.RECORDERS for dm in ("unixodbc", "iodbc")), ("recorder", "no driver manager")])
def test_each_failure_is_one_record_however_it_is_read(story, ways, identity_provider, real, dm, letter):
    if dm == "no driver manager":
        dm = ways.shim.shim()
    story = story(real, dm, letter)
    assert sorted(story.tell("failures", through=True)) == sorted([*FAILURES, "28000"]), "and that of a server which refuses each token"
    scopes = [dict(request.form).get("scope") for request in identity_provider.requests]
    assert scopes.count("another") == 3, "the first, and two that replace one that was refused"


@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
def test_a_missing_driver_is_one_record_however_it_is_read(ways, dm):
    ways.shim.write({"Engine": {"Driver": ways.shim.shim(), "RealDriver": "/no/such/driver.so"}}, {"none": {"Driver": "Engine"}})
    for letter in "AW":
        assert c_programs.run(ways.shim, "failures", letter, "DSN=none", "IM003", dm=dm) == ["IM003"]
