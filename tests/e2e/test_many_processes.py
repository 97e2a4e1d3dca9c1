"""With TokenCache=file the processes of one user share their tokens: one fetches, the others find what it brought."""

from __future__ import annotations

import json
import signal
import threading

import pytest

from support import drivers, replies
from support.host import Held, finished, run_host, start_host
from support.odbc_client import DRIVER_MANAGERS
from support.token_files import Programs, TokenFiles, until
from support.two_ways import token_keys

ANSWERS = "answers('DSN=data')"
TOKEN = "eyJ0b2tlbi0x.of.the-test"


@pytest.fixture
def tokens(identity_provider):
    """Hands out `token-1`, `token-2` …, each good for an hour."""
    identity_provider.answer(*(replies.good_token(f"token-{number}") for number in range(1, 9)))
    return identity_provider


@pytest.fixture
def share(ways, files):
    """The DSN `data`, whose token all processes share."""
    def write(provider, dm: str = "unixodbc", sources: dict | None = None, **more):
        ways.record(token_keys(provider, TokenCache="file", TokenLog=files.log, **more), dm=dm, sources=sources)
        return ways
    return write


def passwords(ways) -> list[str]:
    """The passwords that reached the real driver."""
    return [each["string"].partition("PWD={")[2].partition("}")[0] for each in ways.calls("SQLDriverConnect")[0]]


@pytest.mark.parametrize("dm", DRIVER_MANAGERS)
def test_thirty_two_processes_that_begin_at_once_make_one_request(share, files, identity_provider, dm):
    identity_provider.always(replies.good_token(TOKEN, delay=0.5))
    ways = share(identity_provider, dm)
    with Programs(ways.shim, ANSWERS, 32, dm=dm) as programs:
        programs.go()
        programs.lines()
    assert len(identity_provider.requests) == 1 and passwords(ways) == [TOKEN] * 32
    assert files.tokens() == [TOKEN] and files.warnings == ""


def test_a_process_that_comes_later_asks_nobody(share, files, tokens):
    ways = share(tokens)
    for _ in range(3):
        run_host(ways.shim, ANSWERS)
    assert len(tokens.requests) == 1 and passwords(ways) == ["token-1"] * 3 and files.warnings == ""


def test_the_files_are_this_users_alone_and_their_names_say_nothing(share, files, identity_provider):
    identity_provider.always(replies.good_token(TOKEN))
    ways = share(identity_provider)
    run_host(ways.shim, "os.umask(0)\n" + ANSWERS)
    [name] = files.names()
    assert files.modes() == {".": 0o700, name: 0o600}
    kept = json.loads(files.file.read_text())
    assert kept.keys() == {"version", "access_token", "came_unix_ms", "end_unix_ms"} and "section-secret" not in files.file.read_text()
    assert name.endswith(".token") and len(bytes.fromhex(name.removesuffix(".token"))) == 32


@pytest.mark.parametrize("more", [{}, {"TokenCache": "memory"}], ids=["not set", "memory"])
def test_otherwise_a_token_is_in_no_file(ways, files, tokens, more):
    ways.record(token_keys(tokens, **more))
    run_host(ways.shim, ANSWERS)
    run_host(ways.shim, ANSWERS)
    assert passwords(ways) == ["token-1", "token-2"] and not files.folder.parent.exists()


def test_whoever_says_another_word_gets_a_token_of_his_own(share, files, tokens):
    ways = share(tokens)
    strings = ["", "TokenClientSecret=other", "TokenClientId=other", "TokenScope=other"]
    for string in strings * 2:
        run_host(ways.shim, f"answers('DSN=data;{string}')")
    assert passwords(ways) == ["token-1", "token-2", "token-3", "token-4"] * 2 and len(files.tokens()) == 4


def test_a_wrong_secret_opens_nothing_though_the_right_ones_token_is_there(share, identity_provider):
    identity_provider.answer(replies.good_token("token-1"), replies.invalid_client())
    ways = share(identity_provider)
    run_host(ways.shim, ANSWERS)
    program = "dbc = allocate(DBC, environment()); say(connect(dbc, 'DSN=data;TokenClientSecret=wrong'), record(DBC, dbc)[0])"
    assert run_host(ways.shim, program) == ["-1 28000"] and passwords(ways) == ["token-1"]


# -- Processes that do not come to a good end


def test_a_process_that_is_killed_while_it_fetches_holds_nobody_up(share, files, identity_provider, tmp_path):
    held = Held(tmp_path, seconds=120)
    identity_provider.answer(held)
    ways = share(identity_provider, TokenTimeout=300)
    killed = start_host(ways.shim, ANSWERS)
    until(held.asked.exists)
    with Programs(ways.shim, ANSWERS, 4) as programs:
        programs.go()
        until(lambda: files.in_line(*programs.all))
        assert len(identity_provider.requests) == 1
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        programs.lines()
    assert len(identity_provider.requests) == 2 and passwords(ways) == [identity_provider.token] * 4
    assert len(files.names()) == 1 and files.warnings == ""


