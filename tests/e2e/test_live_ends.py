"""A program whose open connections get new tokens ends, and forks, as any other."""

from __future__ import annotations

import subprocess

import pytest

from support.host import Held, finished, start_host
from support.live import REFRESH, Live
from support.odbc_client import DRIVER_MANAGERS
from support.replies import good_token
from test_exit import STATUS, ending
from test_exit_renewal import ENDS

ending = ending


@pytest.fixture
def live(ways, identity_provider, tmp_path) -> Live:
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(3600)
    return live


@pytest.mark.parametrize("dm", DRIVER_MANAGERS)
@pytest.mark.parametrize("how", [*STATUS, "pthread_exit in main"])
def test_a_program_with_a_connection_that_somebody_looks_after_ends(ending, live, how, dm):
    live.write(dm)
    done = subprocess.run([ending, DRIVER_MANAGERS[dm], how, "DSN=data"], env=live.env, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (STATUS.get(how, 0), "")


@pytest.mark.parametrize("how", ENDS)
def test_a_program_ends_while_a_new_token_is_fetched_for_its_connection(live, tmp_path, how):
    held = Held(tmp_path, seconds=60)
    live.provider.answer(good_token(expires_in=2), held)
    live.write(TokenTimeout=55)
    end, status = ENDS[how]
    done = finished(start_host(live.ways.shim, f"dbc = opened('DSN=data')\nwait_for(sys.argv[1])\n{end}", held.asked), timeout=40)
    assert (done.returncode, done.stderr) == (status, "")
    assert held.requests == 1 and not held.replied_late.is_set(), "nobody waited for the provider"


IN_DRIVER = """
dbc = opened('DSN=data')
def is_refreshing():
    with open(os.environ["RECORDER_LOG"]) as log: return '"attribute":123' in log.read()
while not is_refreshing(): time.sleep(0.01)
say("ends")
"""


@pytest.mark.parametrize("opens", [True, False], ids=["the driver comes out", "the driver stays inside"])
@pytest.mark.parametrize("how", ENDS)
def test_a_program_ends_while_the_driver_is_given_a_new_token(live, tmp_path, how, opens):
    """Its exit handlers wait for the driver to come out, but not for ever: the recorder minds what comes after its destructors."""
    gate = tmp_path / "gate"
    live.tokens_last(2)
    live.env |= {"RECORDER_REFRESH_GATE": str(gate), "MALLOC_PERTURB_": "165", "RECORDER_UNLOAD_SECONDS": "1"}
    live.write()
    end, status = ENDS[how]
    soon = f"threading.Timer(0.5, touch, [{str(gate)!r}]).start()\n" if opens else ""
    done = finished(start_host(live.ways.shim, IN_DRIVER + soon + end), timeout=40)
    assert (done.returncode, done.stdout, done.stderr) == (status, "ends\n", "")


CHILD = """
import warnings; warnings.simplefilter("ignore")
dbc = opened("DSN=data")
while not os.path.exists(sys.argv[2]): time.sleep(0.01)
sys.stdout.flush()
child = os.fork()
if child == 0:
    disconnect(dbc)
    own = opened("DSN=data;APP=child")
    wait_for(sys.argv[3])
    closed(own)
    sys.exit(3)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_that_is_forked_while_the_driver_is_given_a_token_closes_and_opens_connections_that_get_new_tokens(live, tmp_path):
    gate, forks, done = (tmp_path / name for name in ("gate", "forks", "done"))
    live.tokens_last(3, later=3)
    live.env["RECORDER_REFRESH_GATE"] = str(gate)
    live.write()
    with live.host(CHILD, forks, done, ends="disconnect(dbc)"):
        live.wait_for(lambda: any(each.get("attribute") == REFRESH for each in live.calls()))
        forks.touch()
        live.wait_for(lambda: any("child" in each.get("string", "") for each in live.calls()))
        gate.touch()
        opened = [each for each in live.calls() if "APP=child" in each.get("string", "")][-1]
        live.wait_for(lambda: any(each["handle"] == opened["handle"] and each["thread"] != opened["thread"] for each in live.set()))
        done.touch()
    assert live.said == ["3", "ready"]
