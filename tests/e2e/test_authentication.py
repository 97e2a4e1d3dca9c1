"""Microsoft's own words for how to sign in, `Authentication=ActiveDirectory…`, with Microsoft's own driver: what it cannot follow on
Linux works through tokenshim as it is written, and what it does itself is left to it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import drivers, tds_token_server
from support.az_stand_in import TOKEN
from support.browser import Browser
from support.browser_people import BrowserPeople
from support.device_provider import DevicePeople
from support.odbc_client import call, run_client
from support.tds_token_server import Login, TdsTokenServer

NAME = "ODBC Driver 18 for SQL Server"
OURS = ["Interactive", "Default", "WorkloadIdentity", "DeviceCodeFlow", "AzCli"]
ARRIVED = [Login(TOKEN, is_recovery=False)]
SQL_CLIENT = "2fd908ad-0664-4344-b9be-cd3e8b574c38"


class Sql:
    """DSN "d" is Microsoft's driver through tokenshim, whose section has no TokenSource; DSN "bare" is the driver without it."""

    def __init__(self, home, az, server, provider):
        self.home, self.az, self.server, self.provider = home, az, server, provider
        self.configure()

    def configure(self, dsn: dict | None = None, **section: str) -> None:
        real, source = drivers.microsoft(), {**self.server.keys, **(dsn or {})}
        self.home.write({NAME: {"Driver": self.home.shim(), "RealDriver": real, **section}, "Bare": {"Driver": real}},
                        {"d": {"Driver": NAME, **source}, "bare": {"Driver": "Bare", **source}})

    def run(self, *steps: dict, **options):
        return run_client(self.home, list(steps), **options)

    def connect(self, words: str, dsn: str = "d", letter: str = "W", **arguments):
        return self.run(call(f"SQLDriverConnect{letter}", string=f"DSN={dsn};{words}", **arguments))[0]

    @property
    def tokens(self) -> list[str]:
        return [login.token for login in self.server.logins]

    def asked_nobody(self) -> None:
        assert self.az.calls == [] and self.provider.requests == []


@pytest.fixture
def sql(home, az, start, authority, identity_provider) -> Sql:
    home.env |= {"SSL_CERT_FILE": str(authority.file), "AZURE_AUTHORITY_HOST": identity_provider.url}  # which stands for Entra
    return Sql(home, az, start(TdsTokenServer(authority.server_context(tds_token_server.NAME))), identity_provider)


# -- What the driver cannot follow


@pytest.mark.parametrize("word", OURS)
def test_without_tokenshim_the_driver_cannot_follow_them(sql, word):
    step = sql.connect(f"Authentication=ActiveDirectory{word};UID=me@example.com", dsn="bare")
    assert step.code == "SQL_ERROR" and sql.server.logins == []
    if word != "Interactive":
        assert "Invalid value specified for connection string attribute 'Authentication'" in step.records[-1].message


@pytest.mark.parametrize("words", [
    "Authentication=ActiveDirectoryInteractive;UID=me@example.com", "authentication={activedirectoryINTERACTIVE};Uid={me@example.com}",
    "Authentication=ActiveDirectoryInteractive", "Authentication=ActiveDirectoryDefault", "Authentication=ActiveDirectoryAzCli"])
@pytest.mark.parametrize("letter", ["", "W"])
@pytest.mark.parametrize("place", ["string", "dsn"])
def test_who_is_signed_in_with_az_signs_in_whatever_the_words(sql, words, letter, place):
    sql.az.keep_users(sql.home.user, "me@example.com")
    if place == "dsn":
        sql.configure(dict(pair.split("=", 1) for pair in words.split(";")))
    step = sql.connect(words if place == "string" else "", letter=letter)
    assert step.succeeded and sql.server.logins == ARRIVED, step
    [call_of_az] = sql.az.calls
    assert call_of_az["argv"][-2:] == ["--resource", "https://database.windows.net"]


@pytest.mark.parametrize("arguments", [{}, {"user": "", "password": ""}, {"user": "me@example.com"}], ids=str)
@pytest.mark.parametrize("letter", ["", "W"])
def test_so_it_is_by_name(sql, arguments, letter):
    sql.az.keep_users(sql.home.user, "me@example.com")
    sql.configure({"Authentication": "ActiveDirectoryInteractive"})
    [step] = sql.run(call(f"SQLConnect{letter}", dsn="d", **arguments))
    assert step.succeeded and sql.server.logins == ARRIVED, step


