"""Where a provider is asked: at the URLs that it tells of itself (TokenDiscovery), or at Entra's (TokenTenant)."""

from __future__ import annotations

import pytest

from support import replies
from support.connect_proxy import ConnectProxy
from support.device_code import COMPLETE, NOPROMPT, SECRET, connect, device_keys, passwords, refused
from support.device_provider import DevicePeople
from support.identity_provider import IdentityProvider
from support.odbc_client import run_client


@pytest.fixture
def people(identity_provider) -> DevicePeople:
    return DevicePeople(identity_provider)


@pytest.mark.parametrize("document, words", [
    ({"issuer": "https://evil.example"}, "the document's issuer is another host than TokenDiscovery's: if that is right, set TokenEndpoint as well"),
    ({"token_endpoint": "https://evil.example/token"}, "the document's token_endpoint is on another host"),
    ({"device_authorization_endpoint": "https://evil.example/device"}, "the document's device_authorization_endpoint is on another host"),
    ({"token_endpoint": "http://evil.example/token"}, "the document's token_endpoint must begin with https://"),
    ({"device_authorization_endpoint": None}, "the document has no device_authorization_endpoint"),
    ({"issuer": None}, "the document has no issuer"),
], ids=["issuer", "token endpoint", "device endpoint", "http", "no device endpoint", "no issuer"])
def test_a_document_that_leads_elsewhere_is_not_followed(ways, people, document, words):
    people.provider.always(replies.json_body({**people.document, **document}), path="/.well-known/openid-configuration")
    ways.record(device_keys(people))
    result = run_client(ways.shim, [connect(COMPLETE)])
    refused(result[0], "HY000", words, "Check TokenDiscovery in section [Engine] of odbcinst.ini")
    assert result.stderr == "" and {each.method for each in people.provider.requests} == {"GET"}


@pytest.mark.parametrize("reply, words", [(replies.status(404), "with HTTP 404"), (replies.sign_in_page(), "the answer is no JSON"),
                                          (replies.redirect("https://evil.example"), "with HTTP 302")], ids=["404", "HTML", "redirect"])
def test_what_is_no_document_is_said(ways, people, reply, words):
    people.provider.always(reply, path="/.well-known/openid-configuration")
    ways.record(device_keys(people))
    refused(run_client(ways.shim, [connect(COMPLETE)])[0], "HY000", words, "TokenDiscovery")


def test_an_endpoint_that_is_set_vouches_for_its_host(ways, start, people):
    other = start(IdentityProvider())
    elsewhere = DevicePeople(other)
    people.provider.always(replies.json_body({**people.document, "device_authorization_endpoint": other.url + "/device"}),
                           path="/.well-known/openid-configuration")
    ways.record(device_keys(people, TokenEndpoint=other.url + "/token"))
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded and elsewhere.asked == 1
    assert [each.method for each in people.provider.requests] == ["GET"]


def test_where_the_endpoint_is_set_the_issuer_may_be_another_but_no_other_endpoint(ways, people):
    provider, keys = people.provider, device_keys(people, TokenEndpoint=people.provider.url + "/token")
    ways.record(keys)
    document = {**people.document, "issuer": "https://issuer.example"}
    provider.always(replies.json_body(document), path="/.well-known/openid-configuration")
    assert run_client(ways.shim, [connect(COMPLETE, "DSN=data;TokenUser=a")])[0].succeeded and people.asked == 1
    document["device_authorization_endpoint"] = "https://issuer.example/device"
    provider.always(replies.json_body(document), path="/.well-known/openid-configuration")
    refused(run_client(ways.shim, [connect(COMPLETE, "DSN=data;TokenUser=b")])[0], "HY000", "device_authorization_endpoint is on another host")


@pytest.mark.parametrize("secret", [{}, {"TokenClientSecret": SECRET, "TokenClientAuth": "post"}], ids=["public", "secret"])
@pytest.mark.parametrize("by", ["TokenEndpoint", "TokenTenant"])
def test_at_entra_the_tenant_is_enough(ways, start, authority, by, secret):
    """Over TLS, through a proxy to a provider that is Entra."""
    provider = start(IdentityProvider(authority.server_context("login.microsoftonline.com")))
    people = DevicePeople(provider, tenant="/contoso.example.com")
    proxy = start(ConnectProxy((provider.host, provider.port)))
    where = {"TokenTenant": "contoso.example.com"} if by == "TokenTenant" else \
        {"TokenEndpoint": "https://login.microsoftonline.com/contoso.example.com/oauth2/v2.0/token"}
    ways.record({**{key: value for key, value in device_keys(people).items() if key != "TokenDiscovery"}, **where, **secret, "TokenProxy": proxy.url,
                 "TokenCAFile": authority.file})
    provider.always(replies.json_body({"device_code": "device-code-1", "user_code": "ABC", "interval": 1,
                                       "verification_uri": "https://microsoft.com/devicelogin"}), path=people.device_path)
    result = run_client(ways.shim, [connect(COMPLETE)])
    assert result[0].succeeded and run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded
    assert result.stderr == "[tokenshim] To sign in to login.microsoftonline.com, open https://microsoft.com/devicelogin and enter the code ABC\n"
    assert {each.path for each in provider.requests} == {people.device_path, people.token_path}
    assert {dict(each.form).get("client_secret") for each in provider.requests} == {secret.get("TokenClientSecret")}


@pytest.mark.parametrize("section, words", [
    ({"TokenDiscovery": ""}, "TokenDiscovery is missing, which device-code needs (or TokenTenant"),
    ({"TokenDiscovery": "", "TokenEndpoint": "https://idp.example/token"}, "with a TokenEndpoint other than Entra's"),
    ({"TokenDiscovery": "http://idp.example/x"}, "TokenDiscovery must begin with https://"),
    ({"TokenDiscovery": "", "TokenTenant": "../evil"}, "TokenTenant has characters that no tenant has"),
    ({"TokenClientId": ""}, "TokenClientId is missing, which device-code needs"),
], ids=["nothing", "endpoint alone", "http", "tenant", "no client"])
def test_what_is_missing_is_named(ways, people, section, words):
    ways.record({**device_keys(people), **section})
    refused(run_client(ways.shim, [connect(COMPLETE)])[0], "HY000", words)
    assert people.provider.requests == []


def test_client_credentials_find_their_token_endpoint_too(ways, identity_provider):
    document = {"issuer": identity_provider.url, "token_endpoint": f"{identity_provider.url}/elsewhere"}
    identity_provider.always(replies.json_body(document), path="/described")
    ways.record({"TokenProfile": "password", "TokenSource": "client-credentials", "TokenDiscovery": f"{identity_provider.url}/described",
                 "TokenClientId": "app", "TokenClientSecret": SECRET})
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded
    assert [(each.method, each.path) for each in identity_provider.requests] == [("GET", "/described"), ("POST", "/elsewhere")]
    assert passwords(ways) == [identity_provider.token]
