"""TokenSource=file and TokenSource=env: a token that somebody else sees to. What stands there now is what a connect uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.odbc_client import call, run_client
from support.sign_in import POSTGRES, SPARK, SignIn
from test_client_secret import UNUSABLE
from test_command import Commanded, jwt

CONNECT = call("SQLDriverConnectW", string="DSN=app")


@pytest.fixture
def dsn(home, recorder, identity_provider) -> Commanded:
    return Commanded(home, recorder, identity_provider, POSTGRES)


@pytest.fixture
def file(tmp_path, dsn) -> Path:
    """A token's file, as its owner would make it, and a DSN that names it."""
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text("tok-en\n")
    name(dsn, path)
    return path


def name(dsn: SignIn, path: object, **section: object) -> None:
    dsn.write({"TokenSource": "file", "TokenFile": path, **section}, {"Servername": "localhost"})


def connects(dsn: SignIn, *between: dict, **options) -> list:
    """Two connects of one program."""
    steps = run_client(dsn.home, [CONNECT, *between, {**CONNECT, "dbc": "b"}], **options)
    return [step for step in steps if step.call == "SQLDriverConnectW"]


# -- A file


@pytest.mark.parametrize("text", ["tok-en", "tok-en\r\n", '{"access_token": "tok-en", "expires_in": 3600}', '{"token": "tok-en", "expiration": "2036-01-01T00:00:00Z"}'])
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_what_a_file_holds_is_the_token(dsn, file, text, mode):
    file.write_text(text)
    file.chmod(mode)
    assert dsn.connect().succeeded and dsn.passwords == ["tok-en"]


def written(path: Path, text: str) -> list[dict]:
    return [call("write_file", path=str(path), text=text)]


@pytest.mark.parametrize("cache", ["memory", "file"])
@pytest.mark.parametrize("source", ["file", "auto"])
def test_a_new_token_in_the_file_is_used_from_the_next_connect_on(home, dsn, file, tmp_path, cache, source):
    home.env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    (tmp_path / "cache").mkdir(0o700)
    name(dsn, file, TokenCache=cache, TokenSource=source)
    first, second = jwt(3600), jwt(7200)
    file.write_text(first)
    assert all(step.succeeded for step in connects(dsn, *written(file, second)))
    assert all(step.succeeded for step in connects(dsn, *written(file, first)))
    assert dsn.passwords == [first, second, second, first]
    assert not list((tmp_path / "cache").glob("*/*")), "a token that is in a file already is kept in no other"


def test_a_file_that_is_half_written_costs_nothing_while_its_last_token_is_good(dsn, file):
    assert all(step.succeeded for step in connects(dsn, *written(file, '{"token": "tok')))
    assert dsn.passwords == ["tok-en"] * 2


def test_a_new_token_is_given_to_open_connections_that_take_one(home, recorder, identity_provider, tmp_path):
    dsn = SignIn(home, recorder, identity_provider, SPARK)
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(json.dumps({"token": "first", "expires_on": time.time() + 6}))
    dsn.write({"TokenSource": "file", "TokenFile": file}, {"Host": "dbc-1.cloud.databricks.com"})
    program = f"""
import json, os, time, pyodbc
connection = pyodbc.connect("DSN=app", autocommit=True)
json.dump({{"token": "second", "expires_on": time.time() + 3600}}, open({str(file)!r} + ".new", "w", opener=lambda *open: os.open(*open, 0o600)))
os.replace({str(file)!r} + ".new", {str(file)!r})
until = time.monotonic() + 20
while "second" not in open(os.environ["RECORDER_LOG"]).read() and time.monotonic() < until:
    time.sleep(0.05)
"""
    subprocess.run([sys.executable, "-c", program], env=home.env, timeout=40, check=True)
    given = [each["string"] for each in recorder.calls("SQLSetConnectAttr") if each["attribute"] == 122]
    assert given == ["Auth_AccessToken=second"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused_with_the_cure(dsn, file, mode):
    file.chmod(mode)
    dsn.refused_unheard(dsn.connect(), "HY000", f"TokenFile can be read by others (mode {mode:03o}): run chmod 600 on it")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused_with_the_cure(dsn, file, mode):
    file.chmod(mode)
    dsn.refused_unheard(dsn.connect(), "HY000", f"TokenFile can be written by others (mode {mode:03o}): run chmod 600 on it")


@pytest.mark.parametrize("spoil, words", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_tokens_file_is_refused_at_once(dsn, file, spoil, words):
    spoil(file)
    step = dsn.connect()
    dsn.refused_unheard(step, "HY000", "section [Shimmed] of odbcinst.ini: TokenFile", words.replace("holds", "is"))
    assert step.seconds < 5


@pytest.mark.parametrize("path, words", [("token", "must be a full path"), ("", "is missing, which file needs")])
def test_without_a_full_path_there_is_none(dsn, path, words):
    name(dsn, path)
    dsn.refused_unheard(dsn.connect(), "HY000", f"section [Shimmed] of odbcinst.ini: TokenFile {words}")


def test_a_token_that_was_over_long_ago_is_not_sent(dsn, file):
    file.write_text(jwt(-3600))
    dsn.refused_unheard(dsn.connect(), "HY000", "TokenFile names a file that has a token that was over")


# -- A volume of Kubernetes


class Volume:
    """As the kubelet writes one: `token` is a link to `..data/token`, and `..data` one to a folder that has a time for a name."""

    def __init__(self, folder: Path):
        self.folder, self.count = folder, 0
        folder.mkdir()
        folder.chmod(0o1777)
        self.path = folder / "token"

    def write(self, text: str, mode: int = 0o644) -> None:
        self.count += 1
        now = self.folder / f"..2026_01_02_03_04_05.{self.count}"
        now.mkdir(0o755)
        (now / "token").write_text(text)
        (now / "token").chmod(mode)
        new = self.folder / "..data_tmp"
        new.symlink_to(now.name)
        new.replace(self.folder / "..data")
        if not self.path.is_symlink():
            self.path.symlink_to("..data/token")


@pytest.fixture
def volume(dsn, tmp_path) -> Volume:
    made = Volume(tmp_path / "volume")
    made.write("tok-en")
    name(dsn, made.path)
    return made


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o444, 0o600])
def test_a_file_in_a_volume_of_kubernetes_may_be_readable(dsn, volume, mode):
    volume.write("tok-en", mode)
    assert dsn.connect().succeeded and dsn.passwords == ["tok-en"]


