"""Nobody can tell that tokenshim is there: of all that an application can call, the real driver gets the very same calls, in the
same order, with the same arguments, and the application sees the very same answers."""

from __future__ import annotations

import itertools

import pytest

from support import replies
from support.odbc_client import WIDE_BYTES
from support.two_ways import token_keys
from support.whole_odbc import VERSIONS, run_whole_odbc

# With a scope of its own the refused connect has a new token. One that had been kept would be looked into, and tried again.
CONNECTS = [("SQLDriverConnect", "DSN=data;UID=u;PWD=p"), ("SQLConnect", "data"), ("SQLBrowseConnect", "DSN=data"),
            ("SQLDriverConnect", "DSN=data;TokenScope=own;Fail=28000:no entry"), ("SQLDriverConnect", "DSN=data"), ("SQLBrowseConnect", "DSN=data;A={;}")]
TEXT = ("string", "length", "out", "out_length", "user", "user_length", "password", "password_length")
"""What a connect's text is made of, with its lengths and the room for the completed one."""
ACCESS_TOKEN = 1256



def every_kind(*shapes: str):
    return pytest.mark.parametrize("dm, shape, letter, version", list(itertools.product(WIDE_BYTES, shapes, ("", "W"), VERSIONS)))


def run(ways, *kind):
    """What the application saw and what the driver was called with, through tokenshim and without it."""
    dm, _, letter, version = kind
    # unixODBC looks at memory that it has not written to; this fills it with the same bytes each time.
    same_memory = {"MALLOC_PERTURB_": "1", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
    seen = [run_whole_odbc(home, CONNECTS, dm, letter, version, same_memory) for home in (ways.shim, ways.direct)]
    return seen, ways.calls()


def is_connect(call: dict) -> bool:
    return call["call"].removesuffix("W") in ("SQLConnect", "SQLDriverConnect", "SQLBrowseConnect")


def without_text(calls: list[dict]) -> list[dict]:
    return [{key: value for key, value in each.items() if key not in TEXT} if is_connect(each) else each for each in calls]


@every_kind("ansi", "wide", "both", "old")
def test_without_a_token_the_driver_gets_the_calls_of_a_direct_connection_and_the_application_its_answers(ways, dm, shape, letter, version):
    ways.record(dm=dm, shape=shape, letter=letter)
    seen, calls = run(ways, dm, shape, letter, version)
    assert calls[0] == calls[1]
    assert seen[0] == seen[1]
    # The proof is worth something only if a lot was called.
    assert len(calls[1]) > 450 and len({each["call"] for each in calls[1]}) >= 45
    assert sum(each.get("code") == 0 for each in calls[1] if is_connect(each)) == 5


@every_kind("ansi", "wide", "both", "old")
def test_with_a_token_as_password_only_the_text_of_a_connect_differs(ways, identity_provider, dm, shape, letter, version):
    with_a_token_as_password(ways, identity_provider, dm, shape, letter, version)


@every_kind("wide", "both", "old")
def test_hooks_before_statements_change_nothing_while_the_token_is_good(ways, identity_provider, dm, shape, letter, version):
    with_a_token_as_password(ways, identity_provider, dm, shape, letter, version, TokenLive="yes")


def with_a_token_as_password(ways, identity_provider, *kind, **keys) -> None:
    identity_provider.always(replies.good_token("good-token"))
    dm, shape, letter, _ = kind
    ways.record(token_keys(identity_provider, **keys), dm=dm, shape=shape, letter=letter)
    seen, calls = run(ways, *kind)
    assert without_text(calls[0]) == without_text(calls[1])
    assert seen[0] == seen[1]
    given = [each.get("password") or each["string"] for each in calls[0] if is_connect(each)]
    assert [("good-token" in text) for text in given] == [True, True, True, False, True, True, True, False]


# A driver of ODBC 2 has no function that takes such an attribute.
@every_kind("ansi", "wide", "both")
def test_with_a_token_as_attribute_that_attribute_is_all_that_is_added_and_comes_last(ways, identity_provider, dm, shape, letter, version):
    keys = {"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token", "TokenClientId": "me", "TokenClientSecret": "s"}
    sources = {name: {"Server": "db.example.com", "Encrypt": "yes"} for name in ("data", "größe")}
    ways.record(keys, dm=dm, shape=shape, letter=letter, name="libmsodbcsql-18.so", sources=sources)
    seen, calls = run(ways, dm, shape, letter, version)
    through = []
    for number, each in enumerate(calls[0]):
        if each.get("attribute") == ACCESS_TOKEN:
            assert is_connect(calls[0][number + 1]) and each["length"] == -4
        else:
            through.append({key: value for key, value in each.items() if key != "access_token"})
    assert len(through) == len(calls[0]) - 6
    assert without_text(through) == without_text(calls[1])
    assert seen[0] == seen[1]