def test_a_child_of_fork_does_not_keep_what_its_killed_parent_held(share, files, identity_provider, tmp_path):
    """It has the parent's open files, and with them the lock, had it not given it up."""
    held = Held(tmp_path, seconds=120)
    identity_provider.answer(held)
    ways = share(identity_provider, TokenTimeout=300)
    killed = start_host(ways.shim, """
import warnings; warnings.simplefilter("ignore") # Python would rather not fork while there are threads
started(answers, "DSN=data")
wait_for(sys.argv[1])
if os.fork() == 0:
    touch(sys.argv[2])
    wait_for(sys.argv[3], 120)
    os._exit(0)
time.sleep(300)
""", held.asked, tmp_path / "forked", tmp_path / "end")
    until((tmp_path / "forked").exists)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    try:
        run_host(ways.shim, ANSWERS)
        assert len(identity_provider.requests) == 2 and files.warnings == ""
    finally:
        (tmp_path / "end").touch()
        killed.communicate()


def test_one_that_is_stopped_costs_the_others_no_more_than_their_own_time(share, files, identity_provider, tmp_path):
    """It has the lock and will not wake up: whoever waits keeps a part of his time to fetch a token himself."""
    held = Held(tmp_path, seconds=120)
    identity_provider.answer(held)
    ways = share(identity_provider, TokenTimeout=8)
    stopped = start_host(ways.shim, ANSWERS)
    until(held.asked.exists)
    stopped.send_signal(signal.SIGSTOP)
    try:
        run_host(ways.shim, ANSWERS)
        assert len(identity_provider.requests) == 2 and passwords(ways) == [identity_provider.token]
    finally:
        stopped.send_signal(signal.SIGKILL)
        stopped.communicate()


def test_the_refusal_of_one_is_heard_by_all_and_not_in_turn(share, identity_provider, tmp_path):
    """Those who waited ask at the same time: the provider answers none before it has heard all."""
    held, together = Held(tmp_path, replies.invalid_client(), seconds=120), Together(8, replies.invalid_client())
    identity_provider.answer(held, *[together] * 8)
    ways = share(identity_provider, TokenTimeout=120)
    program = "dbc = allocate(DBC, environment()); say(connect(dbc, 'DSN=data'), record(DBC, dbc)[0])"
    first = start_host(ways.shim, program)
    until(held.asked.exists)
    with Programs(ways.shim, program, 8) as programs:
        programs.go()
        until(lambda: TokenFiles(ways.shim).in_line(first, *programs.all))
        held.release.touch()
        assert finished(first).stdout == "-1 28000\n" and programs.lines() == [["-1 28000"]] * 8
    assert len(identity_provider.requests) == 9 and TokenFiles(ways.shim).names() == []


class Together:
    """A reply that goes to `count` requests once they have all come."""

    def __init__(self, count: int, reply):
        self._all, self._reply = threading.Barrier(count, timeout=60), reply

    def __call__(self, exchange) -> bool:
        self._all.wait()
        return self._reply(exchange)


# -- Tokens that are of no more use


def test_a_token_that_the_server_refuses_is_replaced_once_in_all_processes(ways, files, postgres, identity_provider, tmp_path):
    postgres.role("ann", "old")
    identity_provider.answer(replies.good_token("old"))
    identity_provider.always(replies.good_token("new"))
    keys = {key: value for key, value in token_keys(identity_provider).items() if key != "TokenProfile"}
    ways.write(drivers.PSQLODBCW, {"data": postgres.keys(Username="ann")}, keys | {"TokenCache": "file", "TokenLog": files.log})
    program = """
answers("DSN=data")
touch(f"{sys.argv[3]}.{os.getpid()}")
wait_for(f"{sys.argv[3]}.changed", 90)
answers("DSN=data")
answers("DSN=data")
"""
    with Programs(ways.shim, program, 8, tmp_path / "first") as programs:
        programs.go()
        until(lambda: len(list(tmp_path.glob("first.*"))) == 8)
        assert files.tokens() == ["old"] and len(identity_provider.requests) == 1
        postgres.role("ann", "new")
        (tmp_path / "first.changed").touch()
        programs.lines()
    assert files.tokens() == ["new"] and len(identity_provider.requests) == 2 and files.warnings == ""


def test_an_old_token_serves_a_new_process_and_is_renewed_for_all(share, files, tokens):
    ways = share(tokens)
    run_host(ways.shim, ANSWERS)
    files.make_older(2000)
    # Its end comes once the renewal has left its token there.
    run_host(ways.shim, ANSWERS + "\nimport glob\nuntil = time.monotonic() + 60\n"
             "while 'token-2' not in open(sys.argv[1]).read(): assert time.monotonic() < until; time.sleep(0.01)", files.file)
    run_host(ways.shim, ANSWERS)
    assert passwords(ways) == ["token-1", "token-1", "token-2"] and len(tokens.requests) == 2


def test_a_token_that_is_over_serves_nobody(share, files, tokens):
    ways = share(tokens)
    run_host(ways.shim, ANSWERS)
    files.make_older(3590)
    run_host(ways.shim, ANSWERS)
    assert passwords(ways) == ["token-1", "token-2"] and files.tokens() == ["token-2"] and files.warnings == ""


@pytest.mark.parametrize("hours", [-2, 2], ids=["back", "forward"])
def test_a_clock_that_was_set_costs_one_more_request(share, files, tokens, hours):
    ways = share(tokens)
    run_host(ways.shim, ANSWERS)
    files.make_older(hours * 3600)
    run_host(ways.shim, ANSWERS)
    run_host(ways.shim, ANSWERS)
    assert passwords(ways) == ["token-1", "token-2", "token-2"] and len(files.tokens()) == 1
