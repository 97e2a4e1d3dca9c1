"""A provider at which people sign in by device code (RFC 8628) on top of an `IdentityProvider`, strict as real ones are: each
refresh token is taken once, and who shows an old one loses the sign-in.

    people = DevicePeople(identity_provider)
    people.sign_in_after(polls=2)          # whoever sees a code signs in, before the second question
    ...
    assert people.asked == 1               # somebody had to type a code
"""

from __future__ import annotations

import itertools
import threading

from . import replies
from .identity_provider import IdentityProvider

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class DevicePeople:
    def __init__(self, provider: IdentityProvider, interval: int = 1, tenant: str = ""):
        self.provider, self.interval = provider, interval
        self.rotates = True
        """Each renewal brings another refresh token."""
        self.device_path = f"{tenant}/oauth2/v2.0/devicecode" if tenant else "/device"
        self.token_path = f"{tenant}/oauth2/v2.0/token" if tenant else "/token"
        self.url = provider.url
        """As it speaks of itself."""
        self.expires_in = 3600
        self.code_lasts = 900
        """Seconds for which a code is good, by its reply alone: the provider itself takes it for longer."""
        self.refusals: list = []
        """Replies that a poll gets before all else."""
        self.stolen = False
        """Somebody showed a refresh token again that had been used."""
        self.issued: list[str] = []
        """Every access token, in order."""
        self._numbers, self._lock = itertools.count(1), threading.Lock()
        self._polls, self._after = {}, 1
        self._good: set[str] = set()
        self._used: set[str] = set()
        provider.always(self._device, path=self.device_path)
        provider.always(self.token, path=self.token_path)
        provider.always(lambda exchange: replies.json_body(self.document)(exchange), path="/.well-known/openid-configuration")

    @property
    def document(self) -> dict[str, str]:
        return {"issuer": self.url, "token_endpoint": self.url + self.token_path, "device_authorization_endpoint": self.url + self.device_path}

    @property
    def asked(self) -> int:
        """How many codes were given out."""
        return len(self.requests(self.device_path))

    @property
    def renewals(self) -> int:
        """How often a refresh token was shown."""
        return len([each for each in self.requests(self.token_path) if dict(each.form)["grant_type"] == "refresh_token"])

    def requests(self, path: str) -> list:
        return [each for each in self.provider.requests if each.path == path]

    def sign_in_after(self, polls: int | None) -> None:
        """With the question of this number, or never."""
        self._after = polls

    def revoke(self) -> None:
        """Nobody is signed in any more."""
        self._good.clear()

    # -- What it answers

    def _device(self, exchange) -> bool:
        number = next(self._numbers)
        return replies.json_body({"device_code": f"device-code-{number}", "user_code": f"WDJB-{number:04}", "expires_in": self.code_lasts,
                                  "verification_uri": f"{self.url}/sign-in", "interval": self.interval})(exchange)

    def token(self, exchange) -> bool:
        """The token endpoint."""
        form = dict(exchange.request.form)
        with self._lock:
            reply = self._poll(form["device_code"]) if form["grant_type"] == DEVICE_GRANT else self._renew(form["refresh_token"])
        return reply(exchange)

    def _poll(self, code: str):
        if self.refusals:
            return self.refusals.pop(0)
        self._polls[code] = self._polls.get(code, 0) + 1
        if self._after is None or self._polls[code] < self._after:
            return replies.oauth_error(400, "authorization_pending")
        return self._grant(code.replace("device-code", "person"))

    def _renew(self, refresh_token: str):
        if refresh_token in self._used:
            self.stolen = True
            self._good.clear()
        if refresh_token not in self._good:
            return replies.oauth_error(400, "invalid_grant", f"AADSTS700082: The refresh token {refresh_token} has expired due to inactivity.")
        if not self.rotates:
            return self._grant(refresh_token.split("/")[0], with_refresh_token=False)
        self._good.discard(refresh_token)
        self._used.add(refresh_token)
        return self._grant(refresh_token.split("/")[0])

    def _grant(self, person: str, with_refresh_token: bool = True):
        number = next(self._numbers)
        self.issued.append(f"token-of-{person}-{number}")
        more = {}
        if with_refresh_token:
            more = {"refresh_token": f"{person}/refresh+{number}"}
            self._good.add(more["refresh_token"])
        return replies.good_token(self.issued[-1], self.expires_in, **more)
