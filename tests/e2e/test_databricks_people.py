"""People who sign in to Databricks, as its partner guide says, to the letter: section "Configuration and endpoints for U2M" of
"OAuth Integration guide for Cloud-Based Partners with Databricks".

Workspace and browser are the real parts' stand-ins of test_databricks.py and test_authorization_code.py, with the real URLs.
"""

from __future__ import annotations

import re

import pytest

from support import replies
from support.browser import Browser
from support.browser_people import BrowserPeople
from support.connect_proxy import ConnectProxy
from support.device_code import COMPLETE, connect
from support.identity_provider import IdentityProvider
from support.odbc_client import run_client
from support.sign_in import SignIn, keywords

AWS = "dbc-a1b2345c-d6e7.cloud.databricks.com"
GOVERNMENT = "dbc-a1b2345c-d6e7.cloud.databricks.us"
AZURE = ["adb-1234567890123456.7.azuredatabricks.net", "adb-1.2.databricks.azure.cn", "adb-1.2.databricks.azure.us"]
GCP = "1234567890123456.7.gcp.databricks.com"
AZURE_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/user_impersonation offline_access"
PATHS = {**{host: ("/oidc/v1/authorize", "/oidc/v1/token") for host in [AWS, GOVERNMENT]},
         **{host: ("/oidc/oauth2/v2.0/authorize", "/oidc/oauth2/v2.0/token") for host in AZURE}}
"""By the guide's table: where the browser goes, and where the token comes from."""


class Workspace(BrowserPeople):
    """One that tells its endpoints at `/oidc/.well-known/openid-configuration`."""

    def __init__(self, provider: IdentityProvider, host: str, paths: tuple[str, str]):
        super().__init__(provider, path=paths[0])
        self.url, self.token_path = f"https://{host}", paths[1]
        provider.always(self.token, path=self.token_path)
        provider.always(lambda exchange: replies.json_body(self.document)(exchange), path="/oidc/.well-known/openid-configuration")

    @property
    def document(self) -> dict[str, object]:
        return {**super().document, "issuer": f"{self.url}/oidc"}


@pytest.fixture
def dsn(home, recorder, start, authority) -> SignIn:
    """A DSN whose provider is each of the workspaces above, behind a proxy, which the browser uses as well."""
    provider = start(IdentityProvider(authority.server_context(AWS, GOVERNMENT, *AZURE, GCP, "databricks.example.com")))
    proxy = start(ConnectProxy((provider.host, provider.port)))
    dsn = SignIn(home, recorder, provider)
    dsn.section = {"TokenProxy": proxy.url, "TokenCAFile": authority.file, "TokenSource": "authorization-code", "TokenClientId": "app"}
    home.env |= {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(authority.file)}
    dsn.browser = Browser(home)
    return dsn


@pytest.mark.parametrize("host, scope", [(AWS, "sql offline_access"), (GOVERNMENT, "sql offline_access"), *((host, AZURE_SCOPE) for host in AZURE)])
def test_scope_and_endpoints_are_the_guides(dsn, host, scope):
    people = Workspace(dsn.provider, host, PATHS[host])
    dsn.write(dsn.section, {"Host": host})
    step = run_client(dsn.home, [connect(COMPLETE, "DSN=app")])[0]
    assert step.succeeded, step
    authorize, token = PATHS[host]
    [question] = people.questions
    asked = dict(question)
    assert (asked["scope"], asked["code_challenge_method"], asked["client_id"]) == (scope, "S256", "app") and "prompt" not in asked
    assert re.fullmatch(r"http://localhost:\d+", asked["redirect_uri"])
    assert dsn.browser.runs()[0]["argv"][0].startswith(f"https://{host}{authorize}?response_type=code&")
    paths = [each.path.partition("?")[0] for each in dsn.provider.requests]
    assert paths == ["/oidc/.well-known/openid-configuration", authorize, token]
    assert {each.header("host") for each in dsn.provider.requests} == {host}
    [given] = dsn.given
    assert {*keywords(given)} >= {("AuthMech", "11"), ("Auth_Flow", "0"), ("Auth_AccessToken", people.issued[0])}


@pytest.mark.parametrize("host", [AWS, AZURE[0], GCP, "databricks.example.com"])
def test_with_a_workspaces_own_token_endpoint_people_sign_in_to_databricks_itself(dsn, host):
    people = Workspace(dsn.provider, host, PATHS[AWS])
    dsn.write({**dsn.section, "TokenEndpoint": f"https://{host}/oidc/v1/token"}, {"Host": host})
    step = run_client(dsn.home, [connect(COMPLETE, "DSN=app")])[0]
    assert step.succeeded, step
    assert [each.path.partition("?")[0] for each in dsn.provider.requests] == ["/oidc/v1/authorize", "/oidc/v1/token"]
    assert dict(people.questions[0])["scope"] == "sql offline_access"
    assert ("Auth_AccessToken", people.issued[0]) in keywords(dsn.given[0])


def test_the_sign_in_is_kept_for_each_workspace(dsn):
    """(host, user), as the guide has it in "Persistence/caching of the Tokens"."""
    workspaces = [AWS, AZURE[0]]
    for host in workspaces:
        people = Workspace(dsn.provider, host, PATHS[host])
        dsn.write(dsn.section, {"Host": host})
        for completion in (COMPLETE, 0):
            assert run_client(dsn.home, [connect(completion, "DSN=app")])[0].succeeded
        assert (people.asked, people.renewals) == (1, 1)
        dsn.provider.requests.clear()
    names = sorted((dsn.home.user / ".cache" / "tokenshim").glob("*.refresh"))
    assert len(names) == len(workspaces)


def test_in_a_cloud_that_the_guide_has_nothing_for_an_administrator_says_where(dsn):
    people = Workspace(dsn.provider, GCP, PATHS[AWS])
    dsn.write(dsn.section, {"Host": GCP})
    record = dsn.refused(run_client(dsn.home, [connect(COMPLETE, "DSN=app")])[0], "HY000", "TokenDiscovery is missing", GCP)
    assert "section [Shimmed]" in record.message and dsn.provider.requests == []
    more = {"TokenDiscovery": f"https://{GCP}/oidc/.well-known/openid-configuration", "TokenScope": "sql"}
    dsn.write({**dsn.section, **more}, {"Host": GCP})
    assert run_client(dsn.home, [connect(COMPLETE, "DSN=app")])[0].succeeded
    assert dict(people.questions[0])["scope"] == "sql offline_access"


def test_a_connection_string_names_no_workspace_of_somebody_elses(dsn):
    dsn.write(dsn.section, {})
    step = run_client(dsn.home, [connect(COMPLETE, f"DSN=app;Host={AWS}.evil.example")])[0]
    dsn.refused_unheard(step, "28000", "TokenAllowedHosts")
    assert dsn.browser.runs() == []
