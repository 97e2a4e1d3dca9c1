"""Whatever a connection string says beside it, the token comes back in no record and in no completed string: with real drivers and servers, whose
words are not tokenshim's."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.odbc_client import call, run_client
from support.two_ways import token_keys

TOKEN = "eyJsecret.token-of_nobody"
WORDS = {drivers.PSQLODBCW: ["Database", "UID", "Servername", "A6", "pqopt", "Odd"],
         drivers.MARIADB: ["DATABASE", "UID", "SERVER", "CHARSET", "INITSTMT", "Odd"]}
VALUES = ["x{", "{", "'x", '"x', "x\\", "{a}{", "{a}x{", "[x", "(x", "x={", "x%3B", "{a}}}", "x\\;", "%", "'", "{\"}", "=", "\x01"]


@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("driver", WORDS, ids=lambda driver: driver.name)
def test_no_spelling_of_another_value_makes_a_driver_repeat_the_token(ways, request, identity_provider, driver, letter):
    server = request.getfixturevalue("mariadb" if driver is drivers.MARIADB else "postgres")
    server.role("alice", TOKEN)
    identity_provider.always(replies.good_token(TOKEN))
    ways.write(driver, {"data": server.keys()}, token_keys(identity_provider, TokenAllowUnencrypted="yes"))
    strings = [f"DSN=data;UID=alice;{word}={value}{more}" for word in WORDS[driver] for value in VALUES for more in ("", ";PWD=old")]
    result = run_client(ways.shim, [call(f"SQLDriverConnect{letter}", string=string, out=4000, dbc=string) for string in strings], timeout=120)
    for string, step in zip(strings, result, strict=True):
        said = " ".join([step.out or "", *(record.message for record in step.records)])
        assert TOKEN not in said, (string, said)
    # Both kinds are among them: what the driver took, and what it, or the server, found fault with.
    assert sum(step.succeeded for step in result) > 20 < sum(bool(step.records) for step in result)
    assert TOKEN not in server.log
