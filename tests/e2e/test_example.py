"""The sections of odbcinst.ini.example and of README.md connect as they stand there: only files and hosts are put in
their place."""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path

import pytest

from support import drivers
from support.connect_proxy import ConnectProxy
from support.device_provider import DevicePeople
from support.identity_provider import IdentityProvider
from support.odbc_client import WIDE_BYTES, call, run_client
from support.odbc_home import REPOSITORY
from support.tds_door import Guest, TdsDoor

MANAGERS = pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])


def sections(file: str) -> dict[str, dict[str, str]]:
    """The sections of an ini file, or of a text with such in it, and their keys as they are written."""
    read: dict[str, dict[str, str]] = {}
    section = {}
    for line in (REPOSITORY / file).read_text("utf-8").splitlines():
        if re.fullmatch(r"\[[^]]+\]", line):
            section = read.setdefault(line[1:-1], {})
        elif match := re.fullmatch(r"(\w+)=(.+)", line):
            section[match[1]] = match[2]
    return read


class Example:
    """A section as it stands in `file`, in use, and a DSN of it, `app`: the one that stands there too, if any."""

    secret = "s3cr3t"

    def __init__(self, home, file: str):
        self.home, self._sections = home, sections(file)

    def use(self, name: str, replace: dict[str, object], dsn: dict[str, object]) -> Example:
        """Puts files and hosts in their place; a key that the section does not have stays away."""
        self.keys = self._sections[name]
        written = next((keys for keys in self._sections.values() if keys["Driver"] == name), {})
        replace = {"Driver": self.home.shim(), **replace, "TokenClientSecretFile": self._secret_file()}
        replace = {key: value for key, value in replace.items() if key in self.keys}
        self.home.write({name: {**self.keys, **replace}}, {"app": {**written, "Driver": name, **dsn}})
        if "TokenClientSecretEnv" in self.keys:
            self.home.env[self.keys["TokenClientSecretEnv"]] = self.secret
        self.secret = self.keys.get("TokenClientSecret", self.secret)
        return self

    def run(self, dm: str, *steps, string: str = "DSN=app"):
        return run_client(self.home, [call("SQLDriverConnectW", string=string), *steps], dm=dm)

    @property
    def basic(self) -> str:
        """The header of a client that shows its secret there."""
        return "Basic " + base64.b64encode(f"{self.keys['TokenClientId']}:{self.secret}".encode()).decode()

    def _secret_file(self) -> Path:
        path = self.home.folder / "client.secret"
        path.write_text(self.secret + "\n")
        path.chmod(0o600)
        return path


@pytest.fixture(params=["odbcinst.ini.example", "README.md"])
def example(home, request) -> Example:
    return Example(home, request.param)


@pytest.fixture
def provider_of(start, authority, home):
    """An identity provider that is these hosts, reached by https as from any machine: through the proxy of the
    environment, with a certificate of an authority that the system trusts."""
    def make(*hosts: str) -> IdentityProvider:
        provider = start(IdentityProvider(authority.server_context(*hosts)))
        provider.proxy = start(ConnectProxy((provider.host, provider.port)))
        home.env.update(HTTPS_PROXY=provider.proxy.url, SSL_CERT_FILE=str(authority.file))
        return provider
    return make


@MANAGERS
def test_databricks(example, recorder, provider_of, authority, dm):
    host = "dbc-a1b2c3d4-e5f6.cloud.databricks.com"
    provider = provider_of(host)
    example.use("Databricks", {"RealDriver": recorder.compile("wide", "libsparkodbc_sb64.so", wide_bytes=WIDE_BYTES[dm]),
                               "TokenProxy": provider.proxy.url, "TokenCAFile": authority.file}, {"Host": host})

    assert example.run(dm)[0].succeeded
    assert [(each.method, each.path, each.header("authorization")) for each in provider.requests] == [("POST", "/oidc/v1/token", example.basic)]
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"] == f"DSN=app;AuthMech=11;Auth_Flow=0;Auth_AccessToken={provider.token}"


@pytest.mark.parametrize("string", ["DSN=app", "DRIVER={ODBC Driver 18 for SQL Server};SERVER=%s"], ids=["dsn", "string"])
def test_sql_server(example, az, start, string):
    """Microsoft's driver takes the token and knocks at the server's door."""
    door = start(TdsDoor())
    example.use("ODBC Driver 18 for SQL Server", {"RealDriver": drivers.microsoft(), "TokenAllowedHosts": "127.0.0.1"}, {"Server": door.server})
    example.run("unixodbc", string=string.replace("%s", door.server))
    if string != "DSN=app" and "TokenAllowedHosts" not in example.keys:
        assert (door.guests, az.calls) == ([], [])  # nobody vouches for a server that only the string names
        return
    assert door.guests == [Guest(brings_token=True, encrypt="on")]
    [asked] = az.calls
    tenant = ["--tenant", example.keys["TokenTenant"]] if "TokenTenant" in example.keys else []
    assert asked["argv"] == ["account", "get-access-token", "--output", "json", "--resource", "https://database.windows.net", *tenant]


