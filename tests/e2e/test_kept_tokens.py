"""A token is fetched once in a program and kept: whoever has the same right to it gets it again, until it is over or a
server refuses it."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.host import Held, run_host
from support.odbc_client import ALL_SIGNALS, WIDE_BYTES, call, run_client
from support.two_ways import token_keys

REAL = [("unixodbc", drivers.PSQLODBCW), ("unixodbc", drivers.PSQLODBCA), ("iodbc", drivers.PSQLODBCA), ("unixodbc", drivers.MARIADB)]
NAMED = {"ids": lambda value: getattr(value, "name", value)}


@pytest.fixture
def tokens(identity_provider):
    """Hands out `token-1`, `token-2` …, each good for an hour."""
    identity_provider.answer(*(replies.good_token(f"token-{number}") for number in range(1, 9)))
    return identity_provider


def connect(string: str = "DSN=data", **more) -> dict:
    return call("SQLDriverConnect", string=string, **more)


def passwords(ways) -> list[str]:
    """The passwords that reached the real driver."""
    return [each["string"].partition("PWD={")[2].partition("}")[0] for each in ways.calls("SQLDriverConnect")[0]]


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_the_next_connect_asks_nobody(ways, tokens, dm):
    ways.record(token_keys(tokens), dm=dm)
    steps = [connect(), call("SQLDisconnect"), connect(), connect(dbc="other"), call("SQLConnect", dsn="data", dbc="by name")]
    assert [step.code for step in run_client(ways.shim, steps, dm)] == ["SQL_SUCCESS"] * 5
    assert passwords(ways) == ["token-1"] * 3 and ways.calls("SQLConnect")[0][0]["password"] == "token-1"
    assert len(tokens.requests) == 1


def test_two_copies_of_the_driver_library_share_it(home, tokens, recorder):
    home.write({name: {"Driver": home.shim(name), "RealDriver": recorder.compile("both", f"{name}.so"), **token_keys(tokens)} for name in ("one", "two")},
               {name: {"Driver": name} for name in ("one", "two")})
    run_client(home, [connect(f"DSN={name}", dbc=name) for name in ("one", "two")])
    assert len(recorder.calls("SQLDriverConnect")) == 2 and len(tokens.requests) == 1


@pytest.mark.parametrize("other", ["TokenClientSecret=wrong", "TokenClientId=other", "TokenScope=other"])
def test_whoever_says_another_word_gets_a_token_of_his_own(ways, tokens, other):
    ways.record(token_keys(tokens))
    run_client(ways.shim, [connect(), connect(f"DSN=data;{other}", dbc="other"), connect(dbc="again")])
    assert passwords(ways) == ["token-1", "token-2", "token-1"] and len(tokens.requests) == 2


def test_a_wrong_secret_opens_nothing_though_the_right_ones_token_is_kept(ways, tokens):
    ways.record(token_keys(tokens))
    tokens.forget()
    tokens.answer(replies.good_token("token-1"), replies.invalid_client())
    done, refused = run_client(ways.shim, [connect(), connect("DSN=data;TokenClientSecret=wrong", dbc="other")])
    assert done.succeeded and refused.records[0].state == "28000" and passwords(ways) == ["token-1"]


def test_a_secret_file_that_changes_counts_at_the_next_connect(ways, tokens, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("old")
    secret.chmod(0o600)
    keys = {key: value for key, value in token_keys(tokens).items() if key != "TokenClientSecret"}
    ways.record(keys | {"TokenClientSecretFile": secret})
    run_client(ways.shim, [connect(), connect(dbc="same"), call("write_file", path=str(secret), text="new"), connect(dbc="other")])
    assert passwords(ways) == ["token-1", "token-1", "token-2"]


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_sixty_four_threads_make_one_request(ways, identity_provider, dm):
    identity_provider.always(replies.good_token("slow", delay=1))
    ways.record(token_keys(identity_provider), dm=dm)
    [done] = run_client(ways.shim, [call("parallel", steps=[[connect(dbc=str(number))] for number in range(64)])], dm, timeout=60)
    assert all(step.succeeded for [step] in done.parallel)
    assert len(identity_provider.requests) == 1 and passwords(ways) == ["slow"] * 64


OVER = """
asked, release = sys.argv[1:]
env = environment()
connects = lambda: closed(opened("DSN=data", env))
releasing = started(lambda: (wait_for(asked), touch(release)))
wait_until(lambda: connects() or os.path.exists(asked), "nobody wanted another token")
releasing.join()
"""


def test_a_token_that_is_over_is_not_used_again(ways, identity_provider, tmp_path):
    """Each connect uses it for as long as it is good; the first one after that waits for the next."""
    held = Held(tmp_path, replies.good_token("next"))
    identity_provider.answer(replies.good_token("short", expires_in=1), held)
    ways.record(token_keys(identity_provider, TokenRenewal="off"))
    run_host(ways.shim, OVER, held.asked, held.release)
    *before, last = passwords(ways)
    assert set(before) == {"short"} and last == "next" and len(identity_provider.requests) == 2


RENEWED = """
asked, release = sys.argv[1:]
env, hosts = environment(), tasks()
connects = lambda: closed(opened("DSN=data", env))
wait_until(lambda: connects() or os.path.exists(asked), "nobody asked for another token")
connects()
own = {task: mask for task, mask in tasks().items() if task not in hosts}
touch(release)
wait_until(lambda: not own.keys() & tasks().keys(), "the renewal did not end")
connects()
say(*own.values())
"""


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_an_old_token_serves_while_a_new_one_is_fetched_by_a_thread_that_takes_no_signal(ways, identity_provider, tmp_path, dm):
    held = Held(tmp_path, replies.good_token("new"))
    identity_provider.answer(replies.good_token("old", expires_in=100), held)
    ways.record(token_keys(identity_provider, TokenRenewal=99), dm=dm)
    [masks] = run_host(ways.shim, RENEWED, held.asked, held.release, dm=dm)
    *before, last = passwords(ways)
    assert set(before) == {"old"} and len(before) >= 3 and last == "new" and len(identity_provider.requests) == 2
    assert masks, "the renewal has a thread"
    assert {int(mask, 16) & ALL_SIGNALS for mask in masks.split()} == {ALL_SIGNALS}


@pytest.mark.parametrize("dm, driver", REAL, **NAMED)
@pytest.mark.parametrize("letter", ["", "W"])
def test_a_kept_token_that_the_server_refuses_is_replaced_and_the_application_sees_only_that(ways, request, identity_provider, dm, driver, letter):
    server = request.getfixturevalue("mariadb" if driver is drivers.MARIADB else "postgres")
    server.role("alice", "new")
    server.role("bob", "old")
    identity_provider.answer(*(replies.good_token(token) for token in ("old", "new", "old", "new")))
    keys = {key: value for key, value in token_keys(identity_provider).items() if key != "TokenProfile"}
    ways.write(driver, {"data": server.keys()}, keys)
    steps = [call(f"SQLDriverConnect{letter}", string="DSN=data;UID=bob", dbc="a"),
             call(f"SQLDriverConnect{letter}", string="DSN=data;UID=alice", out=4000, dbc="b"),
             call("SQLExecDirect", sql="select 40+2", dbc="b"),
             call(f"SQLConnect{letter}", dsn="data", user="bob", dbc="c"),
             call(f"SQLConnect{letter}", dsn="data", user="alice", dbc="d")]
    result = run_client(ways.shim, steps, dm)
    assert [step.code for step in result] == ["SQL_SUCCESS"] * 5, result
    assert result[2].rows == [["42"]] and len(identity_provider.requests) == 4


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("shape, letter", [("ansi", ""), ("wide", "W"), ("both", "W")])
def test_a_refused_token_is_replaced_once_and_a_new_one_never(ways, tokens, dm, shape, letter):
    ways.record(token_keys(tokens), dm=dm, shape=shape)
    fail = {"RECORDER_FAIL": "28000:not you"}
    first, kept = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string="DSN=data", dbc=dbc) for dbc in "ab"], dm, env=fail)
    assert passwords(ways) == ["token-1", "token-1", "token-2"] and len(tokens.requests) == 2
    for step in (first, kept):
        assert [(record.state, record.message) for record in step.records] == [("28000", "[Recorder]not you")], step


@pytest.mark.parametrize("again", [replies.invalid_client(), replies.good_token("token-1"), replies.good_token("slow", delay=3)],
                         ids=["refused", "the same", "too slow"])
def test_where_no_other_token_can_be_had_in_time_the_refusal_stands_and_the_token_stays(ways, tokens, again):
    """The server may have meant something else: others go on with it."""
    ways.record(token_keys(tokens))
    tokens.forget()
    tokens.answer(replies.good_token("token-1"), again)
    timeout = call("SQLSetConnectAttr", attribute=103, value=1, dbc="b")
    steps = run_client(ways.shim, [connect(), timeout, connect("DSN=data;Fail=28000:not you", dbc="b"), connect(dbc="c")])
    assert [(record.state, record.message) for record in steps[2].records] == [("28000", "[Recorder]not you")]
    assert steps[3].succeeded and passwords(ways) == ["token-1"] * 3 and len(tokens.requests) == 2


def test_a_database_that_is_not_there_costs_no_token(ways, postgres, identity_provider):
    postgres.role("alice", identity_provider.token)
    keys = {key: value for key, value in token_keys(identity_provider).items() if key != "TokenProfile"}
    ways.write(drivers.PSQLODBCW, {"data": postgres.keys()}, keys)
    steps = [connect("DSN=data;UID=alice"), *(connect("DSN=data;UID=alice;Database=none", dbc=dbc) for dbc in "abc")]
    assert [step.succeeded for step in run_client(ways.shim, steps)] == [True, False, False, False]
    assert len(identity_provider.requests) == 1


@pytest.mark.parametrize("state", ["08001", "HYT00", "HY000", "42000"])
def test_any_other_failure_leaves_the_token_alone(ways, tokens, state):
    ways.record(token_keys(tokens))
    run_client(ways.shim, [connect(), connect(dbc="b")], env={"RECORDER_FAIL": f"{state}:no route"})
    assert passwords(ways) == ["token-1"] * 2 and len(tokens.requests) == 1


def test_a_browsing_whose_first_step_is_refused_begins_again_with_a_new_token(ways, tokens):
    ways.record(token_keys(tokens))
    browse = call("SQLBrowseConnectW", string="DSN=data", out=100, dbc="b")
    _, refused = run_client(ways.shim, [connect(), browse], env={"RECORDER_FAIL": "28000:not you", "RECORDER_BROWSE_AT_ONCE": "1"})
    assert [each["string"].partition("PWD={")[2][:7] for each in ways.calls("SQLBrowseConnect")[0]] == ["token-1", "token-2"]
    assert [record.message for record in refused.records] == ["[Recorder]not you"]


@pytest.mark.parametrize("variables", [{}, {"AZURE_CONFIG_DIR": ""}, {"AZURE_CONFIG_DIR": "{home}/.azure"}], ids=["home", "empty", "folder"])
def test_who_signs_in_to_the_azure_cli_anew_is_somebody_else(home, az, recorder, variables):
    home.env |= {name: value.format(home=home.user) for name, value in variables.items()}
    home.write({"SQL": {"Driver": home.shim(), "RealDriver": recorder.compile("wide", "libmsodbcsql-18.so"), "TokenSource": "azure-cli"}},
               {"d": {"Driver": "SQL", "Server": "db.example.com"}})
    profile = home.user / ".azure" / "azureProfile.json"
    profile.parent.mkdir()
    steps = [connect("DSN=d"), connect("DSN=d", dbc="b"), call("write_file", path=str(profile), text="{}"), connect("DSN=d", dbc="c"), connect("DSN=d", dbc="d")]
    assert all(step.succeeded for step in run_client(home, steps) if step.call != "write_file")
    assert len(az.calls) == 2
