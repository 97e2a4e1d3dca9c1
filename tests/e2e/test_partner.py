"""People sign in on a program's own web pages, by the functions of include/tokenshim.h: a C program begins and finishes, and connects through a driver
manager have the token from then on."""

from __future__ import annotations

import json
import re
import threading
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit

import pytest

from support import partner_page, replies, signing_in
from support.browser_people import BrowserPeople, browser_keys
from support.c_api import EXAMPLES, SANITIZED
from support.device_code import NOPROMPT, connect
from support.odbc_client import WIDE_BYTES, run_client
from support.oidc_provider import SECRET, OidcProvider

REDIRECT = "https://partner.example/back?tenant=7"
PROGRAM = "api_partner"
USER = "tenant;7/ann"


@pytest.fixture
def people(home, recorder, identity_provider):
    people = BrowserPeople(identity_provider)
    write(home, recorder, browser_keys(people))
    return people


def write(home, recorder, keys: dict, dm: str = "unixodbc") -> None:
    real = recorder.compile("both", wide_bytes=WIDE_BYTES[dm])
    home.write({"Engine": {"Driver": home.shim(), "RealDriver": real, **keys}}, {"data": {"Driver": "Engine"}})


def begun(installed, home, user: str = USER, redirect: str = REDIRECT) -> tuple[str, str, str]:
    """The URL, the state and the saved session."""
    return tuple(installed.run(home, PROGRAM, "begin", "DSN=data", redirect, user))


def browse(url: str) -> str:
    """The query that a provider of `BrowserPeople`, which asks nobody, sends a browser back with."""
    target = urlsplit(signing_in_stops_at(url))
    return target.query


def signing_in_stops_at(url: str, prefix: str = "https://partner.example/") -> str:
    """Where the browser would go that signs in; nobody is there."""
    class Stops(signing_in.urllib.request.HTTPRedirectHandler):
        def redirect_request(self, request, file, code, message, headers, target):
            if target.startswith(prefix):
                raise HTTPError(target, code, "back at the application", headers, file)
            return super().redirect_request(request, file, code, message, headers, target)

    build = signing_in.urllib.request.build_opener
    signing_in.urllib.request.build_opener = lambda *handlers: build(Stops, *handlers)
    try:
        with pytest.raises(HTTPError) as back:
            signing_in.sign_in(url)
    finally:
        signing_in.urllib.request.build_opener = build
    with back.value:
        return back.value.url


def connects(home, user: str = USER):
    return run_client(home, [connect(NOPROMPT, f"DSN=data;TokenUser={{{user}}}")])[0]


def the_password(recorder) -> str:
    return recorder.calls("SQLDriverConnect")[-1]["string"].partition("PWD={")[2].partition("}")[0]


def test_another_process_finishes_and_connects_of_this_user_have_the_token(installed, home, recorder, people):
    url, state, session = begun(installed, home)
    asked = parse_qsl(urlsplit(url).query)
    assert [name for name, _ in asked] == ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
                                           "login_hint"]
    assert dict(asked)["state"] == state and dict(asked)["redirect_uri"] == REDIRECT and dict(asked)["scope"] == "database offline_access"
    for hidden in (state, "partner.example", "tenant"):
        assert hidden not in session
    [token] = installed.run(home, PROGRAM, "finish", session, browse(url))
    assert token == people.issued[0]
    assert connects(home).succeeded and the_password(recorder) == people.issued[1]
    assert people.renewals == 1
    for other in ("tenant;8/ann", "ann"):
        step = connects(home, other)
        assert step.records[0].state == "28000" and "nobody is signed in to 127.0.0.1" in step.records[0].message


def test_a_code_of_another_issuer_or_a_refusal_brings_no_token(installed, home, people):
    people.tells["authorization_response_iss_parameter_supported"] = True
    for brings, words in [
        ({"iss": "https://evil.example"}, "was given by another issuer"),
        ({}, "does not say who gave it"),
        ({"iss": people.url, "error": "access_denied", "error_description": "not today", "code": None}, "access_denied: not today"),
        ({"iss": people.url, "code": None}, "has no code"),
    ]:
        people.brings.append(brings)
        url, _, session = begun(installed, home)
        done = installed.end(home, PROGRAM, "finish", session, browse(url))
        assert done.returncode == 1 and words in done.stderr, done
    assert people.issued == [] and connects(home).records[0].state == "28000"


def test_a_session_finishes_with_the_settings_with_which_it_began(installed, home, recorder, people):
    url, _, session = begun(installed, home)
    write(home, recorder, browser_keys(people, TokenScope="everything"))
    done = installed.end(home, PROGRAM, "finish", session, browse(url))
    assert done.returncode == 1 and "the settings are no longer those with which this sign-in began" in done.stderr, done
    assert people.issued == []


