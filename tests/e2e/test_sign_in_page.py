"""What somebody sees who signs in with a browser: a page that says how it went, and what the program is told at the same time."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from support import chromium
from support.browser_people import BrowserPeople, browser_keys
from support.device_code import COMPLETE, connect, passwords, refused
from support.odbc_client import call, run_client


@pytest.fixture
def people(identity_provider) -> BrowserPeople:
    return BrowserPeople(identity_provider)


def test_the_page_says_that_it_worked_and_the_code_stays_nowhere(ways, people, browser):
    ways.record(browser_keys(people))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded
    question, back, done = browser.pages()
    assert (question.status, back.status, done.status) == (302, 303, 200) and "code=code-1" in back.url
    assert urlsplit(done.url)[2:] == ("/done", "", "") and back.headers["location"] == "/done"
    for page in (back, done):
        assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "<h1>The sign-in worked</h1>" in done.text and "You are signed in to 127.0.0.1" in done.text and "You may close this window" in done.text
    assert done.headers["content-security-policy"].startswith("default-src 'none'; ") and "<script" not in done.text
    assert not any(hidden in back.text + done.text for hidden in ("code-1", *people.issued, dict(people.questions[0])["state"]))


DENIED = {"code": None, "error": "access_denied", "error_description": "<img src=x onerror=alert(1)> & said no"}


@pytest.mark.parametrize("brings, state, words", [
    (DENIED, "28000", ["127.0.0.1 refused the sign-in: access_denied: <img src=x onerror=alert(1)> & said no. Connect again"]),
    ({"code": None, "error": "invalid_scope"}, "28000", ["invalid_scope", "Check TokenClientId, TokenScope and TokenRedirect in section [Engine]"]),
    ({"code": None, "error": "temporarily_unavailable"}, "08001", ["cannot get a token from 127.0.0.1: temporarily_unavailable", "try again later"]),
    ({"code": None}, "HY000", ["what the browser brought has no code"]),
    ({"code": ""}, "HY000", ["what the browser brought has no code"]),
    ({"code": "stolen"}, "28000", ["HTTP 400, invalid_grant: the code is none"]),
    ({"iss": "https://evil.example"}, "HY000", ["what the browser brought was given by another issuer (iss)"]),
    ({"iss": "https://evil.example", **DENIED}, "HY000", ["another issuer (iss)"]),
], ids=lambda value: str(value.get("error", list(value))) if isinstance(value, dict) else "")
def test_what_comes_to_nothing_is_told_to_the_program_and_on_the_page(ways, people, browser, files, brings, state, words):
    people.brings.append(brings)
    ways.record(browser_keys(people))
    step = run_client(ways.shim, [connect(COMPLETE)])[0]
    refused(step, state, *words)
    page = browser.last
    assert urlsplit(page.url)[2:] == ("/done", "", "") and "<h1>The sign-in failed</h1>" in page.text and "You may close this window" in page.text
    reason = step.records[0].message.partition("[tokenshim] ")[2]
    for raw, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        reason = reason.replace(raw, escaped)
    assert f"<p>{reason}</p>" in page.text and "<img" not in page.text
    assert passwords(ways) == [] and files.names() == []


def test_a_provider_that_promises_to_say_who_it_is_must(ways, people, browser):
    people.tells["authorization_response_iss_parameter_supported"] = True
    people.brings += [{}, {"iss": people.url}]
    ways.record(browser_keys(people))
    first, second = run_client(ways.shim, [connect(COMPLETE), connect(COMPLETE, dbc="b")])
    refused(first, "HY000", "what the browser brought does not say who gave it (iss)")
    assert second.succeeded and len(people.requests("/token")) == 1


@pytest.mark.parametrize("limit", ["login timeout", "TokenTimeout"])
def test_an_answer_with_another_state_is_none_and_nobody_waits_longer_than_the_timeout(ways, people, browser, limit):
    people.brings.append({"state": "wrong"})
    ways.record(browser_keys(people, **({"TokenTimeout": 2} if limit == "TokenTimeout" else {})))
    before = [call("SQLSetConnectAttr", attribute=103, value=2)] if limit == "login timeout" else []
    *_, step = run_client(ways.shim, [*before, connect(COMPLETE)])
    refused(step, "HYT00", "127.0.0.1 gave no token within 2 s")
    assert step.seconds < 10 and browser.last.status == 400 and "This is not the answer" in browser.last.text
    assert people.requests("/token") == [] and passwords(ways) == []


@pytest.mark.skipif(not chromium.is_installed(), reason="this release has no package of Chromium")
def test_chromium_shows_somebody_elses_words_and_does_not_obey_them(ways, people, tmp_path):
    people.brings.append(DENIED)
    ways.record(browser_keys(people))
    with chromium.Chromium(ways.shim, tmp_path) as shown:
        refused(run_client(ways.shim, [connect(COMPLETE)])[0], "28000", "access_denied")
        last = shown.last
    assert last["text"].startswith("The sign-in failed\n") and DENIED["error_description"] in last["text"]
    assert last["url"].endswith("/done") and not any("error=" in url for url in last["history"])
    assert not [each for each in last["complaints"] if "/done" in each or "Security Policy" in each]
