"""pyodbc's own tests, as it publishes them, come to the same through tokenshim. (`make peer-tests` runs more suites.)"""

from __future__ import annotations

import sys

import pytest

from support.odbc_home import REPOSITORY

sys.path.append(str(REPOSITORY / "tests"))

from peers.backends import Bench  # noqa: E402
from peers.outcome import differences  # noqa: E402
from peers.suites import SUITES  # noqa: E402

PYODBC = SUITES[0]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with Bench(tmp_path_factory.mktemp("peers")) as bench:
        yield bench


@pytest.mark.parametrize("backend", PYODBC.tests, ids=lambda backend: backend.name)
def test_pyodbcs_own_tests_come_to_the_same_with_a_token(bench, backend):
    direct, through = (PYODBC.run(PYODBC.build(PYODBC), PYODBC.tests[backend], bench.home(backend, way)) for way in ("direct", "token"))
    assert differences(direct, through) == []
    # Nothing but the token opens the databases.
    assert bench.provider.requests
    assert sum(each.result == "passed" for each in direct.values()) > 30
    bench.provider.forget()
