"""Whatever the identity provider answers, or does not: one clear record in bounded time, and the application goes on."""

from __future__ import annotations

import base64
import datetime
import os
import socket
import ssl
import threading
from urllib.parse import quote_plus

import pytest

from support import replies
from support.connect_proxy import ConnectProxy
from support.identity_provider import IdentityProvider
from support.odbc_client import call, run_client
from support.sign_in import MICROSOFT, SECRET, SignIn

SECTION = "section [Shimmed] of odbcinst.ini"


@pytest.fixture
def signed(home, recorder, identity_provider):
    """Makes a DSN whose section may say more than the least."""

    def make(driver: str = MICROSOFT, **section) -> SignIn:
        made = SignIn(home, recorder, identity_provider, driver)
        made.write({"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token",
                    "TokenClientId": "id", "TokenClientSecret": SECRET, "TokenTimeout": 5, **section},
                   {"Server": "good.example.net", "SSLmode": "require"})
        return made

    return make


def fails_and_goes_on(dsn: SignIn, state: str, *words: str, within: float = 2) -> str:
    """The first connect fails as it should; a second one in the same program gets a token, and its driver a connection."""
    failed, good = run_client(dsn.home, [call("SQLDriverConnectW", string="DSN=app"),
                                         call("SQLDriverConnectW", string="DSN=app", dbc="second")])
    record = dsn.refused(failed, state, "127.0.0.1", SECTION, *words)
    assert failed.seconds < within
    assert good.succeeded, good
    assert len(dsn.given) == 1 and len(dsn.provider.requests) == 2
    return record.message


# -- Answers that are no token


WORDS = {
    "HTML": "the answer is a web page",
    "truncated JSON": "the answer is no JSON",
    "a list": "it has no access_token",
    "wrong types": "its access_token is no text",
    "no access_token": "it has no access_token",
    "empty token": "its access_token is empty",
    "control characters": "characters that no token may have",
    "not ASCII": "characters that no token may have",
    "no body": "the answer is empty",
    "not HTTP": "",
}


@pytest.mark.parametrize("name", WORDS)
def test_a_reply_without_a_token_is_an_error_in_words(signed, name):
    dsn = signed()
    dsn.provider.answer(replies.NOT_A_TOKEN[name])
    fails_and_goes_on(dsn, "08001" if name == "not HTTP" else "HY000", "TokenEndpoint", WORDS[name])


@pytest.mark.parametrize("reply, words", {
    "a token of another kind": (replies.good_token(token_type="mac"), "its token_type is not Bearer"),
    "a number": (replies.json_body({"access_token": 7}), "its access_token is no text"),
    "JSON and more": (replies.status(200, '{"access_token":"t"}{"access_token":"u"}'), "the answer is no JSON"),
    "no content": (replies.status(204), "the answer is empty"),
    "deep JSON": (replies.status(200, "[" * 200_000), "the answer is no JSON"),
    "NUL bytes": (replies.status(200, "\0" * 1000), "the answer is"),
}.values(), ids=lambda item: item if isinstance(item, str) else "")
def test_odd_replies_too(signed, reply, words):
    dsn = signed()
    dsn.provider.answer(reply)
    fails_and_goes_on(dsn, "HY000", "TokenEndpoint", words)


def test_a_reply_of_100_megabytes_is_not_read_to_its_end(signed):
    dsn = signed()
    dsn.provider.answer(replies.huge_body())
    fails_and_goes_on(dsn, "HY000", "more than 1 MiB", "TokenEndpoint", within=1.5)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(signed, start, code):
    dsn = signed()
    elsewhere = start(IdentityProvider())
    dsn.provider.answer(replies.redirect(f"{elsewhere.url}/token", code))
    message = fails_and_goes_on(dsn, "HY000", f"HTTP {code}, a redirect, which is not followed", "TokenEndpoint")
    assert str(elsewhere.port) not in message and elsewhere.requests == [] and elsewhere.connections == 0


# -- Refusals


