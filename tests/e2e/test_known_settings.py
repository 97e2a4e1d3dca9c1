"""A connect with words that were said before works nothing out again; but whatever else it depends on counts as it is now."""

from __future__ import annotations

import pytest

from support import recorder, replies
from support.host import run_host
from support.odbc_client import WIDE_BYTES, call, run_client
from support.odbc_home import ini_text
from support.two_ways import token_keys
from test_kept_tokens import connect, passwords

SQL_COPT_SS_ENCRYPT = 1223
CONNECTS = """
first = opened("DSN=data", env := environment())
%s
say(connect(second := allocate(DBC, env), "DSN=data"), record(DBC, second))
"""


@pytest.fixture
def tokens(identity_provider):
    """Hands out `token-1`, `token-2` …, each good for an hour."""
    identity_provider.answer(*(replies.good_token(f"token-{number}") for number in range(1, 9)))
    return identity_provider


def by_reference(provider, **more: object) -> dict:
    keys = token_keys(provider, **more)
    del keys["TokenClientSecret"]
    return keys


def test_another_secret_in_the_same_variable_is_another_identity(ways, tokens):
    ways.shim.env["MY_SECRET"] = "old"
    ways.record(by_reference(tokens, TokenClientSecretEnv="MY_SECRET"))
    assert run_host(ways.shim, CONNECTS % "os.environ['MY_SECRET'] = 'new'") == ["0 None"]
    assert passwords(ways) == ["token-1", "token-2"]
    run_host(ways.shim, CONNECTS % "os.environ['MY_SECRET'] = 'old'")
    assert passwords(ways)[2:] == ["token-3", "token-3"]


@pytest.mark.parametrize("change, words", [
    ("os.chmod(sys.argv[1], 0o644)", "can be read by others (mode 644)"), ("os.remove(sys.argv[1])", "cannot be read")])
def test_a_secrets_file_that_may_be_used_no_more_stops_the_next_connect(ways, tokens, tmp_path, change, words):
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("secret")
    ways.record(by_reference(tokens, TokenClientSecretFile=secret))
    [said] = run_host(ways.shim, CONNECTS % change, secret)
    assert said.startswith("-1 ('HY000', ") and "TokenClientSecretFile" in said and words in said


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_a_section_that_changes_counts_at_the_next_connect(ways, tokens, dm):
    driver = ways.record(token_keys(tokens), dm=dm)
    file = ways.shim.system / "odbcinst.ini"
    changed = {"Engine": {"Driver": ways.shim.shim(), "RealDriver": driver, **token_keys(tokens, TokenScope="another")}}
    write = call("write_file", path=str(file), text=ini_text(changed))
    run_client(ways.shim, [connect(), connect(dbc="same"), write, connect(dbc="other")], dm)
    assert passwords(ways) == ["token-1", "token-1", "token-2"]


def test_an_attribute_of_one_handle_counts_for_that_handle_alone(ways, tokens):
    """One that switches encryption off: the words are the same, but another machine must not get the token."""
    driver = recorder.compile("both", name="libmsodbcsql-18.so")
    keys = token_keys(tokens, TokenProfile="sqlserver", TokenAllowedHosts="db.example.com")
    ways.write(driver, {"data": {"Server": "db.example.com"}}, keys)
    off = call("SQLSetConnectAttr", attribute=SQL_COPT_SS_ENCRYPT, value=0, dbc="off")
    steps = run_client(ways.shim, [connect(), off, connect(dbc="off"), connect(dbc="third")])
    assert [step.succeeded for step in steps] == [True, True, False, True] and steps[2].records[0].state == "28000"
    assert len(tokens.requests) == 1


def test_an_application_that_brings_a_token_is_left_alone_whatever_was_known(ways, tokens):
    driver = recorder.compile("both", name="libsparkodbc_sb64.so")
    ways.write(driver, {"data": {"Host": "x.cloud.databricks.com"}}, token_keys(tokens, TokenProfile="databricks"))
    own = connect("DSN=data;Auth_AccessToken=own", dbc="own")
    assert all(step.succeeded for step in run_client(ways.shim, [connect(), own, connect(dbc="again")]))
    strings = [each["string"] for each in ways.calls("SQLDriverConnect")[0]]
    assert ["token-1" in string for string in strings] == [True, False, True] and len(tokens.requests) == 1
