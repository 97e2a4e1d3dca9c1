"""Functions that no driver manager here calls, but a real driver may have: names that end in A, and ODBC 2's options."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.odbc_client import call, dlsym_table, run_client

KEYS = {"TokenSource": "client-credentials", "TokenClientId": "me", "TokenClientSecret": "section-secret"}
CONNECTS = [call("SQLDriverConnectA", string="DSN=data;PWD=mine", out=200, records="SQLGetDiagRecA"),
            call("SQLConnectA", dsn="data", records="SQLGetDiagRecA"),
            call("SQLBrowseConnectA", string="DSN=data", out=200, records="SQLGetDiagRecA")]


@pytest.fixture
def suffixed(home, recorder, identity_provider):
    """The recorder with names that end in A, called without a driver manager: those here never call them."""
    shim = home.shim()
    home.write({"Driver": {"Driver": shim, "RealDriver": recorder.compile("suffixed", "psqlodbc_suffixed.so"),
                           "TokenEndpoint": identity_provider.url, **KEYS}}, {"data": {"Driver": "Driver"}})
    return home, shim


@pytest.mark.parametrize("connect", CONNECTS, ids=lambda step: step["call"])
def test_names_that_end_in_a_are_hooked_like_the_plain_ones(suffixed, recorder, identity_provider, connect):
    home, shim = suffixed
    run_client(home, [connect], shim)
    [recorded] = recorder.calls(connect["call"].removesuffix("A"))
    given = recorded.get("password") or recorded["string"]
    assert identity_provider.token in given and "mine" not in given


def test_the_token_does_not_come_back_from_them(suffixed, identity_provider):
    home, shim = suffixed
    connect, attribute = run_client(home, [CONNECTS[0], call("SQLGetConnectAttrA", attribute=1256, out=8)], shim)
    assert connect.out == "DSN=data;PWD=mine;PORT=443" and identity_provider.token not in str(attribute)


def test_a_failure_is_told_by_the_diagnostic_functions_that_end_in_a(suffixed, identity_provider):
    home, shim = suffixed
    identity_provider.always(replies.invalid_client())
    for connect in CONNECTS:
        [step] = run_client(home, [connect], shim)
        assert [record.state for record in step.records] == ["28000"], step
    steps = [CONNECTS[0] | {"records": None}, call("SQLGetDiagFieldA", record=1, field=4, out=6),
             call("SQLErrorA", out=512), call("SQLErrorA", out=512)]
    _, state, first, second = run_client(home, steps, shim)
    assert state.out == "28000" and first.state == "28000" and second.code == "SQL_NO_DATA"


def test_they_are_absent_where_the_real_driver_has_none(home, recorder):
    shim, real = home.shim(), recorder.compile("both", "psqlodbc_plain.so")
    home.write({"Driver": {"Driver": shim, "RealDriver": real}})
    names = ["SQLConnectA", "SQLDriverConnectA", "SQLBrowseConnectA", "SQLErrorA"]
    assert set(dlsym_table(home.env, shim, real, names).values()) == {"absent"}


def test_a_login_timeout_set_as_an_option_of_odbc_2_counts(home, identity_provider):
    identity_provider.always(replies.silence)
    shim = home.shim()
    home.write({"SQLite": {"Driver": shim, "RealDriver": drivers.SQLITE, "TokenProfile": "password",
                           "TokenEndpoint": identity_provider.url, "TokenTimeout": 20, **KEYS}}, {"data": {"Driver": "SQLite"}})
    _, connect = run_client(home, [call("SQLSetConnectOption", option=103, value=1), call("SQLConnect", dsn="data")], shim)
    assert [record.state for record in connect.records] == ["HYT00"] and connect.seconds < 5
