"""The stage for a client's story: a server, an identity provider, and the DSN `data` on both ways to the same driver.

    stage = Stage(folder, identity_provider, {"postgres": postgres, "mariadb": mariadb})
    direct, through = stage.both_ways(client)
    assert direct.text == through.text

Both ways the client is the same command with the same arguments. Direct, the DSN holds the password; through tokenshim it
holds none, and the password is a token that only the identity provider hands out.
"""

from __future__ import annotations

import difflib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support import drivers, replies
from support.odbc_home import DRIVER_LIBRARY, OdbcHome
from support.two_ways import SECTION, TwoWays, token_keys

from .table import MARIADB, Client

USER = "alice"
TOKEN = "eyJhbGciOiJub25lIn0.Zm9yIHt0ZXN0c30=.x"
STALE = "a-token-of-yesterday"
DRIVERS = {"psqlodbcw": drivers.PSQLODBCW, "psqlodbca": drivers.PSQLODBCA, MARIADB: drivers.MARIADB}
REFUSED = ("tokenshim] 127.0.0.1 refused the sign-in: HTTP 401, invalid_client: AADSTS7000215: Invalid client secret provided.",
           f"Check the client id and secret, TokenScope and TokenTenant in section [{SECTION}] of odbcinst.ini.")
LIBRARY = re.compile(rb"calling init: (\S+)")
SECONDS = 180


@dataclass(frozen=True)
class Run:
    """What one run of a client showed."""

    status: int
    text: str
    """All it printed, its complaints last."""
    libraries: frozenset[Path]
    """The libraries it loaded, in whatever process of its own."""
    requests: int
    """How often the identity provider was asked for a token."""

    @property
    def driver_manager(self) -> str:
        """Which it loaded, and whether it brought that along."""
        found = {(match[1], path.parent.is_relative_to("/usr") or path.parent.is_relative_to("/lib"))
                 for path in self.libraries if (match := re.match(r"lib(i?odbc)[-.]", path.name))}
        names = {"odbc": "unixODBC", "iodbc": "iODBC"}
        return " and ".join(sorted(names[name] + ("" if is_the_systems else ", its own copy") for name, is_the_systems in found))

    @property
    def is_through_tokenshim(self) -> bool:
        return DRIVER_LIBRARY in {path.name for path in self.libraries}


class Stage:
    def __init__(self, folder: Path, provider, servers: dict[str, object]):
        self.ways = TwoWays(OdbcHome(folder / "through"), OdbcHome(folder / "direct"))
        self.provider, self.servers = provider, servers
        self.folder = folder

    def both_ways(self, client: Client, password: str = TOKEN) -> tuple[Run, Run]:
        """The client's run with the real driver, and with tokenshim before it. The server lets in `TOKEN` only; `password` is
        what the DSN has on the one way and the provider hands out on the other."""
        self.provider.forget()
        self.provider.always(replies.good_token(password))
        self._write(client, password)
        return self._run(client, self.ways.direct), self._run(client, self.ways.shim)

    def refused(self, client: Client) -> Run:
        """The client's run through tokenshim when the provider refuses the client's secret."""
        self.provider.forget()
        self.provider.always(replies.invalid_client())
        self._write(client, "none")
        return self._run(client, self.ways.shim)

    def _write(self, client: Client, password: str) -> None:
        keys = self.servers[client.server].keys(**{client.user_key: USER})
        self.ways.write(DRIVERS[client.driver], {"data": keys}, token_keys(self.provider))
        self.ways.direct.write(sources={"data": {"Driver": SECTION, **keys, "Password": password}})

    def _clear(self, client: Client) -> None:
        server = self.servers[client.server]
        server.role(USER, TOKEN)
        if client.driver == MARIADB:
            server.query(f"drop table if exists {server.database}.people")
        else:
            server.query(f"drop table if exists people; grant create on schema public to {USER}")

    def _run(self, client: Client, home: OdbcHome) -> Run:
        self._clear(client)
        for log in home.folder.glob("loader.*"):
            log.unlink()
        asked = len(self.provider.requests)
        # The loader's own log says which driver manager a client has: some bring one along.
        env = home.env | client.env | {"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(home.folder / "loader")}
        stdin = client.stdin.read_bytes() if client.stdin else b""
        try:
            done = subprocess.run(client.command, input=stdin, env=env, capture_output=True, cwd=self.folder, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return Run(-1, f"did not end within {SECONDS} s", frozenset(), 0)
        libraries = {Path(name.decode()) for log in home.folder.glob("loader.*") for name in LIBRARY.findall(log.read_bytes())}
        text = (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
        return Run(done.returncode, text, frozenset(libraries), len(self.provider.requests) - asked)


def differences(client: Client, direct: Run, through: Run) -> list[str]:
    """What is wrong with a story that went well on both ways."""
    wrong = [f"shows no {word}" for word in client.words if word not in direct.text]
    if direct.requests or direct.is_through_tokenshim:
        wrong.append("did not go direct")
    if not through.requests or not through.is_through_tokenshim:
        wrong.append("did not go through tokenshim")
    if not (client.linked_in or direct.driver_manager) or direct.driver_manager != through.driver_manager:
        wrong.append(f"has the driver manager [{direct.driver_manager}] direct and [{through.driver_manager}] through tokenshim")
    return wrong + unlike(direct, through)


def unlike(direct: Run, through: Run) -> list[str]:
    """What is shown or answered otherwise through tokenshim."""
    if (direct.status, direct.text) == (through.status, through.text):
        return []
    lines = difflib.unified_diff(direct.text.splitlines(), through.text.splitlines(), "direct", "through tokenshim", lineterm="")
    return "\n".join([f"ends with {direct.status} direct and {through.status} through tokenshim, and shows", *lines]).splitlines()


def unreadable(client: Client, refused: Run) -> list[str]:
    """What is wrong with how a client shows that the provider refused the secret."""
    shown = " ".join(refused.text.split())
    wanted = [words for words in (*REFUSED, "28000") if client.tells_why and words not in client.silent]
    wrong = [f"shows no {words}" for words in wanted if words not in shown]
    return wrong + ["shows a secret"] * (TOKEN in shown or "section-secret" in shown)
