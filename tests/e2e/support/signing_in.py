"""Somebody who signs in on the pages of an identity provider: opens a page, fills in each form that comes, and sends it off, until
there is none. Run as a program, for `BROWSER`: `signing_in.py log url`; or called, for a device code."""

from __future__ import annotations

import html.parser
import json
import sys
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin

NAME = "ann"
_KNOWN = {"login": NAME, "password": "any"}
_MOST = 8
"""More forms than any sign-in has."""


class _Form(html.parser.HTMLParser):
    """The first form of a page, with what is in its fields."""

    def __init__(self, page: str):
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes) -> None:
        have = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self._inside = have["action"], True
        elif tag == "input" and self._inside:
            self.fields[have["name"]] = have.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


def sign_in(url: str, **known: str) -> tuple[str, str]:
    """The page that comes at the end: its URL and its text. `known` is what is typed besides."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    filled = None
    for _ in range(_MOST):
        with browser.open(url, filled, timeout=20) as reply:
            url, text = reply.url, reply.read().decode()
        form = _Form(text)
        if form.action is None:
            return url, text
        fields = {**form.fields, **{name: value for name, value in {**_KNOWN, **known}.items() if name in form.fields}}
        url, filled = urljoin(url, form.action), urlencode(fields).encode()
    raise RuntimeError(f"there is always another form, now at {url}")


if __name__ == "__main__":
    with open(sys.argv[1], "a") as log:
        log.write(json.dumps(sign_in(sys.argv[2])) + "\n")
