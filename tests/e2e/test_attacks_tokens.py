"""Tokens of any length: JSON web tokens of 4, 16 and 60 KiB arrive whole however a driver takes them, and one of a character harms nobody."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from support import drivers, tds_token_server
from support.live import CREDENTIALS, REFRESH, Live
from support.odbc_client import WIDE_BYTES, call, run_client
from support.replies import good_token
from support.sign_in import MICROSOFT, SPARK
from support.tds_token_server import Login, TdsTokenServer
from support.two_ways import token_keys

KIB = [4, 16, 60]


def jwt(kib: int, number: int = 1) -> str:
    """Of a person in as many groups as make it so long."""
    def part(value) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head, signature = part({"alg": "RS256", "typ": "JWT", "kid": number}), "s" * 342
    room = kib * 1024 - len(f"{head}..{signature}")
    claims = part({"sub": "ann", "groups": [f"{index:036}" for index in range(room // 54)]})
    assert len(claims) <= room
    return f"{head}.{claims.ljust(room, 'x')}.{signature}"


WAYS = [call("SQLDriverConnectW", string="DSN=data", out=1000), call("SQLDriverConnect", string="DSN=data", out=1000),
        call("SQLConnectW", dsn="data"), call("SQLConnect", dsn="data", user="u", password="p")]


@pytest.mark.parametrize("profile, name, keyword", [("databricks", SPARK, "Auth_AccessToken"), ("password", "librecorder.so", "PWD")])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way["call"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("kib", KIB)
def test_a_long_token_arrives_in_a_keyword_or_as_password(ways, identity_provider, profile, name, keyword, way, dm, kib):
    token = jwt(kib)
    identity_provider.always(good_token(token))
    ways.record(token_keys(identity_provider, TokenProfile=profile), dm=dm, name=name, sources={"data": {"Host": "127.0.0.1"}})
    [step] = run_client(ways.shim, [way], dm)
    assert step.succeeded and not step.overrun and token not in str(step), step
    given = [each.get("password") or each["string"] for each in ways.raw_calls() if each["call"].startswith(("SQLConnect", "SQLDriverConnect"))]
    assert len(given) == 1 and given[0].count(token) == 1
    assert given[0] == token or f"{keyword}={token}" in given[0].replace("{", "").replace("}", "")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way["call"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("kib", KIB)
def test_a_long_token_arrives_in_attribute_1256(ways, identity_provider, way, dm, kib):
    token = jwt(kib)
    identity_provider.always(good_token(token))
    ways.record(token_keys(identity_provider, TokenProfile="sqlserver"), dm=dm, name=MICROSOFT, sources={"data": {"Server": "127.0.0.1"}})
    [step] = run_client(ways.shim, [way], dm)
    assert step.succeeded and not step.overrun, step
    [begun] = [each for each in ways.raw_calls() if each["call"].startswith(("SQLConnect", "SQLDriverConnect"))]
    wide = token.encode("utf-16-le")
    assert begun["access_token"] == (struct.pack("<I", len(wide)) + wide).hex()


@pytest.mark.parametrize("dm", WIDE_BYTES)
@pytest.mark.parametrize("kib", KIB)
def test_a_long_token_arrives_at_an_open_connection(ways, identity_provider, tmp_path, dm, kib):
    live = Live(ways, identity_provider, tmp_path)
    first, second = jwt(kib, 1), jwt(kib, 2)
    identity_provider.answer(good_token(first, expires_in=4))
    identity_provider.always(good_token(second))
    live.write(dm)
    with live.host("dbc = opened('DSN=data')", ends="closed(dbc)"):
        live.refreshed(1)
    assert live.given() == [f"Auth_AccessToken={second}"] and len(live.set(CREDENTIALS)) == len(live.set(REFRESH)) == 1


@pytest.mark.parametrize("token", ["t", "ab", "a.b", "one-short-token-of-31-characters"[:31], *map(jwt, KIB)], ids=len)
def test_microsofts_own_driver_brings_its_server_a_token_of_any_length(ways, identity_provider, start, authority, token):
    """Its bytes need not be a JSON web token's, nor many: what a driver was seen to crash of was a structure that said a wrong length."""
    server = start(TdsTokenServer(authority.server_context(tds_token_server.NAME)))
    ways.shim.env["SSL_CERT_FILE"] = str(authority.file)
    identity_provider.always(good_token(token))
    ways.write(drivers.microsoft(), {"data": server.keys}, token_keys(identity_provider, TokenProfile="sqlserver"))
    [step] = run_client(ways.shim, [call("SQLDriverConnectW", string="DSN=data")])
    assert step.succeeded, step
    assert server.logins == [Login(token, is_recovery=False)] and server.broken_logins == 0
