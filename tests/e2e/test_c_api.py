"""The C functions of include/tokenshim.h: programs that are built as a user does it, against the real driver manager."""

from __future__ import annotations

import re
import time

import pytest

from support import drivers, replies
from support.c_api import EXAMPLES, SANITIZED, STORIES, sanitizers, words, write_sources
from support.device_code import device_keys
from support.device_provider import DevicePeople
from support.two_ways import token_keys


@pytest.fixture
def data(home, recorder, identity_provider):
    return write_sources(home, recorder, identity_provider)


# -- What the functions do


def test_a_program_gets_keeps_uses_and_forgets_tokens(installed, data, recorder, identity_provider):
    told = installed.run(data, "api_tokens", *STORIES["api_tokens"])
    assert told == [
        "token-1", "it ends within the hour", "DSN=app;UID=u;PWD={token-1}",
        "token-1", "DSN=app;PWD={token-1}",
        "token-2", "token-2", "4 requests, 2 hits, 0 renewals, 0 failures",
        "connected with attribute 1256"]
    [connect] = recorder.calls("SQLDriverConnect")
    assert bytes.fromhex(connect["access_token"])[4::2] == b"token-3"
    assert len(identity_provider.requests) == 3


def test_a_token_that_is_forgotten_is_in_no_file_either(installed, data, identity_provider):
    told = installed.run(data, "api_tokens", "DSN=file", "file", "DSN=sql")
    assert [told[0], told[5], told[6]] == ["token-1", "token-2", "token-2"]
    files = list((data.user / ".cache" / "tokenshim").glob("*.token"))
    assert len(files) == 1 and "token-2" in files[0].read_text()


def test_what_no_program_should_do_is_a_status(installed, data, identity_provider):
    told = installed.run(data, "api_misuse", *STORIES["api_misuse"])
    assert told == ["NULL", "short buffers and wrong lengths", "handles that stand for nothing", "strings that lead nowhere",
                    "any string; of some comes a token", "many threads"]
    assert len(identity_provider.requests) == 1


def test_a_child_has_its_parents_handles_and_each_frees_its_own(installed, data, identity_provider):
    told = installed.run(data, "api_forks", *STORIES["api_forks"])
    assert told == ["a child has handles of its own", "children that are forked while other threads are at work"]
    assert [dict(each.form).get("scope") for each in identity_provider.requests] == [None, "other"]


def test_a_function_of_the_program_gives_tokens_to_calls_and_connects_and_holds_nobody_up(installed, data, recorder, identity_provider):
    begun = time.monotonic()
    told = installed.run(data, "api_provider", *STORIES["api_provider"])
    who, place = "the program's provider program", "DSN [callback] of odbc.ini"
    check = f"Check TokenCallback in {place}."
    assert told == [
        f"28000 [tokenshim] {who} refused the sign-in: not today. See what the program says of it.",
        f"08001 [tokenshim] cannot get a token from {who}: not today. See what the program says of it.",
        f"HY000 [tokenshim] {who} answered, but not with a token: what it returned means nothing. {check}",
        f"HY000 [tokenshim] {who} answered, but not with a token: its token is no text that ends with a NUL. {check}",
        "token-5; it was asked as program for a-scope, at most seconds",
        "a connect through the driver manager has the same token",
        "a server refused token-5: the program knows which",
        f"HYT00 [tokenshim] {who} gave no token within 3 s. Raise TokenTimeout in {place}, or the application's login timeout if that is shorter.",
        "a connect does not wait for it, either",
        "its data is free once its last call has come back",
    ]
    assert 6 <= time.monotonic() - begun < 30
    assert [each["string"] for each in recorder.calls("SQLDriverConnect")] == ["DSN=callback;PWD={token-5}", *(f"DSN=callback;Fail=28000:no;PWD={{token-{number}}}" for number in (5, 6))]
    assert identity_provider.requests == []
    assert not list(data.user.rglob("*.token")), "another program may have a provider of this name"


def test_a_program_renews_the_token_of_a_connection_that_is_open(installed, data, recorder):
    told = installed.run(data, "api_connection", *STORIES["api_connection"])
    assert told == ["renewed by the function and by the attribute", "handles of no such connection", "a child has its parent's connections",
                    "a connection that is closed while many threads renew it"]
    given = [each["string"] for each in recorder.calls("SQLSetConnectAttr") if each["attribute"] == 122]
    assert given[:2] == ["PWD={token-2}", "PWD={token-3}"] and len(given) > 2


@pytest.mark.unlogged
def test_a_program_hears_what_goes_wrong_beside_a_call_that_succeeds(installed, data):
    (data.user / ".cache").mkdir()
    (data.user / ".cache" / "tokenshim").write_text("in the way")
    told = installed.run(data, "api_log", *STORIES["api_log"])
    assert told == [f"no token is kept in a file: {data.user}/.cache/tokenshim is no folder, or a link to one", "1"]


