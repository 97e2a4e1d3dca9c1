"""The sections of odbcinst.ini.example connect as they stand: only files and hosts are put in their place."""

from __future__ import annotations

import base64
import os

import pytest

from support import drivers
from support.connect_proxy import ConnectProxy
from support.identity_provider import IdentityProvider
from support.odbc_client import call, run_client
from support.odbc_home import REPOSITORY
from support.tds_door import Guest, TdsDoor

MANAGERS = pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])


def example(name: str) -> dict[str, str]:
    """One section of the file, its keys as they are written."""
    sections: dict[str, dict[str, str]] = {}
    for line in (REPOSITORY / "odbcinst.ini.example").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            section[key] = value
    return sections[name]


class Example:
    """A section of the example in use, and a DSN of it, `app`."""

    def __init__(self, home, name: str, replace: dict[str, object], dsn: dict[str, object]):
        self.keys = example(name)
        assert set(replace) <= set(self.keys), "only what is there is put in its place"
        self.home = home
        home.write({name: {**self.keys, "Driver": home.shim(), **replace}}, {"app": {"Driver": name, **dsn}})

    def run(self, dm: str, *steps, string: str = "DSN=app"):
        return run_client(self.home, [call("SQLDriverConnectW", string=string), *steps], dm=dm)


@pytest.fixture
def provider_of(start, authority, home):
    """An identity provider that is `host`, reached by https as from any machine: through the proxy of the environment
    that is returned, with a certificate of an authority that the system trusts."""
    def make(*hosts: str) -> IdentityProvider:
        provider = start(IdentityProvider(authority.server_context(*hosts)))
        proxy = start(ConnectProxy((provider.host, provider.port)))
        home.env.update(HTTPS_PROXY=proxy.url, SSL_CERT_FILE=str(authority.file))
        return provider
    return make


@MANAGERS
def test_databricks(home, recorder, databricks, authority, tmp_path, dm):
    provider, proxy = databricks
    secret = tmp_path / "databricks.secret"
    secret.write_text("s3cr3t\n")
    secret.chmod(0o600)
    used = Example(home, "Databricks", {
        "RealDriver": recorder.compile("wide", os.path.basename(example("Databricks")["RealDriver"]), wide_bytes=4 if dm == "iodbc" else 2),
        "TokenClientSecretFile": secret, "TokenProxy": proxy.url, "TokenCAFile": authority.file,
    }, {"Host": "dbc-1.cloud.databricks.com", "Port": 443, "HTTPPath": "/sql/1.0/warehouses/1"})

    assert used.run(dm)[0].succeeded
    [request] = provider.requests
    assert (request.method, request.path) == ("POST", "/oidc/v1/token")
    assert base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode() == f"{used.keys['TokenClientId']}:s3cr3t"
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"] == f"DSN=app;AuthMech=11;Auth_Flow=0;Auth_AccessToken={provider.token}"


@pytest.mark.parametrize("string", ["DSN=app", "DRIVER={ODBC Driver 18 for SQL Server};SERVER=%s"])
def test_sql_server(home, az, start, string):
    """Microsoft's driver takes the token and knocks at the server's door."""
    door = start(TdsDoor())
    used = Example(home, "ODBC Driver 18 for SQL Server", {"RealDriver": drivers.microsoft(), "TokenAllowedHosts": "127.0.0.1"},
                   {"Server": door.server})
    used.run("unixodbc", string=string.replace("%s", door.server))
    assert door.guests == [Guest(brings_token=True, encrypt="on")]
    [asked] = az.calls
    assert asked["argv"] == ["account", "get-access-token", "--output", "json", "--resource", "https://database.windows.net",
                             "--tenant", used.keys["TokenTenant"]]


@pytest.mark.parametrize("dm, real_driver", [
    ("unixodbc", drivers.PSQLODBCW),
    ("iodbc", drivers.PSQLODBCA),  # psqlodbcw's wide characters have 2 bytes, iODBC's have 4
])
def test_postgresql(home, postgres, provider_of, dm, real_driver):
    provider = provider_of("login.microsoftonline.com")
    postgres.role("reporting", provider.token)
    used = Example(home, "PostgreSQL Unicode", {"RealDriver": real_driver},
                   postgres.keys(Username="reporting", SSLmode="require"))
    home.env[used.keys["TokenClientSecretEnv"]] = "s3cr3t"

    result = used.run(dm, call("SQLExecDirectW", sql="select current_user"), call("SQLDisconnect"))
    assert result[0].succeeded and result[1].rows == [["reporting"]]
    [request] = provider.requests
    assert request.path == "/contoso.example.com/oauth2/v2.0/token"
    assert dict(request.form) == {"client_id": used.keys["TokenClientId"], "client_secret": "s3cr3t",
                                  "grant_type": "client_credentials", "scope": used.keys["TokenScope"]}


@MANAGERS
def test_mariadb(home, recorder, provider_of, dm):
    provider = provider_of("login.example.com")
    used = Example(home, "MariaDB", {"RealDriver": recorder.compile("wide", "libmaodbc.so", wide_bytes=4 if dm == "iodbc" else 2)},
                   {"Server": "db.example.com", "User": "reporting"})

    assert used.run(dm)[0].succeeded
    [request] = provider.requests
    assert base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode() == "reporting:the-secret"
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"] == f"DSN=app;PWD={{{provider.token}}}"
