"""Attribute 1256 as a driver of Microsoft's sees it: the very bytes, when they are set, and how long they are there."""

from __future__ import annotations

import struct

import pytest

from support.az_stand_in import TOKEN
from support.odbc_client import WIDE_BYTES, call, run_client

MANAGERS = list(WIDE_BYTES)
ACCESS_TOKEN = 1256
OWN = "0600000061006200" + "6300"
SET_OWN = call("SQLSetConnectAttr", attribute=ACCESS_TOKEN, value={"hex": OWN})


def structure(token: str = TOKEN) -> str:
    """As the seed packs it, in hex."""
    raw = token.encode("utf-16-le")
    return struct.pack(f"<I{len(raw)}s", len(raw), raw).hex()


@pytest.fixture(params=MANAGERS)
def dm(request, home, recorder, az) -> str:
    """A driver manager; DSN "d" is the recorder under the name of Microsoft's driver, behind tokenshim."""
    configure(home, recorder, request.param)
    return request.param


def configure(home, recorder, dm, **source: str):
    real = recorder.compile("wide", "libmsodbcsql-18.6.so.2.1", WIDE_BYTES[dm])
    home.write({"SQL": {"Driver": home.shim(), "RealDriver": real, "TokenSource": "azure-cli"}},
               {"d": {"Driver": "SQL", "Server": "db.example.com", **source}})


WAYS = [call("SQLDriverConnectW", string="DSN=d"), call("SQLDriverConnect", string="DSN=d"),
        call("SQLConnectW", dsn="d"), call("SQLConnect", dsn="d", user="u", password="p")]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way["call"])
@pytest.mark.parametrize("token", [TOKEN, "t", "Long-" * 20_000], ids=["token", "short", "long"])
def test_the_driver_gets_the_structure_that_microsoft_describes(home, recorder, az, dm, way, token):
    az.answer("good", token)
    connect, end = run_client(home, [way, call("SQLDisconnect")], dm)
    assert connect.code == end.code == "SQL_SUCCESS", connect
    [begun] = [*recorder.calls("SQLDriverConnect"), *recorder.calls("SQLConnect")]
    [ended] = recorder.calls("SQLDisconnect")
    # The driver keeps only the address, and comes back to it when it has lost the server.
    assert begun["access_token"] == ended["access_token"] == structure(token)


def test_it_is_set_immediately_before_the_connect_after_all_that_the_application_sets(home, recorder, dm):
    run_client(home, [
        call("SQLSetConnectAttr", attribute=103, value=20),
        call("SQLSetConnectAttr", attribute=101, value=1),
        call("SQLSetConnectAttr", attribute=1204, value=1),
        call("SQLDriverConnectW", string="DSN=d"),
    ], dm)
    calls = recorder.calls()
    at = [each["call"] for each in calls].index("SQLDriverConnectW")
    assert calls[at - 1]["call"].startswith("SQLSetConnectAttr")
    assert (calls[at - 1]["attribute"], calls[at - 1]["length"]) == (ACCESS_TOKEN, -4)  # SQL_IS_POINTER
    assert [each["attribute"] for each in calls[: at - 1] if each["call"].startswith("SQLSetConnectAttr")].count(ACCESS_TOKEN) == 0
    # iODBC prefers SQLSetConnectOption, where a driver has it.
    assert {103, 1204} <= {each.get("attribute", each.get("option")) for each in calls[: at - 1]}


# -- The function that the driver sees


@pytest.mark.parametrize("arguments", [{}, {"user": "u", "password": "p"}, {"user": "", "password": ""}], ids=str)
def test_sqlconnect_stays_sqlconnect_without_user_and_password(home, recorder, dm, arguments):
    run_client(home, [call("SQLConnectW", dsn="d", **arguments)], dm)
    [connect] = recorder.calls("SQLConnect")
    assert (connect["dsn"], connect["user"], connect["password"]) == ("d", None, None)
    assert recorder.calls("SQLDriverConnect") == []


@pytest.mark.parametrize("source, given", [
    ({"Authentication": "ActiveDirectoryInteractive"}, "DSN=d;Authentication={}"),
    ({"Trusted_Connection": "Yes"}, "DSN=d;Trusted_Connection=no"),
    ({"Trusted_Connection": "Yes", "Authentication": "SqlPassword"}, "DSN=d;Authentication={};Trusted_Connection=no"),
], ids=str)
def test_sqlconnect_becomes_sqldriverconnect_where_the_dsn_says_what_must_not_count(home, recorder, dm, source, given):
    configure(home, recorder, dm, **source)
    run_client(home, [call("SQLConnectW", dsn="d", user="u", password="p")], dm)
    [connect] = recorder.calls("SQLDriverConnect")
    assert (connect["string"], connect["completion"], connect["access_token"]) == (given, 0, structure())
    assert recorder.calls("SQLConnect") == []


