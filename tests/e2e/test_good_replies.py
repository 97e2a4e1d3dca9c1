"""A good token arrives at the driver whole, whatever its size and whatever else the reply says."""

from __future__ import annotations

import pytest

from support import replies
from support.sign_in import MICROSOFT, POSTGRES, SECRET, SPARK, SignIn


@pytest.fixture
def signed(home, recorder, identity_provider):
    def make(driver: str) -> SignIn:
        made = SignIn(home, recorder, identity_provider, driver)
        made.write({"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token", "TokenClientId": "id",
                    "TokenClientSecret": SECRET}, {"Server": "good.example.net", "SSLmode": "require"})
        return made

    return make


@pytest.mark.parametrize("driver", [SPARK, MICROSOFT, POSTGRES])
@pytest.mark.parametrize("size", [1, 4_000, 16_000, 60_000])
def test_a_token_of_any_size_arrives_whole(signed, driver, size):
    token = ("eyJ0eXAi.-_~+/=" * 4001)[:size]
    dsn = signed(driver)
    dsn.provider.answer(replies.good_token(token))
    assert dsn.connect().succeeded
    [connect] = dsn.recorder.calls("SQLDriverConnect")
    if driver == MICROSOFT:
        expected = (2 * size).to_bytes(4, "little") + bytes(byte for letter in token.encode() for byte in (letter, 0))
        assert connect["access_token"] == expected.hex()
    else:
        assert token in connect["string"]


@pytest.mark.parametrize("reply", [
    replies.json_body({"access_token": "good-token-0123456789"}),
    replies.good_token(expires_in="3599", ext_expires_in=3599, scope="all-apis"),
    replies.good_token(expires_in="soon"),
    replies.good_token(expires_in=-1),
    replies.good_token(token_type="bEaReR"),
    replies.status(201, ' \n{"access_token":"good-token-0123456789","more":{"a":[1,2]}}\n'),
], ids=["the token alone", "text for a number", "no number", "a negative one", "any case", "201 and blanks"])
def test_a_good_token_is_taken_however_it_is_wrapped(signed, reply):
    dsn = signed(SPARK)
    dsn.provider.answer(reply)
    assert dsn.connect().succeeded
    assert dsn.given[0].endswith("Auth_AccessToken=good-token-0123456789")
