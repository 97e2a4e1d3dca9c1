"""The stories in C with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer in the program and the recorder, and
AddressSanitizer in tokenshim's core too: the driver library can do without, and must, because a sanitizer's code binds to
names of the library itself, which are indirect functions there. Built and run by `make memory`; `make test` does not
know this file."""

from __future__ import annotations

import os
import subprocess

import pytest

from support import c_api, stories
from support.odbc_home import CORE_LIBRARY, build_folder

FLAGS = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")
# iODBC itself reads beyond its buffers for completed strings, and loses memory; valgrind tells apart whose fault is which.
TOLD = [(program, real, dm, letter) for program in stories.PROGRAMS for real, dm, letter in stories.WITH
        if real in stories.RECORDERS and stories.can_tell(program, real) and (program, dm) != ("out_string", "iodbc")]


def test_the_libraries_under_test_are_sanitized():
    symbols = subprocess.run(["nm", "-D", "--undefined-only", build_folder() / CORE_LIBRARY], capture_output=True, text=True, check=True).stdout
    assert "__asan_init" in symbols, "set TOKENSHIM_TARGET as `make memory` does"


@pytest.mark.parametrize("program, real, dm, letter", TOLD)
def test_no_sanitizer_finds_anything(request, ways, identity_provider, monkeypatch, program, real, dm, letter):
    monkeypatch.setenv("RECORDER_FLAGS", " ".join(FLAGS))
    story = stories.Story(ways, dm, letter).write(real, identity_provider, request.getfixturevalue)
    # Under a statement that is still there the recorder's connection goes without it, as the driver manager wants it. In a child what
    # belonged to a thread that the fork did not take along is lost: valgrind knows children from parents.
    leaks = int(dm != "iodbc" and program not in ("odd_order", "forks"))
    options = {"ASAN_OPTIONS": f"detect_leaks={leaks}:detect_stack_use_after_return=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    for through in (False, True):
        told = story.tell(program, through, flags=FLAGS, env=options, timeout=120)
        assert told


@pytest.mark.parametrize("story", c_api.STORIES)
def test_no_sanitizer_finds_anything_in_tokenshims_own_functions(installed, home, recorder, identity_provider, story):
    data = c_api.write_sources(home, recorder, identity_provider, timeout_seconds=10)
    assert installed.run(data, story, *c_api.words(story, identity_provider), flags=c_api.SANITIZED, env=c_api.sanitizers(story), timeout=120)
