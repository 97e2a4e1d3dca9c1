"""npm's oidc-provider on loopback: an OAuth server that nobody here wrote (see oidc_provider.mjs), on a port of its own.

    provider = start(OidcProvider())
    ways.record(provider.keys("device-code"))
    ...
    assert provider.says(token)["active"]       # the server itself knows the token
"""

from __future__ import annotations

import base64
import json
import shutil
import signal
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from .odbc_home import REPOSITORY
from .server_process import ServerProcess

INSTALLED = REPOSITORY / "target" / "oidc-provider"
"""Where `scripts/install-dependencies test` puts it."""
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SECRET = "a secret/with+signs"
_MACHINE = {"client_id": "machine", "client_secret": SECRET, "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
_CLIENTS = [
    # A program on people's own machines: it can keep no secret, and comes back to any port.
    {"client_id": "app", "application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/", "http://localhost"],
     "grant_types": ["authorization_code", "refresh_token", DEVICE_GRANT], "response_types": ["code"]},
    {**_MACHINE, "client_id": "server"},
    # A web application, which can keep a secret.
    {"client_id": "partner", "client_secret": SECRET, "redirect_uris": ["https://partner.example/back"],
     "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]},
]


class OidcProvider:
    """Serves from `start` until `stop`."""

    def __init__(self, machine_auth: str = "client_secret_basic", **machine: object):
        """`machine_auth` is how its client `machine` shows its secret; `machine` is what else it knows of that one."""
        self.url = ""
        self._folder = Path(tempfile.mkdtemp(prefix="tokenshim-oidc-provider-"))
        self._settings = json.dumps({"clients": [*_CLIENTS, {**_MACHINE, "token_endpoint_auth_method": machine_auth, **machine}], "tokenSeconds": 3600})
        self._server: ServerProcess | None = None

    def start(self) -> OidcProvider:
        if not (INSTALLED / "node_modules" / "oidc-provider").exists():
            raise FileNotFoundError(f"no oidc-provider in {INSTALLED}: run scripts/install-dependencies test")
        file, log = self._folder / "url", self._folder / "log"
        command = [shutil.which("node"), Path(__file__).with_suffix(".mjs"), INSTALLED, file, self._settings]
        self._server = ServerProcess(self._folder, command, log, signal.SIGKILL)
        end = time.monotonic() + 60
        while not file.exists():
            if self._server.has_ended or time.monotonic() > end:
                raise RuntimeError(f"oidc-provider does not come up: {log.read_text()}")
            time.sleep(0.02)
        self.url = file.read_text()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def keys(self, source: str, **more: object) -> dict[str, object]:
        """For a driver section whose tokens come from here."""
        client = {"TokenClientId": "app", "TokenScope": "openid database"}
        if source == "client-credentials":
            client = {"TokenClientId": "machine", "TokenClientSecret": SECRET, "TokenScope": "database"}
        return {"TokenProfile": "password", "TokenSource": source, "TokenDiscovery": f"{self.url}/.well-known/openid-configuration", **client, **more}

    def says(self, token: str) -> dict:
        """What the server says of a token (RFC 7662)."""
        request = urllib.request.Request(f"{self.url}/token/introspection", urlencode({"token": token}).encode())
        # Form-encoded first (RFC 6749, section 2.3.1).
        pair = urlencode({"server": SECRET}).replace("=", ":")
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)

    def refresh(self, token: str) -> str:
        """Its answer to somebody who shows a refresh token."""
        form = urlencode({"grant_type": "refresh_token", "refresh_token": token, "client_id": "app"})
        try:
            with urllib.request.urlopen(f"{self.url}/token", form.encode(), timeout=20) as reply:
                return reply.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.read().decode()
