"""TokenSource=command: a program that an administrator names prints the token, as text or as JSON. What is run here are real programs:
scripts, the system's own, Amazon's CLI."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.odbc_client import call, run_client
from support.sign_in import POSTGRES, SignIn
from support.tool_stand_in import ToolStandIn

CONNECT = call("SQLDriverConnectW", string="DSN=app")


def jwt(seconds: float) -> str:
    """A JSON web token that ends then."""
    part = lambda claims: base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{part({'alg': 'RS256'})}.{part({'exp': int(time.time() + seconds)})}.c2lnbmF0dXJl"


class Commanded(SignIn):
    """A DSN of psqlodbc's whose password `command` prints."""

    def set(self, command: object, **section: object) -> None:
        self.write({"TokenSource": "command", "TokenCommand": command, **section}, {"Servername": "localhost"})

    @property
    def passwords(self) -> list[str]:
        return [re.search(r"(?i)PWD=\{?(.*?)\}?(;|$)", string)[1] for string in self.given]


@pytest.fixture
def dsn(home, recorder, identity_provider) -> Commanded:
    return Commanded(home, recorder, identity_provider, POSTGRES)


@pytest.fixture
def script(tmp_path):
    """Makes an executable of a shell script's text."""
    def make(text: str, name: str = "print-token", mode: int = 0o755) -> Path:
        path = tmp_path / "tools" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(mode)
        return path
    return make


@pytest.fixture
def tool(tmp_path) -> ToolStandIn:
    return ToolStandIn(tmp_path / "tools", "print-token")


# -- What is run


@pytest.mark.parametrize("command", [
    "/bin/echo tok-en", "/usr/bin/printf '%s' tok-en", "/usr/bin/printf \"%s\\n\\n\" tok-en", "  /bin/echo  \"tok-en\"  ",
    "/bin/sh -c 'echo \"$1\" | tr a-z a-z' sh tok-en", "/usr/bin/env -i T=tok-en /bin/sh -c 'echo $T'",
])
@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
def test_what_a_program_prints_is_the_token(home, recorder, identity_provider, command, dm):
    dsn = Commanded(home, recorder, identity_provider, POSTGRES)
    dsn._driver["RealDriver"] = recorder.compile("wide", POSTGRES, wide_bytes=4 if dm == "iodbc" else 2)
    dsn.set(command)
    assert dsn.connect(dm=dm).succeeded
    assert dsn.passwords == ["tok-en"]


def test_it_gets_the_words_of_its_line_and_its_own_surroundings(dsn, tool):
    tool.answer("tok-en")
    dsn.set(f"""{tool.path} --for "a database" 'x=$HOME;y|z' --quoted=\\"q\\" "" end""")
    own = {"LD_LIBRARY_PATH": "/opt/bi/lib", "LD_BIND_NOW": "1"}
    assert dsn.connect(env={**own, "AWS_PROFILE": "reporting"}).succeeded
    [seen] = tool.calls
    assert seen["argv"] == ["--for", "a database", "x=$HOME;y|z", '--quoted="q"', "", "end"]
    assert (seen["cwd"], seen["stdin"], seen["program"]) == ("/", "/dev/null", str(tool.path))
    assert not set(own) & set(seen["env"]) and (seen["env"]["AWS_PROFILE"], seen["env"]["PATH"]) == ("reporting", dsn.home.env["PATH"])


@pytest.mark.parametrize("line, words", [
    ("print-token", "must begin with the full path of a program, which print-token is not"),
    ("./print-token", "must begin with the full path"),
    ("~/print-token", "has a word that begins with ~, which means something to a shell only"),
    ("'' x", "must begin with the full path"),
    ("/bin/echo tok-en | /usr/bin/head -1", "has |, which means something to a shell only, and none runs it: put it in single quotes, or name a script"),
    ("/bin/echo $TOKEN", "has $, which means something to a shell only"),
    ("/bin/echo `id`", "has `, which means"),
    ("/bin/echo 'a", "opens a single quote that nothing closes"),
    (None, "is missing, which command needs"),
])
def test_a_line_that_would_not_do_what_it_says_is_refused(dsn, line, words):
    dsn.set(line or "")
    dsn.refused_unheard(dsn.connect(), "HY000", f"section [Shimmed] of odbcinst.ini: TokenCommand {words}")


