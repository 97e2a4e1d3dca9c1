"""A workload that signs in by the token that its surroundings write to a file: at Entra, at Databricks, at any provider."""

from __future__ import annotations

import os

import pytest

from support import replies
from support.connect_proxy import ConnectProxy
from support.identity_provider import IdentityProvider
from support.odbc_client import call, run_client
from support.sign_in import MICROSOFT, POSTGRES, SPARK, SignIn

SOURCE = {"TokenSource": "workload-identity"}
SECTION = "section [Shimmed] of odbcinst.ini"
WRITTEN = "eyJhbGciOiJub25lIn0.e30.written-by-kubernetes"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DATABRICKS = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
AWS, AZURE, GOOGLE = "dbc-1.cloud.databricks.com", "adb-1.2.azuredatabricks.net", "1.2.gcp.databricks.com"


class Volume:
    """A token as Kubernetes projects it: behind two links, so that a new one takes its place at once."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "token"
        self.path.symlink_to("..data/token")
        self._versions = 0
        self.write(WRITTEN)

    def write(self, token: str) -> None:
        self._versions += 1
        version = self.folder / f"..{self._versions}"
        version.mkdir()
        (version / "token").write_text(token)
        link = self.folder / "..new"
        link.symlink_to(version.name)
        os.replace(link, self.folder / "..data")


@pytest.fixture
def volume(tmp_path) -> Volume:
    folder = tmp_path / "volume"
    folder.mkdir()
    return Volume(folder)


@pytest.fixture
def pod(home, identity_provider, volume):
    """The variables that a pod has."""
    home.env.update(AZURE_FEDERATED_TOKEN_FILE=str(volume.path), AZURE_CLIENT_ID="client", AZURE_TENANT_ID="tenant",
                    AZURE_AUTHORITY_HOST=identity_provider.url + "/")
    return home.env


@pytest.fixture
def dsn(home, recorder, identity_provider) -> SignIn:
    made = SignIn(home, recorder, identity_provider, MICROSOFT)
    made.write(SOURCE, {"Server": "erp.database.windows.net"})
    return made


def form_of(client="client", scope="https://database.windows.net/.default", token=WRITTEN) -> dict[str, str]:
    return {"client_id": client, "grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": token, "scope": scope}


def only(provider) -> tuple[str, str, dict[str, str]]:
    [request] = provider.requests
    assert request.header("authorization") is None
    return request.method, request.path, dict(request.form)


# -- At Entra


@pytest.mark.parametrize("source", ["workload-identity", "managed-identity"])
def test_a_pod_signs_in_by_its_variables(dsn, pod, source):
    dsn.write({"TokenSource": source}, {"Server": "erp.database.windows.net"})
    assert dsn.connect().succeeded
    assert only(dsn.provider) == ("POST", "/tenant/oauth2/v2.0/token", form_of())
    assert 1256 in dsn.attributes


def test_settings_come_before_variables(dsn, pod):
    dsn.write({**SOURCE, "TokenClientId": "mine", "TokenTenant": "own", "TokenScope": "api://x/.default"}, {"Server": "erp.database.windows.net"})
    assert dsn.connect().succeeded
    assert only(dsn.provider) == ("POST", "/own/oauth2/v2.0/token", form_of("mine", "api://x/.default"))


def test_each_sign_in_reads_the_file_anew(dsn, pod, volume):
    """The server refuses the token that was kept, so that one process fetches twice; meanwhile Kubernetes wrote another."""
    later = "eyJhbGciOiJub25lIn0.e30.later"

    def meanwhile(exchange):
        volume.write(later + "\n")
        return replies.good_token()(exchange)

    dsn.provider.answer(meanwhile)
    connect = call("SQLDriverConnectW", string="DSN=app")
    run_client(dsn.home, [connect, connect], env={"RECORDER_FAIL": "28000:not you"})
    assert [dict(each.form)["client_assertion"] for each in dsn.provider.requests] == [WRITTEN, later]


def test_a_sections_file_comes_before_the_variables(dsn, pod, tmp_path):
    own = tmp_path / "own"
    own.write_text("own-token")
    dsn.write({**SOURCE, "TokenFile": own}, {"Server": "erp.database.windows.net"})
    assert dsn.connect().succeeded
    assert only(dsn.provider)[2] == form_of(token="own-token")


def test_a_connection_string_that_chooses_it_gets_no_file_of_the_sections(dsn, pod, tmp_path):
    another = tmp_path / "another"
    another.write_text("meant-for-another-source")
    dsn.write({"TokenFile": another}, {"Server": "erp.database.windows.net"})
    assert dsn.connect("DSN=app;TokenSource=workload-identity").succeeded
    assert only(dsn.provider)[2] == form_of()


# -- At any provider


def test_any_provider_that_trusts_the_workload_takes_the_token_as_an_assertion(home, recorder, identity_provider, volume):
    dsn = SignIn(home, recorder, identity_provider, POSTGRES)
    dsn.write({**SOURCE, "TokenEndpoint": f"{identity_provider.url}/token", "TokenClientId": "reporting"}, {"Servername": "localhost"})
    assert dsn.connect(env={"AZURE_FEDERATED_TOKEN_FILE": str(volume.path)}).succeeded
    form = form_of("reporting")
    del form["scope"]
    assert only(identity_provider) == ("POST", "/token", form)


# -- At Databricks


def exchange_of(**more) -> dict[str, str]:
    return {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": WRITTEN,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "scope": "all-apis", **more}


@pytest.fixture
def workspaces(home, recorder, start, authority) -> SignIn:
    provider = start(IdentityProvider(authority.server_context(AWS, AZURE, GOOGLE, "login.microsoftonline.com")))
    proxy = start(ConnectProxy((provider.host, provider.port)))
    dsn = SignIn(home, recorder, provider, SPARK)
    dsn.route = {**SOURCE, "TokenProxy": proxy.url, "TokenCAFile": authority.file}
    return dsn


@pytest.mark.parametrize("host", [AWS, AZURE, GOOGLE])
@pytest.mark.parametrize("variable", ["DATABRICKS_OIDC_TOKEN_FILEPATH", "AZURE_FEDERATED_TOKEN_FILE"])
def test_a_workspace_exchanges_the_token(workspaces, volume, variable, host):
    workspaces.write(workspaces.route, {"Host": host})
    assert workspaces.connect(env={variable: str(volume.path)}).succeeded
    assert only(workspaces.provider) == ("POST", "/oidc/v1/token", exchange_of())
    assert workspaces.provider.requests[0].header("host") == host


@pytest.mark.parametrize("env, id", [({"DATABRICKS_CLIENT_ID": "principal"}, {}), ({"DATABRICKS_CLIENT_ID": "another"}, {"TokenClientId": "principal"})])
def test_a_service_principal_is_named_by_its_client(workspaces, volume, env, id):
    workspaces.write({**workspaces.route, **id}, {"Host": AWS})
    assert workspaces.connect(env={"DATABRICKS_OIDC_TOKEN_FILEPATH": str(volume.path), **env}).succeeded
    assert only(workspaces.provider)[2] == exchange_of(client_id="principal")


def test_in_azure_entra_is_asked_where_a_tenant_is_known(workspaces, volume):
    workspaces.write(workspaces.route, {"Host": AZURE})
    pod = {"AZURE_FEDERATED_TOKEN_FILE": str(volume.path), "AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "tenant"}
    assert workspaces.connect(env=pod).succeeded
    assert only(workspaces.provider) == ("POST", "/tenant/oauth2/v2.0/token", form_of(scope=DATABRICKS))
    assert workspaces.provider.requests[0].header("host") == "login.microsoftonline.com"


def test_an_endpoint_of_the_workspaces_makes_it_an_exchange_all_the_same(workspaces, volume):
    workspaces.write({**workspaces.route, "TokenEndpoint": f"https://{AZURE}/oidc/v1/token"}, {"Host": AZURE})
    pod = {"AZURE_FEDERATED_TOKEN_FILE": str(volume.path), "AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "tenant"}
    assert workspaces.connect(env=pod).succeeded
    assert only(workspaces.provider) == ("POST", "/oidc/v1/token", exchange_of())


# -- What goes wrong


@pytest.mark.parametrize("variable, key", [("AZURE_FEDERATED_TOKEN_FILE", "TokenFile"), ("AZURE_CLIENT_ID", "TokenClientId"), ("AZURE_TENANT_ID", "TokenTenant")])
def test_what_is_missing_is_named_with_the_variable_that_would_do(dsn, pod, variable, key):
    del pod[variable]
    dsn.refused_unheard(dsn.connect(), "HY000", f"{SECTION}: {key} is missing, which workload-identity needs", variable)


CONTENTS = {"empty": ("", "is empty"), "blank": (" \n", "is empty"), "two words": ("a b", "holds no token"), "not ASCII": ("ä", "holds no token"),
            "too long": ("x" * 70_000, "has more than 65536 bytes")}


@pytest.mark.parametrize("content, words", CONTENTS.values(), ids=CONTENTS)
def test_a_file_without_a_token_is_named(dsn, pod, volume, content, words):
    volume.write(content)
    dsn.refused_unheard(dsn.connect(), "HY000", f"{SECTION}: AZURE_FEDERATED_TOKEN_FILE", words)


def test_a_file_that_is_not_there_is_named(dsn, pod, volume):
    volume.path.unlink()
    dsn.refused_unheard(dsn.connect(), "HY000", f"{SECTION}: AZURE_FEDERATED_TOKEN_FILE cannot be read", "No such file")


def test_a_connection_string_names_no_tenant_for_it(dsn, pod):
    dsn.refused_unheard(dsn.connect("DSN=app;TokenTenant=theirs"), "28000", "TokenTenant may not stand in a connection string")


def test_the_token_never_shows(dsn, pod):
    dsn.provider.always(replies.oauth_error(400, "invalid_request", f"AADSTS70021: No matching federated identity record found for {WRITTEN}"))
    record = dsn.refused(dsn.connect(), "28000", "AADSTS70021", f"TokenClientId, TokenTenant and TokenScope in {SECTION}", "trusts this workload")
    assert "written-by" not in record.message


def test_a_chain_takes_a_pods_identity_before_that_of_its_machine(dsn, pod):
    dsn.write({"TokenSource": "managed-identity,workload-identity,azure-cli"}, {"Server": "erp.database.windows.net"})
    assert dsn.connect().succeeded
    assert only(dsn.provider)[1] == "/tenant/oauth2/v2.0/token"