@pytest.mark.parametrize("reply, state, words", [
    (replies.invalid_client(), "28000", ["refused the sign-in: HTTP 401, invalid_client: AADSTS7000215", "client id and secret"]),
    (replies.invalid_scope(), "28000", ["HTTP 400, invalid_scope: AADSTS70011", "TokenScope"]),
    (replies.oauth_error(403, "access_denied"), "28000", ["HTTP 403, access_denied"]),
    (replies.status(401), "28000", ["HTTP 401"]),
    (replies.status(404, "<html>no such page</html>"), "28000", ["HTTP 404"]),
    (replies.json_body({"error": "invalid_client"}), "HY000", ["it has no access_token"]),
    (replies.status(501, "<html>Oops</html>"), "08001", ["HTTP 501", "try again later"]),
    (replies.busy_for_long(429), "08001", ["HTTP 429", "try again later"]),
], ids=["wrong secret", "wrong scope", "denied", "401", "404", "an error with 200", "501", "429"])
def test_a_refusal_names_who_refused_and_what_to_change(signed, reply, state, words):
    dsn = signed()
    dsn.provider.answer(reply)
    fails_and_goes_on(dsn, state, *words)


FORM = quote_plus(SECRET)
BASIC = base64.b64encode(f"id:{FORM}".encode()).decode()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize("echo, hidden", [
    (SECRET, SECRET), (f"client_secret={FORM}&client_id=id", FORM), (f"Basic {BASIC}", BASIC), (f"token={JWT}", "c2lnbmF0dXJl"),
], ids=["as it is", "in the form", "in the header", "a token"])
@pytest.mark.parametrize("field", ["error", "error_description"])
def test_a_refusal_that_repeats_a_secret_is_shown_without_it(signed, echo, hidden, field):
    dsn = signed()
    dsn.provider.answer(replies.Reply(401, {"error": "e", "error_description": "d", field: f"AADSTS7000215: '{echo}' is\r\nwrong"}))
    message = fails_and_goes_on(dsn, "28000", "AADSTS7000215", "***", "wrong")
    assert hidden not in message


def test_a_refusal_of_any_length_fits_one_record(signed):
    dsn = signed()
    dsn.provider.answer(replies.oauth_error(400, "x" * 5000, "ü€𝄞" * 5000), replies.oauth_error(400, "", "\n".join("wörter" * 900)))
    for step in run_client(dsn.home, [call("SQLDriverConnectW", string="DSN=app", dbc=name) for name in "ab"]):
        assert SECTION in dsn.refused(step, "28000", "127.0.0.1", SECTION).message


# -- Time


@pytest.mark.parametrize("mood", {"silence": replies.silence, "drip": replies.slow_drip(), "late": replies.good_token(delay=20)}.items(),
                         ids=lambda item: item[0])
@pytest.mark.parametrize("limit", ["TokenTimeout", "login timeout", "TokenTimeout in the string"])
def test_who_takes_too_long_is_not_waited_for(signed, mood, limit):
    dsn = signed(TokenTimeout=1 if limit == "TokenTimeout" else 25)
    dsn.provider.answer(mood[1])
    first = [call("SQLSetConnectAttr", attribute=103, value=1)] if limit == "login timeout" else []
    string = "DSN=app;TokenTimeout=1" if limit.endswith("string") else "DSN=app"
    *_, slow, good = run_client(dsn.home, [*first, call("SQLDriverConnectW", string=string),
                                           call("SQLDriverConnectW", string="DSN=app", dbc="second")])
    dsn.refused(slow, "HYT00", "127.0.0.1 gave no token within 1 s", f"TokenTimeout in {SECTION}", "login timeout")
    assert 0.9 < slow.seconds < 10
    assert good.succeeded and len(dsn.given) == 1


def test_a_longer_login_timeout_leaves_token_timeout_as_it_is(signed):
    dsn = signed(TokenTimeout=1)
    dsn.provider.answer(replies.silence)
    _, slow = run_client(dsn.home, [call("SQLSetConnectAttr", attribute=103, value=20), call("SQLDriverConnectW", string="DSN=app")])
    dsn.refused(slow, "HYT00", "within 1 s")


# -- Nobody there, or not who they should be


