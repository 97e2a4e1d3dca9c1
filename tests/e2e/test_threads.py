"""What tokenshim adds to the threads of the host: none but while a token is on its way, and none that takes a signal."""

from __future__ import annotations

import pytest

from support import drivers
from support.host import Held, run_host
from support.odbc_client import ALL_SIGNALS, call, run_client


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


LOOK = """
dbc = allocate(DBC, environment())
host = started(wait_for, sys.argv[2])   # the host's own threads, one of which connects
connecting = started(connect, dbc, "DSN=with")
wait_for(sys.argv[1])
hosts = {str(thread.native_id) for thread in threading.enumerate()}
during = tasks()
say(*(mask for task, mask in during.items() if task not in hosts))
say(*(mask for task, mask in during.items() if task in hosts))
touch(sys.argv[2])
host.join(), connecting.join()
wait_until(lambda: len(tasks()) == 1, "a thread is left") # one that was joined may be seen for a moment yet
say(len(tasks()), sorted(os.listdir("/proc/self/fd")) == descriptors)
"""


def test_threads_of_tokenshims_own_block_every_signal_and_end_with_the_request(sqlite, identity_provider, tmp_path):
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(held)
    own, hosts, after = run_host(sqlite, "descriptors = sorted(os.listdir('/proc/self/fd'))\n" + LOOK, held.asked, held.release)
    assert own, "the request has a thread"
    for mask in own.split():
        assert int(mask, 16) & ALL_SIGNALS == ALL_SIGNALS, mask
    assert {int(mask, 16) for mask in hosts.split()} == {0}
    assert after == "1 True", "no thread and no descriptor is left"
