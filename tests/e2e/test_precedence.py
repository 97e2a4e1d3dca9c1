"""Where settings come from: the connection string before the DSN before the driver's section."""

from __future__ import annotations

import base64

import pytest

from support import recorder, replies
from support.odbc_client import WIDE_BYTES, call, run_client
from support.sign_in import SignIn
from support.two_ways import SECTION, ini_encoding, token_keys

BOTH = [(dm, letter) for dm in WIDE_BYTES for letter in ("", "W")]


def asked(provider) -> list[tuple[str, str]]:
    """Client id and scope of each request."""
    clients = [base64.b64decode(each.header("authorization").removeprefix("Basic ")).decode().split(":")[0] for each in provider.requests]
    return [(client, dict(each.form).get("scope", "")) for client, each in zip(clients, provider.requests, strict=True)]


@pytest.fixture
def token(identity_provider) -> dict[str, object]:
    return token_keys(identity_provider, TokenClientAuth="basic", TokenScope="section", TokenClientId="section")


@pytest.mark.parametrize("dm, letter", BOTH)
def test_the_string_comes_before_the_dsn_and_the_dsn_before_the_drivers_section(ways, token, identity_provider, dm, letter):
    sources = {"plain": {}, "own": {"tokenSCOPE": "dsn"}, "both": {"TokenScope": "{dsn}", "TokenClientId": "dsn"}, "empty": {"TokenScope": ""}}
    ways.record(token, dm=dm, sources=sources)
    expected = {
        "DSN=plain": ("section", "section"),
        "DSN=own": ("section", "dsn"),
        "DSN=both": ("dsn", "dsn"),
        "DSN=both;tokenscope={string}": ("dsn", "string"),
        "TOKENSCOPE=string;DSN=plain;TokenClientId={a-b};TokenScope=second": ("a-b", "string"),
    }
    result = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string=string, dbc=string) for string in expected], dm)
    assert [each.code for each in result] == ["SQL_SUCCESS"] * len(expected), result
    assert asked(identity_provider) == list(expected.values())
    identity_provider.forget()
    run_client(ways.shim, [call(f"SQLConnect{letter}", dsn=name, dbc=name) for name in ("plain", "own", "both")], dm)
    assert asked(identity_provider) == [expected[f"DSN={name}"] for name in ("plain", "own", "both")]


@pytest.mark.parametrize("dm, letter", [("unixodbc", "W"), ("iodbc", ""), ("iodbc", "W"), ("unixodbc", "")])
@pytest.mark.parametrize("way", ["DriverConnect", "Connect", "BrowseConnect"])
def test_a_dsn_whose_name_is_not_ascii_has_its_say(ways, token, identity_provider, dm, letter, way):
    ways.write(recorder.compile("both", wide_bytes=WIDE_BYTES[dm]), {"größe": {"TokenScope": "dsn"}}, token,
               encoding=ini_encoding(dm, letter))
    arguments = {"dsn": "größe"} if way == "Connect" else {"string": "DSN=größe;A=1", "out": 100}
    [connect] = run_client(ways.shim, [call(f"SQL{way}{letter}", **arguments)], dm)
    assert connect.succeeded or connect.code == "SQL_NEED_DATA", connect
    assert asked(identity_provider) == [("section", "dsn")]


@pytest.mark.parametrize("dm, letter", BOTH)
def test_an_empty_source_switches_off_what_a_lower_place_says(ways, token, identity_provider, dm, letter):
    ways.record(token, dm=dm, sources={"off": {"TokenSource": ""}, "on": {}, "on again": {"TokenSource": "client-credentials"}})
    strings = ["DSN=off;PWD=mine", "DSN=on;PWD=mine;TokenSource=", "DSN=on again;PWD=mine;tokensource={}"]
    steps = [*(call(f"SQLDriverConnect{letter}", string=string, dbc=string) for string in strings),
             call(f"SQLConnect{letter}", dsn="off", user="u", password="mine", dbc="name")]
    assert all(each.succeeded for each in run_client(ways.shim, steps, dm))
    assert [each["string"] for each in ways.calls("SQLDriverConnect")[0]] == strings
    assert [each["password"] for each in ways.calls("SQLConnect")[0]] == ["mine"]
    assert identity_provider.requests == []
    run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string="DSN=off;TokenSource=client-credentials")], dm)
    assert len(identity_provider.requests) == 1


@pytest.mark.parametrize("dm, letter", BOTH)
@pytest.mark.parametrize("form", ["{section}", "{{{section}}}", "{file}", "{{{file}}}"])
def test_a_string_without_a_dsn_takes_the_section_or_the_file_that_it_names(ways, token, identity_provider, dm, letter, form):
    if dm == "iodbc" and form.startswith("{{"):
        form = form[2:-2]  # iODBC does not take braces off the name of a driver
    ways.record(token, dm=dm)
    driver = form.format(section=SECTION, file=ways.shim.shim())
    [connect] = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string=f"DRIVER={driver};UID=u;PWD=mine")], dm)
    assert connect.code == "SQL_SUCCESS", connect
    assert asked(identity_provider) == [("section", "section")]
    assert [each["string"] for each in ways.calls("SQLDriverConnect")[0]] == [f"DRIVER={driver};UID=u;PWD={{{identity_provider.token}}}"]


