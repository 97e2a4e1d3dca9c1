"""An OAuth server that nobody here wrote, npm's oidc-provider, gives tokens by each grant, from a driver manager down to the real
driver, which is a recorder: the token that reached it is one that the server itself knows."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from support import chromium, signing_in
from support.browser_people import ASKED
from support.device_code import COMPLETE, NOPROMPT, connect, passwords
from support.host import finished, start_host
from support.odbc_client import WIDE_BYTES, run_client
from support.oidc_provider import OidcProvider

SIGNS_IN = """
dbc = allocate(DBC, environment())
say(connect(dbc, "DSN=data", 1), record(DBC, dbc))
"""


@pytest.fixture
def provider(start) -> OidcProvider:
    return start(OidcProvider())


@pytest.fixture
def browser(ways, tmp_path) -> Path:
    """Signs in on the pages of the provider; where it ends is in this file."""
    log = tmp_path / "browser.log"
    ways.shim.env["BROWSER"] = f"{sys.executable} -I {Path(signing_in.__file__).resolve()} {log}"
    return log


def the_server_knows(provider, token: str, client: str = "app") -> None:
    known = provider.says(token)
    assert (known["active"], known["client_id"], known["token_type"]) == (True, client, "Bearer"), known
    assert "database" in known["scope"].split()


def the_refresh_token(ways) -> str:
    [file] = (ways.shim.user / ".cache" / "tokenshim").glob("*.refresh")
    return json.loads(file.read_text())["refresh_token"]


def renews(ways, provider, dm: str = "unixodbc") -> None:
    """A program that may ask nobody connects; the refresh token is used up, and another one is there."""
    before, count = the_refresh_token(ways), len(passwords(ways))
    result = run_client(ways.shim, [connect(NOPROMPT)], dm)
    assert result[0].succeeded and result.stderr == "", result
    the_server_knows(provider, passwords(ways)[count])
    assert passwords(ways)[count] not in passwords(ways)[:count]
    assert the_refresh_token(ways) != before and provider.says(before)["active"] is False
    assert provider.says(the_refresh_token(ways))["active"] is True


@pytest.mark.parametrize("auth", ["basic", "post"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_an_application_signs_in_by_client_credentials(ways, start, dm, auth):
    provider = start(OidcProvider(machine_auth=f"client_secret_{auth}"))
    ways.record(provider.keys("client-credentials", TokenClientAuth=auth), dm=dm)
    assert run_client(ways.shim, [connect(NOPROMPT)], dm)[0].succeeded
    [token] = passwords(ways)
    the_server_knows(provider, token, "machine")


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_somebody_signs_in_with_a_browser_and_the_sign_in_is_renewed(ways, provider, browser, dm):
    ways.record(provider.keys("authorization-code"), dm=dm)
    result = run_client(ways.shim, [connect(COMPLETE)], dm)
    assert result[0].succeeded and result.stderr.startswith(ASKED), result
    the_server_knows(provider, passwords(ways)[0])
    url, page = json.loads(browser.read_text())
    assert url.endswith("/done") and "You are signed in to 127.0.0.1" in page
    for _ in range(2):
        renews(ways, provider, dm)


def test_somebody_signs_in_by_device_code_and_the_sign_in_is_renewed(ways, provider):
    ways.record(provider.keys("device-code"))
    with start_host(ways.shim, SIGNS_IN) as host:
        line = host.stderr.readline()
        place, code = re.fullmatch(r"\[tokenshim\] To sign in to 127\.0\.0\.1, open (\S+) and enter the code (\S+)\n", line).groups()
        signing_in.sign_in(place, user_code=code)
        done = finished(host)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 None\n", "")
    the_server_knows(provider, passwords(ways)[0])
    renews(ways, provider)


def test_a_sign_in_whose_refresh_token_was_stolen_is_over(ways, provider, browser):
    """Strict as providers are: who shows one that is used up ends the sign-in for all."""
    ways.record(provider.keys("authorization-code"))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    stolen = the_refresh_token(ways)
    renews(ways, provider)
    assert "invalid_grant" in provider.refresh(stolen)
    step = run_client(ways.shim, [connect(NOPROMPT)])[0]
    [record] = step.records
    assert record.state == "28000" and "127.0.0.1 no longer accepts the sign-in that was kept: HTTP 400, invalid_grant" in record.message
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded, "once more with the browser"


@pytest.mark.skipif(not chromium.is_installed(), reason="this release has no package of Chromium")
def test_somebody_signs_in_with_chromium(ways, provider, tmp_path):
    ways.record(provider.keys("authorization-code"))
    with chromium.Chromium(ways.shim, tmp_path) as shown:
        result = run_client(ways.shim, [connect(COMPLETE)])
        assert result[0].succeeded, result
        the_server_knows(provider, passwords(ways)[0])
        last = shown.last
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/done", last["url"])
    assert last["text"].split("\n")[0] == "The sign-in worked" and "You may close this window." in last["text"]
    assert not any("code=" in url for url in last["history"]), "nor does its history have the code"
    assert last["referrer"] == "" and not [each for each in last["complaints"] if "/done" in each or "Security Policy" in each]
