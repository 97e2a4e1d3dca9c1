"""A program with another user's or another group's rights (set-user-ID): its environment is that of whoever started it, and says neither
whom to trust nor what to run."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys

import pytest

from support.connect_proxy import ConnectProxy
from support.identity_provider import IdentityProvider
from support.sign_in import POSTGRES, SECRET, SignIn

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another group")

CONNECTS = "import pyodbc\ntry: pyodbc.connect('DSN=app'); print('connected')\nexcept pyodbc.Error as error: print(*error.args)"
WITH_OTHER_RIGHTS = "import os; os.setegid(12345)\n" + CONNECTS


def connect(dsn: SignIn, program: str, **env: str) -> str:
    """What a program prints: "connected", or the error."""
    env = {name: value for name, value in dsn.home.env.items() if name not in ("SSL_CERT_FILE", "SSL_CERT_DIR")} | env
    return subprocess.run([sys.executable, "-c", program], env=env, text=True, capture_output=True, timeout=30, check=True).stdout


@pytest.fixture
def dsn(home, recorder, identity_provider) -> SignIn:
    return SignIn(home, recorder, identity_provider, POSTGRES)


@pytest.fixture
def provider(authority, start) -> IdentityProvider:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority._authority.issue_cert("127.0.0.1").configure_cert(context)
    return start(IdentityProvider(context))


def test_a_command_gets_nothing_of_its_environment(dsn, tmp_path):
    script = tmp_path / "print-token"
    script.write_text("#!/bin/sh\necho tok-en; env > \"$0.env\"\n")
    script.chmod(0o755)
    dsn.write({"TokenSource": "command", "TokenCommand": script}, {"Servername": "localhost"})
    for program, is_seen in [(WITH_OTHER_RIGHTS, False), (CONNECTS, True)]:
        assert connect(dsn, program, BASH_ENV="/tmp/evil") == "connected\n"
        seen = (tmp_path / "print-token.env").read_text().splitlines()
        assert ("BASH_ENV=/tmp/evil" in seen) == is_seen
    assert connect(dsn, WITH_OTHER_RIGHTS, PATH="/tmp/evil") == "connected\n"
    assert "PATH=/usr/sbin:/usr/bin:/sbin:/bin" in (tmp_path / "print-token.env").read_text().splitlines()


def test_a_secret_goes_to_nobody_whom_it_says_to_trust(dsn, provider, authority):
    dsn.write({"TokenSource": "client-credentials", "TokenEndpoint": f"{provider.url}/token", "TokenClientId": "id", "TokenClientSecret": SECRET},
              {"Servername": "localhost"})
    for name, value in [("SSL_CERT_FILE", authority.file), ("SSL_CERT_DIR", authority.file.parent)]:
        said = connect(dsn, WITH_OTHER_RIGHTS, **{name: str(value)})
        assert f"{name} in the environment says whom to trust" in said and "HY000" in said
    assert provider.connections == 0
    assert connect(dsn, CONNECTS, SSL_CERT_FILE=str(authority.file)) == "connected\n"


def test_nor_by_a_way_that_it_says(dsn, provider, start):
    proxy = start(ConnectProxy((provider.host, provider.port)))
    dsn.write({"TokenSource": "client-credentials", "TokenEndpoint": "https://127.0.0.2:1/token", "TokenClientId": "id", "TokenClientSecret": SECRET,
               "TokenTimeout": 1}, {"Servername": "localhost"})
    for program, targets in [(WITH_OTHER_RIGHTS, []), (CONNECTS, ["127.0.0.2:1"])]:
        assert "connected" != connect(dsn, program, HTTPS_PROXY=proxy.url).strip()
        assert proxy.targets[:1] == targets
