"""IBM's own driver for Db2 takes the token in its keywords, and brings it to the server."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.drda_server import TOKEN_MECHANISM, DrdaServer
from support.odbc_client import call, run_client
from support.sign_in import SECRET

TOKEN = "eyJhbGciOi.eyJzdWIi-_.c2lnbmF0dXJl"


class Db2:
    """DSN "app" is IBM's driver through tokenshim, and the section "Bare" without it."""

    def __init__(self, home, provider, server):
        self.home, self.provider, self.server = home, provider, server
        self.keys = f"Database=sample;Hostname=127.0.0.1;Port={server.port};Protocol=TCPIP"
        self.configure()

    def configure(self, **section: str) -> None:
        real = drivers.db2()
        keys = {"TokenSource": "client-credentials", "TokenEndpoint": f"{self.provider.url}/token", "TokenClientId": "id",
                "TokenClientSecret": SECRET, "TokenAllowedHosts": "127.0.0.1", **section}
        self.home.write({"Db2": {"Driver": self.home.shim(), "RealDriver": real, **keys}, "Bare": {"Driver": real}}, {})

    def connect(self, more: str = "", section: str = "Db2", letter: str = "W"):
        return run_client(self.home, [call(f"SQLDriverConnect{letter}", string=f"DRIVER={section};{self.keys}{more}", out=2000)], timeout=60)[0]


@pytest.fixture
def db2(home, identity_provider, start) -> Db2:
    identity_provider.always(replies.good_token(TOKEN))
    return Db2(home, identity_provider, start(DrdaServer(good=[TOKEN])))


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("more", ["", ";UID=u;PWD=p", ";uid=;pwd=", ";AUTHENTICATION=SERVER;UID=u"])
def test_the_server_hears_the_token_whatever_the_application_wrote_beside_it(db2, more, letter):
    db2.configure(TokenAllowUnencrypted="yes")
    step = db2.connect(more, letter=letter)
    assert step.succeeded, step
    assert {(check.mechanism, check.kind, check.token) for check in db2.server.heard} == {(TOKEN_MECHANISM, "JWT", TOKEN)}
    assert TOKEN not in step.out


def test_ibms_driver_itself_refuses_a_token_beside_a_user(db2):
    """So UID and PWD have to go away."""
    token = f";AUTHENTICATION=TOKEN;ACCESSTOKEN={TOKEN};ACCESSTOKENTYPE=JWT"
    assert db2.connect(token, "Bare").succeeded and set(db2.server.tokens) == {TOKEN}
    db2.server.heard.clear()
    step = db2.connect(f"{token};UID=u", "Bare")
    assert step.records[0].state == "08001" and "SQL30082N" in step.records[0].message and 'reason "38"' in step.records[0].message
    assert db2.server.heard == []


def test_it_is_told_to_encrypt(db2):
    """It begins with TLS, which nobody here answers: no token goes in clear text."""
    step = db2.connect()
    assert step.records[0].state == "08001" and db2.server.heard == []
    assert db2.server.first and set(db2.server.first) == {b"\x16\x03\x03"}, db2.server.first


def test_it_does_not_read_the_dsn_of_odbc_ini(db2):
    """So what a DSN says of encryption tells it nothing, and the string has to."""
    ini = f"[app]\nDriver=Bare\nHostname=127.0.0.1\nPort={db2.server.port}\nDatabase=sample\nProtocol=TCPIP\n"
    (db2.home.system / "odbc.ini").write_text(ini)
    [step] = run_client(db2.home, [call("SQLDriverConnectW", string="DSN=app;UID=u;PWD=p")], timeout=60)
    assert "SQL1531N" in step.records[0].message and db2.server.first == []


def test_a_kept_token_that_the_server_refuses_is_replaced_once(db2):
    """The driver has one state for whatever goes wrong, and its own number for this."""
    db2.configure(TokenAllowUnencrypted="yes")
    db2.provider.answer(replies.good_token("eyJold.old.old"))
    connect = call("SQLDriverConnectW", string=f"DRIVER=Db2;{db2.keys}")
    new, kept = run_client(db2.home, [connect | {"dbc": name} for name in ("new", "kept")], timeout=60)
    assert new.records[0].state == "08001" and "SQL30082N" in new.records[0].message, new
    assert kept.succeeded and db2.server.tokens[:3] == ["eyJold.old.old", "eyJold.old.old", TOKEN]
    assert set(db2.server.tokens[3:]) <= {TOKEN} and len(db2.provider.requests) == 2
