"""`tokenshim register-app`: the guide's call from the command line. The secret goes into a file of its owner's alone."""

from __future__ import annotations

import json
import subprocess

import pytest

from support import replies
from support.command_line import CommandLine, Done

ACCOUNT = "123e4567-e89b-12d3-a456-426614174000"
BEARER = "an-admins-token-of-the-account"
SECRET = "the-secret-that-is-shown-once"
URL = "https://example-partner.com/redirecturl1"


@pytest.fixture
def command(home) -> CommandLine:
    command = CommandLine(home)
    command.program = home.libraries / "tokenshim"
    return command


def register(command: CommandLine, provider, *more: object, typed: str = BEARER) -> Done:
    words = [str(command.program), "register-app", ACCOUNT, "--name", "example", "--redirect-url", URL, "--accounts-host", provider.url, *map(str, more)]
    done = subprocess.run(words, env=command.home.env, input=typed, capture_output=True, text=True, timeout=60)
    assert SECRET not in done.stdout + done.stderr and BEARER not in done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("typed", [f"{BEARER}\n", json.dumps({"access_token": BEARER, "token_type": "Bearer"})], ids=["token", "json"])
def test_an_application_is_registered_and_its_secret_is_in_a_file_of_its_owner(command, identity_provider, tmp_path, typed):
    identity_provider.always(replies.json_body({"integration_id": "an-integration", "client_id": "a-client", "client_secret": SECRET}))
    file = tmp_path / "secret"
    done = register(command, identity_provider, "--secret-file", file, "--scope", "all-apis", "--scope", "offline_access", typed=typed)
    assert (done.status, done.err) == (0, "")
    assert "an-integration" in done.out and "a-client" in done.out and str(file) in done.out
    assert file.read_text() == SECRET and file.stat().st_mode & 0o777 == 0o600
    [request] = identity_provider.requests
    assert request.header("authorization") == f"Bearer {BEARER}"
    assert json.loads(request.body) == {"redirect_urls": [URL], "confidential": True, "name": "example", "scopes": ["all-apis", "offline_access"]}


def test_a_public_one_has_no_secret(command, identity_provider):
    identity_provider.always(replies.json_body({"integration_id": "an-integration", "client_id": "a-client"}))
    done = register(command, identity_provider, "--public")
    assert (done.status, done.err) == (0, "") and "secret" not in done.out
    assert json.loads(identity_provider.requests[0].body)["confidential"] is False


def test_without_a_place_for_the_secret_nobody_is_asked(command, identity_provider, tmp_path):
    there = tmp_path / "there"
    there.write_text("of somebody")
    for more, words in [((), "--secret-file"), (("--secret-file", there), "that is not there yet"), (("--public", "--secret-file", tmp_path / "x"), "leave --secret-file out")]:
        done = register(command, identity_provider, *more)
        assert done.status == 1 and words in done.err, done
    assert there.read_text() == "of somebody" and identity_provider.requests == []


def test_where_the_account_refuses_no_file_is_left(command, identity_provider, tmp_path):
    identity_provider.always(replies.Reply(403, {"error_code": "PERMISSION_DENIED", "message": f"{BEARER} is no admin"}))
    done = register(command, identity_provider, "--secret-file", tmp_path / "secret")
    assert done.status == 4 and "Use a token of an admin of this account" in done.err
    assert list(tmp_path.glob("secret")) == []


def test_what_is_no_token_is_said(command, identity_provider, tmp_path):
    for typed, words in [("", "is empty"), ("<html>", "is a web page"), ("{}", "has no access_token")]:
        done = register(command, identity_provider, "--secret-file", tmp_path / "secret", typed=typed)
        assert done.status == 1 and words in done.err, done
    assert identity_provider.requests == []