@pytest.mark.parametrize("completion", [0, 1, 3])
def test_the_driver_may_never_ask(home, recorder, dm, completion):
    run_client(home, [call("SQLDriverConnectW", string="DSN=d", completion=completion)], dm)
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["completion"] == 0


# -- What comes back


@pytest.mark.parametrize("written, completion, out", [
    ("DSN=d;Database=x", "UID=;APP=p", "DSN=d;Database=x;APP=p"),
    ("DSN=d;Database=x", "uid={};PWD=;APP=p", "DSN=d;Database=x;APP=p"),
    ("DSN=d;UID=me;Authentication=ActiveDirectoryInteractive", "UID=;APP=p", "DSN=d;UID=me;APP=p;Authentication=ActiveDirectoryInteractive"),
])
def test_the_completed_string_has_what_the_application_wrote_and_connects_again(home, recorder, dm, written, completion, out):
    home.env["RECORDER_COMPLETION"] = completion
    [first] = run_client(home, [call("SQLDriverConnectW", string=written, out=1000)], dm)
    assert first.succeeded and sorted(first.out.split(";")) == sorted(out.split(";")), first
    [second] = run_client(home, [call("SQLDriverConnectW", string=first.out, out=1000)], dm)
    assert second.succeeded
    for connect in recorder.calls("SQLDriverConnect"):
        assert connect["access_token"] == structure()
        assert not {"UID", "PWD"} & {pair.partition("=")[0].upper() for pair in connect["string"].split(";")}


def test_the_token_is_in_nothing_that_comes_back(home, recorder, dm):
    get = call("SQLGetConnectAttrW", attribute=ACCESS_TOKEN, out=8)
    result = run_client(home, [call("SQLDriverConnectW", string="DSN=d", out=1000), get], dm)
    assert (result[1].code, result[1].bytes) == ("SQL_SUCCESS", "00" * 8)
    assert TOKEN not in repr(result) + result.stdout + result.stderr
    assert recorder.calls("SQLGetConnectAttr") == []


# -- A token of the application's own


def test_a_token_of_the_applications_own_arrives_and_nothing_is_changed(home, recorder, az, dm):
    string = "DSN=d;UID=u;PWD={p};Trusted_Connection=yes"
    connect, get = run_client(home, [SET_OWN, call("SQLDriverConnectW", string=string, out=1000, completion=1),
                                     call("SQLGetConnectAttrW", attribute=ACCESS_TOKEN, out=8)], dm)[1:]
    [seen] = recorder.calls("SQLDriverConnect")
    assert (seen["string"], seen["completion"], seen["access_token"]) == (string, 1, OWN)
    assert connect.out == f"{string};PORT=443" and get.bytes != "00" * 8
    assert az.calls == []


# -- One handle, several connects; without a driver manager, which would take a new handle of the driver each time

CONNECT, DISCONNECT = call("SQLDriverConnectW", string="DSN=d"), call("SQLDisconnect")


@pytest.fixture
def handle(home, recorder, az):
    configure(home, recorder, "unixodbc")

    def run(*steps):
        done = run_client(home, list(steps), home.shim())
        assert all(step.code == "SQL_SUCCESS" for step in done), done
        return [each.get("access_token") for each in recorder.calls("SQLDriverConnect")]

    return run


def test_a_later_connect_without_a_token_clears_it(handle, recorder):
    without = call("SQLDriverConnectW", string="DSN=d;TokenSource=")
    assert handle(CONNECT, DISCONNECT, without, DISCONNECT, CONNECT) == [structure(), None, structure()]
    cleared = [each["value"] for each in recorder.calls("SQLSetConnectAttr") if each["attribute"] == ACCESS_TOKEN]
    assert cleared[1] == 0 and cleared[0] and cleared[2]


def test_a_token_that_the_application_sets_later_wins_until_it_is_taken_back(handle):
    clear = call("SQLSetConnectAttr", attribute=ACCESS_TOKEN, value=None, length=-4)
    assert handle(CONNECT, DISCONNECT, SET_OWN, CONNECT, DISCONNECT, clear, CONNECT) == [structure(), OWN, structure()]


def test_the_memory_of_a_token_outlives_a_failed_connect(handle, home, recorder):
    home.env["RECORDER_FAIL"] = "08001:not there"
    steps = run_client(home, [CONNECT, CONNECT, call("SQLDisconnect", records=None)], home.shim())
    assert steps[0].records[0].message == "[Recorder]not there"
    assert recorder.calls("SQLDisconnect")[0]["access_token"] == structure()
