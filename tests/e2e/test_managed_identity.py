"""Azure's managed identities: which service is asked, how, and who is not."""

from __future__ import annotations

import socket
import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from support import replies
from support.connect_proxy import ConnectProxy
from support.link_local import in_network_of_its_own
from support.sign_in import MICROSOFT, SPARK, SignIn

SOURCE = {"TokenSource": "managed-identity"}
SQL = "https://database.windows.net"
KEY = "k3y+of/this=process"
SECTION = "section [Shimmed] of odbcinst.ini"


@pytest.fixture
def dsn(home, recorder, identity_provider) -> SignIn:
    made = SignIn(home, recorder, identity_provider, MICROSOFT)
    made.secret = KEY
    made.write(SOURCE, {"Server": "erp.database.windows.net"})
    return made


def granted(**more) -> replies.Reply:
    """As these services say it: numbers are texts."""
    return replies.json_body({"access_token": "good-token-0123456789", "expires_on": str(int(time.time()) + 86400), "resource": SQL,
                              "token_type": "Bearer", **more})


IMDS = ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "")
SERVICES = {
    "App Service": ({"IDENTITY_ENDPOINT": "/msi/token", "IDENTITY_HEADER": KEY}, ("GET", "/msi/token"),
                    {"api-version": "2019-08-01", "resource": SQL}, {"x-identity-header": KEY}),
    "Arc": ({"IDENTITY_ENDPOINT": "/metadata/identity/oauth2/token", "IMDS_ENDPOINT": ""}, ("GET", "/metadata/identity/oauth2/token"),
            {"api-version": "2019-11-01", "resource": SQL}, {"metadata": "true"}),
    "Machine Learning": ({"MSI_ENDPOINT": "/MSI/auth", "MSI_SECRET": KEY}, ("GET", "/MSI/auth"),
                         {"api-version": "2017-09-01", "resource": SQL}, {"secret": KEY}),
    "Cloud Shell": ({"MSI_ENDPOINT": "/oauth2/token"}, ("POST", "/oauth2/token"), {"resource": SQL}, {"metadata": "true"}),
    "IMDS": (dict([IMDS]), ("GET", "/metadata/identity/oauth2/token"), {"api-version": "2018-02-01", "resource": SQL}, {"metadata": "true"}),
}


def environment(provider, variables: dict[str, str]) -> dict[str, str]:
    """With the provider's URL before each path."""
    return {name: value if value == KEY else provider.url + value for name, value in variables.items()}


def asked(request) -> tuple[tuple[str, str], dict, dict]:
    """What a request is, without what every one has."""
    url = urlsplit(request.path)
    parameters = dict(parse_qsl(url.query) or request.form)
    usual = ("host", "user-agent", "accept", "content-type", "content-length")
    headers = {name.lower(): value for name, value in request.headers if name.lower() not in usual}
    return (request.method, url.path), parameters, headers


@pytest.mark.parametrize("variables, line, parameters, headers", SERVICES.values(), ids=SERVICES)
def test_the_environment_says_which_service_is_asked(dsn, variables, line, parameters, headers):
    dsn.provider.always(granted())
    assert dsn.connect(env=environment(dsn.provider, variables)).succeeded
    [request] = dsn.provider.requests
    assert asked(request) == (line, parameters, headers)
    assert 1256 in dsn.attributes


def test_a_pods_own_identity_comes_before_that_of_the_machine_below(dsn):
    file = dsn.home.folder / "federated"
    file.write_text("eyJ.of-the.workload")
    own = {"AZURE_FEDERATED_TOKEN_FILE": str(file), "AZURE_CLIENT_ID": "pod", "AZURE_TENANT_ID": "contoso.example", "AZURE_AUTHORITY_HOST": dsn.provider.url}
    assert dsn.connect(env={**environment(dsn.provider, dict([IMDS])), **own}).succeeded
    [request] = dsn.provider.requests
    assert request.path == "/contoso.example/oauth2/v2.0/token" and dict(request.form)["client_assertion"] == "eyJ.of-the.workload"


def test_app_service_comes_before_the_older_variables(dsn):
    variables = {"IDENTITY_ENDPOINT": "/new", "IDENTITY_HEADER": KEY, "MSI_ENDPOINT": "/old", "MSI_SECRET": "another"}
    assert dsn.connect(env={**environment(dsn.provider, variables), "MSI_SECRET": "another"}).succeeded
    assert asked(dsn.provider.requests[0])[0] == ("GET", "/new")


@pytest.mark.parametrize("id, name", [
    ("0d5c3a1e-1111-2222-3333-444455556666", "client_id"),
    ("object_id:0d5c3a1e-1111-2222-3333-444455556666", "object_id"),
    ("/subscriptions/0d5c/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i", "msi_res_id"),
])
def test_a_user_assigned_identity_is_chosen_by_its_client_its_object_or_its_resource(dsn, id, name):
    dsn.write({**SOURCE, "TokenClientId": id}, {"Server": "erp.database.windows.net"})
    assert dsn.connect(env=environment(dsn.provider, dict([IMDS]))).succeeded
    parameters = asked(dsn.provider.requests[0])[1]
    assert parameters == {"api-version": "2018-02-01", "resource": SQL, name: id.removeprefix("object_id:")}


def test_databricks_in_azure_is_asked_for_by_its_own_resource(home, recorder, identity_provider):
    dsn = SignIn(home, recorder, identity_provider, SPARK)
    dsn.write(SOURCE, {"Host": "adb-1.2.azuredatabricks.net"})
    assert dsn.connect(env=environment(identity_provider, dict([IMDS]))).succeeded
    assert asked(identity_provider.requests[0])[1]["resource"] == "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"