@pytest.mark.parametrize("dm, letter", BOTH)
def test_a_dsn_may_name_the_file_itself(ways, token, identity_provider, dm, letter):
    ways.record(token, dm=dm)
    ways.shim.write(None, {"file": {"Driver": ways.shim.shim(), "TokenScope": "dsn"}})
    [connect, named] = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string="DSN=file"),
                                              call(f"SQLConnect{letter}", dsn="file", dbc="by name")], dm)
    assert connect.succeeded and named.succeeded, (connect, named)
    assert asked(identity_provider) == [("section", "dsn")]


@pytest.mark.parametrize("dm, letter", BOTH)
def test_two_sections_of_one_file_keep_their_own_settings(ways, token, identity_provider, dm, letter):
    real = ways.record(token, dm=dm)
    section = {"Driver": ways.shim.shim(), "RealDriver": real, **token}
    ways.shim.write({"One": section | {"TokenScope": "one"}, "Two": section | {"TokenScope": "two"}}, {"a": {"Driver": "One"}, "b": {"Driver": "Two"}})
    strings = ["DSN=a", "DSN=b", "DRIVER=Two;TokenClientId=again", "DRIVER=one;TokenClientId=again"]
    run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string=string, dbc=string) for string in strings], dm)
    assert [scope for _, scope in asked(identity_provider)] == ["one", "two", "two", "one"]


@pytest.mark.parametrize("dm", WIDE_BYTES)
def test_a_users_dsn_comes_before_the_systems(ways, token, identity_provider, dm):
    ways.record(token, dm=dm, sources={"data": {"TokenScope": "system"}})
    ways.shim.write(None, {"data": {"Driver": SECTION, "TokenScope": "user"}}, user=True)
    run_client(ways.shim, [call("SQLDriverConnect", string="DSN=data")], dm)
    assert asked(identity_provider) == [("section", "user")]


def test_a_string_that_names_nothing_means_the_default_dsn(ways, token, identity_provider):
    ways.record(token, sources={"DEFAULT": {"TokenScope": "default"}})
    [through], [direct] = ways.run([call("SQLDriverConnectW", string="UID=u;PWD=p", out=100, completion=1)])
    assert through.code == direct.code == "SQL_SUCCESS"
    assert asked(identity_provider) == [("section", "default")]


TOKEN = {"TokenClientId": "token", "TokenClientSecret": "token-secret"}
REFERRED = {"TokenClientId": "referred", "TokenClientSecretEnv": "SECRET"}
DRIVERS = {"Auth_Client_ID": "drivers", "Auth_Client_Secret": "drivers-secret"}


@pytest.mark.parametrize("section, dsn, string, sent", [
    (TOKEN, REFERRED, {}, "referred:from-env"),
    (TOKEN, DRIVERS, {}, "drivers:drivers-secret"),
    (TOKEN, {}, DRIVERS, "drivers:drivers-secret"),
    (REFERRED, {}, DRIVERS, "drivers:drivers-secret"),
    ({}, TOKEN, {**DRIVERS, "AuthMech": "11", "Auth_Flow": "1"}, "drivers:drivers-secret"),
    (DRIVERS, REFERRED, {}, "referred:from-env"),
    (DRIVERS, REFERRED, TOKEN, "token:token-secret"),
    ({}, DRIVERS | TOKEN | REFERRED, {}, "referred:token-secret"),
    ({}, DRIVERS | {"TokenClientSecretEnv": "SECRET"}, {}, "drivers:drivers-secret"),
    (TOKEN, {}, {"Auth_Client_ID": ""}, "token:token-secret"),
])
def test_an_id_and_a_secret_of_one_place_stay_together(home, recorder, identity_provider, section, dsn, string, sent):
    signed = SignIn(home, recorder, identity_provider)
    signed.write({"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token", **section}, {"Host": "h", **dsn})
    written = ";".join(f"{keyword}={value}" for keyword, value in {"DSN": "app", **string}.items())
    assert signed.connect(written, env={"SECRET": "from-env"}).succeeded
    [request] = identity_provider.requests
    assert base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode() == sent


@pytest.mark.parametrize("dm, letter", BOTH)
@pytest.mark.parametrize("key", ["TokenEndpoint", "TokenAllowedHosts", "TokenProxy", "TokenCAFile", "TokenClientSecretFile", "RealDriver"])
def test_what_only_an_administrator_may_set_is_refused_in_a_string(ways, token, identity_provider, dm, letter, key):
    ways.record(token, dm=dm)
    [connect] = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string=f"DSN=data;{key.lower()}=x")], dm)
    assert [each.state for each in connect.records] == ["28000"] and key in connect.records[0].message
    assert identity_provider.requests == [] and ways.calls("SQLDriverConnect")[0] == []


def test_a_reply_that_is_refused_names_the_section_to_change(ways, token, identity_provider):
    ways.record(token)
    identity_provider.always(replies.invalid_client())
    [connect] = run_client(ways.shim, [call("SQLDriverConnect", string="DSN=data")])
    assert f"section [{SECTION}] of odbcinst.ini" in connect.records[0].message, connect
