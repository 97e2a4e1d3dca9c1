"""An application that signs in at Entra, where only its tenant is set: which of Microsoft's clouds is asked, and for what.

Entra is a provider behind a CONNECT proxy, with TLS, so that the URLs are the real ones.
"""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from support import replies
from support.connect_proxy import ConnectProxy
from support.identity_provider import IdentityProvider
from support.sign_in import MICROSOFT, SECRET, SPARK, SignIn

PUBLIC, US, CHINA = "login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn"
CLIENT = {"TokenSource": "client-credentials", "TokenClientId": "id", "TokenClientSecret": SECRET}
DATABRICKS_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
WORKSPACE = "adb-1.2.azuredatabricks.net"


@pytest.fixture
def entra(home, recorder, start, authority):
    """Makes a DSN of a driver, behind whose proxy is every Entra, and a workspace of Databricks."""
    provider = start(IdentityProvider(authority.server_context(PUBLIC, US, CHINA, WORKSPACE)))
    proxy = start(ConnectProxy((provider.host, provider.port)))

    def of(driver: str) -> SignIn:
        dsn = SignIn(home, recorder, provider, driver)
        dsn.route = {"TokenProxy": proxy.url, "TokenCAFile": authority.file}
        return dsn

    return of


def write_secret(folder) -> str:
    file = folder / "workload.jwt"
    file.touch(0o600)
    file.write_text("eyJ.workload.jwt")
    return str(file)


def asked(dsn: SignIn) -> tuple[str, str, str]:
    """Host, path and scope of the one request."""
    [request] = dsn.provider.requests
    return request.header("host"), request.path, dict(request.form)["scope"]


SQL_SERVERS = {
    "erp.database.windows.net": (PUBLIC, "https://database.windows.net/.default"),
    "tcp:ERP.database.usgovcloudapi.net,1433": (US, "https://database.usgovcloudapi.net/.default"),
    "erp.sql.azuresynapse.usgovcloudapi.net": (US, "https://database.usgovcloudapi.net/.default"),
    "erp.database.chinacloudapi.cn": (CHINA, "https://database.chinacloudapi.cn/.default"),
    "erp.sql.azuresynapse.azure.cn": (CHINA, "https://database.chinacloudapi.cn/.default"),
    "sql.example.com": (PUBLIC, "https://database.windows.net/.default"),
}


@pytest.mark.parametrize("server", SQL_SERVERS)
def test_the_servers_cloud_says_where_its_entra_is_and_what_is_asked_for(entra, server):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": "contoso.example.com"}, {"Server": server})
    assert dsn.connect().succeeded
    host, scope = SQL_SERVERS[server]
    assert asked(dsn) == (host, "/contoso.example.com/oauth2/v2.0/token", scope)


def test_a_section_corrects_the_scope(entra):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": "t", "TokenScope": "api://mine/.default"}, {"Server": "x.database.chinacloudapi.cn"})
    assert dsn.connect().succeeded
    assert asked(dsn) == (CHINA, "/t/oauth2/v2.0/token", "api://mine/.default")


@pytest.mark.parametrize("value", [US, f"https://{US}", f"https://{US}/"])
def test_the_environment_names_another_authority(entra, value):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": "t"}, {"Server": "erp.database.windows.net"})
    assert dsn.connect(env={"AZURE_AUTHORITY_HOST": value}).succeeded
    assert asked(dsn) == (US, "/t/oauth2/v2.0/token", "https://database.windows.net/.default")


@pytest.mark.parametrize("value", ["http://login.example.com", "https://login.example.com/elsewhere", "https://a:b@login.example.com"])
def test_an_authority_to_which_no_secret_may_go_is_refused(entra, value):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": "t"}, {"Server": "erp.database.windows.net"})
    step = dsn.connect(env={"AZURE_AUTHORITY_HOST": value})
    dsn.refused_unheard(step, "HY000", "section [Shimmed] of odbcinst.ini: AZURE_AUTHORITY_HOST in the environment")


@pytest.mark.parametrize("tenant", ["..", "a/b", "-x", "a b", "ä", "a?b"])
def test_what_is_no_tenant_is_refused(entra, tenant):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": tenant}, {"Server": "erp.database.windows.net"})
    dsn.refused_unheard(dsn.connect(), "HY000", "TokenTenant has characters that no tenant has")


# -- Whose tenant, whose secret


def test_an_administrators_secret_goes_to_no_tenant_that_a_connection_string_names(entra):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": "t"}, {"Server": "erp.database.windows.net"})
    dsn.refused_unheard(dsn.connect("DSN=app;TokenTenant=theirs"), "28000", "TokenTenant may not stand in a connection string")


def test_an_applications_own_secret_goes_to_the_tenant_that_it_names(entra):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": "t"}, {"Server": "erp.database.windows.net"})
    assert dsn.connect("DSN=app;TokenTenant=theirs;TokenClientSecret=their.own").succeeded
    assert asked(dsn)[1] == "/theirs/oauth2/v2.0/token"


FOREIGN = [(MICROSOFT, "erp.database.windows.net", "Server=x.database.chinacloudapi.cn", CHINA), (MICROSOFT, "", "Server=x.database.usgovcloudapi.net", US),
           (MICROSOFT, "x.database.usgovcloudapi.net", "Server=erp.database.windows.net", PUBLIC), (SPARK, WORKSPACE, "Host=adb-1.databricks.azure.cn", CHINA)]


