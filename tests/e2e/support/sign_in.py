"""One DSN that signs in through tokenshim, the real driver a recorder: what a test of requests and refusals needs.

    dsn = SignIn(home, recorder, identity_provider)
    dsn.write({"TokenSource": "client-credentials", "TokenEndpoint": identity_provider.url + "/token"}, {"Server": "db"})
    dsn.refused(dsn.connect("DSN=app;Server=evil"), "28000", "TokenAllowedHosts")
    assert dsn.given == []
"""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from .identity_provider import IdentityProvider
from .odbc_client import Record, Step, call, run_client
from .odbc_home import OdbcHome

SECRET = "s3cr3t+of/the=client"
SPARK, MICROSOFT, POSTGRES, MARIADB = "libsparkodbc_sb64.so", "libmsodbcsql-18.so", "psqlodbcw.so", "libmaodbc.so"
"""File names under which tokenshim knows a driver's profile."""


class SignIn:
    """The DSN `app` and its driver's section `Shimmed`."""

    def __init__(self, home: OdbcHome, recorder, provider: IdentityProvider, driver: str = SPARK):
        self.home, self.recorder, self.provider = home, recorder, provider
        self.secret = SECRET
        self._driver = {"Driver": home.shim(), "RealDriver": recorder.compile("wide", driver)}

    def write(self, section: dict | None = None, dsn: dict | None = None) -> None:
        """Writes what the driver's section and the DSN have besides."""
        self.home.write({"Shimmed": {**self._driver, **(section or {})}}, {"app": {"Driver": "Shimmed", **(dsn or {})}})

    def connect(self, string: str = "DSN=app", **options) -> Step:
        """One SQLDriverConnect; `options` are those of `run_client`."""
        return run_client(self.home, [call("SQLDriverConnectW", string=string)], **options)[0]

    @property
    def given(self) -> list[str]:
        """The connection strings that reached the real driver."""
        return [each["string"] for each in self.recorder.calls("SQLDriverConnect")]

    @property
    def attributes(self) -> list[int]:
        """The attributes that were set on the real driver's connections."""
        return [each["attribute"] for each in self.recorder.calls("SQLSetConnectAttr")]

    def refused(self, step: Step, state: str, *words: str) -> Record:
        """The one record of a connect that tokenshim itself let fail: checks all that holds for each of them."""
        assert step.code == "SQL_ERROR", step
        [record] = step.records
        assert record.state == state, record
        assert "[tokenshim] " in record.message and len(record.message.encode()) < 512, record
        for word in words:
            assert word in record.message, (word, record)
        self.is_secret_free(record.message)
        return record

    def refused_unheard(self, step: Step, state: str, *words: str) -> Record:
        """As `refused`, and nobody ever heard of it: neither the provider nor the real driver."""
        record = self.refused(step, state, *words)
        assert self.provider.requests == [] and self.provider.connections == 0
        assert self.given == [] and 1256 not in self.attributes
        return record

    def is_secret_free(self, text: str) -> None:
        """Neither the secret in any spelling, nor a token, nor the token endpoint's URL stands in `text`."""
        spellings = {self.secret, quote(self.secret, safe=""), quote_plus(self.secret)}
        for hidden in (*spellings, self.provider.token, "/token", "https://x", "http://127"):
            assert hidden not in text, (hidden, text)


def keywords(string: str) -> list[tuple[str, str]]:
    """The pairs of a connection string without braces, in their order."""
    return [tuple(pair.split("=", 1)) for pair in string.split(";") if pair]
