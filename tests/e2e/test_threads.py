"""What tokenshim adds to the threads of the host: nothing before it needs a token, and then none that takes a signal."""

from __future__ import annotations

import pytest

from support import drivers
from support.odbc_client import call, run_client

# SIGKILL and SIGSTOP cannot be blocked; the C library keeps 32 and 33 for itself and hides them.
ALL_SIGNALS = ((1 << 64) - 1) & ~(1 << 8) & ~(1 << 18) & ~(1 << 31) & ~(1 << 32)


@pytest.fixture
def sqlite(home, identity_provider):
    home.write({"SQLite": {"Driver": home.shim(), "RealDriver": drivers.SQLITE, "TokenProfile": "password",
                           "TokenEndpoint": identity_provider.url, "TokenClientId": "me", "TokenClientSecret": "s3cr3t"}},
               {"without": {"Driver": "SQLite", "Database": ":memory:"},
                "with": {"Driver": "SQLite", "Database": ":memory:", "TokenSource": "client-credentials"}})
    return home


def test_no_thread_is_started_before_a_token_is_needed(sqlite, identity_provider):
    before, _, after = run_client(sqlite, [call("threads"), call("SQLConnect", dsn="without"), call("threads")])
    assert before.threads.keys() == after.threads.keys()
    assert identity_provider.requests == []


def test_threads_of_tokenshims_own_block_every_signal(sqlite, identity_provider):
    before, connect, after = run_client(sqlite, [call("threads"), call("SQLConnect", dsn="with"), call("threads")])
    assert connect.succeeded and len(identity_provider.requests) == 1
    own = after.threads.keys() - before.threads.keys()
    assert own, "the HTTP client has a thread"
    for thread in own:
        assert int(after.threads[thread], 16) & ALL_SIGNALS == ALL_SIGNALS, after.threads[thread]
    host = before.threads.keys() & after.threads.keys()
    assert {after.threads[thread] for thread in host} == {before.threads[thread] for thread in host}
