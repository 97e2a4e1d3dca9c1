"""Databricks, as its partner guide says, to the letter: sections "Identify Databricks is in which cloud" and "Use
ServicePrincipal credentials to get a token" of "OAuth Integration guide for Cloud-Based Partners with Databricks".

Databricks' driver is in no registry: the real driver here is the recorder, compiled under that driver's file name,
libsparkodbc_sb64.so. The workspace is a provider behind a CONNECT proxy, with TLS, so that the URLs are the real ones.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import quote_plus

import pytest

from support.connect_proxy import ConnectProxy
from support.identity_provider import IdentityProvider
from support.odbc_client import call, run_client
from support.sign_in import SECRET, SignIn, keywords

ID = "0d5c3a1e-1111-2222-3333-444455556666"
AWS = "dbc-a1b2345c-d6e7.cloud.databricks.com"
GOVERNMENT = ["dbc-a1b2345c-d6e7.cloud.databricks.us", "dbc-a1b2345c-d6e7.cloud.databricks.mil"]
AZURE = ["adb-1234567890123456.7.azuredatabricks.net", "adb-1.2.databricks.azure.cn", "adb-1.2.databricks.azure.us"]
AZURE_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d%2F.default"
BASIC = "Basic " + base64.b64encode(f"{ID}:{SECRET}".encode()).decode()
AWS_FORM = b"grant_type=client_credentials&scope=all-apis"
PRINCIPAL = {"Auth_Client_ID": ID, "Auth_Client_Secret": SECRET}
OWN = {"TokenClientId": ID, "TokenClientSecret": SECRET}
SWITCH = {"AuthMech": 11, "Auth_Flow": 1}


def post(scope: str = AZURE_SCOPE) -> bytes:
    return f"client_id={ID}&grant_type=client_credentials&scope={scope}&client_secret={quote_plus(SECRET)}".encode()


@pytest.fixture
def workspace(home, recorder, start, authority) -> SignIn:
    """A DSN whose provider is each of the workspaces above, behind a proxy."""
    provider = start(IdentityProvider(authority.server_context(AWS, *GOVERNMENT, *AZURE)))
    proxy = start(ConnectProxy((provider.host, provider.port)))
    dsn = SignIn(home, recorder, provider)
    dsn.route = {"TokenProxy": proxy.url, "TokenCAFile": authority.file}
    dsn.proxy = proxy
    return dsn


# -- The request


@pytest.mark.parametrize("host, line, headers, body", [
    *((host, "POST /oidc/v1/token HTTP/1.1",
       {"accept": "application/json", "authorization": BASIC, "cache-control": "no-cache"}, AWS_FORM) for host in [AWS, *GOVERNMENT]),
    *((host, "POST /oidc/oauth2/v2.0/token HTTP/1.1", {"accept": "*/*"}, post()) for host in AZURE),
], ids=[AWS, *GOVERNMENT, *AZURE])
def test_the_token_request_is_the_guides(workspace, host, line, headers, body):
    workspace.write(workspace.route, {"Host": host, **SWITCH, **PRINCIPAL})
    assert workspace.connect().succeeded
    [request] = workspace.provider.requests
    assert f"{request.method} {request.path} {request.version}" == line
    assert request.body == body
    sent = {name.lower(): value for name, value in request.headers}
    assert len(sent) == len(request.headers)
    assert re.fullmatch(r"tokenshim/[\d.]+", sent.pop("user-agent"))
    assert sent == {"host": host, "content-type": "application/x-www-form-urlencoded", "content-length": str(len(body)), **headers}
    assert workspace.proxy.targets == [f"{host}:443"]


def test_the_environments_proxy_and_ca_do_as_well(workspace, authority):
    workspace.write({}, {"Host": AWS, **SWITCH, **PRINCIPAL})
    assert workspace.connect(env={"HTTPS_PROXY": workspace.proxy.url, "SSL_CERT_FILE": str(authority.file)}).succeeded
    assert [request.header("host") for request in workspace.provider.requests] == [AWS]
    assert workspace.proxy.targets == [f"{AWS}:443"]


def test_a_provider_whose_authority_nobody_trusts_gets_no_request(workspace):
    workspace.write({"TokenProxy": workspace.proxy.url}, {"Host": AWS, **SWITCH, **PRINCIPAL})
    workspace.refused(workspace.connect(), "08001", AWS, "TokenCAFile", "section [Shimmed] of odbcinst.ini", "certificate")
    assert workspace.provider.tls_failures and workspace.provider.requests == [] and workspace.given == []


@pytest.mark.parametrize("host, extra, body, authorization", [
    (AWS, {"TokenScope": "sql offline_access"}, b"grant_type=client_credentials&scope=sql+offline_access", BASIC),
    (AWS, {"TokenClientAuth": "post"}, post("all-apis"), None),
    (AZURE[0], {"TokenClientAuth": "Basic"}, f"grant_type=client_credentials&scope={AZURE_SCOPE}".encode(), BASIC),
    (AZURE[0], {"TokenScope": "api://x/.default"}, post("api%3A%2F%2Fx%2F.default"), None),
    # A key of tokenshim's own comes before the driver's that stands in the same place.
    (AWS, {"TokenClientId": "other"}, AWS_FORM, "Basic " + base64.b64encode(f"other:{SECRET}".encode()).decode()),
], ids=["a scope", "post", "basic", "a scope on Azure", "an id"])
def test_scope_and_client_authentication_can_be_set(workspace, host, extra, body, authorization):
    workspace.write(workspace.route, {"Host": host, **SWITCH, **PRINCIPAL, **extra})
    assert workspace.connect().succeeded
    [request] = workspace.provider.requests
    assert (request.body, request.header("authorization")) == (body, authorization)


# -- The cloud


CLOUDLESS = ["x.gcp.databricks.com", "databricks.example.com", "cloud.databricks.com", "x.databricks.us", "xazuredatabricks.net", "127.0.0.1"]


@pytest.mark.parametrize("host", CLOUDLESS)
def test_a_service_principal_in_any_other_cloud_is_an_error_without_a_request(workspace, host):
    workspace.write(workspace.route, {"Host": host, **SWITCH, **PRINCIPAL})
    words = "Service Principal not supported for Databricks in this Cloud"
    workspace.refused_unheard(workspace.connect(), "28000", words, host, "TokenEndpoint in section [Shimmed] of odbcinst.ini")
    assert workspace.proxy.requests == []


@pytest.mark.parametrize("host", [CLOUDLESS[0], CLOUDLESS[1], AWS])
def test_token_endpoint_says_where_to_go_in_any_cloud(workspace, host):
    with IdentityProvider() as own:
        workspace.write({"TokenEndpoint": f"{own.url}/own/token", "TokenScope": "all-apis"}, {"Host": host, **SWITCH, **PRINCIPAL})
        assert workspace.connect().succeeded
        assert [(request.path, request.body) for request in own.requests] == [("/own/token", AWS_FORM)]
    assert workspace.provider.requests == []


# -- What the driver gets


TOKEN = "Auth_AccessToken=good-token-0123456789"


@pytest.mark.parametrize("string, given", [
    ("DSN=app",
     f"DSN=app;AuthMech=11;Auth_Flow=0;{TOKEN}"),
    (f"DSN=app;AuthMech=11;Auth_Flow=1;Auth_Client_ID={ID};Auth_Client_Secret={SECRET};Schema=s",
     f"DSN=app;Schema=s;AuthMech=11;Auth_Flow=0;{TOKEN}"),
    ("DSN=app;UID=u;PWD=p;auth_flow=1;AUTHMECH=11;Auth_Type=OAuth_2.0;Auth_Scope=x;HTTPPath=/sql/1.0/w",
     f"DSN=app;HTTPPath=/sql/1.0/w;AuthMech=11;Auth_Flow=0;{TOKEN}"),
    ("DSN=app;User=u;Password={p;w};TokenScope=all-apis;Odd={a;b};",
     f"DSN=app;Odd={{a;b}};AuthMech=11;Auth_Flow=0;{TOKEN};"),
])
def test_the_driver_gets_the_token_and_nothing_that_contradicts_it(workspace, string, given):
    workspace.write(workspace.route, {"Host": AWS, **SWITCH, **PRINCIPAL})
    assert workspace.connect(string).succeeded
    assert workspace.given == [given]


@pytest.mark.parametrize("letter", ["", "W"])
def test_sql_connect_with_user_and_password_connects_with_the_token_instead(workspace, letter):
    workspace.write(workspace.route, {"Host": AWS, **SWITCH, **PRINCIPAL})
    [step] = run_client(workspace.home, [call(f"SQLConnect{letter}", dsn="app", user="someone", password="p4ssw0rd")])
    assert step.succeeded, step
    assert workspace.given == [f"DSN=app;AuthMech=11;Auth_Flow=0;{TOKEN}"]
    assert workspace.recorder.calls("SQLConnect") == []


# -- What switches it on


ON = {
    "the driver's own spelling": {**SWITCH, **PRINCIPAL},
    "the guide's": {**PRINCIPAL, "Auth_Type": "OAuth_2.0"},
    "the guide's, as it was printed": {**PRINCIPAL, "Auth_Type": "0Auth_2.0"},
    "id and secret alone": PRINCIPAL,
    "tokenshim's own": {"TokenSource": "client-credentials", **OWN},
    "a mixture": {**SWITCH, **OWN},
}
PLACES = ["string", "DSN", "driver section"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("keys", ON.values(), ids=ON)
def test_a_service_principal_signs_in(workspace, keys, place):
    assert set_in(workspace, place, {"Host": AWS, **keys}).succeeded
    [request] = workspace.provider.requests
    assert (request.header("authorization"), request.body) == (BASIC, AWS_FORM)
    [given] = workspace.given
    assert keywords(given)[-3:] == keywords(f"AuthMech=11;Auth_Flow=0;{TOKEN}")
    assert {name.lower() for name, _ in keywords(given)} == {
        "dsn", *({"host"} if place == "string" else set()), "authmech", "auth_flow", "auth_accesstoken"}


OFF = {
    "a personal access token": {"AuthMech": 3, "UID": "token", "PWD": "dapi0123456789", **PRINCIPAL},
    "a token of the application's own": {"AuthMech": 11, "Auth_Flow": 0, "Auth_AccessToken": "own", **PRINCIPAL},
    "the browser": {"AuthMech": 11, "Auth_Flow": 2, **PRINCIPAL},
    "a managed identity": {"AuthMech": 11, "Auth_Flow": 3},
    "an id without a secret": {"Auth_Client_ID": ID},
    "nothing": {},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("keys", OFF.values(), ids=OFF)
def test_anything_else_is_left_to_the_driver(workspace, keys, place):
    assert set_in(workspace, place, {"Host": AWS, **keys}).succeeded
    assert workspace.provider.requests == []
    assert workspace.given == [text({"Host": AWS, **keys}) if place == "string" else "DSN=app"]


def test_the_string_can_leave_what_the_dsn_asks_for(workspace):
    workspace.write(workspace.route, {"Host": AWS, **SWITCH, **PRINCIPAL})
    for string in ("DSN=app;AuthMech=3;UID=token;PWD=dapi0123456789", "DSN=app;Auth_Flow=0;Auth_AccessToken=own",
                   "DSN=app;Auth_AccessToken=own"):
        assert workspace.connect(string).succeeded
        assert workspace.given[-1] == string
    assert workspace.provider.requests == []


@pytest.mark.parametrize("missing, key", [("Host", "Host"), ("Auth_Client_ID", "TokenClientId"), ("Auth_Client_Secret", "TokenClientSecret")])
def test_what_is_missing_is_named(workspace, missing, key):
    keys = {"Host": AWS, **SWITCH, **PRINCIPAL}
    del keys[missing]
    workspace.write(workspace.route, keys)
    workspace.refused_unheard(workspace.connect(), "HY000", f"section [Shimmed] of odbcinst.ini: {key} is missing")


def set_in(workspace: SignIn, place: str, keys: dict):
    """Connects with `keys` in one of PLACES."""
    workspace.write({**workspace.route, **(keys if place == "driver section" else {})}, keys if place == "DSN" else {})
    return workspace.connect(text(keys) if place == "string" else "DSN=app")


def text(keys: dict) -> str:
    return "DSN=app;" + ";".join(f"{key}={value}" for key, value in keys.items())
