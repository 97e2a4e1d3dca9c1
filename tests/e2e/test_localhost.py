"""Plain http goes to this very machine only, whatever a file of hosts or a name server says of the name."""

from __future__ import annotations

import subprocess

import pytest

from support.sign_in import POSTGRES, SECRET, SignIn

OWN_HOSTS = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$HOSTS" /etc/hosts && exec "$@"', "sh")


@pytest.fixture
def dsn(home, recorder, identity_provider, tmp_path) -> SignIn:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 localhost\n")  # stands for any other machine
    home.env["HOSTS"] = str(hosts)
    if subprocess.run([*OWN_HOSTS, "true"], env=home.env, check=False, capture_output=True).returncode:
        pytest.skip("no file of hosts of its own can be made here")
    return SignIn(home, recorder, identity_provider, POSTGRES)


def test_localhost_is_never_another_machine(dsn):
    port = dsn.provider.port  # of 127.0.0.1 only
    dsn.write({"TokenSource": "client-credentials", "TokenEndpoint": f"http://localhost:{port}/token", "TokenClientId": "id", "TokenClientSecret": SECRET,
               "TokenTimeout": 2}, {"Servername": "localhost"})
    assert dsn.connect(under=OWN_HOSTS).succeeded
    assert [request.header("host") for request in dsn.provider.requests] == [f"localhost:{port}"]
