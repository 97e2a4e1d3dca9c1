"""Whoever writes more lines into an id, a scope or a secret than it has writes none into a request: what leaves this machine is one request
with the headers of any other, in which the text stands as data."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, urlsplit

import pytest

from support.sign_in import MICROSOFT, SECRET, SPARK, SignIn
from test_managed_identity import IMDS, SOURCE, environment, granted

LINES = "id\r\nX-Evil: 1\r\n\r\nPOST /evil HTTP/1.1\r\nHost: evil.example.org\r\n&scope=evil&client_secret=%41+"
ONE_LINE = "id\rX-Evil: 1&scope=evil&client_secret=%41+"
"""No file of settings has a value of two lines."""
USUAL = {"TokenClientId": "id", "TokenClientSecret": SECRET, "TokenScope": "all"}


@pytest.fixture
def signed(home, recorder, identity_provider):
    """Makes a DSN whose client is asked for at a path of the provider's."""

    def make(keys: dict, driver: str = MICROSOFT, path: str = "/token") -> SignIn:
        made = SignIn(home, recorder, identity_provider, driver)
        made.keys = {"TokenSource": "client-credentials", "TokenEndpoint": identity_provider.url + path, **keys}
        return made

    return make


def names(request) -> list[str]:
    return [name.lower() for name, _ in request.headers]


def connect(dsn: SignIn, place: str, keys: dict) -> None:
    """With these keys in that place, one of a higher place for each that is written elsewhere."""
    of = {each: (USUAL | keys if each == place else {}) for each in ("section", "DSN", "string")}
    dsn.write(dsn.keys | of["section"], {"Server": "good.example.net", "Host": "good.example.net"} | of["DSN"])
    step = dsn.connect("DSN=app" + "".join(f";{key}={{{value}}}" for key, value in of["string"].items()))
    assert step.succeeded, step


@pytest.mark.parametrize("auth", ["basic", "post"])
@pytest.mark.parametrize("place", ["section", "DSN", "string"])
@pytest.mark.parametrize("key", USUAL)
def test_no_line_of_a_setting_becomes_one_of_a_request(signed, key, place, auth):
    dsn = signed({"TokenClientAuth": auth})
    written = LINES if place == "string" else ONE_LINE
    connect(dsn, place, {})
    connect(dsn, place, {key: written})
    usual, odd = dsn.provider.requests
    assert names(usual) == names(odd) and (odd.method, odd.path) == ("POST", "/token")
    asked = dict(zip(USUAL, (*odd.client, dict(odd.form)["scope"])))
    assert asked == {**USUAL, key: written}
    assert (odd.header("authorization") is None) == (auth == "post")


@pytest.mark.parametrize("key", ["TokenClientId", "TokenClientSecret"])
def test_nor_where_id_and_secret_go_as_they_are(signed, key):
    """Databricks' form encodes neither but in base64."""
    dsn = signed({}, SPARK, "/oidc/v1/token")
    connect(dsn, "string", {key: LINES})
    [request] = dsn.provider.requests
    pair = base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode()
    assert pair == ":".join({**USUAL, key: LINES}[each] for each in ("TokenClientId", "TokenClientSecret"))
    assert "x-evil" not in names(request)


@pytest.mark.parametrize("key, value", [("TokenClientId", LINES), ("TokenScope", "https://x.example\r\nX-Evil:1\r\n\r\n/.default")])
def test_nor_in_the_address_at_which_a_managed_identity_is_asked_for(signed, key, value):
    dsn = signed({})
    dsn.write(SOURCE, {"Server": "erp.database.windows.net"})
    dsn.provider.always(granted())
    step = dsn.connect(f"DSN=app;{key}={{{value}}}", env=environment(dsn.provider, dict([IMDS])))
    if key == "TokenScope":
        dsn.refused_unheard(step, "HY000", "TokenScope must be one scope for managed-identity")
        return
    assert step.succeeded, step
    [request] = dsn.provider.requests
    assert dict(parse_qsl(urlsplit(request.path).query))["client_id"] == value and "x-evil" not in names(request)


def test_a_user_of_many_lines_adds_none(signed):
    dsn = signed({})
    connect(dsn, "string", {})
    connect(dsn, "string", {"TokenUser": LINES})
    assert len({(tuple(names(request)), request.body) for request in dsn.provider.requests}) == 1


@pytest.mark.parametrize("tenant", [LINES, ONE_LINE, "t\n", "\rt"])
def test_what_has_lines_is_no_tenant(signed, tenant):
    dsn = signed({})
    del dsn.keys["TokenEndpoint"]
    dsn.write(dsn.keys, {"Server": "erp.database.windows.net"})
    step = dsn.connect(f"DSN=app;TokenTenant={{{tenant}}};TokenClientId=id;TokenClientSecret=s")
    dsn.refused_unheard(step, "HY000", "TokenTenant has characters that no tenant has")


@pytest.mark.parametrize("host", ["x.cloud.databricks.com\r\nX-Evil: 1", "x\r\n.cloud.databricks.com", "evil.org\r.cloud.databricks.com"])
def test_what_has_lines_is_no_host(signed, host):
    dsn = signed({}, SPARK)
    del dsn.keys["TokenEndpoint"]
    dsn.write(dsn.keys | USUAL)
    dsn.refused_unheard(dsn.connect(f"DSN=app;Host={{{host}}}"), "28000", "TokenAllowedHosts")
