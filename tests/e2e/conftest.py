"""Fixtures of the end-to-end tests. Each test process has its own servers and each test its own folder, so the tests
may run side by side (`pytest -n 2`)."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from support import recorder
from support.az_stand_in import AzStandIn
from support.browser import Browser
from support.c_api import Installed
from support.connect_proxy import ConnectProxy
from support.identity_provider import IdentityProvider
from support.mariadb import MariaDbServer
from support.odbc_home import OdbcHome
from support.postgres import PostgresCluster
from support.token_files import TokenFiles
from support.two_ways import TwoWays


pytest_plugins = ["support.leaks"]


class TestAuthority:
    """A certificate authority that only these tests trust."""

    __test__ = False

    def __init__(self, folder: Path):
        self._authority = trustme.CA()
        self.file = folder / "test-authority.pem"
        """Its certificate, for TokenCAFile or SSL_CERT_FILE."""
        self._authority.cert_pem.write_to_path(str(self.file))

    def server_context(self, *names: str) -> ssl.SSLContext:
        """What a server needs to be `names` (hosts, addresses, `*.example.com`)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def certificate(self, *names: str) -> tuple[bytes, bytes]:
        """Certificate and key, in PEM."""
        issued = self._authority.issue_cert(*names)
        return issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def start():
    """Starts a server for this test: `provider = start(IdentityProvider(tls=authority.server_context("x.example")))`."""
    started = []

    def start_one(server):
        started.append(server)
        return server.start()

    yield start_one
    for server in reversed(started):
        server.stop()


@pytest.fixture
def identity_provider(start) -> IdentityProvider:
    """Over plain http, which tokenshim allows on loopback."""
    return start(IdentityProvider())


@pytest.fixture
def databricks(start, authority) -> tuple[IdentityProvider, ConnectProxy]:
    """An identity provider that is every Databricks workspace, and the proxy through which it is reached."""
    provider = start(IdentityProvider(authority.server_context(
        "*.cloud.databricks.com", "*.azuredatabricks.net", "*.databricks.azure.cn", "*.databricks.azure.us")))
    return provider, start(ConnectProxy((provider.host, provider.port)))


@pytest.fixture(scope="session")
def postgres(authority):
    with PostgresCluster(*authority.certificate("localhost", "127.0.0.1")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def mariadb():
    with MariaDbServer() as server:
        yield server


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> Installed:
    """What `make install` lays down."""
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def home(tmp_path) -> OdbcHome:
    return OdbcHome(tmp_path / "odbc")


@pytest.fixture
def ways(tmp_path, home) -> TwoWays:
    """To the same real driver: through tokenshim, which is `home`, and without it."""
    return TwoWays(home, OdbcHome(tmp_path / "direct"))


@pytest.fixture
def files(ways) -> TokenFiles:
    """The files in which tokens and sign-ins are kept."""
    return TokenFiles(ways.shim)


@pytest.fixture
def browser(ways) -> Browser:
    """What BROWSER names: somebody who signs in at once."""
    return Browser(ways.shim)


@pytest.fixture
def az(tmp_path, home) -> AzStandIn:
    """The stand-in for `az`, first on the PATH of `home`."""
    stand_in = AzStandIn(tmp_path / "bin")
    home.env["PATH"] = f"{stand_in.folder}:{home.env['PATH']}"
    return stand_in


class Recorder:
    """The recording driver with a log of its own, named in the environment of `home`."""

    def __init__(self, home: OdbcHome):
        self.log = home.folder / "recorder.log"
        home.env["RECORDER_LOG"] = str(self.log)

    compile = staticmethod(recorder.compile)

    def calls(self, name: str | None = None) -> list[dict]:
        """All recorded calls, or those of one function in either letter."""
        return [each for each in recorder.read(self.log) if name is None or each["call"].removesuffix("W") == name]


@pytest.fixture(name="recorder")
def recorder_fixture(home) -> Recorder:
    return Recorder(home)
