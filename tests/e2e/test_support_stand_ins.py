"""The identity provider, the proxy and `az` as tests see them, without tokenshim."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from support import replies
from support.az_stand_in import AzStandIn
from support.identity_provider import IdentityProvider

# -- The identity provider and the proxy


def ask(url, context=None, proxy=None, timeout=5, body=b"grant_type=client_credentials&scope=all-apis"):
    handlers = [urllib.request.ProxyHandler({"https": proxy} if proxy else {})]
    handlers += [urllib.request.HTTPSHandler(context=context)] if context else []
    with urllib.request.build_opener(*handlers).open(urllib.request.Request(url, data=body), timeout=timeout) as reply:
        return reply.read()


def test_token_over_tls_through_the_proxy(databricks, authority):
    provider, proxy = databricks
    trusting = ssl.create_default_context(cafile=authority.file)
    reply = json.loads(ask("https://x.cloud.databricks.com/oidc/v1/token", trusting, proxy.url))
    assert reply == {"token_type": "Bearer", "expires_in": 3600, "access_token": provider.token}
    [request] = provider.requests
    assert (request.method, request.path) == ("POST", "/oidc/v1/token")
    assert request.form == [("grant_type", "client_credentials"), ("scope", "all-apis")]
    assert ("Host", "x.cloud.databricks.com") in request.headers
    assert proxy.targets == ["x.cloud.databricks.com:443"]

    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask("https://x.cloud.databricks.com/", ssl.create_default_context(), proxy.url)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask("https://evil.example/", trusting, proxy.url)
    proxy.refuse = 407
    with pytest.raises(OSError, match="407"):
        ask("https://x.cloud.databricks.com/", trusting, proxy.url)


def test_scripted_replies(identity_provider):
    url = identity_provider.url
    identity_provider.answer(replies.invalid_client(), replies.status(429, Retry_After="1"), replies.good_token("queued"))
    identity_provider.always(replies.good_token("other"), path="/other")
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        ask(url)
    assert b"AADSTS7000215" in refused.value.read()
    with pytest.raises(urllib.error.HTTPError, match="429") as refused:
        ask(url)
    assert refused.value.headers["Retry-After"] == "1"
    assert b"other" in ask(url + "/other")
    assert b"queued" in ask(url)
    assert identity_provider.token.encode() in ask(url)


@pytest.mark.parametrize("mood", replies.NOT_A_TOKEN)
def test_replies_that_are_not_tokens(identity_provider, mood):
    identity_provider.answer(replies.NOT_A_TOKEN[mood])
    with socket.create_connection((identity_provider.host, identity_provider.port), 5) as client:
        client.sendall(b"POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        answer = client.makefile("rb").read()
    assert b'"good-token' not in answer or mood == "wrong types"
    assert identity_provider.requests[0].header("HOST") == "x"


def test_replies_that_take_their_time(identity_provider):
    for reply in (replies.silence, replies.slow_drip(0.3)):
        identity_provider.answer(reply)
        with pytest.raises(TimeoutError):
            ask(identity_provider.url, timeout=0.2)
    identity_provider.answer(replies.huge_body(1_000_000))
    assert len(ask(identity_provider.url)) > 1_000_000


def test_the_provider_serves_alone():
    program = IdentityProvider.__module__.replace(".", "/") + ".py"
    here = os.path.dirname(__file__)
    with subprocess.Popen([sys.executable, os.path.join(here, program)], stdout=subprocess.PIPE, text=True) as server:
        assert b"access_token" in ask(server.stdout.readline().strip())
        server.terminate()  # who runs in the background may be deaf to SIGINT


# -- az


def run_az(az: AzStandIn, *more: str):
    command = [az.path, "account", "get-access-token", "--output", "json", "--resource", "https://database.windows.net", *more]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/", timeout=2)


def test_az_in_a_good_mood(az):
    reply = json.loads(run_az(az).stdout)
    assert list(reply) == ["accessToken", "expiresOn", "expires_on", "subscription", "tenant", "tokenType"]
    assert "subscription" not in json.loads(run_az(az, "--tenant", "t").stdout)
    first = az.calls[0]
    assert first["argv"][:2] == ["account", "get-access-token"] and first["cwd"] == "/" and first["stdin"] == "/dev/null"
    assert set(first["descriptors"]) == {"0", "1", "2"} and first["blocked"] == []


def test_az_in_bad_moods(az):
    for mood, words in {"not signed in": "az login", "expired sign-in": "AADSTS700082", "unknown tenant": "AADSTS90002"}.items():
        az.answer(mood)
        done = run_az(az)
        assert (done.returncode, done.stdout) == (1, "") and words in done.stderr
    az.answer("empty stderr")
    assert run_az(az).stderr == "" and run_az(az).returncode == 1
    az.answer("good with warnings")
    assert "WARNING" in run_az(az).stderr and json.loads(run_az(az).stdout)
    az.answer("huge")
    assert len(run_az(az).stdout) > 100_000_000
    az.answer("killed")
    assert run_az(az).returncode == -signal.SIGKILL
    az.answer("not executable")
    with pytest.raises(PermissionError):
        run_az(az)
    az.answer("hangs")
    with pytest.raises(subprocess.TimeoutExpired):
        run_az(az)
    az.answer("grandchild")
    with pytest.raises(subprocess.TimeoutExpired):
        run_az(az)
    os.kill(az.grandchild, signal.SIGKILL)
