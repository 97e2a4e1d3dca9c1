"""`TokenSource=auto` and other chains: the first source that is set up gives the token, and no other is asked."""

from __future__ import annotations

import pytest

from support import replies
from support.az_stand_in import TOKEN
from support.browser import Browser
from support.browser_people import BrowserPeople
from support.host import run_host
from support.odbc_client import call, run_client
from support.sign_in import MICROSOFT, SECRET, SPARK, SignIn

AZURE = {"AZURE_CLIENT_ID": "of the environment", "AZURE_CLIENT_SECRET": SECRET, "AZURE_TENANT_ID": "contoso.example"}
DATABRICKS = {"DATABRICKS_CLIENT_ID": "of the environment", "DATABRICKS_CLIENT_SECRET": SECRET}
SETTINGS = {"TokenClientId": "of the settings", "TokenClientSecret": SECRET, "TokenTenant": "its.example"}
WORKSPACE = "dbc-a1b2345c-d6e7.cloud.databricks.com"


class Chain(SignIn):
    """The DSN `app` of Microsoft's driver; the provider stands for Entra, and `az` for the Azure CLI."""

    def __init__(self, home, recorder, provider, az):
        super().__init__(home, recorder, provider, MICROSOFT)
        self.az = az
        self.browser = Browser(home)
        home.env |= {"AZURE_AUTHORITY_HOST": provider.url, "BROWSER": ""}
        self.write()

    def write(self, dsn: dict | None = None, source: str = "auto", **section) -> None:
        super().write({"TokenSource": source, **section}, {"Server": "db.example.com", **(dsn or {})})

    def everything(self, *but: str) -> dict[str, str]:
        """Sets all links up but these, and returns what the section has for it."""
        file = self.home.folder / "federated"
        file.write_text("eyJ.of-the.workload")
        variables = {"environment": {"AZURE_CLIENT_SECRET": SECRET}, "workload-identity": {"AZURE_FEDERATED_TOKEN_FILE": str(file)},
                     "managed-identity": {"IDENTITY_ENDPOINT": f"{self.provider.url}/identity", "IDENTITY_HEADER": "a-secret"}}
        self.home.env |= AZURE
        for link in variables:
            self.home.env |= dict.fromkeys(variables[link], "") if link in but else variables[link]
        self.az.keep_users(self.home.user, *([] if "azure-cli" in but else ["me@example.com"]))
        self.home.env["BROWSER"] = "" if "authorization-code" in but else self.browser.line
        if "azure-cli" in but:  # then somebody is asked
            BrowserPeople(self.provider, tenant="/people.example")
            return {"TokenClientId": "app", "TokenTenant": "people.example"}
        return {} if "client-credentials" in but else dict(SETTINGS)

    @property
    def clients(self) -> list[str]:
        """Who asked for a token."""
        return [each.client[0] for each in self.provider.requests if each.method == "POST"]


@pytest.fixture
def chain(home, recorder, identity_provider, az) -> Chain:
    return Chain(home, recorder, identity_provider, az)


# -- Each link


LINKS = ["client-credentials", "environment", "workload-identity", "managed-identity", "azure-cli", "authorization-code", "device-code"]
PATHS = ["/its.example/oauth2/v2.0/token", *["/contoso.example/oauth2/v2.0/token"] * 2, "/identity", None, "/people.example/oauth2/v2.0/authorize",
         "/people.example/oauth2/v2.0/devicecode"]


@pytest.mark.parametrize("link, path", list(zip(LINKS, PATHS)), ids=LINKS)
def test_each_link_gives_the_token_where_none_before_it_is_set_up(chain, link, path):
    chain.write(**chain.everything(*LINKS[: LINKS.index(link)]))
    [step] = run_client(chain.home, [call("SQLDriverConnectW", string="DSN=app", completion=1)])
    assert step.succeeded, step
    assert [each.path.partition("?")[0] for each in chain.provider.requests[:1]] == ([path] if path else [])
    assert len(chain.az.calls) == (link == "azure-cli")


def test_the_environments_client_signs_in_at_its_own_tenant(chain):
    chain.everything()
    chain.write()
    assert chain.connect().succeeded
    [request] = chain.provider.requests
    assert request.path == "/contoso.example/oauth2/v2.0/token"
    assert request.client == ("of the environment", SECRET) and dict(request.form)["scope"] == "https://database.windows.net/.default"


