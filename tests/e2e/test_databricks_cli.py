"""TokenSource=databricks-cli: how the Databricks CLI is run, and what an administrator reads when it gives no token.

The CLI itself is in no registry that the tests may use: a stand-in prints what its source prints (v0.2xx, cmd/auth/token.go). The
old CLI, written in Python, is the real one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from support.odbc_client import call, run_client
from support.sign_in import MICROSOFT, SPARK, SignIn
from support.tool_stand_in import ToolStandIn

HOST = "dbc-a1b2c3d4-e5f6.cloud.databricks.com"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
CALL = ["auth", "token", "--host", f"https://{HOST}"]
NOT_SIGNED_IN = "Error: cache: databricks OAuth is not configured for this host. no cached credentials; run `databricks auth login` to sign in\n"
INVALID = ("Error: A new access token could not be retrieved because the refresh token is invalid. To reauthenticate, run the following command:\n"
           f"  $ databricks auth login --host https://{HOST}\n")
TWO = f"Error: work and play match https://{HOST} in ~/.databrickscfg. Use --profile to specify which profile to use\n"
M2M = ('Error: profile "robot" uses M2M authentication (client_id/client_secret). `databricks auth token` only supports U2M (user-to-machine) '
       "authentication tokens. To authenticate as a service principal, use the Databricks SDK directly\n")
NO_NETWORK = (f'Error: Get "https://{HOST}/oidc/.well-known/oauth-authorization-server": dial tcp: lookup {HOST}: no such host. Try logging in again with `databricks auth '
              f"login --host https://{HOST}` before retrying. If this fails, please report this issue\n")

NOT_TRUSTED = (f'Error: Get "https://{HOST}/oidc/.well-known/oauth-authorization-server": tls: failed to verify certificate: x509: certificate signed by '
               "unknown authority. Try logging in again with `databricks auth login`\n")


def token_json(token: str = TOKEN, seconds: int = 3600) -> str:
    """As Go writes an oauth2.Token."""
    end = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    reply = {"access_token": token, "token_type": "Bearer", "expiry": end.isoformat().replace("+00:00", "789Z"), "expires_in": seconds}
    return json.dumps(reply, indent=2)


@pytest.fixture
def cli(tmp_path, home) -> ToolStandIn:
    stand_in = ToolStandIn(tmp_path / "bin", "databricks", at_least_bytes=1 << 20)
    stand_in.answer(token_json())
    home.env["PATH"] = f"{stand_in.folder}:{home.env['PATH']}"
    return stand_in


@pytest.fixture
def dsn(home, recorder, identity_provider) -> SignIn:
    made = SignIn(home, recorder, identity_provider, SPARK)
    made.write({"TokenSource": "databricks-cli"}, {"Host": HOST})
    return made


def profiles(dsn: SignIn, **hosts: str) -> Path:
    file = dsn.home.user / ".databrickscfg"
    file.write_text("".join(f"[{name}]\nhost      = {host}\nauth_type = databricks-cli\n\n" for name, host in hosts.items()))
    return file


# -- How it is run


@pytest.mark.parametrize("where", ["section", "string"])
def test_whoever_is_signed_in_connects(dsn, cli, where):
    if where == "string":
        dsn.write({}, {"Host": HOST})
    assert dsn.connect("DSN=app;TokenSource=Databricks-CLI" if where == "string" else "DSN=app").succeeded
    assert dsn.given == [f"DSN=app;AuthMech=11;Auth_Flow=0;Auth_AccessToken={TOKEN}"]
    [seen] = cli.calls
    assert (seen["argv"], seen["cwd"], seen["stdin"], seen["program"]) == (CALL, "/", "/dev/null", str(cli.path))


def test_it_gets_its_environment_without_what_the_host_set_for_itself(dsn, cli):
    own = {"LD_LIBRARY_PATH": "/opt/bi/lib", "LD_BIND_NOW": "1"}
    assert dsn.connect(env={**own, "HTTPS_PROXY": "http://proxy.example:3128", "DATABRICKS_CONFIG_PROFILE": "elsewhere"}).succeeded
    [seen] = cli.calls
    assert not set(own) & set(seen["env"]) and seen["env"]["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert seen["env"]["HOME"] == dsn.home.env["HOME"] and seen["env"]["DATABRICKS_CONFIG_PROFILE"] == ""


def test_a_token_is_asked_for_once_and_for_each_workspace(dsn, cli):
    strings = ["DSN=app", "DSN=app", "DSN=app;Host=adb-1.2.azuredatabricks.net"]
    assert all(step.succeeded for step in run_client(dsn.home, [call("SQLDriverConnectW", string=each, dbc=str(at)) for at, each in enumerate(strings)]))
    assert [each["argv"][3] for each in cli.calls] == [f"https://{HOST}", "https://adb-1.2.azuredatabricks.net"]


def test_one_that_signed_in_anew_is_asked_for(dsn, cli):
    """`databricks auth login` writes the file of profiles: the same program then speaks for somebody else."""
    file = profiles(dsn, work=f"https://{HOST}")
    again = call("write_file", path=str(file), text=file.read_text())
    first, _, second = run_client(dsn.home, [call("SQLDriverConnectW", string="DSN=app"), again, call("SQLDriverConnectW", string="DSN=app", dbc="b")])
    assert first.succeeded and second.succeeded and len(cli.calls) == 2


@pytest.mark.parametrize("real_driver", [MICROSOFT, "psqlodbcw.so"])
def test_another_driver_than_databricks_is_told_so(home, recorder, identity_provider, cli, real_driver):
    dsn = SignIn(home, recorder, identity_provider, real_driver)
    dsn.write({"TokenSource": "databricks-cli"}, {"Server": "localhost", "Servername": "localhost"})
    dsn.refused_unheard(dsn.connect(), "HY000", "TokenSource is databricks-cli, which has tokens for Databricks' drivers only")
    assert cli.calls == []


# -- Whose sign-in


@pytest.mark.parametrize("env, string, profile", [
    ({}, "", None),
    ({}, ";TokenUser=work", "work"),
    ({"DATABRICKS_CONFIG_PROFILE": "work"}, "", "work"),
    ({"DATABRICKS_CONFIG_PROFILE": "other"}, ";TokenUser=work", "work"),
    ({"DATABRICKS_CONFIG_PROFILE": "other"}, "", None),
    ({"DATABRICKS_CONFIG_PROFILE": "nobody"}, "", None),
], ids=["none", "TokenUser", "environment", "TokenUser first", "environment of another host", "environment of nobody"])
def test_a_profile_of_this_workspace_says_whose_sign_in_it_is(dsn, cli, env, string, profile):
    profiles(dsn, other="https://other.cloud.databricks.com", work=f"https://{HOST}/")
    assert dsn.connect(f"DSN=app{string}", env=env).succeeded
    [seen] = cli.calls
    assert seen["argv"] == CALL + (["--profile", profile] if profile else [])
    assert seen["env"].get("DATABRICKS_CONFIG_PROFILE") == ""


@pytest.mark.parametrize("user, words", [("other", "names a profile of another host"), ("nobody", "names no profile with a host"), ("--debug", "names no profile")])
@pytest.mark.parametrize("where", ["DSN", "string"])
def test_a_profile_of_another_workspace_never_gives_its_token_to_this_one(dsn, cli, user, words, where):
    file = profiles(dsn, other="https://other.cloud.databricks.com", work=f"https://{HOST}/")
    dsn.write({"TokenSource": "databricks-cli"}, {"Host": HOST, **({"TokenUser": user} if where == "DSN" else {})})
    dsn.refused_unheard(dsn.connect("DSN=app" if where == "DSN" else f"DSN=app;TokenUser={user}"), "HY000", f"TokenUser {words}", str(file))
    assert cli.calls == []


@pytest.mark.parametrize("name", ["~/mine", "{home}/mine"])
def test_the_profiles_are_where_the_cli_looks_for_them(dsn, cli, name):
    profiles(dsn, work=f"https://{HOST}").rename(dsn.home.user / "mine")
    assert dsn.connect("DSN=app;TokenUser=work", env={"DATABRICKS_CONFIG_FILE": name.format(home=dsn.home.user)}).succeeded
    assert cli.calls[0]["argv"] == [*CALL, "--profile", "work"]


# -- What goes wrong


@pytest.mark.parametrize("answer, state, words", [
    (dict(stderr=NOT_SIGNED_IN, code=1), "28000", ["databricks refused the sign-in: cache: databricks OAuth is not configured for this host",
                                                   f"Run 'databricks auth login --host https://{HOST}' as the user that this application runs as."]),
    (dict(stderr="Warn: [hostmetadata] failed to fetch\n" + INVALID, code=1), "28000", ["the refresh token is invalid", f"Run 'databricks auth login --host https://{HOST}'"]),
    (dict(stderr=TWO, code=1), "28000", ["work and play match", "Name one of these profiles as TokenUser in section [Shimmed]"]),
    (dict(stderr=M2M, code=1), "28000", ["uses M2M authentication", "TokenSource=client-credentials: set that in section [Shimmed]"]),
    (dict(stderr=NO_NETWORK, code=1), "08001", ["cannot get a token from databricks", "no such host", "Check the network and the proxy"]),
    (dict(stderr=NOT_TRUSTED, code=1), "08001", ["signed by unknown authority", "SSL_CERT_FILE for this process: the CLI does not know TokenCAFile"]),
    (dict(stderr="Error: something new\n", code=3), "28000", ["databricks refused the sign-in: something new", "See what 'databricks auth token' prints"]),
    (dict(code=3), "28000", ["databricks refused the sign-in: exit status 3"]),
    (dict(stderr=f"Error: cannot read {TOKEN}\n", code=1), "28000", ["cannot read ***"]),
    (dict(), "HY000", ["what it printed is empty; see what 'databricks auth token' prints as the user that this application runs as"]),
    (dict(stdout=TOKEN), "HY000", ["what it printed is no JSON"]),
    (dict(stdout=token_json()[:-20]), "HY000", ["what it printed is no JSON"]),
    (dict(stdout="{}"), "HY000", ["what it printed has no access_token"]),
    (dict(stdout=token_json(seconds=-3600)), "HY000", ["what it printed has a token that was over"]),
    (dict(mood="huge"), "HY000", ["it printed more than 1 MiB"]),
    (dict(mood="killed"), "HY000", ["it was ended by signal 9"]),
], ids=["not signed in", "ended", "two profiles", "service principal", "no network", "no trust", "another error", "silent", "token in an error", "empty", "no JSON",
        "half", "no token", "over", "huge", "killed"])
def test_what_goes_wrong_is_said_with_what_to_do(dsn, cli, answer, state, words):
    cli.answer(**answer)
    record = dsn.refused_unheard(dsn.connect(), state, *words)
    assert TOKEN not in record.message and len(cli.calls) == 1


def test_one_who_uses_a_profile_signs_in_to_that(dsn, cli):
    profiles(dsn, work=f"https://{HOST}/")
    cli.answer(stderr=INVALID, code=1)
    dsn.refused_unheard(dsn.connect("DSN=app;TokenUser=work"), "28000", "Run 'databricks auth login --profile work' as the user")


def test_without_it_the_message_says_to_install_it(dsn, cli):
    cli.path.unlink()
    dsn.refused_unheard(dsn.connect(), "HY000", "TokenSource=databricks-cli needs the program databricks, which is not on this process's PATH: install")


@pytest.mark.parametrize("path", ["", ".", "bin"])
def test_one_in_the_working_folder_is_not_run(dsn, cli, path):
    dsn.home.env["PATH"] = path
    dsn.refused_unheard(dsn.connect(), "HY000", "is not on this process's PATH")
    assert cli.calls == []


def test_one_that_everybody_can_change_is_not_run(dsn, cli):
    cli.path.chmod(0o757)
    dsn.refused_unheard(dsn.connect(), "HY000", f"the program databricks, which is {cli.path}, which others than its owner can change (mode 757)")
    assert cli.calls == []


def test_the_old_cli_is_not_run_and_the_new_one_is_found_behind_it(dsn, cli):
    """The old one is the real one, of PyPI: it knows no `auth`."""
    old = Path(sys.executable).with_name("databricks")
    assert old.is_file(), "tests/e2e/requirements.txt is installed"
    path, dsn.home.env["PATH"] = dsn.home.env["PATH"], str(old.parent)
    dsn.refused_unheard(dsn.connect(), "HY000", "only as a script or the old CLI", str(old), "install the Databricks CLI 0.205 or newer")
    dsn.home.env["PATH"] = f"{old.parent}:{path}"
    assert dsn.connect().succeeded and len(cli.calls) == 1


@pytest.mark.parametrize("mood", ["hangs", "hangs with a child"])
def test_one_that_hangs_is_ended_with_its_children_when_the_time_is_over(dsn, cli, mood):
    dsn.write({"TokenSource": "databricks-cli", "TokenTimeout": "1"}, {"Host": HOST})
    cli.answer(mood=mood)
    begun = time.monotonic()
    dsn.refused_unheard(dsn.connect(), "HYT00", "databricks gave no token within 1 s. Raise TokenTimeout in section [Shimmed]")
    assert 1 <= time.monotonic() - begun < 4
    for pid in [cli.calls[0]["pid"], *([cli.child] if mood == "hangs with a child" else [])]:
        assert not os.path.exists(f"/proc/{pid}") or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


# -- In a chain


@pytest.mark.parametrize("user, argv", [("work", [*CALL, "--profile", "work"]), ("me@example.com", None)])
def test_in_a_chain_it_signs_in_whom_tokenuser_names_or_nobody(dsn, cli, user, argv):
    """There the word is other sources' as well, which know people by other names."""
    profiles(dsn, work=f"https://{HOST}")
    dsn.write({"TokenSource": "databricks-cli,device-code", "TokenUser": user}, {"Host": HOST})
    if argv:
        assert dsn.connect().succeeded
    else:
        words = ("none of TokenSource=databricks-cli,device-code is set up: databricks-cli (TokenUser is no profile)", "device-code (no TokenClientId)")
        dsn.refused_unheard(dsn.connect(), "HY000", *words)
    assert [call["argv"] for call in cli.calls] == ([argv] if argv else [])
