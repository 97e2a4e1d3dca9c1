"""Microsoft's driver logs in again by itself after an idle connection broke, and brings the token that is in tokenshim's memory then."""

from __future__ import annotations

import time

import pytest

from support import drivers, tds_token_server
from support.live import Live
from support.replies import good_token, silence
from support.tds_token_server import Login, TdsTokenServer
from support.two_ways import token_keys

ASK = """
def ask(dbc):
    statement = allocate(STMT, dbc)
    code = execute(statement, 'select 1')
    answer = rows(statement) if code == 0 else record(STMT, statement)
    free(STMT, statement)
    return answer
"""
OPEN = ASK + "dbc = opened('DSN=data')\nassert ask(dbc) == [['1']]"
GO_ON = "say(ask(dbc), ask(dbc))\nclosed(dbc)"
ONE = "[['1']]"


@pytest.fixture
def server(start, authority) -> TdsTokenServer:
    return start(TdsTokenServer(authority.server_context(tds_token_server.NAME)))


@pytest.fixture
def live(ways, identity_provider, tmp_path, server, authority) -> Live:
    ways.shim.env["SSL_CERT_FILE"] = str(authority.file)
    return Live(ways, identity_provider, tmp_path)


def write(live: Live, server: TdsTokenServer, **keys) -> None:
    live.ways.write(drivers.microsoft(), {"data": server.keys}, token_keys(live.provider, TokenProfile="sqlserver", **keys))


# -- Once the old one is near its end


@pytest.mark.parametrize("length", [1000, 1500, 10], ids=["as long", "longer", "shorter"])
def test_a_connection_that_broke_comes_back_with_the_newer_token(live, server, length):
    first, second = "a" * 1000, "b" * length
    # Once a third is asked for, the second is in the memory.
    live.provider.answer(good_token(first, expires_in=2), good_token(second, expires_in=2), silence)
    write(live, server)
    with live.host(OPEN, ends=GO_ON):
        live.wait_for(lambda: len(live.provider.requests) == 3 and server.batches)
        server.welcomes = lambda token: token != first
        server.hang_up()
    assert live.said == ["ready", f"{ONE} {ONE}"]
    assert server.logins == [Login(first, is_recovery=False), Login(second, is_recovery=True)]
    assert server.batches == ["select 1"] * 3


@pytest.mark.parametrize("renewal, length", [("off", 1000), ("half", 4000)], ids=["none is wanted", "it does not fit"])
def test_without_a_newer_token_it_brings_the_old_one(live, server, renewal, length):
    first, second = "a" * 1000, "b" * length
    live.provider.answer(good_token(first, expires_in=2), good_token(second))
    write(live, server, TokenRenewal=renewal)
    again = "assert disconnect(dbc) == 0 and connect(dbc, 'DSN=data') in (0, 1)"
    with live.host(OPEN, ends=f"say(ask(dbc))\n{again}\nsay(ask(dbc))\nclosed(dbc)"):
        live.wait_for(lambda: len(live.provider.requests) == (1 if renewal == "off" else 2) and server.batches)
        live.wait_for(lambda: time.monotonic() > live.provider.requests[0].arrived + 3)  # its life is over
        server.welcomes = lambda token: token != first
        server.hang_up()
    ready, refused, well = live.said
    assert refused.startswith("('08S01', ") and well == ONE
    assert server.logins == [Login(first, is_recovery=False), Login(first, is_recovery=True), Login(second, is_recovery=False)]


# -- While the memory is being written

COME_BACK = ASK + """
def come_back():
    dbc = opened('DSN=data')
    for _ in range(1000):
        answer = ask(dbc)
        if answer != [['1']]:
            say(answer)
        if os.path.exists(sys.argv[2]):
            return closed(dbc)
        time.sleep(0.02)  # Microsoft's driver looks whether a connection is whole where it was idle for 5 ms
threads = [started(come_back) for _ in range(4)]
"""


class Changing:
    """A provider's reply: each token is of another letter and length than the one before, so large that to write it takes a while,
    and soon over."""

    def __init__(self):
        self.tokens: list[str] = []

    def __call__(self, exchange) -> bool:
        number = len(self.tokens)
        self.tokens.append(chr(ord("a") + number % 26) * (300_000 + number * 79_199 % 100_000))
        return good_token(self.tokens[-1], expires_in=1)(exchange)


def test_a_login_that_reads_parts_of_two_tokens_fails_and_nothing_else_does(live, server, tmp_path):
    """Connections come back all the time, and each statement that fails is one such login. An optimised tokenshim writes so fast that
    hardly any login meets it."""
    changing, enough = Changing(), tmp_path / "enough"
    live.provider.always(changing)
    write(live, server, TokenRenewal=1)
    server.welcomes = changing.tokens.__contains__
    server.hangs_up = True

    def brought(is_torn: bool) -> list[str]:
        tokens = [login.token for login in server.logins if login.is_recovery]
        return [token for token in tokens if (token not in changing.tokens) == is_torn]

    with live.host(COME_BACK, enough, ends="for each in threads: each.join()"):
        live.wait_for(lambda: len(brought(is_torn=True)) >= 10 or len(server.logins) >= 300)
        live.wait_for(lambda: len(set(brought(is_torn=False))) >= 6)
        enough.touch()
    torn, refused = brought(is_torn=True), live.said[1:]
    assert len(refused) == len(torn) + server.broken_logins and all(said.startswith("('08S01', ") for said in refused), refused
    letters, lengths = {token[0] for token in changing.tokens}, {len(token) for token in changing.tokens}
    for token in torn:
        assert len(token) in lengths and set(token) <= letters | {"\0"}, "it comes from elsewhere"
