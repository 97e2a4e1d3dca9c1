"""Microsoft's newer driver, which is written in Rust, takes the token in the same attribute; it reads no DSN yet."""

from __future__ import annotations

import pytest

from support import drivers, tds_token_server
from support.odbc_client import call, run_client
from support.tds_token_server import TdsTokenServer
from support.two_ways import token_keys

OWN = "6162632e6465662e676869"
OWN_TOKEN = call("SQLSetConnectAttrW", attribute=1256, value={"hex": "16000000" + "".join(OWN[i : i + 2] + "00" for i in range(0, len(OWN), 2))})


class Rust:
    """Section "Rust" is the driver through tokenshim, section "Bare" without it."""

    def __init__(self, home, provider, server):
        self.home, self.server = home, server
        real = drivers.microsoft_rust()
        keys = {key: value for key, value in token_keys(provider).items() if key != "TokenProfile"}
        home.write({"Rust": {"Driver": home.shim(), "RealDriver": real, "TokenAllowedHosts": f"127.0.0.1, {tds_token_server.NAME}", **keys}, "Bare": {"Driver": real}}, {})

    def run(self, more: str, *before: dict, section: str = "Rust", completion: int = 0):
        string = ";".join([f"DRIVER={section}", *(f"{key}={value}" for key, value in self.server.keys.items()), *([more] if more else [])])
        connect = call("SQLDriverConnectW", string=string, out=1000, completion=completion)
        return run_client(self.home, [*before, connect, call("SQLGetConnectAttrW", attribute=1256, out=8), call("SQLExecDirectW", sql="select 1")])[len(before):]


@pytest.fixture
def rust(home, identity_provider, start, authority) -> Rust:
    home.env["SSL_CERT_FILE"] = str(authority.file)
    return Rust(home, identity_provider, start(TdsTokenServer(authority.server_context(tds_token_server.NAME))))


BESIDE = ["", "UID=u;PWD=p", "UID=;PWD=", "Trusted_Connection=yes", "Authentication=ActiveDirectoryInteractive;UID=u"]


@pytest.mark.parametrize("beside", BESIDE)
def test_the_server_hears_the_token_whatever_the_application_wrote_beside_it(rust, identity_provider, beside):
    connect, attribute, rows = rust.run(beside)
    assert connect.succeeded and rows.rows == [["1"]], (connect, rows)
    assert [login.token for login in rust.server.logins] == [identity_provider.token] and identity_provider.token not in connect.out
    assert bytes.fromhex(attribute.bytes) == bytes(8)


@pytest.mark.parametrize("beside", [beside for beside in BESIDE if beside and "UID=;" not in beside])
def test_the_driver_itself_refuses_a_token_beside_them(rust, beside):
    """So they have to go away."""
    connect = rust.run(beside, OWN_TOKEN, section="Bare")[0]
    assert connect.records[0].state == "HY024" and "Access Token cannot be used" in connect.records[0].message
    assert rust.run("", OWN_TOKEN, section="Bare")[0].succeeded and len(rust.server.logins) == 1


def test_a_program_that_lets_the_driver_ask_connects_all_the_same(rust):
    assert rust.run("", OWN_TOKEN, section="Bare", completion=1)[0].records[0].state == "HY110"
    assert rust.run("", completion=1)[0].succeeded


def test_encryption_is_not_switched_off(rust):
    for string in ("Encrypt=no", "TrustServerCertificate=yes"):
        assert rust.run(string)[0].records[0].state == "28000"
    assert rust.server.logins == []
