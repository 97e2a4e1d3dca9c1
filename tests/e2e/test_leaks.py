"""The search at the end of a run of the tests (support/leaks.py): what it finds, and that it fails the run."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from support import leaks

SECRET = "eyJhbGciOi/J9.ümlaut+&the\"secret"
SHAPES = {
    "as it is": SECRET,
    "in JSON": json.dumps(SECRET),
    "in a URL": quote(SECRET, safe=""),
    "partly in a URL": quote(SECRET, safe="/+&\""),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 in a longer text": base64.b64encode(f"me:{SECRET}\nand more".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"a{SECRET}".encode()).decode(),
    "base64 of UTF-16": base64.b64encode(SECRET.encode("utf-16-le")).decode(),
    "hex": SECRET.encode().hex(),
    "hex of UTF-16": SECRET.encode("utf-16-le").hex(),
    "UTF-16 among other bytes": "".join(f"{c}\0" for c in SECRET),
}
RUN = """
import pytest
from support import leaks
from support.odbc_home import OdbcHome

pytest_plugins = ["support.leaks"]

@pytest.mark.parametrize("number", range(3))
def test_one(tmp_path, number):
    leaks.secret(f"{number}{number}{number}-is-the-secret-of-a-test")
    home = OdbcHome(tmp_path / "odbc")
    home.write({"Engine": {"RealDriver": "/x.so"}})
    if number == 2:
        leaks.said("diagnostics", PLANTED)

@pytest.mark.unlogged
def test_without(tmp_path):
    assert leaks.log_keys({"RealDriver": "/x.so"}) == {"RealDriver": "/x.so"}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(leaks._Run, "folder", tmp_path)
    monkeypatch.setattr(leaks._Run, "known", set())
    return tmp_path


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_is_found_in_each_shape(folder, shape):
    leaks.secret(SECRET)
    leaks.said("log", f"a line before\nvalue={SHAPES[shape]}; and behind it")
    leaks.said("log", "a line of another test")
    [found] = leaks.search(folder)
    assert repr(SECRET) in found and f"is in log of {leaks._Run.test}" in found


@pytest.mark.parametrize("cut", [slice(0, 100), slice(1700, 2300), slice(3900, None)], ids=["beginning", "middle", "end"])
def test_a_part_of_a_long_one_is_enough(folder, cut):
    token = "".join(f"{number:04}" for number in range(1000))
    leaks.secret(token)
    leaks.said("log", f"{token[cut]}...")
    assert len(leaks.search(folder)) == 1


def test_what_the_application_wrote_itself_may_come_back_and_what_is_short_says_nothing(folder):
    leaks.secret(SECRET)
    leaks.secret("short")
    leaks.said("out-strings", f"PWD={SECRET};short", written=f"DSN=x;PWD={SECRET}")
    assert leaks.search(folder) == []


def test_secrets_are_known_by_the_names_of_their_fields_wherever_those_stand(folder):
    leaks.secrets_of('{"token": {"access_token": "a-token-of-a-tool"}, "scope": "this-is-no-secret"}')
    leaks.secrets_of([("client_secret", "a-secret-of-a-form"), ("scope", "this-is-no-secret")])
    leaks.secrets_of({"Engine": {"TokenClientSecret": "a-secret-of-a-section", "TokenScope": "this-is-no-secret"}})
    assert {line["secret"] for line in leaks.lines_of(folder, leaks.SECRETS)} == {"a-token-of-a-tool", "a-secret-of-a-form", "a-secret-of-a-section"}


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "with workers"])
@pytest.mark.parametrize("planted, code", [("nothing", 0), (base64.b64encode(b"in it: 111-is-the-secret-of-a-test").decode(), 1)], ids=["clean", "leaked"])
def test_a_run_fails_where_a_secret_of_one_test_is_in_what_another_said(tmp_path, workers, planted, code):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["support.leaks"]\n')
    (tmp_path / "test_run.py").write_text(RUN.replace("PLANTED", repr(planted)).replace('pytest_plugins = ["support.leaks"]\n', ""))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", f"--basetemp={tmp_path / 'inner'}", *workers]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "TMPDIR": str(tmp_path)}
    done = subprocess.run([*command, "test_run.py"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=90)
    told = [line for line in done.stdout.splitlines() if "LEAKED" in line]
    assert (done.returncode, len(told), "4 passed" in done.stdout) == (code, code, True), done.stdout + done.stderr
    assert not code or all(word in told[0] for word in ("test_one[1]", "'111-is-the-secret-of-a-test'", "diagnostics of test_run.py::test_one[2]"))
    assert not list(tmp_path.glob("tokenshim-run-*")), "nothing of the run stays behind"