def test_in_a_browsing_the_driver_gets_the_token_and_says_what_it_says_with_one_of_an_applications_own(sql):
    sql.az.keep_users(sql.home.user, "me@example.com")
    browse = call("SQLBrowseConnectW", string="DSN=d;Authentication=ActiveDirectoryInteractive;UID=me@example.com", out=400)
    [step] = sql.run(browse)
    own = sql.run(call("SQLSetConnectAttr", attribute=1256, value={"hex": "0600000061006200" + "6300"}),
                  call("SQLBrowseConnectW", string="DSN=bare", out=400))[-1]
    assert (step.code, step.records, step.out) == (own.code, own.records, own.out)
    assert len(sql.az.calls) == 1 and TOKEN not in str(step)


@pytest.mark.parametrize("word, section", [("DeviceCodeFlow", {}), ("DeviceCode", {"TokenClientSecret": "another-clients"})])
def test_somebody_signs_in_with_a_code_once(sql, word, section):
    sql.configure(**section)
    people = DevicePeople(sql.provider, tenant="/organizations")
    words = f"Authentication=ActiveDirectory{word};UID=me@example.com"
    asked = sql.run(call("SQLDriverConnectW", string=f"DSN=d;{words}", completion=1))
    assert asked[0].succeeded and "me@example.com" in asked.stderr and "enter the code" in asked.stderr
    assert sql.connect(words).succeeded  # which may ask nobody
    assert sql.tokens == people.issued and len(people.issued) == 2 and people.asked == 1
    [begun] = people.requests(people.device_path)
    assert dict(begun.form) == {"client_id": SQL_CLIENT, "scope": "https://database.windows.net/.default offline_access"}
    assert begun.header("authorization") is None
    assert "nobody is signed in" in sql.connect(words.replace("me@", "you@")).records[0].message


def test_interactive_opens_a_browser_where_nobody_is_signed_in_with_az_and_tells_it_who_signs_in(sql):
    people, browser = BrowserPeople(sql.provider, tenant="/organizations"), Browser(sql.home)
    words = "Authentication=ActiveDirectoryInteractive;UID=me@example.com"
    assert sql.connect(words, completion=1).succeeded and sql.connect(words).succeeded  # the second may ask nobody
    [question] = people.questions
    asked = dict(question)
    assert (asked["client_id"], asked["login_hint"]) == (SQL_CLIENT, "me@example.com")
    assert asked["scope"] == "https://database.windows.net/.default offline_access" and asked["redirect_uri"].startswith("http://localhost:")
    assert sql.tokens == people.issued and len(people.issued) == 2 and len(browser.runs()) == 1 and sql.az.calls == []


def test_a_workload_signs_in_with_its_token(sql, tmp_path):
    file = tmp_path / "federated"
    file.write_text("eyJ.of-the.workload")
    sql.home.env |= {"AZURE_CLIENT_ID": "not this one", "AZURE_TENANT_ID": "contoso.example", "AZURE_FEDERATED_TOKEN_FILE": str(file)}
    assert sql.connect("Authentication=ActiveDirectoryWorkloadIdentity;UID=workload").succeeded
    [request] = sql.provider.requests
    form = dict(request.form)
    assert request.path == "/contoso.example/oauth2/v2.0/token" and form["client_id"] == "workload"
    assert form["client_assertion"] == "eyJ.of-the.workload" and sql.tokens == [sql.provider.token]


def test_interactive_asks_for_a_code_where_nobody_is_signed_in_with_az(sql):
    people = DevicePeople(sql.provider, tenant="/contoso.example")
    sql.az.keep_users(sql.home.user)  # has signed out
    sql.configure(TokenTenant="contoso.example")
    assert sql.connect("Authentication=ActiveDirectoryInteractive;UID=me@example.com", completion=1).succeeded
    assert sql.tokens == people.issued and people.asked == 1 and sql.az.calls == []