@pytest.mark.parametrize("spoil, words", {
    "missing": (lambda path: path.unlink(), "cannot be run: No such file"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "is no program that can be run"),
    "not executable": (lambda path: path.chmod(0o644), "is no program that can be run"),
    "of a group's": (lambda path: path.chmod(0o775), "others than its owner can change (mode 775): run chmod go-w on it"),
    "everybody's": (lambda path: path.chmod(0o757), "others than its owner can change (mode 757): run chmod go-w on it"),
    "in a folder of everybody's": (lambda path: path.parent.chmod(0o777), "everybody can replace: run chmod o-w on "),
    "no interpreter": (lambda path: path.write_text("#!/no/such/interpreter\n"), "cannot be started: No such file"),
}.items(), ids=lambda item: item if isinstance(item, str) else "")
def test_a_program_that_cannot_be_run_or_is_not_safe_is_refused(dsn, script, spoil, words):
    spoil, words = words
    path = script("echo tok-en")
    dsn.set(path)
    spoil(path)
    dsn.refused_unheard(dsn.connect(), "HY000", f"section [Shimmed] of odbcinst.ini: TokenCommand names {path}, which {words}")


def test_a_link_leads_to_what_is_looked_at(dsn, script, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(script("echo tok-en"))
    dsn.set(link)
    assert dsn.connect().succeeded
    link.resolve().parent.chmod(0o777)
    dsn.refused(dsn.connect(), "HY000", "everybody can replace")


def test_nor_is_a_link_followed_that_everybody_can_replace(dsn, script, tmp_path):
    link = tmp_path / "links" / "link"
    link.parent.mkdir()
    link.symlink_to(script("echo tok-en"))
    link.parent.chmod(0o777)
    dsn.set(link)
    dsn.refused_unheard(dsn.connect(), "HY000", f"which everybody can replace: run chmod o-w on {link.parent}")


def test_a_folder_where_each_may_change_only_his_own_is_safe(dsn, script):
    path = script("echo tok-en")
    path.parent.chmod(0o1777)
    dsn.set(path)
    assert dsn.connect().succeeded


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of another user's")
def test_what_another_user_put_into_a_folder_of_everybodys_is_not_run(dsn, script):
    path = script("echo tok-en")
    os.chown(path, 12345, 12345)
    dsn.set(path)
    path.parent.chmod(0o1777)
    dsn.refused_unheard(dsn.connect(), "HY000", f"which another user has put into a folder of everybody's, {path.parent}")
    path.parent.chmod(0o755)  # where an administrator has put it, it may be another's
    assert dsn.connect().succeeded


# -- What it may print


@pytest.mark.parametrize("printed", [
    {"access_token": "tok-en", "token_type": "Bearer", "expires_in": 3600},
    {"accessToken": "tok-en", "expiresOn": "2020-01-01 00:00:00.000000"},
    {"configuration": {}, "credential": {"access_token": "tok-en", "token_expiry": "2036-01-01T00:00:00Z"}},
    {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "tok-en"}},
    "tok-en",
], ids=["OAuth", "az", "gcloud", "exec credential", "a JSON text"])
def test_json_of_many_tools_is_understood(dsn, tool, printed):
    tool.answer(json.dumps(printed, indent=2))
    dsn.set(tool.path)
    assert dsn.connect().succeeded and dsn.passwords == ["tok-en"]