@pytest.mark.parametrize("variables, named", [
    ({"IDENTITY_ENDPOINT": "{url}/identity", "IDENTITY_HEADER": "a-secret"}, "client_id=mine"),
    ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{url}"}, "client_id=mine"),
    ({"IDENTITY_ENDPOINT": "{url}/identity", "IMDS_ENDPOINT": "{url}"}, ""),
], ids=["App Service", "IMDS", "Arc, which has but one"])
def test_a_chain_takes_the_managed_identity_that_the_environment_names_where_there_are_several(chain, variables, named):
    chain.home.env |= {"AZURE_CLIENT_ID": "mine", **{name: value.format(url=chain.provider.url) for name, value in variables.items()}}
    chain.write()
    assert chain.connect().succeeded
    [request] = chain.provider.requests
    assert request.method == "GET" and request.path.partition("&client_id=")[2] == named.partition("=")[2]


@pytest.mark.parametrize("section, env", [
    ({"TokenEndpoint": "{provider}/token"}, {}), ({"TokenDiscovery": "{provider}/.well-known/openid-configuration"}, {}), *(({}, {name: ""}) for name in AZURE)],
    ids=["endpoint", "discovery", *AZURE])
def test_the_environments_secret_goes_to_entra_only_and_only_whole(chain, section, env):
    section = {key: value.format(provider=chain.provider.url) for key, value in section.items()}
    chain.everything("workload-identity", "managed-identity")
    chain.write(**section)
    assert chain.connect(env=env).succeeded
    assert chain.provider.requests == [] and len(chain.az.calls) == 1


@pytest.mark.parametrize("word, path", [("prod", PATHS[1]), ("dev", None), ("managedidentitycredential", PATHS[3]), ("AzureCliCredential", None)])
def test_what_azure_identitys_variable_leaves_out_is_not_asked(chain, word, path):
    chain.everything("client-credentials")
    chain.write()
    assert chain.connect(env={"AZURE_TOKEN_CREDENTIALS": word}).succeeded
    assert [each.path.partition("?")[0] for each in chain.provider.requests] == ([path] if path else [])
    assert len(chain.az.calls) == (path is None)


def test_azure_identitys_variable_leaves_out_nothing_that_settings_name_and_no_word_of_a_list(chain):
    settings = chain.everything("environment", "workload-identity", "managed-identity")
    chain.write(**settings)
    assert chain.connect(env={"AZURE_TOKEN_CREDENTIALS": "prod"}).succeeded
    chain.write(source="azure-cli,device-code")
    assert chain.connect(env={"AZURE_TOKEN_CREDENTIALS": "prod"}).succeeded
    assert len(chain.provider.requests) == len(chain.az.calls) == 1


def test_azure_identitys_variable_is_named_where_it_leaves_nothing_or_is_no_word(chain):
    words = "none of TokenSource=auto with AZURE_TOKEN_CREDENTIALS=dev is set up: ", "azure-cli (nobody is signed in)"
    chain.refused(chain.connect(env={**AZURE, "AZURE_TOKEN_CREDENTIALS": "dev"}), "HY000", *words)
    step = chain.connect(env={**AZURE, "AZURE_TOKEN_CREDENTIALS": "AzurePowerShellCredential"})
    chain.refused(step, "HY000", "section [Shimmed] of odbcinst.ini: AZURE_TOKEN_CREDENTIALS in the environment is none of dev, prod")
    assert chain.provider.requests == []


def test_databricks_own_variables_are_for_its_own_driver(home, recorder, start, authority, databricks):
    provider, proxy = databricks
    dsn = SignIn(home, recorder, provider, SPARK)
    dsn.write({"TokenSource": "auto", "TokenProxy": proxy.url, "TokenCAFile": authority.file}, {"Host": WORKSPACE})
    assert dsn.connect(env={**AZURE, **DATABRICKS}).succeeded
    assert [request.path for request in provider.requests] == ["/oidc/v1/token"] and proxy.targets == [f"{WORKSPACE}:443"]
    provider.forget()
    stranger = dsn.connect("DSN=app;Host=evil.example", env=DATABRICKS)
    dsn.refused(stranger, "28000", "no token is sent to host evil.example")
    assert provider.requests == [] and len(proxy.targets) == 1
    [record] = dsn.connect(env=AZURE).records
    assert "environment (no DATABRICKS_CLIENT_ID)" in record.message


# -- What fails, and what is not there


@pytest.mark.parametrize("link, words", [("client-credentials", "HTTP 401, invalid_client"), ("environment", "HTTP 401, invalid_client"),
                                         ("azure-cli", "Run 'az login'")])
def test_what_fails_ends_the_connect_and_no_other_is_asked(chain, link, words):
    section = chain.everything(*LINKS[: LINKS.index(link)])
    chain.provider.always(replies.invalid_client())
    chain.az.answer("not signed in")
    chain.write(**section)
    chain.refused(chain.connect(), "28000", f"{link}, the first of TokenSource=auto that is set up: ", words)
    assert len(chain.provider.requests) + len(chain.az.calls) == 1 and chain.given == []


