"""What tokenshim forgets, and what it keeps out of core dumps: a real process, whose memory is looked at while it has a
connection and a token, and after it has let go of both connections. The token then stays, since it is good for the next."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from support import c_programs, process_memory, replies
from support.drivers import BUILT, once
from support.identity_provider import IdentityProvider
from support.two_ways import token_keys
from test_overlap import wait_until

SOURCE = Path(__file__).parent / "support" / "forgetful.c"
TOKEN = "eyJ0eXAi.the-token-of-" + "this-test-" * 80 + ".c2ln"
SECRET = "the+client/secret=of-this-test-which-is-as-long-as-secrets-are-0123456789"
SCOPE = "a-scope-that-only-the-reply-of-this-test-has"
MARKER = "ordinary-memory"


@pytest.fixture(scope="session")
def forgetful() -> Path:
    driver = BUILT / "forgetful" / "libforgetful.so"
    with once(driver.parent):
        if not driver.exists() or driver.stat().st_mtime < SOURCE.stat().st_mtime:
            flags = ["-std=c99", "-D_DEFAULT_SOURCE", "-g", "-Wall", "-Wextra", "-fPIC", "-shared", "-Wl,-Bsymbolic"]
            subprocess.run(["cc", *flags, "-o", f"{driver}.new", SOURCE], check=True)
            os.replace(f"{driver}.new", driver)
    return driver


def masked(text: str) -> str:
    """As the C programs have it, so that the text itself stands in no environment and no argument."""
    return bytes(byte ^ 0x55 for byte in text.encode()).hex()


class Looked:
    """The process, which goes on when it is told to."""

    def __init__(self, home, dm: str | Path, string: str):
        self._process = c_programs.start(home, "forgetting", masked(string), "data", dm=dm)
        self.pid = self._process.pid
        self.wait_for("connected")

    def wait_for(self, step: str) -> None:
        said = self._process.stdout.readline()
        assert said == f"ok {step}\n", (said, self._process.communicate())

    def go_on(self, word: str = "") -> None:
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def connect_again(self) -> None:
        self.go_on("again")
        self.wait_for("connected")

    def end(self) -> None:
        self.go_on()
        assert self._process.wait(30) == 0


@pytest.fixture
def looked(home, forgetful, start, authority, tmp_path, request):
    """The process, connected: `profile`, how the client `shows` its secret, and whether over `tls`."""

    def looked(profile: str = "password", shows: str = "basic", tls: bool = False, dm: str = "driver", string: str = "DSN=data;UID=app") -> Looked:
        provider = start(IdentityProvider(tls=authority.server_context("localhost") if tls else None))
        provider.always(replies.good_token(TOKEN, scope=SCOPE))
        url = provider.url.replace("127.0.0.1", "localhost")
        keys = token_keys(provider, TokenProfile=profile, TokenEndpoint=f"{url}/token", TokenClientAuth=shows, TokenClientSecret=SECRET,
                          **({"TokenCAFile": authority.file} if tls else {}))
        if dm != "driver":  # what stands in a section a driver manager has read as well
            file = tmp_path / "secret"
            file.touch(0o600)
            file.write_text(keys.pop("TokenClientSecret"))
            keys["TokenClientSecretFile"] = file
        shim = home.shim()
        home.write({"Shim": {"Driver": shim, "RealDriver": forgetful, **keys}}, {"data": {"Driver": "Shim"}})
        home.env["FORGETFUL_TOKEN"] = masked(TOKEN)
        process = Looked(home, shim if dm == "driver" else dm, string)
        [asked] = provider.requests
        assert SECRET in dict(asked.form).get("client_secret", "") or asked.header("authorization")
        return process

    return looked


WAYS = [("password", "basic", False, "driver"), ("sqlserver", "post", True, "unixodbc"), ("sqlserver", "post", False, "driver"),
        ("password", "basic", True, "driver")]


@pytest.mark.parametrize("profile, shows, tls, dm", WAYS[:2])
def test_a_core_dump_of_a_connected_process_has_neither_the_token_nor_the_client_secret(looked, tmp_path, profile, shows, tls, dm):
    process = looked(profile, shows, tls, dm)
    dump = process_memory.core(process.pid, tmp_path)
    assert MARKER.encode() in dump
    for secret in (TOKEN, SECRET):
        for width in process_memory.WIDTHS:
            assert secret.encode(width) not in dump, (secret, width)
        assert all(place.is_left_out for place in process_memory.places(process.pid, secret)), secret
    assert process_memory.places(process.pid, TOKEN)
    process.go_on()
    process.wait_for("disconnected")
    process.end()


@pytest.mark.parametrize("profile, shows, tls, dm", WAYS)
def test_nothing_is_left_of_a_request_and_its_reply_and_of_the_token_only_what_is_kept(looked, profile, shows, tls, dm):
    process = looked(profile, shows, tls, dm)
    process.go_on()
    process.wait_for("disconnected")
    pair = f"me:{quote_plus(SECRET)}"
    for passing in (SCOPE, quote_plus(SECRET), base64.b64encode(pair.encode()).decode(), f'"access_token": "{TOKEN[:20]}'):
        assert not process_memory.places(process.pid, passing), passing
    assert [place.is_left_out for place in process_memory.places(process.pid, TOKEN)] == [True]
    # Half of it may be as bad as the whole.
    for part in (TOKEN[-200:], SECRET[-24:]):
        assert all(place.is_left_out for place in process_memory.places(process.pid, part)), part
    assert process_memory.places(process.pid, MARKER)
    process.end()


@pytest.mark.parametrize("dm", ["driver", "unixodbc"])
def test_a_client_secret_that_is_kept_out_of_a_file_is_kept_out_of_core_dumps(looked, tmp_path, dm):
    process = looked(dm=dm)

    def is_kept() -> bool:  # as soon as the file is old enough to tell by its time whether it changed
        process.connect_again()
        return bool(process_memory.places(process.pid, SECRET))

    wait_until(is_kept)
    assert all(place.is_left_out for place in process_memory.places(process.pid, SECRET))
    dump = process_memory.core(process.pid, tmp_path)
    assert MARKER.encode() in dump and SECRET.encode() not in dump
    process.go_on()
    process.wait_for("disconnected")
    process.end()


def test_what_an_application_writes_is_kept_out_of_core_dumps_while_it_is_connected(looked, tmp_path):
    written = "the-password-that-the-application-of-this-test-wrote"
    process = looked(string=f"DSN=data;UID=app;PWD={written}")
    places = process_memory.places(process.pid, written)
    assert places and all(place.is_left_out for place in places)
    dump = process_memory.core(process.pid, tmp_path)
    assert MARKER.encode() in dump and not any(written.encode(width) in dump for width in process_memory.WIDTHS)
    process.go_on()
    process.wait_for("disconnected")
    process.end()
