"""Where a client secret may stand, and that it never shows."""

from __future__ import annotations

import base64
import os
from urllib.parse import unquote_plus

import pytest

from support.odbc_client import call, run_client
from support.sign_in import MICROSOFT, SECRET, SignIn


@pytest.fixture
def dsn(home, recorder, identity_provider) -> SignIn:
    made = SignIn(home, recorder, identity_provider, MICROSOFT)
    made.endpoint = {"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token", "TokenClientId": "id"}
    return made


@pytest.fixture
def file(tmp_path):
    """A file as its owner would make it."""
    path = tmp_path / "secret"
    path.touch(0o600)
    path.write_text(SECRET + "\n")
    return path


def sent_secret(dsn: SignIn) -> str:
    """The secret of the one request, as its receiver decodes it (RFC 6749, 2.3.1)."""
    [request] = dsn.provider.requests
    user, secret = base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode().split(":")
    assert user == "id"
    return unquote_plus(secret)


@pytest.mark.parametrize("place", ["section", "DSN", "string"])
def test_a_secret_by_value_is_used_wherever_it_stands(dsn, place):
    own = {"TokenClientSecret": SECRET}
    dsn.write({**dsn.endpoint, **(own if place == "section" else {})}, own if place == "DSN" else {})
    assert dsn.connect(f"DSN=app;TokenClientSecret={SECRET}" if place == "string" else "DSN=app").succeeded
    assert sent_secret(dsn) == SECRET


@pytest.mark.parametrize("secret", ["a", "ü€𝄞", "a b;c=d{e}f%41+:\"'\\", "x" * 4000])
def test_any_secret_arrives_as_it_is(dsn, file, secret):
    dsn.write({**dsn.endpoint, "TokenClientSecretFile": file})
    file.write_text(secret)
    assert dsn.connect().succeeded
    assert sent_secret(dsn) == secret


@pytest.mark.parametrize("text", [SECRET, SECRET + "\n", SECRET + "\r\n"])
def test_a_file_that_only_its_owner_reads_holds_the_secret(dsn, file, text):
    file.write_bytes(text.encode())
    file.chmod(0o400)
    dsn.write({**dsn.endpoint, "TokenClientSecretFile": file})
    assert dsn.connect().succeeded
    assert sent_secret(dsn) == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_file_that_others_may_read_is_refused_with_the_cure(dsn, file, mode):
    file.chmod(mode)
    dsn.write({**dsn.endpoint, "TokenClientSecretFile": file})
    dsn.refused_unheard(dsn.connect(), "HY000", "section [Shimmed] of odbcinst.ini: TokenClientSecretFile", f"mode {mode:03o}", "chmod 600")


def missing(path):
    path.unlink()


def directory(path):
    path.unlink()
    path.mkdir(0o700)


def pipe(path):
    path.unlink()
    os.mkfifo(path, 0o600)


def device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


UNUSABLE = {
    "missing": (missing, "No such file"),
    "a directory": (directory, "is no regular file"),
    "a named pipe": (pipe, "is no regular file"),
    "a device": (device, "is no regular file"),
    "too long": (lambda path: path.write_text("x" * 70_000), "has more than 65536 bytes"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe\x00"), "holds no text"),
    "empty": (lambda path: path.write_text(""), "is empty"),
    "a line end": (lambda path: path.write_text("\n"), "is empty"),
}


@pytest.mark.parametrize("spoil, words", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_secrets_file_is_refused_at_once(dsn, file, spoil, words):
    spoil(file)
    dsn.write({**dsn.endpoint, "TokenClientSecretFile": file})
    step = dsn.connect()
    dsn.refused_unheard(step, "HY000", "section [Shimmed] of odbcinst.ini: TokenClientSecretFile", words)
    assert step.seconds < 5


def test_a_variable_holds_the_secret(dsn):
    dsn.write({**dsn.endpoint, "TokenClientSecretEnv": "MY_SECRET"})
    assert dsn.connect(env={"MY_SECRET": SECRET}).succeeded
    assert sent_secret(dsn) == SECRET


@pytest.mark.parametrize("env, words", [({}, "is not set"), ({"MY_SECRET": ""}, "is empty")])
def test_a_variable_without_a_secret_is_named(dsn, env, words):
    dsn.write({**dsn.endpoint, "TokenClientSecretEnv": "MY_SECRET"})
    dsn.refused_unheard(dsn.connect(env=env), "HY000", "section [Shimmed] of odbcinst.ini: TokenClientSecretEnv", words)


def test_a_secret_by_value_comes_before_one_by_reference(dsn, file):
    file.write_text("from the file")
    dsn.write({**dsn.endpoint, "TokenClientSecretFile": file, "TokenClientSecretEnv": "MY_SECRET"})
    assert dsn.connect(f"DSN=app;TokenClientSecret={SECRET}", env={"MY_SECRET": "from the environment"}).succeeded
    assert sent_secret(dsn) == SECRET


def test_no_secret_at_all_is_said(dsn):
    dsn.write(dsn.endpoint)
    dsn.refused_unheard(dsn.connect(), "HY000", "section [Shimmed] of odbcinst.ini: TokenClientSecret is missing", "TokenClientSecretFile")


def test_no_secret_reaches_the_driver_or_the_programs_output(dsn):
    dsn.write(dsn.endpoint)
    result = run_client(dsn.home, [call("SQLDriverConnectW", string=f"DSN=app;TokenClientSecret={SECRET};APP=x")])
    assert result[0].succeeded and dsn.given == ["DSN=app;APP=x"]
    assert (result.stdout, result.stderr) == ("", "")
    assert SECRET not in dsn.recorder.log.read_text()
