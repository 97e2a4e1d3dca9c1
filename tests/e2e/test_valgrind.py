"""The stories in C under valgrind: nothing is read that was not written, nothing is touched that is not there, and nothing
is lost that would not be lost without tokenshim. `make memory` tells all of them, with every driver."""

from __future__ import annotations

import pytest

from support import c_api, memory, partner_page, stories

pytestmark = pytest.mark.unlogged  # what memory is left is counted

FEW = [("connect", "sqlite", "unixodbc", "W"), ("odd_order", "sqlite", "iodbc", "A"), ("forks", "sqlite", "unixodbc", "A"),
       ("browse", "recorder", "iodbc", "W"), ("out_string", "recorder", "unixodbc", "W"), ("failures", "recorder", "no driver manager", "W"),
       ("failures", "sqlserver", "unixodbc", "W"), ("odd_order", "sqlserver", "unixodbc", "W")]


@pytest.mark.parametrize("program, real, dm, letter", memory.few_or_all(FEW))
def test_memory_is_handled_as_without_tokenshim(request, ways, identity_provider, authority, program, real, dm, letter):
    alone = dm == "no driver manager"
    story = stories.Story(ways, ways.shim.shim() if alone else dm, letter).write(real, identity_provider, request.getfixturevalue)
    # One authority is read faster than the system's hundred.
    through = story.tell(program, through=True, run=memory.mistakes, env={"SSL_CERT_FILE": str(authority.file)})
    assert not [each for each in through if each.is_tokenshims]
    if through:
        direct = story.tell(program, run=memory.mistakes)
        # A driver manager that reads beyond a buffer finds memory of this kind or that: by where it does so it is known.
        assert {(each.library, each.frames) for each in through} <= {(each.library, each.frames) for each in direct}


@pytest.mark.parametrize("story", memory.few_or_all(["api_misuse", "provider.cpp"], c_api.STORIES))
def test_memory_is_handled_well_by_tokenshims_own_functions(installed, home, recorder, identity_provider, authority, story):
    data = c_api.write_sources(home, recorder, identity_provider, timeout_seconds=10)
    found = memory.mistakes(data, story, *c_api.words(story, identity_provider), run=installed.run, env={"SSL_CERT_FILE": str(authority.file)})
    assert not [each for each in found if each.is_tokenshims]


@pytest.mark.parametrize("file", memory.few_or_all(["partner.c"], ["partner.c"]))
def test_memory_is_handled_well_where_somebody_signs_in_on_a_programs_page(installed, home, recorder, identity_provider, authority, file):
    data = c_api.write_sources(home, recorder, identity_provider)
    visit = lambda home, program, *arguments, env, **options: partner_page.visited(program, *arguments, env={**home.env, **env}, **options)
    program = installed.compile(c_api.EXAMPLES / file)
    found = memory.mistakes(data, program, "DSN=people", "ann", run=visit, env={"SSL_CERT_FILE": str(authority.file)})
    assert not [each for each in found if each.is_tokenshims]
