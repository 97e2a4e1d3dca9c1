"""TokenSource=authorization-code: somebody signs in with the browser of this machine, once; from then on the sign-in that is kept
does. Nobody is asked where the application does not allow it."""

from __future__ import annotations

import re
import socket

import pytest

from support.browser_people import ASKED, BrowserPeople, browser_keys
from support.device_code import COMPLETE, COMPLETE_REQUIRED, NOPROMPT, SECRET, connect, passwords, refused
from support.odbc_client import WIDE_BYTES, call, run_client
from support.postgres import free_port

NOT_ASKING = [connect(NOPROMPT), call("SQLConnect", dsn="data"), call("SQLBrowseConnect", string="DSN=data", out=100)]
"""Connects that may ask nobody."""


@pytest.fixture
def people(identity_provider) -> BrowserPeople:
    return BrowserPeople(identity_provider)


# -- Signing in


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("completion", [COMPLETE, COMPLETE_REQUIRED], ids=["complete", "required"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_somebody_signs_in_once_and_then_nobody_is_asked(ways, people, browser, files, dm, completion, letter):
    ways.record(browser_keys(people), dm=dm)
    first = run_client(ways.shim, [connect(completion, letter=letter), connect(completion, dbc="b", letter=letter)], dm)
    assert all(step.succeeded for step in first), first
    [name] = files.names()
    assert name.endswith(".refresh") and files.modes()[name] == 0o600

    later = run_client(ways.shim, [connect(NOPROMPT, letter=letter), call(f"SQLConnect{letter}", dsn="data", dbc="b")], dm)
    assert all(step.succeeded for step in later) and later.stderr == ""
    assert people.requests("/token")[-1].form[1:] == [("grant_type", "refresh_token"), ("refresh_token", "person-1/refresh+2"),
                                                      ("scope", "database offline_access")]
    assert passwords(ways) == [people.issued[0]] * 2 + [people.issued[1]] and (people.asked, people.renewals) == (1, 1)


def test_the_question_has_a_challenge_and_a_state_and_the_code_its_verifier(ways, people, browser):
    ways.record(browser_keys(people), sources={"data": {"TokenUser": "ann@example.com"}})
    result = run_client(ways.shim, [connect(COMPLETE)])
    assert result[0].succeeded, result
    [question] = people.questions
    asked = dict(question)
    assert [name for name, _ in question] == ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
                                              "code_challenge_method", "login_hint"]
    assert [asked[name] for name in ("response_type", "client_id", "scope", "code_challenge_method", "login_hint")] == [
        "code", "app", "database offline_access", "S256", "ann@example.com"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", asked["redirect_uri"])
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", asked[name]) for name in ("state", "code_challenge"))
    [request] = people.requests("/token")
    form = dict(request.form)
    assert request.form[:-1] == [("client_id", "app"), ("grant_type", "authorization_code"), ("code", "code-1"), ("redirect_uri", asked["redirect_uri"])]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", form["code_verifier"])
    [run] = browser.runs()
    assert result.stderr == ASKED.replace("127.0.0.1,", "127.0.0.1 as ann@example.com,") + run["argv"][0] + "\n"
    assert form["code_verifier"] not in result.stderr


def test_the_next_sign_in_has_another_state_and_another_challenge(ways, people, browser):
    people.brings += [{"error": "access_denied", "code": None}]
    ways.record(browser_keys(people))
    assert [step.succeeded for step in run_client(ways.shim, [connect(COMPLETE), connect(COMPLETE, dbc="b")])] == [False, True]
    for name in ("state", "code_challenge"):
        assert len({dict(question)[name] for question in people.questions}) == 2


def test_where_no_browser_can_be_used_it_is_said_that_nobody_came_and_not_that_the_provider_is_slow(ways, people):
    ways.shim.env["BROWSER"] = "/bin/false"
    ways.record(browser_keys(people, TokenTimeout=2))
    [step] = run_client(ways.shim, [connect(COMPLETE)])
    refused(step, "HYT00", "nobody came back from a browser, so 127.0.0.1 gave no token within 2 s")


@pytest.mark.parametrize("step", NOT_ASKING, ids=lambda step: step["call"])
@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_who_may_not_be_asked_reads_what_to_do_and_no_browser_opens(ways, people, browser, files, dm, step):
    ways.record(browser_keys(people), dm=dm)
    result = run_client(ways.shim, [step], dm)
    refused(result[0], "28000", "nobody is signed in to 127.0.0.1, and this connect may not ask anybody", "Sign in once with 'tokenshim login <DSN>'",
            "or set TokenPrompt=yes in section [Engine] of odbcinst.ini.")
    assert result.stderr == "" and people.provider.requests == [] and browser.runs() == [] and files.names() == []


@pytest.mark.parametrize("auth", ["basic", "post"])
def test_a_client_with_a_secret_shows_it_beside_the_verifier_and_never_to_the_browser(ways, people, browser, auth):
    ways.record(browser_keys(people, TokenClientSecret=SECRET, TokenClientAuth=auth))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    [request] = people.requests("/token")
    form = dict(request.form)
    assert "code_verifier" in form and (form.get("client_secret") == SECRET, request.header("authorization") is None) == ((auth == "post",) * 2)
    assert SECRET not in str(people.questions) + str(browser.runs()[0]["argv"])


def test_a_sign_in_by_device_code_of_the_same_client_does_as_well(ways, people, browser):
    ways.record(browser_keys(people))
    by_code, in_browser = "DSN=data;TokenSource=device-code", "DSN=data"
    assert all(step.succeeded for step in run_client(ways.shim, [connect(COMPLETE, by_code), connect(NOPROMPT, in_browser, dbc="b")]))
    assert browser.runs() == []


def test_consent_is_asked_for_where_openid_connect_gives_no_refresh_token_without(ways, people, browser):
    ways.record(browser_keys(people))
    for scope, prompt in (("openid database", "consent"), ("openid", "consent"), ("openidx database", None)):
        assert run_client(ways.shim, [connect(COMPLETE, f"DSN=data;TokenScope={scope};TokenUser={scope}")])[0].succeeded
        assert dict(people.questions[-1]).get("prompt") == prompt
    assert all(step.succeeded for step in run_client(ways.shim, [connect(NOPROMPT, "DSN=data;TokenScope=openid;TokenUser=openid")]))


# -- TokenRedirect, and other settings


@pytest.mark.parametrize("redirect, expected", [
    ("http://localhost:{port}", "http://localhost:{port}"),
    ("http://127.0.0.1:{port}/call/back", "http://127.0.0.1:{port}/call/back"),
    ("http://localhost/call-back", r"http://localhost:\d+/call-back"),
])
def test_the_browser_comes_back_to_where_the_client_is_registered(ways, people, browser, redirect, expected):
    port = free_port()
    ways.record(browser_keys(people, TokenRedirect=redirect.format(port=port)))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    assert re.fullmatch(expected.format(port=port), dict(people.questions[0])["redirect_uri"])


def test_entra_is_asked_beside_its_token_endpoint_and_comes_back_to_localhost(ways, identity_provider, browser):
    people = BrowserPeople(identity_provider, tenant="/tenant")
    keys = browser_keys(people, TokenEndpoint=f"{people.url}/tenant/oauth2/v2.0/token")
    del keys["TokenDiscovery"]
    ways.record(keys)
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    assert re.fullmatch(r"http://localhost:\d+", dict(people.questions[0])["redirect_uri"])
    people.brings.append({"iss": "https://evil.example/tenant/v2.0"})
    refused(run_client(ways.shim, [connect(COMPLETE, "DSN=data;TokenUser=other")])[0], "HY000", "another issuer (iss)")


@pytest.mark.parametrize("host, address", [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("localhost", "::1")])
def test_a_port_that_somebody_else_has_is_named(ways, people, browser, host, address):
    if address == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as theirs:
        taken = theirs.getsockname()[1]
        ways.record(browser_keys(people, TokenRedirect=f"http://{host}:{taken}"))
        result = run_client(ways.shim, [connect(COMPLETE)])
    refused(result[0], "HY000", f"TokenRedirect needs port {taken} of {host}, where this program cannot listen", "section [Engine]")
    assert browser.runs() == [] and result.stderr == ""


def has_ipv6() -> bool:
    """Whether the machine has ::1, which a kernel built with IPv6 may yet lack."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("more, words", [
    ({"TokenRedirect": "https://app.example.com/"}, ["TokenRedirect must begin with http://127.0.0.1 or http://localhost"]),
    ({"TokenDiscovery": ""}, ["TokenDiscovery is missing, which authorization-code needs"]),
    ({"TokenDiscovery": "", "TokenEndpoint": "https://idp.example/token"}, ["TokenDiscovery is missing", "other than Entra's"]),
    ({"TokenClientId": ""}, ["TokenClientId is missing, which authorization-code needs"]),
], ids=["redirect", "nothing", "endpoint", "client"])
def test_what_is_missing_is_named(ways, people, browser, more, words):
    ways.record(browser_keys(people, **more))
    refused(run_client(ways.shim, [connect(COMPLETE)])[0], "HY000", *words)
    assert browser.runs() == [] and people.provider.requests == []


def test_a_connection_string_says_nothing_about_where_the_browser_comes_back(ways, people, browser):
    ways.record(browser_keys(people))
    refused(run_client(ways.shim, [connect(COMPLETE, "DSN=data;TokenRedirect=http://localhost:1")])[0], "28000", "TokenRedirect may not stand in a connection string")