def test_a_volume_that_was_written_anew_gives_its_new_token(dsn, volume):
    now = os.readlink(volume.folder / "..data")
    volume.write("tok-en-2")
    new = os.readlink(volume.folder / "..data")
    (volume.folder / "..data").unlink()
    (volume.folder / "..data").symlink_to(now)
    with_new = f"""
import os, pyodbc
pyodbc.connect("DSN=app").close()
os.symlink({new!r}, {str(volume.folder / 'x')!r}); os.replace({str(volume.folder / 'x')!r}, {str(volume.folder / '..data')!r})
pyodbc.connect("DSN=app").close()
"""
    subprocess.run([sys.executable, "-c", with_new], env=dsn.home.env, timeout=30, check=True)
    assert dsn.passwords == ["tok-en", "tok-en-2"]


def plain_folder(volume: Volume) -> None:
    os.rename(volume.folder / os.readlink(volume.folder / "..data"), volume.folder / "plain")
    (volume.folder / "..data").unlink()
    (volume.folder / "..data").symlink_to("plain")


def elsewhere(volume: Volume) -> None:
    (volume.folder / "..elsewhere").mkdir()
    (volume.folder / "..elsewhere" / "token").write_text("tok-en")
    volume.path.unlink()
    volume.path.symlink_to("..elsewhere/token")


def writable_folder(volume: Volume) -> None:
    (volume.folder / "..data").resolve().chmod(0o777)


def writable(volume: Volume) -> None:
    volume.path.resolve().chmod(0o664)


def of_another(volume: Volume) -> None:
    os.chown(volume.path.resolve(), 65534, 65534)


@pytest.mark.parametrize("spoil, words", [(plain_folder, "read"), (elsewhere, "read"), (writable_folder, "read"), (writable, "written"),
                                          pytest.param(of_another, "read", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away"))])
def test_what_only_looks_like_such_a_volume_is_none(dsn, volume, spoil, words):
    spoil(volume)
    dsn.refused_unheard(dsn.connect(), "HY000", f"TokenFile can be {words} by others")


# -- A variable


@pytest.fixture
def variable(dsn) -> SignIn:
    dsn.write({"TokenSource": "env", "TokenEnv": "DATABASE_TOKEN"}, {"Servername": "localhost"})
    return dsn


@pytest.mark.parametrize("text", ["tok-en", "tok-en\n", '{"access_token": "tok-en", "expires_in": 1}'])
def test_what_a_variable_holds_is_the_token(variable, text):
    assert all(step.succeeded for step in connects(variable, env={"DATABASE_TOKEN": text})) and variable.passwords == ["tok-en"] * 2


def test_a_program_may_set_it_anew(variable):
    program = """
import os, pyodbc
for token in ("first", "second"):
    os.environ["DATABASE_TOKEN"] = token
    pyodbc.connect("DSN=app").close()
"""
    subprocess.run([sys.executable, "-c", program], env=variable.home.env, timeout=30, check=True)
    assert variable.passwords == ["first", "second"]


@pytest.mark.parametrize("env, words", [
    ({}, "is not set for this process"), ({"DATABASE_TOKEN": ""}, "is empty"), ({"DATABASE_TOKEN": "two words"}, "has blanks in the token"),
    ({"DATABASE_TOKEN": "{}"}, "has no access_token"), ({"DATABASE_TOKEN": jwt(-7200)}, "has a token that was over"),
], ids=["unset", "empty", "words", "no token", "over"])
def test_a_variable_without_a_token_is_said(variable, env, words):
    variable.refused_unheard(variable.connect(env=env), "HY000", f"section [Shimmed] of odbcinst.ini: TokenEnv names a variable that {words}")


def test_no_variable_at_all_is_said(dsn):
    dsn.write({"TokenSource": "env"}, {"Servername": "localhost"})
    dsn.refused_unheard(dsn.connect(env={"TokenEnv": "x"}), "HY000", "TokenEnv is missing, which env needs")