def test_no_proxy_ever_hears_of_it(dsn, start):
    proxy = start(ConnectProxy((dsn.provider.host, dsn.provider.port)))
    dsn.write({**SOURCE, "TokenProxy": proxy.url}, {"Server": "erp.database.windows.net"})
    variables = {"IDENTITY_ENDPOINT": "/msi/token", "IDENTITY_HEADER": KEY}
    assert dsn.connect(env={**environment(dsn.provider, variables), "HTTP_PROXY": proxy.url, "http_proxy": proxy.url}).succeeded
    assert len(dsn.provider.requests) == 1 and proxy.requests == []


# -- The machine's own address


def test_without_a_variable_it_is_the_address_that_every_machine_of_azures_has(dsn):
    def connects(provider):
        provider.always(granted())
        assert dsn.connect().succeeded
        return provider.requests

    [request] = in_network_of_its_own("169.254.169.254", 80, connects)
    assert request.header("host") == "169.254.169.254"
    assert asked(request) == SERVICES["IMDS"][1:]


# -- What goes wrong


@pytest.mark.parametrize("statuses", [(404,), (410, 500), (429, 504)])
def test_a_machine_that_has_just_begun_is_asked_again(dsn, statuses):
    dsn.provider.answer(*(replies.status(each) for each in statuses))
    assert dsn.connect(env=environment(dsn.provider, dict([IMDS]))).succeeded
    assert len(dsn.provider.requests) == len(statuses) + 1


def test_a_machine_without_an_identity_is_told_to_get_one(dsn):
    dsn.provider.always(replies.oauth_error(400, "invalid_request", "Identity not found"))
    record = dsn.refused(dsn.connect(env=environment(dsn.provider, dict([IMDS]))), "28000", "the managed identity service at 127.0.0.1",
                         "Identity not found", f"check TokenClientId and TokenScope in {SECTION}", "elsewhere choose another TokenSource")
    assert len(dsn.provider.requests) == 1, record


@pytest.mark.parametrize("body", [{"statusCode": 400, "message": "No Managed Identity found"}, {"error": {"code": "x", "message": "No Managed Identity found"}}])
def test_words_that_are_not_oauths_are_read_as_well(dsn, body):
    dsn.provider.always(replies.Reply(400, body))
    variables = {"IDENTITY_ENDPOINT": "/msi/token", "IDENTITY_HEADER": KEY}
    dsn.refused(dsn.connect(env=environment(dsn.provider, variables)), "28000", "HTTP 400, No Managed Identity found")


def test_a_desktop_that_answers_in_imdss_place_counts_as_none(dsn):
    dsn.provider.always(replies.Reply(403, {"error": "connecting to 169.254.169.254:80: connect: network is unreachable"}))
    dsn.refused(dsn.connect(env=environment(dsn.provider, dict([IMDS]))), "08001", "network is unreachable", "choose another TokenSource")


def test_where_nobody_answers_it_is_said_at_once(dsn):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        step = dsn.connect(env={"AZURE_POD_IDENTITY_AUTHORITY_HOST": url})
    dsn.refused(step, "08001", "Connection refused", "Only machines and services of Azure's have managed identities")
    assert step.seconds < 5


def test_the_key_of_the_process_never_shows(dsn):
    dsn.provider.always(replies.oauth_error(401, "bad_header", f"what is {KEY}"))
    variables = {"IDENTITY_ENDPOINT": "/msi/token", "IDENTITY_HEADER": KEY}
    dsn.refused(dsn.connect(env=environment(dsn.provider, variables)), "28000", "what is ***")


@pytest.mark.parametrize("url", ["http://10.0.0.1/token", "http://identity.example.com/token", "http://169.253.0.1", "ftp://127.0.0.1/x", "nonsense"])
@pytest.mark.parametrize("variable, with_it", [("IDENTITY_ENDPOINT", "IDENTITY_HEADER"), ("MSI_ENDPOINT", "MSI_SECRET"), (IMDS[0], "X")])
def test_plain_http_goes_nowhere_but_to_this_machine_and_its_link(dsn, url, variable, with_it):
    step = dsn.connect(env={variable: url, with_it: KEY})
    dsn.refused_unheard(step, "HY000", f"{SECTION}: {variable} in the environment")


def test_service_fabric_is_refused_with_the_reason(dsn):
    variables = {"IDENTITY_ENDPOINT": "/token", "IDENTITY_HEADER": KEY}
    step = dsn.connect(env={**environment(dsn.provider, variables), "IDENTITY_SERVER_THUMBPRINT": "A1B2"})
    dsn.refused_unheard(step, "HY000", "speaks of Service Fabric, which managed-identity does not support")


@pytest.mark.parametrize("name", ["Arc", "Cloud Shell"])
def test_where_there_is_but_one_identity_none_is_chosen(dsn, name):
    dsn.write({**SOURCE, "TokenClientId": "id"}, {"Server": "erp.database.windows.net"})
    dsn.refused_unheard(dsn.connect(env=environment(dsn.provider, SERVICES[name][0])), "HY000", f"{SECTION}: TokenClientId cannot choose")


@pytest.mark.parametrize("scope, words", [(None, "TokenScope is missing, which managed-identity needs"), ("a b", "must be one scope")])
def test_it_needs_one_scope(home, recorder, identity_provider, scope, words):
    dsn = SignIn(home, recorder, identity_provider, "psqlodbcw.so")
    dsn.write({**SOURCE, **({"TokenScope": scope} if scope else {})}, {"Servername": "localhost"})
    dsn.refused_unheard(dsn.connect(env=environment(identity_provider, dict([IMDS]))), "HY000", words)
