"""SQLWCHAR under iODBC has four bytes, whatever the first character of a text is. (unixODBC looks a DSN up by the low
bytes of its characters, so names beyond Latin-1 do not exist there.)"""

from __future__ import annotations

import pytest

from support import replies
from support.odbc_client import call, run_client
from support.two_ways import token_keys

NAMES = ["data", "größe", "日本", "Łódź", "😀"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("in_section", [True, False], ids=["token in the section", "token in the DSN"])
def test_a_name_that_begins_beyond_latin_1_signs_in(ways, identity_provider, name, in_section):
    identity_provider.always(replies.good_token("good-token"))
    keys = token_keys(identity_provider)
    ways.record(keys if in_section else {}, dm="iodbc", letter="W", sources={name: {} if in_section else keys})
    steps = [call("SQLConnectW", dsn=name, user="u", password="mine"), call("SQLDriverConnectW", string=f"DSN={name};UID=ü", dbc="b")]
    assert all(step.succeeded for step in run_client(ways.shim, steps, "iodbc"))
    assert len(identity_provider.requests) == 1
    [by_name], [by_string] = ways.calls("SQLConnect")[0], ways.calls("SQLDriverConnect")[0]
    assert (by_name["dsn"], by_name["user"], by_name["password"]) == (name, "u", "good-token")
    assert by_string["string"] == f"DSN={name};UID=ü;PWD={{good-token}}"


def test_a_string_that_begins_beyond_latin_1_is_read(ways, identity_provider):
    ways.record(token_keys(identity_provider), dm="iodbc", letter="W")
    [step] = run_client(ways.shim, [call("SQLDriverConnectW", string="日=1;DSN=data")], "iodbc")
    assert step.succeeded and ways.calls("SQLDriverConnect")[0][0]["string"] == f"日=1;DSN=data;PWD={{{identity_provider.token}}}"