def test_what_no_partner_should_do_is_a_status(installed, home, people):
    told = installed.run(home, PROGRAM, "misuse", "DSN=data", REDIRECT)
    assert told == ["sessions that somebody made or changed", "wrong states, a child that finishes, and a session that is used twice",
                    "handles of another kind"]


@pytest.mark.parametrize("dm, library", [("unixodbc", "odbc"), ("iodbc", ":libiodbc.so.2")])
def test_many_users_sign_in_at_once_and_each_connects_with_a_token_of_its_own(installed, home, recorder, people, identity_provider, dm, library):
    """None of them waits for another: each code is answered once all of them are there."""
    write(home, recorder, browser_keys(people), dm)
    all_there = threading.Barrier(16)
    identity_provider.always(lambda exchange: all_there.wait(20) >= 0 and people.token(exchange), path=people.token_path)
    *told, last = installed.run(home, PROGRAM, "users", "DSN=data", REDIRECT, 16, libraries=("tokenshim", library))
    assert last == "16 users have tokens of their own" and people.asked == 16 and people.renewals == 0
    connected = [re.fullmatch(r"DSN=data;UID=(\S+);PWD=\{(\S+)\}", each["string"]).groups() for each in recorder.calls("SQLDriverConnect")]
    assert sorted(connected) == sorted(tuple(line.split()) for line in told) and len(set(connected)) == 16


def test_who_signs_out_is_forgotten_here_and_revoked_at_the_provider(installed, home, people, identity_provider):
    revoked = []
    people.tells["revocation_endpoint"] = f"{people.url}/revoke"
    identity_provider.always(lambda exchange: revoked.append(dict(exchange.request.form)) or replies.json_body({})(exchange), path="/revoke")
    for user in (USER, "bob"):
        url, _, session = begun(installed, home, user)
        installed.run(home, PROGRAM, "finish", session, browse(url))
    assert installed.run(home, PROGRAM, "out", "DSN=data", USER) == ["1, then 0"]
    [form] = revoked
    assert form["token_type_hint"] == "refresh_token" and form["client_id"] == "app" and "/refresh" in form["token"]
    assert connects(home, "bob").succeeded, "another one's sign-in stays"


@pytest.mark.parametrize("arguments", [["misuse", "DSN=data", REDIRECT], ["users", "DSN=data", REDIRECT, 8]], ids=lambda words: words[0])
def test_no_sanitizer_of_a_partner_finds_anything(installed, home, people, arguments):
    options = {"ASAN_OPTIONS": f"detect_leaks={int(arguments[0] == 'users')}", "UBSAN_OPTIONS": "print_stacktrace=1"}
    assert installed.run(home, PROGRAM, *arguments, flags=SANITIZED, env=options, timeout=120)


def test_a_server_that_nobody_here_wrote_signs_a_confidential_partners_user_in(installed, home, recorder, start):
    provider = start(OidcProvider())
    write(home, recorder, provider.keys("authorization-code", TokenClientId="partner", TokenClientSecret=SECRET))
    url, _, session = begun(installed, home, redirect="https://partner.example/back")
    back = urlsplit(signing_in_stops_at(url))
    [token] = installed.run(home, PROGRAM, "finish", session, back.query)
    known = provider.says(token)
    assert (known["active"], known["client_id"]) == (True, "partner") and "database" in known["scope"].split()
    assert connects(home).succeeded and provider.says(the_password(recorder))["active"]
    assert the_password(recorder) != token, "renewed by the refresh token"
    [kept] = (home.user / ".cache" / "tokenshim").glob("*.refresh")
    kept = json.loads(kept.read_text())["refresh_token"]
    assert provider.says(kept)["active"]
    assert installed.run(home, PROGRAM, "out", "DSN=data", USER) == ["1, then 0"]
    assert not list((home.user / ".cache" / "tokenshim").glob("*.refresh"))


@pytest.mark.parametrize("language, flags", [("c99", ("-O1",)), ("c++11", ("-O1",)), ("c99", SANITIZED)], ids=["c99", "c++11", "sanitized"])
def test_the_example_partner_signs_a_user_in_on_its_own_page(installed, home, recorder, people, language, flags):
    program = installed.compile(EXAMPLES / "partner.c", language, flags)
    told = partner_page.visited(program, "DSN=data", "ann", env=home.env)
    assert told == "ann is signed in: connect with DSN=data;TokenUser=ann\n"
    assert connects(home, "ann").succeeded and the_password(recorder).startswith("token-of-person")
