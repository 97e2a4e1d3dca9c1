"""A browser as far as HTTP goes, for `BROWSER`: it opens the page, goes where it is sent, and writes down what it saw and how it
was started. Run as a program: `browser.py log url`."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

_MOST = 10
"""A browser that was sent on so often gives up."""


@dataclass(frozen=True)
class Page:
    """One page that was opened, or one step on the way to it."""

    url: str
    status: int
    headers: dict[str, str]
    text: str


class Browser:
    """What `BROWSER` names, and what it saw.

    browser = Browser(home)            # and home.env["BROWSER"] is set
    ...
    assert browser.last.url.endswith("/done")
    """

    def __init__(self, home, name: str = "browser"):
        self._log = Path(home.folder) / f"{name}.log"
        self.line = f"{sys.executable} -I {Path(__file__).resolve()} {self._log}"
        home.env["BROWSER"] = self.line

    def runs(self) -> list[dict]:
        """How it was started, each time."""
        return [each for each in self._lines() if "argv" in each]

    def pages(self) -> list[Page]:
        """What it saw, in order."""
        return [Page(**each) for each in self._lines() if "url" in each]

    @property
    def last(self) -> Page:
        return self.pages()[-1]

    def _lines(self) -> list[dict]:
        text = self._log.read_text() if self._log.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def get(url: str) -> Page:
    """One request; a page for whatever is answered."""
    opener = urllib.request.build_opener(_Stay)
    try:
        reply = opener.open(url, timeout=20)
    except urllib.error.HTTPError as error:
        reply = error
    with reply:
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Page(url, reply.status, headers, reply.read().decode(errors="replace"))


def follow(url: str, write) -> Page:
    """Opens a page, and goes where it is sent."""
    for _ in range(_MOST):
        page = get(url)
        write(page.__dict__)
        if page.status not in (302, 303):
            return page
        url = urllib.request.urljoin(url, page.headers["location"])
    raise RuntimeError("sent on too often")


def how_it_was_started() -> dict:
    targets = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in ("0", "1", "2")}
    return {"argv": sys.argv[2:], "env": dict(os.environ), "cwd": os.getcwd(), "descriptors": targets, "group": os.getpgid(0), "pid": os.getpid(),
            "parent": os.getppid(), "at": time.monotonic()}


def main(log: str, url: str) -> None:
    def write(line: dict) -> None:
        with open(log, "a") as file:
            file.write(json.dumps(line) + "\n")

    write(how_it_was_started())
    follow(url, write)


if __name__ == "__main__":
    main(*sys.argv[1:])
