"""A program registers itself in a Databricks account, to the letter of the partners' guide."""

from __future__ import annotations

import json

import pytest

from support import replies
from support.c_api import SANITIZED

ACCOUNT = "123e4567-e89b-12d3-a456-426614174000"
PATH = f"/api/2.0/accounts/{ACCOUNT}/oauth2/custom-app-integrations"
BEARER = "an-admins-token"


def register(installed, home, provider, confidential: int = 1, **options) -> str:
    [told] = installed.run(home, "api_register", provider.url, ACCOUNT, BEARER, confidential, **options)
    return told


@pytest.mark.parametrize("flags", [("-O1",), SANITIZED], ids=["plain", "sanitized"])
@pytest.mark.parametrize("confidential", [1, 0])
def test_an_application_is_registered_as_the_guide_has_it(installed, home, identity_provider, confidential, flags):
    answer = {"integration_id": "an-integration", "client_id": "a-client", **({"client_secret": "a-secret"} if confidential else {})}
    identity_provider.always(replies.json_body(answer))
    told = register(installed, home, identity_provider, confidential, flags=flags)
    assert told == f"an-integration, a-client, {'a-secret' if confidential else 'no secret'}"
    [request] = identity_provider.requests
    assert (request.method, request.path, request.header("authorization")) == ("POST", PATH, f"Bearer {BEARER}")
    assert json.loads(request.body) == {
        "redirect_urls": ["https://example-partner.com/redirecturl1", "https://example-partner.com/redirecturl2"],
        "confidential": bool(confidential), "name": "example-partner", "scopes": ["sql", "offline_access"]}


def test_what_the_account_says_is_told_without_the_token(installed, home, identity_provider):
    for status, said, words in [
        (403, {"error_code": "PERMISSION_DENIED", "message": f"{BEARER} is no admin"},
         "28000 [tokenshim] 127.0.0.1 registered no application: HTTP 403, PERMISSION_DENIED: *** is no admin. Use a token of an admin of this account"),
        (404, {}, "28000 [tokenshim] 127.0.0.1 registered no application: HTTP 404. Check the account's id"),
        (400, {"message": "bad scope"}, "28000 [tokenshim] 127.0.0.1 registered no application: HTTP 400, bad scope. Check its name"),
        (503, {}, "08001 [tokenshim] 127.0.0.1 registered no application: HTTP 503. The service is busy"),
        (200, {"client_id": "x"}, "HY000 [tokenshim] 127.0.0.1 registered no application: the answer has no integration_id. Look in the account"),
    ]:
        identity_provider.always(replies.Reply(status, said))
        count = len(identity_provider.requests)
        assert register(installed, home, identity_provider).startswith(words)
        assert len(identity_provider.requests) == count + 1, "a second try could register it twice"
