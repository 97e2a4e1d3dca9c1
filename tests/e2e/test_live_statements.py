"""A connection whose token is over, since the machine slept or nobody could renew it, gets a new one before its server is asked anything."""

from __future__ import annotations

import signal
import time

import pytest

from support.host import Held
from support.live import CREDENTIALS, REFRESH, Live
from support.replies import good_token, status

OPEN, CLOSE = "dbc = opened('DSN=data')", "closed(dbc)"


@pytest.fixture
def live(ways, identity_provider, tmp_path) -> Live:
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(4)
    return live


def test_after_the_machine_slept_a_statement_waits_for_the_new_token(live, tmp_path):
    """The provider holds its reply until the statement surely waits for it."""
    held = Held(tmp_path, good_token("awake"))
    live.write()
    asleep = OPEN + """
statement = allocate(STMT, dbc)
say("ready")
wait_for(sys.argv[2], 60)
say("executes")
assert execute(statement, "select 1") == 0
"""
    with live.host(asleep, tmp_path / "awake", ends="free(STMT, statement)\n" + CLOSE) as process:
        assert process.stdout.readline() == "ready\n"
        live.later(held)
        process.send_signal(signal.SIGSTOP)
        time.sleep(5)  # the token's life, and a second
        process.send_signal(signal.SIGCONT)
        (tmp_path / "awake").touch()
        assert process.stdout.readline() == "executes\n"
        live.wait_for(held.asked.exists)
        assert not any(each["call"] == "SQLExecDirect" for each in live.calls())
        held.release.touch()
    calls = [each for each in live.calls() if each["call"] == "SQLExecDirect" or each.get("attribute") in (CREDENTIALS, REFRESH)]
    assert [each.get("attribute") for each in calls] == [CREDENTIALS, REFRESH, None]
    assert live.given() == ["Auth_AccessToken=awake"] and held.requests == 1


STATEMENTS = {
    "SQLExecDirect": "(statement, b'select 1', NTS)",
    "SQLExecute": "(statement)",
    "SQLPrepare": "(statement, b'select 1', NTS)",
    "SQLTables": "(statement, None, 0, None, 0, None, 0, None, 0)",
    "SQLColumns": "(statement, None, 0, None, 0, None, 0, None, 0)",
    "SQLSpecialColumns": "(statement, 1, None, 0, None, 0, b't', NTS, 0, 0)",
    "SQLStatistics": "(statement, None, 0, None, 0, b't', NTS, 0, 0)",
    "SQLPrimaryKeys": "(statement, None, 0, None, 0, b't', NTS)",
    "SQLForeignKeys": "(statement, None, 0, None, 0, b't', NTS, None, 0, None, 0, None, 0)",
    "SQLProcedures": "(statement, None, 0, None, 0, None, 0)",
    "SQLProcedureColumns": "(statement, None, 0, None, 0, None, 0, None, 0)",
    "SQLTablePrivileges": "(statement, None, 0, None, 0, None, 0)",
    "SQLColumnPrivileges": "(statement, None, 0, None, 0, b't', NTS, None, 0)",
    "SQLGetTypeInfo": "(statement, 0)",
}


@pytest.mark.parametrize("function", STATEMENTS)
def test_whatever_asks_the_server_comes_after_the_new_token(live, tmp_path, function):
    """The thread that renews is held up by its provider until the token is over."""
    held = Held(tmp_path, good_token("next"))
    live.provider.answer(good_token("first", expires_in=2), held)
    live.write()
    program = OPEN + f"""
statement = allocate(STMT, dbc)
assert odbc("SQLPrepare", statement, b"select 1", NTS) == 0
time.sleep(2.2)
thread = started(lambda: say(odbc("{function}", *{STATEMENTS[function].replace("(statement)", "(statement,)")})))
wait_for(sys.argv[2])
thread.join(0.3)
say(thread.is_alive())
touch(sys.argv[3])
thread.join()
"""
    with live.host(program, held.asked, held.release, ends="free(STMT, statement)\n" + CLOSE):
        pass
    assert live.said == ["True", "0", "ready"]
    last = [each for each in live.calls() if each["call"].startswith((function, "SQLSetConnectAttr"))][-3:]
    assert [each.get("attribute") for each in last] == [CREDENTIALS, REFRESH, None]


def test_statements_do_not_wait_for_a_provider_that_has_just_refused_one_of_them(live):
    """The renewal that failed before they came does not count: the provider may be in order again."""
    live.provider.answer(good_token("first", expires_in=2))
    live.later(status(401))
    live.write()
    program = OPEN + """
statement = allocate(STMT, dbc)
time.sleep(2.2)
for _ in range(3): assert execute(statement, "select 1") == 0; odbc("SQLFreeStmt", statement, 0)
"""
    with live.host(program, ends="free(STMT, statement)\n" + CLOSE):
        pass
    assert len([each for each in live.calls() if each["call"] == "SQLExecDirect"]) == 3
    assert len(live.provider.requests) == 3
