"""The web page of examples/c/partner.c, and the browser of somebody who signs in there.

    told = partner_page.visited(program, "DSN=data", "ann", env=home.env)     # once a user has signed in
"""

from __future__ import annotations

import subprocess
import urllib.request
from urllib.error import HTTPError

from . import signing_in
from .postgres import free_port


def visited(program, string: str, user: str, *, env: dict[str, str], under: list = (), timeout: float = 20) -> str:
    """What the program prints at its end. First comes a browser that began no sign-in, and then one that does as it is told."""
    port = free_port()
    words = [*under, program, string, user, str(port)]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as page:
        try:
            assert page.stdout.readline() == f"open http://127.0.0.1:{port}/\n"
            assert _refused(f"http://127.0.0.1:{port}/back?code=x&state=y", timeout) == (400, b"This browser began no sign-in.\n")
            assert signing_in.sign_in(f"http://127.0.0.1:{port}/")[1] == "You are signed in.\n"
            told, complaints = page.communicate(timeout=timeout)
        finally:
            page.kill()
    assert (page.returncode, complaints) == (0, ""), complaints
    return told


def _refused(url: str, timeout: float) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answered:
            return answered.status, answered.read()
    except HTTPError as answered:
        with answered:
            return answered.code, answered.read()