def test_a_dead_port_is_an_error_in_time(signed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    dsn = signed(TokenEndpoint=f"http://127.0.0.1:{port}/token")
    step = dsn.connect()
    dsn.refused_unheard(step, "08001", "cannot get a token from 127.0.0.1", "refused", f"TokenEndpoint in {SECTION}")
    assert step.seconds < 8


def test_an_unknown_host_is_an_error(signed):
    dsn = signed(TokenEndpoint="https://idp.invalid/token")
    dsn.refused_unheard(dsn.connect(), "08001", "cannot get a token from idp.invalid", f"TokenEndpoint in {SECTION}")


@pytest.fixture
def tls(authority, start):
    """Starts a provider with a certificate for 127.0.0.1, or for what else is asked for."""
    def make(*names: str, **options) -> IdentityProvider:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority._authority.issue_cert(*(names or ("127.0.0.1",)), **options).configure_cert(context)
        return start(IdentityProvider(context))
    return make


NOW = datetime.datetime.now(datetime.UTC)


@pytest.mark.parametrize("names, options, words", [
    (["other.example.org"], {}, "not valid for"),
    ([], {"not_before": NOW - datetime.timedelta(days=9), "not_after": NOW - datetime.timedelta(days=1)}, "expired"),
    ([], {"not_before": NOW + datetime.timedelta(days=1)}, "not valid yet"),
], ids=["another host's", "expired", "of tomorrow"])
def test_a_wrong_certificate_gets_no_request(signed, tls, authority, names, options, words):
    provider = tls(*names, **options)
    dsn = signed(TokenEndpoint=f"{provider.url}/token", TokenCAFile=authority.file)
    dsn.refused_unheard(dsn.connect(), "08001", "cannot get a token from 127.0.0.1", "certificate", words, SECTION)
    assert provider.requests == [] and provider.connections == 1


def test_a_right_certificate_gets_it(signed, tls, authority):
    provider = tls()
    assert signed(TokenEndpoint=f"{provider.url}/token", TokenCAFile=authority.file).connect().succeeded
    assert len(provider.requests) == 1


def test_a_server_without_tls_is_an_error_at_once(signed):
    def answer(server):
        connection, _ = server.accept()
        with connection:
            heard.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=[server], daemon=True).start()
        dsn = signed(TokenEndpoint=f"https://127.0.0.1:{server.getsockname()[1]}/token")
        dsn.refused_unheard(dsn.connect(), "08001", "cannot get a token from 127.0.0.1", SECTION)
    assert b"POST" not in heard[0]


@pytest.mark.parametrize("code", [403, 407, 502])
def test_a_proxy_that_refuses_is_an_error_without_its_password(signed, start, code):
    proxy = start(ConnectProxy(("127.0.0.1", 1), refuse=code))
    dsn = signed(TokenEndpoint="https://idp.example.org/token", TokenProxy=f"http://me:p4ssw0rd@{proxy.host}:{proxy.port}")
    record = dsn.refused_unheard(dsn.connect(), "08001", "cannot get a token from idp.example.org", f"TokenProxy, TokenCAFile and TokenEndpoint in {SECTION}")
    assert "p4ssw0rd" not in record.message and proxy.targets == ["idp.example.org:443"]


@pytest.mark.parametrize("key, value, words", [
    ("TokenProxy", "http://", "is no proxy URL"),
    ("TokenProxy", "gopher://127.0.0.1:70", "is no proxy URL"),
    ("TokenCAFile", "/nowhere.pem", "cannot be read"),
    ("TokenCAFile", "/etc/hostname", "holds no PEM certificate"),
    ("TokenTimeout", "soon", "must be a number of seconds"),
    ("TokenTimeout", "0", "must be a number of seconds"),
    ("TokenTimeout", "99999999999999999999", "must be a number of seconds"),
    ("TokenClientAuth", "jwt", "must be basic or post"),
    ("TokenRenewal", "later", "must be half, off, or a number of seconds"),
    ("TokenRenewal", "0", "must be half, off, or a number of seconds"),
    ("TokenCache", "disk", "must be memory or file"),
    ("TokenLog", "tokenshim.log", "must be stderr or a full path"),
])
def test_a_setting_that_means_nothing_is_named(signed, key, value, words):
    dsn = signed(**{"TokenEndpoint": "https://idp.invalid/token", key: value})
    dsn.refused_unheard(dsn.connect(), "HY000", f"{SECTION}: {key}", words)


NO_CA_FILE = {
    "a named pipe": (os.mkfifo, "is no regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is no regular file"),
    "a directory": (lambda path: path.mkdir(), "is no regular file"),
    "a huge file": (lambda path: path.write_bytes(b"") or os.truncate(path, 1 << 40), "has more than 1048576 bytes"),
}


@pytest.mark.parametrize("make, words", NO_CA_FILE.values(), ids=NO_CA_FILE)
def test_what_is_no_file_of_certificates_is_refused_at_once(signed, tmp_path, make, words):
    make(tmp_path / "ca.pem")
    dsn = signed(TokenCAFile=tmp_path / "ca.pem")
    step = dsn.connect(timeout=10)
    dsn.refused_unheard(step, "HY000", f"{SECTION}: TokenCAFile", words)
    assert step.seconds < 5