def test_what_az_says_is_the_result(sql):
    sql.az.keep_users(sql.home.user, "me@example.com")
    sql.az.answer("expired sign-in")
    [record] = sql.connect("Authentication=ActiveDirectoryInteractive;UID=me@example.com", completion=1).records
    assert record.state == "28000" and "azure-cli" in record.message and "Run 'az login'" in record.message
    assert sql.server.logins == [] and len(sql.az.calls) == 1


# -- What it does itself


LEFT = ["Authentication=ActiveDirectoryServicePrincipal;UID=app;PWD=p", "Authentication=ActiveDirectoryMsi;UID=app", "Authentication=ActiveDirectoryMsi",
        "Authentication=ActiveDirectoryPassword;UID=me@example.com;PWD=p", "Authentication=ActiveDirectoryIntegrated",
        "Authentication=ActiveDirectoryNobody", "UID=sa;PWD=p"]


@pytest.mark.parametrize("words", LEFT)
def test_what_the_driver_does_itself_is_left_to_it(sql, words):
    sql.az.keep_users(sql.home.user, "me@example.com")
    through, direct = (sql.connect(words, dsn=dsn) for dsn in ("d", "bare"))
    assert (through.code, through.records) == (direct.code, direct.records) and through.code == "SQL_ERROR"
    sql.asked_nobody()


@pytest.mark.parametrize("words", ["Authentication=", "Authentication={}", "TokenSource="])
def test_what_a_string_switches_off_is_off(sql, words):
    sql.az.keep_users(sql.home.user, "me@example.com")
    sql.configure({"Authentication": "ActiveDirectoryDefault"})
    sql.connect(f"{words};UID=sa;PWD=p")
    sql.asked_nobody()


def test_a_token_of_the_applications_own_is_left_alone(sql):
    sql.az.keep_users(sql.home.user, "me@example.com")
    own = call("SQLSetConnectAttr", attribute=1256, value={"hex": "0600000061006200" + "6300"})
    ours, bare = (sql.run(own, call("SQLDriverConnectW", string=f"DSN={dsn};Authentication=ActiveDirectoryInteractive"))[-1] for dsn in ("d", "bare"))
    assert ours.records == bare.records and ours.records[-1].state == "FA005"
    sql.asked_nobody()


# -- With TokenSource: a service principal


PRINCIPAL = {"Authentication": "ActiveDirectoryServicePrincipal", "UID": "app@contoso.example", "PWD": "s3cr3t;of+the=app"}


def principal(place: str) -> tuple[dict, dict]:
    """What the DSN has, and the call."""
    braced = ";".join(f"{key}={{{value}}}" for key, value in PRINCIPAL.items())
    by_name = {"dsn": "d", "user": PRINCIPAL["UID"], "password": PRINCIPAL["PWD"]}
    return {
        "string": ({}, call("SQLDriverConnectW", string=f"DSN=d;{braced}")),
        "dsn": (PRINCIPAL, call("SQLDriverConnect", string="DSN=d")),
        "name": ({"Authentication": PRINCIPAL["Authentication"]}, call("SQLConnectW", **by_name)),
        "ansi name": ({"Authentication": PRINCIPAL["Authentication"]}, call("SQLConnect", **by_name)),
    }[place]


@pytest.mark.parametrize("source", ["client-credentials", "auto"])
@pytest.mark.parametrize("place", ["string", "dsn", "name", "ansi name"])
def test_with_its_source_a_service_principal_signs_in_at_entra_with_uid_and_pwd(sql, place, source):
    dsn, connect = principal(place)
    # The section's own client is another one.
    sql.configure(dsn, TokenSource=source, TokenClientId="other", TokenClientSecret="others", TokenTenant="its.example")
    [step] = sql.run(connect)
    assert step.succeeded, step
    [request] = sql.provider.requests
    assert (request.path, request.client) == ("/contoso.example/oauth2/v2.0/token", ("app", PRINCIPAL["PWD"]))
    assert dict(request.form)["scope"] == "https://database.windows.net/.default"
    assert sql.tokens == [sql.provider.token]


@pytest.mark.parametrize("source, words", [
    ("managed-identity", "Authentication=ActiveDirectoryMsi;UID=identity"), ("auto", "Authentication=ActiveDirectoryMsi;UID=identity"),
    (None, "Authentication=ActiveDirectoryManagedIdentity;UID=identity"), (None, "Authentication=ActiveDirectoryDefault;UID=identity")], ids=str)
