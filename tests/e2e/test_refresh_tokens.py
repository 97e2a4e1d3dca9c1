"""A refresh token that is used up by being shown: whatever happens meanwhile, the one for the next time is not lost, and nobody
shows the old one again."""

from __future__ import annotations

import time

import pytest

from support import replies
from support.device_code import COMPLETE, NOPROMPT, connect, device_keys, refused
from support.device_provider import DevicePeople
from support.host import Held, finished, start_host
from support.odbc_client import run_client
from support.token_files import WITHOUT_A_PRIVILEGE, until


@pytest.fixture
def people(identity_provider) -> DevicePeople:
    return DevicePeople(identity_provider)


def signs_in(ways) -> None:
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded


def the_sign_in_is_good_still(ways, people) -> None:
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded
    assert not people.stolen and people.asked == 1


HASTY = """
import ctypes
env = environment()
hasty, patient = allocate(DBC, env), allocate(DBC, env)
if sys.argv[2] == "login timeout":
    assert odbc("SQLSetConnectAttr", hasty, 103, ctypes.c_void_p(1), 0) == 0
before = time.monotonic()
assert connect(hasty, "DSN=hasty") == -1
say(record(DBC, hasty)[0], time.monotonic() - before < 10)
touch(sys.argv[1])
say(connect(patient, "DSN=data"))
"""


@pytest.mark.parametrize("limit", ["login timeout", "TokenTimeout"])
def test_who_has_no_time_for_the_reply_loses_no_sign_in(ways, people, tmp_path, limit):
    ways.record(device_keys(people), sources={"data": {}, "hasty": {"TokenTimeout": 1} if limit == "TokenTimeout" else {}})
    signs_in(ways)
    held = Held(tmp_path, people.token)
    people.provider.answer(held, path="/token")
    done = finished(start_host(ways.shim, HASTY, held.release, limit))
    assert (done.returncode, done.stdout, done.stderr) == (0, "HYT00 True\n0\n", "")
    assert held.requests == 1 and people.renewals == 2
    the_sign_in_is_good_still(ways, people)


ENDS = """
import ctypes
libc, handler = ctypes.CDLL(None), ctypes.CFUNCTYPE(None, ctypes.c_void_p)
env = environment()
late, scope = allocate(DBC, env), "DSN=data;TokenScope=other"
@handler
def end_late(_): # is called after those that come later
    os.write(1, f"{connect(late, scope)} {record(DBC, late)}\\n".encode())
libc.__cxa_atexit(end_late, None, None)
# Until the token is old, and the request for a new one there.
wait_until(lambda: answers("DSN=data") or os.path.exists(sys.argv[1]), "nobody asked for another token")
@handler
def end(_):
    os.write(1, b"ends\\n")
libc.__cxa_atexit(end, None, None)
libc.exit(7)
"""


def a_program_that_ends(ways, people, held):
    people.expires_in = 3600
    ways.record(device_keys(people, TokenRenewal=3599), sources={"data": {}})
    signs_in(ways)
    people.provider.answer(people.token, held, path="/token")
    return start_host(ways.shim, ENDS, held.asked)


def test_a_program_that_ends_while_a_sign_in_is_renewed_hears_the_reply_first(ways, people, files, tmp_path):
    held = Held(tmp_path, people.token)
    with a_program_that_ends(ways, people, held) as host:
        assert host.stdout.readline() == "ends\n"
        held.release.touch()
        done = finished(host)
    assert (done.returncode, done.stderr) == (7, "") and people.renewals == 2, done
    assert done.stdout.startswith("-1 ('08001',") and "the program is ending" in done.stdout, "no exchange begins any more"
    assert files.names(".lock") == []
    the_sign_in_is_good_still(ways, people)


def test_a_program_that_ends_does_not_wait_for_ever_for_that(ways, people, tmp_path):
    held = Held(tmp_path, seconds=60)
    with a_program_that_ends(ways, people, held) as host:
        assert host.stdout.readline() == "ends\n"
        before = time.monotonic()
        done = finished(host)
    assert (done.returncode, done.stderr) == (7, "") and 2.5 < time.monotonic() - before < 20
    assert held.requests == 1 and not held.replied_late.is_set()


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
def connects(string):
    dbc = allocate(DBC, environment())
    say(connect(dbc, string), record(DBC, dbc))
    sys.stdout.flush()
connects("DSN=data")
wait_for(sys.argv[1])
connects("DSN=data;TokenScope=other")
"""


def test_where_the_next_one_cannot_be_written_nobody_finds_the_used_up_one(ways, people, files, tmp_path):
    """A limit of file sizes stands for a disk that is full. Once the one that the program keeps for itself is refused, that of
    a fresh sign-in does."""
    ways.shim.env.pop("RECORDER_LOG")
    ways.record(device_keys(people, TokenLog="stderr", TokenLogLevel="warning"))
    signs_in(ways)
    go = tmp_path / "go"
    with start_host(ways.shim, FULL, go) as host:
        assert host.stdout.readline() == "0 None\n"
        assert files.names(".refresh") == []
        refused(run_client(ways.shim, [connect(NOPROMPT)])[0], "28000", "nobody is signed in")
        people.revoke()
        signs_in(ways)
        assert len(files.names(".refresh")) == 1
        people.provider.answer(replies.oauth_error(400, "invalid_grant"), path="/token")
        go.touch()
        done = finished(host)
    assert (done.returncode, done.stdout) == (0, "0 None\n") and not people.stolen and people.asked == 2, done
    assert done.stderr.count("a sign-in is kept in this process only, and the one in the file, which is used up, is removed: ") == 2, done
    assert "File too large" in done.stderr and "refresh+" not in done.stderr and files.names(".refresh") == []


def test_one_that_cannot_be_read_just_now_is_not_taken_for_none(ways, people, files):
    ways.record(device_keys(people))
    signs_in(ways)
    [name] = files.names(".refresh")
    (files.folder / name).chmod(0)
    program = """
for completion in (0, 1):
    dbc = allocate(DBC, environment())
    say(connect(dbc, "DSN=data", completion), *record(DBC, dbc))
"""
    done = finished(start_host(ways.shim, program, under=WITHOUT_A_PRIVILEGE))
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, len(lines)) == (0, "", 2), done
    assert all(line.startswith("-1 HY000 ") and "cannot be read just now" in line and "EACCES" in line for line in lines), done
    (files.folder / name).chmod(0o600)
    the_sign_in_is_good_still(ways, people)