@pytest.mark.unlogged
def test_a_program_hears_what_somebody_who_has_to_sign_in_is_told(installed, home, recorder, identity_provider):
    people = DevicePeople(identity_provider)
    home.write({"Engine": {"Driver": home.shim(), "RealDriver": recorder.compile("both"), **device_keys(people, TokenPrompt="yes")}},
               {"app": {"Driver": "Engine"}})
    told, count = installed.run(home, "api_log", "DSN=app", "DSN=app")
    assert re.fullmatch(r"To sign in to 127\.0\.0\.1, open http://127\.0\.0\.1:\d+/\S+ and enter the code \S+", told), told
    assert (count, people.asked) == ("1", 1)


# -- Memory


@pytest.mark.parametrize("story", STORIES)
def test_no_sanitizer_of_a_program_finds_anything(installed, data, identity_provider, story):
    assert installed.run(data, story, *words(story, identity_provider), flags=SANITIZED, env=sanitizers(story), timeout=120)


# -- The examples


def fits_on_a_screen(file):
    lines = file.read_text().splitlines()
    assert len(lines) <= 60 and max(map(len, lines)) <= 150


@pytest.mark.parametrize("file", sorted(each.name for each in EXAMPLES.glob("*.cpp")))
def test_an_example_is_cxx11_and_fits_on_a_screen(installed, file):
    assert installed.compile(EXAMPLES / file, "c++11").exists()
    fits_on_a_screen(EXAMPLES / file)


@pytest.mark.parametrize("language", ["c99", "c++11"])
@pytest.mark.parametrize("file", sorted(each.name for each in EXAMPLES.glob("*.c")))
def test_an_example_is_c99_and_cxx11_and_fits_on_a_screen(installed, file, language):
    assert installed.compile(EXAMPLES / file, language).exists()
    fits_on_a_screen(EXAMPLES / file)


@pytest.mark.parametrize("language", ["c99", "c++11"])
def test_the_example_get_token_prints_a_token_and_when_it_ends(installed, data, identity_provider, language):
    done = installed.end(data, "get_token.c", "DSN=app", language=language)
    assert (done.returncode, done.stdout) == (0, "token-1\n"), done.stderr
    end = int(re.fullmatch(r"it ends at (\d+) s since 1970\n", done.stderr)[1])
    assert abs(end - time.time() - 3600) < 60
    identity_provider.always(replies.invalid_client())
    done = installed.end(data, "get_token.c", "DSN=app", language=language)
    assert done.returncode == 1 and done.stderr.startswith("28000 [tokenshim] 127.0.0.1 refused the sign-in: HTTP 401, invalid_client")


def test_the_example_connect_signs_in_to_the_real_driver_without_tokenshim_between(installed, home, postgres, identity_provider):
    postgres.role("app", identity_provider.token)
    home.write({"PostgreSQL": {"Driver": drivers.PSQLODBCW}}, {"data": {"Driver": "PostgreSQL", **postgres.keys(), **token_keys(identity_provider)}})
    done = installed.end(home, "connect.c", "DSN=data;UID=app", "select current_user")
    assert (done.returncode, done.stdout) == (0, "app\n"), done.stderr
    assert len(identity_provider.requests) == 1
    home.write(None, {"data": {"Driver": "PostgreSQL", **postgres.keys(), **token_keys(identity_provider, TokenScope="x")}})
    identity_provider.answer(replies.good_token("no-password-of-anybody"))
    done = installed.end(home, "connect.c", "DSN=data;UID=app", "select current_user")
    assert done.returncode == 1 and "authentication failed" in done.stderr


@pytest.mark.parametrize("file", ["provider.c", "provider.cpp"])
def test_the_example_provider_gives_a_connect_its_password(installed, home, postgres, file):
    postgres.role("app", "a-token-of-the-program")
    section = {"TokenSource": "callback", "TokenCallback": "my-provider", "TokenProfile": "password"}
    home.write({"PostgreSQL": {"Driver": home.shim(), "RealDriver": drivers.PSQLODBCW, **section}}, {"data": {"Driver": "PostgreSQL", **postgres.keys()}})
    done = installed.end(home, file, "DSN=data;UID=app", "a-token-of-the-program")
    assert (done.returncode, done.stdout) == (0, "connected\n"), done.stderr
    done = installed.end(home, file, "DSN=data;UID=app", "")
    assert done.returncode == 1 and done.stderr.startswith("28000 [") and "for anybody" in done.stderr


@pytest.mark.parametrize("libraries", [("odbc",), ("tokenshim", "odbc")], ids="-l".join)
def test_the_example_renew_needs_the_header_only(installed, data, identity_provider, libraries):
    identity_provider.answer(replies.good_token("first", expires_in=1000))
    done = installed.end(data, "renew.c", "DSN=live", libraries=libraries)
    assert done.returncode == 0 and 2599 <= int(re.fullmatch(r"the new token ends (\d+) s later\n", done.stdout)[1]) <= 2660, done.stderr
    assert len(identity_provider.requests) == 2
    done = installed.end(data, "renew.c", "DSN=app", libraries=libraries)
    assert done.returncode == 1 and done.stderr.startswith("HYC00 [") and "this connection keeps the token that it has" in done.stderr