@pytest.mark.parametrize("driver, fixed, string, cloud", FOREIGN)
@pytest.mark.parametrize("proof", ["secret", "workload"])
def test_an_administrators_secret_goes_to_no_cloud_that_a_connection_string_names(entra, tmp_path, driver, fixed, string, cloud, proof):
    dsn = entra(driver)
    proofs = {"secret": CLIENT, "workload": {**CLIENT, "TokenSource": "workload-identity", "TokenFile": write_secret(tmp_path)}}
    server = {string.partition("=")[0]: fixed} if fixed else {}
    dsn.write({**dsn.route, **proofs[proof], "TokenTenant": "t"}, server)
    refused = "28000", f"in the cloud of {cloud}", "set TokenEndpoint in section [Shimmed]"
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), *refused)


def test_nor_to_a_workspace_of_another_cloud_where_there_is_no_tenant(entra):
    dsn = entra(SPARK)
    dsn.write({**dsn.route, **CLIENT}, {"Host": WORKSPACE})
    for env in ({}, {"AZURE_AUTHORITY_HOST": PUBLIC}):
        dsn.refused_unheard(dsn.connect("DSN=app;Host=adb-1.databricks.azure.cn", env=env), "28000", f"in the cloud of {CHINA}")


@pytest.mark.parametrize("keys, string, env, host", [
    ({"TokenEndpoint": f"https://{US}/t/oauth2/v2.0/token"}, "", {}, US),
    ({}, "", {"AZURE_AUTHORITY_HOST": US}, US),
    ({}, ";TokenClientSecret=their.own", {}, CHINA),
], ids=["TokenEndpoint", "AZURE_AUTHORITY_HOST", "a secret of its own"])
def test_but_to_the_one_that_the_administrator_names_or_with_a_secret_of_the_strings_own(entra, keys, string, env, host):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT, "TokenTenant": "t", **keys}, {"Server": "erp.database.windows.net"})
    assert dsn.connect(f"DSN=app;Server=x.database.chinacloudapi.cn{string}", env=env).succeeded
    assert asked(dsn)[:2] == (host, "/t/oauth2/v2.0/token")


def test_without_endpoint_and_tenant_both_are_named(entra):
    dsn = entra(MICROSOFT)
    dsn.write({**dsn.route, **CLIENT}, {"Server": "erp.database.windows.net"})
    dsn.refused_unheard(dsn.connect(), "HY000", "TokenEndpoint is missing", "or TokenTenant, where Entra is the provider")


# -- Databricks in Azure, which takes two kinds of secrets


def post(scope: str) -> bytes:
    return f"client_id=id&grant_type=client_credentials&scope={quote_plus(scope)}&client_secret={quote_plus(SECRET)}".encode()


@pytest.mark.parametrize("keys, host, path", [
    ({"TokenTenant": "contoso"}, PUBLIC, "/contoso/oauth2/v2.0/token"),
    ({"TokenEndpoint": f"https://{PUBLIC}/contoso/oauth2/v2.0/token"}, PUBLIC, "/contoso/oauth2/v2.0/token"),
    ({}, WORKSPACE, "/oidc/oauth2/v2.0/token"),
], ids=["a tenant", "Entra's endpoint", "nothing"])
def test_a_secret_of_entras_goes_to_entra_in_entras_form(entra, keys, host, path):
    dsn = entra(SPARK)
    dsn.write({**dsn.route, **CLIENT, **keys}, {"Host": WORKSPACE})
    assert dsn.connect().succeeded
    assert asked(dsn) == (host, path, DATABRICKS_SCOPE)
    assert dsn.provider.requests[0].body == post(DATABRICKS_SCOPE)


def test_a_secret_of_databricks_own_goes_to_the_workspaces_endpoint_in_its_form(entra):
    dsn = entra(SPARK)
    dsn.write({**dsn.route, **CLIENT, "TokenEndpoint": f"https://{WORKSPACE}/oidc/v1/token"}, {"Host": WORKSPACE})
    assert dsn.connect().succeeded
    [request] = dsn.provider.requests
    assert (request.header("host"), request.path) == (WORKSPACE, "/oidc/v1/token")
    assert request.body == b"grant_type=client_credentials&scope=all-apis"
    assert request.header("authorization").startswith("Basic ")


def test_who_sends_the_wrong_kind_of_secret_reads_of_both(entra):
    dsn = entra(SPARK)
    dsn.provider.always(replies.invalid_client())
    dsn.write({**dsn.route, **CLIENT}, {"Host": WORKSPACE})
    dsn.refused(dsn.connect(), "28000", "AADSTS7000215", "a secret of Entra's needs no TokenEndpoint", "Databricks' own needs the workspace's")


@pytest.mark.parametrize("host", ["1.2.gcp.databricks.com", "databricks.example.com"])
def test_databricks_in_any_other_cloud_is_asked_in_its_own_form_where_the_endpoint_is_set(entra, start, host):
    own = start(IdentityProvider())
    dsn = entra(SPARK)
    dsn.write({**CLIENT, "TokenEndpoint": f"{own.url}/oidc/v1/token"}, {"Host": host})
    assert dsn.connect().succeeded
    [request] = own.requests
    assert request.body == b"grant_type=client_credentials&scope=all-apis" and request.header("authorization").startswith("Basic ")


def test_discovery_is_enough_for_databricks_in_google_cloud(entra, start):
    own = start(IdentityProvider())
    own.always(replies.json_body({"issuer": own.url, "token_endpoint": f"{own.url}/oidc/v1/token"}), path="/.well-known/oauth-authorization-server")
    dsn = entra(SPARK)
    dsn.write({**CLIENT, "TokenDiscovery": f"{own.url}/.well-known/oauth-authorization-server"}, {"Host": "1.2.gcp.databricks.com"})
    assert dsn.connect().succeeded
    assert own.requests[-1].path == "/oidc/v1/token" and own.requests[-1].body == b"grant_type=client_credentials&scope=all-apis"