def test_the_uid_of_a_managed_identity_is_its_client_id(sql, source, words):
    sql.home.env |= {"IDENTITY_ENDPOINT": f"{sql.provider.url}/identity", "IDENTITY_HEADER": "a-secret"}
    sql.configure(**{"TokenSource": source} if source else {})
    assert sql.connect(words).succeeded
    [request] = sql.provider.requests
    assert request.path.startswith("/identity?") and "client_id=identity" in request.path
    assert request.header("x-identity-header") == "a-secret" and sql.tokens == [sql.provider.token]


@pytest.mark.parametrize("source", ["managed-identity", "auto"])
@pytest.mark.parametrize("words, named", [("Msi;UID=identity", "object_id"), ("Msi;UID=identity;TokenClientId=identity", "client_id"),
                                          ("ManagedIdentity;UID=identity", "client_id")])
def test_microsofts_msi_is_an_object_but_on_app_service(sql, source, words, named):
    """"Using Microsoft Entra ID with the ODBC Driver": UID is the object id there."""
    sql.home.env["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = sql.provider.url
    sql.configure(TokenSource=source)
    assert sql.connect(f"Authentication=ActiveDirectory{words}").succeeded
    [request] = sql.provider.requests
    assert request.path.startswith("/metadata/identity/") and f"&{named}=identity" in request.path


def test_half_a_service_principal_does_not_take_the_sections_secret(sql):
    sql.configure(TokenSource="client-credentials", TokenClientId="other", TokenClientSecret="others", TokenTenant="its.example")
    assert sql.connect("Authentication=ActiveDirectoryServicePrincipal;UID=app@contoso.example").succeeded
    [request] = sql.provider.requests
    assert (request.path, request.client) == ("/its.example/oauth2/v2.0/token", ("other", "others"))


def test_a_secret_of_the_dsn_does_not_go_to_the_tenant_of_a_string(sql):
    sql.configure(PRINCIPAL, TokenSource="client-credentials")
    [record] = sql.connect("UID=app@evil.example").records
    assert record.state == "28000" and "evil" not in record.message and PRINCIPAL["PWD"] not in record.message, record
    sql.asked_nobody()


# -- Who may get a token


def test_the_words_of_a_string_send_no_token_to_a_stranger(sql):
    sql.az.keep_users(sql.home.user, "me@example.com")
    for word in OURS:
        [record] = sql.run(call("SQLDriverConnectW", string=f"DRIVER={{{NAME}}};Server={sql.server.keys['Server']};Authentication=ActiveDirectory{word}"))[0].records
        assert record.state == "28000" and f"add it to TokenAllowedHosts in section [{NAME}]" in record.message
    sql.asked_nobody()


@pytest.mark.parametrize("words", ["Encrypt=no", "TrustServerCertificate=yes"])
def test_nor_one_that_others_could_read(sql, words):
    sql.az.keep_users(sql.home.user, "me@example.com")
    [record] = sql.connect(f"Authentication=ActiveDirectoryInteractive;{words}").records
    assert record.state == "28000" and "no token is sent with" in record.message
    sql.asked_nobody()


# -- A program as the seed has it


def test_pyodbc_with_a_string_that_was_written_for_windows_runs_a_query(sql):
    sql.az.keep_users(sql.home.user, "me@example.com")
    program = """
import os, pyodbc, sys
cs = (f"database=GasLFH;server={sys.argv[1]};HostnameInCertificate={sys.argv[2]};driver={{ODBC Driver 18 for SQL Server}};encrypt=yes;"
      "trustservercertificate=no;connection timeout=30;uid=me@shell.com;authentication=ActiveDirectoryInteractive")
with pyodbc.connect(cs, autocommit=True) as connection:
    print(connection.execute("select 1").fetchall())
"""
    sql.configure(TokenAllowedHosts=f"127.0.0.1, {tds_token_server.NAME}")
    done = subprocess.run([sys.executable, "-c", program, sql.server.keys["Server"], tds_token_server.NAME], env=sql.home.env, text=True,
                          capture_output=True, timeout=30)
    assert (done.stdout, done.stderr) == ("[(1,)]\n", "") and sql.server.logins == ARRIVED