def test_a_link_that_lacks_something_more_ends_it_as_well(chain):
    chain.everything()
    chain.write(**{**SETTINGS, "TokenTenant": "no tenant"})
    chain.refused(chain.connect(), "HY000", "client-credentials, the first of TokenSource=auto", "TokenTenant has characters that no tenant has")
    assert chain.provider.requests == [] and chain.az.calls == []


def test_where_nothing_is_set_up_each_link_says_what_it_lacks(chain):
    reasons = ["client-credentials (no TokenClientId)", "command (no TokenCommand)", "file (no TokenFile)", "env (no TokenEnv)",
               "environment (no AZURE_CLIENT_ID)", "workload-identity (no AZURE_FEDERATED_TOKEN_FILE)", "managed-identity (no machine of Azure's)", "azure-cli (nobody is signed in)",
               "databricks-cli (no workspace)", "authorization-code (no TokenClientId)", "device-code (no TokenClientId)"]
    chain.refused(chain.connect(), "HY000", "none of TokenSource=auto is set up: ", *reasons, "See section [Shimmed] of odbcinst.ini")
    chain.az.answer("not executable")
    chain.write(TokenClientId="app")
    chain.refused(chain.connect(env={"AZURE_CLIENT_ID": "x"}), "HY000", "client-credentials (no client secret)", "environment (no AZURE_CLIENT_SECRET)",
                  "azure-cli (no az on PATH)", "device-code (no TokenTenant")
    assert chain.provider.requests == [] and chain.az.calls == [] and chain.given == []


# -- Chains of one's own


def test_words_with_commas_are_a_chain_in_their_order(chain):
    section = chain.everything()
    chain.write(source="azure-cli, client-credentials", **section)
    assert chain.connect().succeeded and len(chain.az.calls) == 1 and chain.provider.requests == []
    chain.az.keep_users(chain.home.user)
    assert chain.connect().succeeded and len(chain.az.calls) == 1 and chain.clients == ["of the settings"]
    chain.refused(chain.connect("DSN=app;TokenSource=azure-cli,nobody"), "HY000", "TokenSource has a word that is no source")


@pytest.mark.parametrize("source", ["command", "azure-cli,command", "ENV, azure-cli", "azure-cli,file"])
def test_a_connection_string_names_none_that_runs_or_reads_what_it_is_told_to(chain, source):
    chain.everything()
    chain.refused_unheard(chain.connect(f"DSN=app;TokenSource={{{source}}}"), "28000", "TokenSource may not stand in a connection string")
    assert chain.az.calls == []


def test_a_token_in_a_file_is_not_shown_as_a_workloads(chain, tmp_path):
    file = tmp_path / "token"
    file.write_text("a-token-of-the-section's")
    file.chmod(0o600)
    chain.az.keep_users(chain.home.user, "me@example.com")
    chain.write(source="", TokenFile=str(file))
    assert chain.connect("DSN=app;TokenSource=auto", env={**AZURE, "AZURE_CLIENT_SECRET": ""}).succeeded
    assert chain.provider.requests == [] and len(chain.az.calls) == 1


# -- While a program runs


def test_a_program_has_the_token_of_whoever_is_first_by_then(chain):
    """Who signs in with `az`, or out, and a variable that is set, count from the next connect on; what is kept serves meanwhile."""
    chain.az.keep_users(chain.home.user, "me@example.com")
    chain.write(TokenClientId="app", TokenTenant="people.example")
    program = """
def connected():
    dbc = allocate(DBC, environment())
    say(connect(dbc, 'DSN=app') in (0, 1))
connected(); connected()
os.environ.update(AZURE_CLIENT_ID='new', AZURE_CLIENT_SECRET='s', AZURE_TENANT_ID='contoso.example')
connected(); connected()
os.environ.update(AZURE_CLIENT_ID='newer')
connected()
del os.environ['AZURE_CLIENT_ID']
connected()
os.remove(sys.argv[1])
connected()
"""
    said = run_host(chain.home, program, chain.home.user / ".azure" / "azureProfile.json")
    assert said == ["True"] * 6 + ["False"]  # the last: nobody is signed in, and may be asked
    assert chain.clients == ["new", "newer"] and len(chain.az.calls) == 1


def test_a_dsn_that_names_the_source_itself_shares_the_token(chain):
    chain.az.keep_users(chain.home.user, "me@example.com")
    chain.write()
    steps = run_client(chain.home, [call("SQLDriverConnectW", string=f"DSN=app;{more}", dbc=more) for more in ("", "TokenSource=azure-cli")])
    assert [step.succeeded for step in steps] == [True, True] and len(chain.az.calls) == 1
    assert TOKEN not in str(steps)
