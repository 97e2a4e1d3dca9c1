"""A program may end at any moment, also while a new token is fetched behind its back: it does not wait for that."""

from __future__ import annotations

import signal

import pytest

from support.host import Held, finished, start_host
from support.replies import good_token
from support.two_ways import token_keys

ENDS = {
    "the end of the program": ("pass", 0),
    "sys.exit": ("sys.exit(7)", 7),
    "exit": ("ctypes.CDLL(None).exit(7)", 7),
    "_exit": ("os._exit(7)", 7),
    "exit in a thread": ("threading.Thread(target=ctypes.CDLL(None).exit, args=(7,)).start(); time.sleep(60)", 7),
    "SIGTERM": ("os.kill(os.getpid(), 15)", -signal.SIGTERM),
    "abort": ("import faulthandler; faulthandler.disable(); os.abort()", -signal.SIGABRT),
}
OLD = """
# Until the token is old, and the request for a new one there: it is good for an hour yet.
wait_until(lambda: answers("DSN=data") or os.path.exists(sys.argv[1]), "nobody asked for another token")
"""
RENEWAL = OLD + """
dbc = opened("DSN=data")
say("ends")
"""


@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
@pytest.mark.parametrize("how", ENDS)
def test_a_program_ends_while_a_token_is_renewed(ways, identity_provider, tmp_path, how, dm):
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(good_token(expires_in=3600), held)
    ways.record(token_keys(identity_provider, TokenRenewal=3599, TokenTimeout=55), dm=dm, sources={"data": {}})
    end, status = ENDS[how]
    done = finished(start_host(ways.shim, RENEWAL + end, held.asked, dm=dm), timeout=40)
    assert (done.returncode, done.stdout, done.stderr) == (status, "ends\n", "")
    assert held.requests == 1 and not held.replied_late.is_set(), "nobody waited for the provider"


FORK = OLD + """
sys.stdout.flush()
child = os.fork()
if child == 0:
    for _ in range(2): answers("DSN=data")
    sys.exit(3)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
answers("DSN=data")
touch(sys.argv[2])
"""


def test_a_child_that_was_forked_while_a_token_is_renewed_connects_and_ends(ways, identity_provider, tmp_path):
    held = Held(tmp_path, seconds=60)
    identity_provider.answer(good_token(expires_in=3600), held)
    ways.record(token_keys(identity_provider, TokenRenewal=3599), sources={"data": {}})
    done = finished(start_host(ways.shim, "import warnings; warnings.simplefilter('ignore')\n" + FORK, held.asked, held.release), timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")