@pytest.mark.parametrize("printed, calls", [
    (lambda: jwt(3600), 1), (lambda: jwt(-30), 2), (lambda: '{"token": "t", "expires_in": 3600}', 1), (lambda: "opaque", 1),
    (lambda: json.dumps({"token": "t", "expires_on": int(time.time()) - 30}), 2),
], ids=["JSON web token", "one that is just over", "expires_in", "five minutes", "moment that is just over"])
def test_a_token_is_kept_as_long_as_it_says_and_no_longer(dsn, tool, printed, calls):
    tool.answer(printed())
    dsn.set(tool.path)
    assert all(step.succeeded for step in run_client(dsn.home, [CONNECT, {**CONNECT, "dbc": "b"}]))
    assert len(tool.calls) == calls


def test_amazons_cli_gives_a_password_for_fifteen_minutes(dsn, tmp_path):
    """The real one; it signs without asking anybody."""
    installed, aws = Path(sys.executable).with_name("aws"), tmp_path / "aws"
    assert installed.is_file(), "tests/e2e/requirements.txt is installed"
    shutil.copyfile(installed, aws)
    aws.chmod(0o755)  # whatever the umask was when it was installed
    dsn.set(f"{aws} rds generate-db-auth-token --hostname db.example.com --port 5432 --username app --region eu-west-1", TokenTimeout=90)
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s3cr3t+of/the=client", "AWS_EC2_METADATA_DISABLED": "true"}
    steps = [CONNECT, {**CONNECT, "dbc": "b"}]
    assert all(step.succeeded for step in run_client(dsn.home, steps, env=env, timeout=100))
    [first, second] = dsn.passwords
    assert first == second and first.startswith("db.example.com:5432/?Action=connect&DBUser=app&X-Amz-Algorithm=") and "&X-Amz-Expires=900&" in first
    refused = run_client(dsn.home, steps[:1], env={"AWS_EC2_METADATA_DISABLED": "true"}, timeout=100)[0]
    dsn.refused(refused, "28000", "aws refused the sign-in: exit status 255, Unable to locate credentials", "See what TokenCommand in section [Shimmed] of odbcinst.ini prints")


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="Google's CLI is in no registry that the tests install from")
@pytest.mark.parametrize("arguments", ["auth print-access-token", "config config-helper --format=json"])
def test_googles_cli_gives_its_users_token(dsn, tmp_path, arguments):
    """The real one, signed in by a file."""
    token = tmp_path / "token"
    token.write_text("ya29.tok-en")
    env = {"CLOUDSDK_CONFIG": str(tmp_path / "gcloud")}
    dsn.set(f"{shutil.which('gcloud')} {arguments}", TokenTimeout=90)
    assert dsn.connect(env={**env, "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token)}, timeout=100).succeeded
    assert dsn.passwords == ["ya29.tok-en"]
    if "print" in arguments:
        words = "gcloud refused the sign-in: exit status 1, (gcloud.auth.print-access-token) You do not currently have an active account selected."
        dsn.refused(dsn.connect(env=env, timeout=100), "28000", words)


def test_another_environment_or_another_program_gets_another_token(home, dsn, script, tmp_path):
    """Also from the files that programs share: AWS_PROFILE and its like say who signs in."""
    home.env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    (tmp_path / "cache").mkdir(0o700)
    runs = tmp_path / "runs"
    path = script(f'echo run >>{runs}; echo "token-of-$AWS_PROFILE"')
    dsn.set(path, TokenCache="file")
    for profile in ("a", "b", "a"):
        assert dsn.connect(env={"AWS_PROFILE": profile}).succeeded
    # What does not reach it, or says only where a shell was, makes no other.
    assert dsn.connect(env={"AWS_PROFILE": "b", "LD_BIND_NOW": "1", "SHLVL": "9", "OLDPWD": "/tmp"}).succeeded
    assert runs.read_text() == "run\n" * 2
    script('echo "token-2-of-$AWS_PROFILE"')
    assert dsn.connect(env={"AWS_PROFILE": "a"}).succeeded
    assert dsn.passwords == ["token-of-a", "token-of-b", "token-of-a", "token-of-b", "token-2-of-a"]


# -- What goes wrong


@pytest.mark.parametrize("answer, state, words", [
    (dict(stderr="nobody is signed in: run 'tool login'\n", code=7), "28000",
     ["print-token refused the sign-in: exit status 7, nobody is signed in: run 'tool login'. See what TokenCommand in section [Shimmed]"]),
    (dict(stdout="half a tok-en", code=1), "28000", ["print-token refused the sign-in: exit status 1. See what"]),
    (dict(stderr="Traceback\n  line\n" * 40 + "\x1b[31mKeyError: eyJhbGciOi.e30.c2ln\n", code=1), "28000", ["exit status 1, [31mKeyError: ***"]),
    (dict(), "HY000", ["print-token answered, but not with a token: what it printed is empty; see what the command prints as the user"]),
    (dict(stdout="You are signed in."), "HY000", ["what it printed has blanks in the token", "Check TokenCommand in section [Shimmed]"]),
    (dict(stdout="<html>"), "HY000", ["what it printed is a web page"]),
    (dict(stdout='{"token": "tok-en"'), "HY000", ["what it printed is no JSON"]),
    (dict(stdout='{"password": "tok-en"}'), "HY000", ["what it printed has no access_token, accessToken, token"]),
    (dict(stdout='{"token": "tok-en", "expires_on": 1700000000}'), "HY000", ["what it printed has a token that was over", "minutes ago"]),
    (dict(stdout="tök"), "HY000", ["characters that no token may have"]),
    (dict(mood="huge"), "HY000", ["it printed more than 1 MiB"]),
    (dict(mood="killed"), "HY000", ["it was ended by signal 9"]),
], ids=["fails", "fails in the middle", "traceback", "empty", "words", "web page", "half", "no token", "over", "no ASCII", "huge", "killed"])
def test_what_goes_wrong_is_said_with_what_to_do(dsn, tool, answer, state, words):
    tool.answer(**answer)
    dsn.set(tool.path)
    record = dsn.refused_unheard(dsn.connect(), state, *words)
    assert "tok-en" not in record.message.replace("print-token", "") and "\x1b" not in record.message


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("mood", ["hangs", "hangs with a child"])
def test_one_that_hangs_is_ended_with_its_children_when_the_time_is_over(dsn, tool, mood):
    tool.answer(mood=mood)
    dsn.set(tool.path, TokenTimeout=1)
    begun = time.monotonic()
    dsn.refused_unheard(dsn.connect(), "HYT00", "print-token gave no token within 1 s. Raise TokenTimeout in section [Shimmed] of odbcinst.ini")
    assert 1 <= time.monotonic() - begun < 4
    assert not any(is_running(pid) for pid in [tool.calls[0]["pid"], *([tool.child] if mood == "hangs with a child" else [])])


def test_one_that_closes_its_output_and_goes_on_is_ended_when_the_time_is_over(dsn, script):
    path = script("echo tok-en\necho $$ > \"$0.pid\"\nexec >&- 2>&-\nsleep 30")
    dsn.set(path, TokenTimeout=1)
    dsn.refused_unheard(dsn.connect(), "HYT00", "print-token gave no token within 1 s")
    assert not is_running(int(Path(f"{path}.pid").read_text()))


def test_a_child_that_it_leaves_behind_holds_nobody_up(dsn, tool):
    tool.answer("tok-en", mood="answers with a child")
    dsn.set(tool.path)
    step = dsn.connect()
    assert step.succeeded and step.seconds < 5 and not is_running(tool.child)


def test_a_host_that_ignores_its_children_gets_the_token_all_the_same(dsn, tool):
    tool.answer("tok-en")
    dsn.set(tool.path)
    host = "import signal, pyodbc; signal.signal(signal.SIGCHLD, signal.SIG_IGN); pyodbc.connect('DSN=app')"
    subprocess.run([sys.executable, "-c", host], env=dsn.home.env, timeout=30, check=True)
    assert dsn.passwords == ["tok-en"]
