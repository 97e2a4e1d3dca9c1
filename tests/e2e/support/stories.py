"""The stories that the programs of tests/c tell, with and without tokenshim: one table of what each is to be told.

    story = stories.Story(ways, "unixodbc", "W").write("sqlite", identity_provider, request.getfixturevalue)
    direct, through = story.tell("connect"), story.tell("connect", through=True)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import c_programs, drivers, replies
from .two_ways import TwoWays, token_keys

TOKEN = "a-token-of-the-tests"
OWN, ASKED = f"DSN=data;UID=app;PWD={TOKEN}", "DSN=data;UID=app"

PROGRAMS: dict[str, tuple[list, list]] = {
    "connect": ([OWN, "data", "app", TOKEN], [ASKED, "data", "app", ""]),
    "browse": (["DSN=data;UID=app", "PWD=x"], ["DSN=data", "UID=app"]),
    "out_string": ([OWN], [ASKED]),
    "failures": (["DSN=data", "28000"], ["DSN=28000", "28000", "DSN=HY000", "HY000", "DSN=08001", "08001", "DSN=HYT00", "HYT00",
                                         "DSN=another;Fail=28000:not you", "28000"]),
    "odd_order": ([OWN], [ASKED]),
    "threads": ([8, 3, OWN, "DSN=nowhere"], [8, 3, ASKED, "DSN=HY000"]),
    "forks": ([OWN, OWN], [f"DSN=plain;UID=app;PWD={TOKEN}", ASKED]),
}
"""A program's arguments behind the letter: without tokenshim, and with it."""

REAL: dict[str, tuple[Path | None, str | None]] = {
    "psqlodbcw": (drivers.PSQLODBCW, "postgres"), "psqlodbca": (drivers.PSQLODBCA, "postgres"), "maodbc": (drivers.MARIADB, "mariadb"),
    "sqlite": (drivers.SQLITE, None), "recorder": (None, None), "sqlserver": (None, None)}
"""The drivers, and the fixture of each one's server. `sqlserver` is the recorder under the name of Microsoft's driver: it gets the token
as an attribute, and reads it again whenever it connects or disconnects."""

RECORDERS = ("recorder", "sqlserver")

FAILURES = {"28000": {"TokenScope": "refused"}, "08001": {"TokenScope": "busy"},
            "HYT00": {"TokenScope": "slow", "TokenTimeout": 1}, "HY000": {"TokenSource": "no-such-source"}}
"""DSNs that fail, by their SQLSTATE. Those of `another` get a new token at each request, so that a refused one is replaced."""

# Debian's other drivers are built for unixODBC's two bytes in a SQLWCHAR.
WITH = [(real, dm, letter) for real in REAL for dm in ("unixodbc", "iodbc") for letter in "AW"
        if dm == "unixodbc" or real in ("psqlodbca", "sqlite", *RECORDERS)]


def can_tell(program: str, real: str) -> bool:
    """Only the recorder browses and fails as it is told; it does nothing that "connect" would do then."""
    return (real in RECORDERS) == (program in ("browse", "failures")) or program in ("out_string", "odd_order", "threads", "forks")


_numbers = itertools.count()


def fitting(exchange) -> bool:
    """The provider's answer: it refuses, is busy, takes its time, or has another token, as the scope asks for it."""
    scope = dict(exchange.request.form).get("scope")
    if scope == "refused":
        reply = replies.oauth_error(401, "invalid_client", "who are you?")
    elif scope == "busy":
        reply = replies.busy_for_long()
    elif scope == "another":
        reply = replies.good_token(f"{TOKEN}-{next(_numbers)}")
    else:
        reply = replies.good_token(TOKEN, delay=5 if scope == "slow" else 0)
    return reply(exchange)


@dataclass
class Story:
    ways: TwoWays
    dm: str | Path
    letter: str

    def write(self, real: str, provider, server: Callable) -> Story:
        """The DSN `data` of a real driver, and others. Where there is a server (`server(name)` gives it), the token is the
        password of `app`."""
        driver, name = REAL[real]
        provider.always(fitting)
        keys = {}
        if name:
            database = server(name)
            database.role("app", TOKEN)
            keys = database.keys()
        elif real == "sqlite":
            keys = {"Database": ":memory:"}
        elif real == "sqlserver":
            keys = {"Server": "127.0.0.1"}
        further = {**FAILURES, "plain": {"TokenSource": ""}, "another": {"TokenScope": "another"}}
        sources = {"data": keys} | {name: {**keys, **more} for name, more in further.items()}
        if driver:
            self.ways.write(driver, sources, token_keys(provider, TokenTimeout=300))
        else:
            dm = self.dm if self.dm == "iodbc" else "unixodbc"
            shape, name, profile = ("wide", "libmsodbcsql-18.6.so.2.1", "sqlserver") if real == "sqlserver" else ("both", "librecorder.so", "password")
            self.ways.record(token_keys(provider, TokenTimeout=300, TokenProfile=profile), dm=dm, letter=self.letter, shape=shape, name=name,
                             sources=sources)
        return self

    def tell(self, program: str, through: bool = False, run: Callable = c_programs.run, **options):
        """What the program tells (or whatever else `run` returns)."""
        home = self.ways.shim if through else self.ways.direct
        env = {} if through or program != "failures" else {"RECORDER_FAIL": "28000:as it was told to"}
        env |= options.pop("env", {})
        return run(home, program, self.letter, *PROGRAMS[program][through], dm=self.dm, env=env, **options)