@pytest.mark.parametrize("dm, real_driver", [
    ("unixodbc", drivers.PSQLODBCW),
    ("iodbc", drivers.PSQLODBCA),  # psqlodbcw's wide characters have 2 bytes, iODBC's have 4
], ids=["unixodbc", "iodbc"])
def test_postgresql(home, postgres, provider_of, dm, real_driver):
    example = Example(home, "odbcinst.ini.example")
    provider = provider_of("login.microsoftonline.com")
    postgres.role("reporting", provider.token)
    example.use("PostgreSQL Unicode", {"RealDriver": real_driver}, postgres.keys(Username="reporting", SSLmode="require"))

    result = example.run(dm, call("SQLExecDirectW", sql="select current_user"), call("SQLDisconnect"))
    assert result[0].succeeded and result[1].rows == [["reporting"]]
    [request] = provider.requests
    assert request.path == "/contoso.example.com/oauth2/v2.0/token"
    form = {"grant_type": "client_credentials", "scope": "https://ossrdbms-aad.database.windows.net/.default"}
    if example.keys.get("TokenClientAuth") == "post":
        form |= {"client_id": example.keys["TokenClientId"], "client_secret": example.secret}
    else:
        assert request.header("authorization") == example.basic
    assert dict(request.form) == form


@MANAGERS
def test_mariadb(home, recorder, provider_of, dm):
    provider = provider_of("login.example.com")
    example = Example(home, "odbcinst.ini.example")
    example.use("MariaDB", {"RealDriver": recorder.compile("wide", "libmaodbc.so", wide_bytes=WIDE_BYTES[dm])},
                {"Server": "db.example.com", "User": "reporting", "SSLVERIFY": "1"})

    assert example.run(dm)[0].succeeded
    assert [each.header("authorization") for each in provider.requests] == [example.basic]
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"] == f"DSN=app;PWD={{{provider.token}}}"


def test_a_service_with_a_certificate(home, recorder, provider_of, authority):
    provider = provider_of("login.microsoftonline.com")
    pem = home.folder / "client.pem"
    pem.touch(0o600)
    pem.write_bytes(b"".join(authority.certificate("client.example.com")))
    example = Example(home, "odbcinst.ini.example")
    example.use("SQL Server of a service", {"RealDriver": recorder.compile("wide", "libmsodbcsql-17.so"), "TokenClientCertificate": pem},
                {"Server": "erp.database.windows.net"})

    assert example.run("unixodbc")[0].succeeded
    [request] = provider.requests
    assert request.path == "/contoso.example.com/oauth2/v2.0/token"
    form = dict(request.form)
    assert form.pop("client_assertion").count(".") == 2
    assert form == {"client_id": example.keys["TokenClientId"], "grant_type": "client_credentials", "scope": "https://database.windows.net/.default",
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}


@MANAGERS
def test_a_driver_that_tokenshim_does_not_know(home, recorder, provider_of, dm):
    provider = provider_of("login.example.com")
    example = Example(home, "odbcinst.ini.example")
    example.use("Another driver", {"RealDriver": recorder.compile("wide", "libanotherodbc.so", wide_bytes=WIDE_BYTES[dm])}, {"Host": "db.example.com"})

    assert example.run(dm, string="DSN=app;UID=u;PWD=p")[0].succeeded
    assert [each.header("authorization") for each in provider.requests] == [example.basic]
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"] == f"DSN=app;AuthenticationType=JWT;AccessToken={provider.token}"


def test_people(home, recorder, provider_of):
    people = DevicePeople(provider_of("login.example.com"))
    people.url = "https://login.example.com"
    example = Example(home, "odbcinst.ini.example")
    example.use("PostgreSQL of people", {"RealDriver": recorder.compile("ansi", "psqlodbca.so")}, {"Servername": "localhost"})

    result = run_client(home, [call("SQLDriverConnect", string="DSN=app", completion=1)])
    assert result[0].succeeded and run_client(home, [call("SQLConnect", dsn="app")])[0].succeeded
    assert result.stderr == ("[tokenshim] To sign in to login.example.com as someone@example.com, open https://login.example.com/sign-in "
                             "and enter the code WDJB-0001\n")
    assert [dict(each.form)["client_id"] for each in people.requests("/device")] == ["reporting-desktop"] and people.renewals == 1


def test_a_program_prints_the_token(home, recorder):
    """Amazon's CLI, the real one."""
    home.env |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    example = Example(home, "odbcinst.ini.example")
    command = sections("odbcinst.ini.example")["PostgreSQL on AWS"]["TokenCommand"].replace("/usr/bin/aws", str(Path(sys.executable).with_name("aws")))
    example.use("PostgreSQL on AWS", {"RealDriver": recorder.compile("wide", "psqlodbcw.so"), "TokenCommand": command}, {"Servername": "localhost"})

    assert example.run("unixodbc")[0].succeeded
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"].startswith("DSN=app;PWD={db.example.com:5432/?Action=connect&DBUser=reporting&")


@pytest.mark.parametrize("section, driver", [("PostgreSQL in a pod", "psqlodbca.so"), ("MariaDB in a job", "libmaodbc.so")])
def test_the_token_is_there_already(home, recorder, tmp_path, section, driver):
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("tok-en")
    example = Example(home, "odbcinst.ini.example")
    example.use(section, {"RealDriver": recorder.compile("wide", driver), "TokenFile": token}, {"Servername": "localhost", "Server": "localhost"})
    if "TokenEnv" in example.keys:
        home.env[example.keys["TokenEnv"]] = "tok-en"

    assert example.run("unixodbc")[0].succeeded
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"] in ("DSN=app;PWD=tok-en", "DSN=app;PWD={tok-en}")


def test_a_program(home, recorder, installed):
    example = Example(home, "odbcinst.ini.example")
    example.use("MariaDB of a program", {"RealDriver": recorder.compile("both", "libmaodbc.so")}, {"Server": "db.example.com", "SSLVERIFY": "1"})

    done = installed.end(home, "provider.c", "DSN=app", "a-token-of-the-program")
    assert (done.returncode, done.stdout) == (0, "connected\n"), done.stderr
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["string"] == "DSN=app;PWD={a-token-of-the-program}"
