"""A provider at which people sign in with a browser (RFC 6749, section 4.1; RFC 7636), on top of one for devices, and as strict.

    people = BrowserPeople(identity_provider)
    people.brings.append({"error": "access_denied"})     # what the browser brings back first; then it is a good code
    ...
    assert people.asked == 1                             # so many browsers came
"""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

from . import replies
from .device_code import device_keys
from .device_provider import DevicePeople

ASKED = "[tokenshim] To sign in to 127.0.0.1, use the browser that opens. If none does, open this on the same machine: "
"""Before the URL."""


def browser_keys(people: BrowserPeople, **more) -> dict[str, object]:
    """For a driver section."""
    return device_keys(people, TokenSource="authorization-code", **more)


class BrowserPeople(DevicePeople):
    def __init__(self, provider, tenant: str = "", path: str | None = None):
        self.brings: list[dict | None] = []
        """Instead of a good code: fields, where `None` takes away what would be there."""
        self.tells: dict[str, object] = {}
        """What the document has besides."""
        self.before_sign_in = lambda exchange: None
        """Called when a browser has come, before it is sent back."""
        self.questions: list[list[tuple[str, str]]] = []
        """The query of each browser that came."""
        self.authorize_path = path or (f"{tenant}/oauth2/v2.0/authorize" if tenant else "/authorize")
        self._codes: dict[str, dict[str, str]] = {}
        super().__init__(provider, tenant=tenant)
        provider.always(self.page)

    @property
    def document(self) -> dict[str, object]:
        return {**super().document, "authorization_endpoint": self.url + self.authorize_path, **self.tells}

    @property
    def asked(self) -> int:
        return len(self.questions)

    def page(self, exchange) -> bool:
        """Whoever comes is signed in, and sent back."""
        target = urlsplit(exchange.request.path)
        if target.path != self.authorize_path:
            return replies.status(404)(exchange)
        query = parse_qsl(target.query, keep_blank_values=True, strict_parsing=True)
        asked = dict(query)
        with self._lock:
            self.questions.append(query)
            number = next(self._numbers)
            self._codes[f"code-{number}"] = asked
            more = self.brings.pop(0) if self.brings else {}
        self.before_sign_in(exchange)
        fields = {"code": f"code-{number}", "state": asked["state"], **more}
        back = urlencode({name: value for name, value in fields.items() if value is not None})
        uri = asked["redirect_uri"]
        return replies.redirect(f"{uri}{'&' if '?' in uri else '?'}{back}")(exchange)

    def token(self, exchange) -> bool:
        form = dict(exchange.request.form)
        if form["grant_type"] != "authorization_code":
            return super().token(exchange)
        with self._lock:
            reply = self._code(form)
        return reply(exchange)

    def _code(self, form: dict[str, str]):
        if self.refusals:
            return self.refusals.pop(0)
        asked = self._codes.pop(form["code"], None)  # good once
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        good = asked and (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)
        if not good or asked["redirect_uri"] != form["redirect_uri"]:
            return replies.oauth_error(400, "invalid_grant", "the code is none")
        return self._grant(form["code"].replace("code", "person"))
