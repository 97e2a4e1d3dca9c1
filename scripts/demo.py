#!/usr/bin/env python3
"""Shows tokenshim's main job on real parts: a DSN that knows nothing of OAuth signs in with a token.

An identity provider and a PostgreSQL server run on loopback while this runs. The server's role has a random token as its
password, and only the identity provider hands that out: so whoever gets in has fetched it there. What the real driver
got is read in psqlodbc's own log. Exits with 0 only if all of it was seen.
"""

from __future__ import annotations

import base64
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

from support import drivers  # noqa: E402
from support.identity_provider import IdentityProvider, Request  # noqa: E402
from support.odbc_home import OdbcHome, ini_text  # noqa: E402
from support.postgres import PostgresCluster  # noqa: E402

SECTION = "PostgreSQL Unicode"  # psqlodbc looks for Debug and Logdir under this name only
STRING = "DSN=sales;UID=reporter"
SQL = "select region, sum(amount)::int as total from sales group by region order by region"
COLOUR = {"title": "1", "new": "32", "secret": "33", "bad": "31"} if sys.stdout.isatty() else {}


class NotSeen(Exception):
    """Something that this demonstration is about did not happen."""


def main() -> int:
    token = f"eyJ.{secrets.token_urlsafe(24)}"
    client_secret = secrets.token_urlsafe(18)
    folder = tempfile.TemporaryDirectory(prefix="tokenshim-demo-")
    with folder as folder, IdentityProvider(token=token) as provider, PostgresCluster() as server:
        server.role("reporter", token)
        server.query("create table sales (region varchar(12), amount int);"
                     "insert into sales values ('north', 40), ('north', 2), ('south', 17);"
                     "grant select on sales to reporter")
        try:
            Demo(Path(folder), provider, server, token, client_secret).run()
        except NotSeen as problem:
            print(paint(f"\nThe demonstration failed: {problem}", "bad"))
            return 1
    return 0


class Demo:
    def __init__(self, folder: Path, provider: IdentityProvider, server: PostgresCluster, token: str, client_secret: str):
        self.provider = provider
        self.secrets = [token, client_secret]
        self.token = token
        self.home = OdbcHome(folder)
        self.logs = folder / "log"
        self.logs.mkdir()
        self.data_source = {"Driver": SECTION, **server.keys()}
        self.real_driver = drivers.PSQLODBCW
        self.before = {"Driver": self.real_driver}
        self.after = {
            "Driver": self.home.shim(), "RealDriver": self.real_driver,
            "TokenSource": "client-credentials", "TokenEndpoint": f"{provider.url}/oauth2/token", "TokenScope": "sales.read",
            "TokenClientId": "reporting", "TokenClientSecret": client_secret,
        }

    def run(self) -> None:
        title("The program: isql through unixODBC. It knows a DSN and a user, and no password")
        print(f"  isql -v -k '{STRING}'")
        print(indented(ini_text({"sales": self.data_source}), "odbc.ini"))

        title("Without tokenshim the server refuses it")
        print(indented(ini_text({SECTION: self.before}), "odbcinst.ini"))
        refused = self.isql(self.before)
        said = [line for line in refused.splitlines() if "password" in line]
        if not said or "north" in refused or self.provider.requests:
            raise NotSeen(f"the server should have refused a connection without a token, but isql said:\n{refused}")
        print(paint(f"  {said[0]}", "bad"))

        title("What the administrator changes: this one section")
        print(indented(self.masked(ini_text({SECTION: self.after})), "odbcinst.ini", new=True))
        rows = self.isql(self.after)

        title("The request that tokenshim made for a token")
        print(self.request())

        title("The connection string")
        print(f"  as the program wrote it          {STRING}")
        print(f"  as the real driver's log has it  {self.string_at_the_driver()}")

        title("The rows")
        if not all(re.search(row, rows) for row in (r"north\s*\|\s*42\b", r"south\s*\|\s*17\b")):
            raise NotSeen(f"the query's rows did not come; isql said:\n{self.masked(rows)}")
        print("\n".join(f"  {line}" for line in rows.splitlines() if line.startswith(("|", "+"))))
        print("\nThe same program, DSN and connection string as before. Only the section has changed.")

    def isql(self, section: dict[str, object]) -> str:
        """What isql prints with this driver section, to which the real driver's log is added."""
        self.home.write({SECTION: {**section, "Debug": 1, "Logdir": self.logs}}, {"sales": self.data_source})
        command = ["isql", "-v", "-b", "-k", STRING]
        try:
            done = subprocess.run(command, input=SQL + "\n", env=self.home.env, text=True, capture_output=True, timeout=60)
        except subprocess.TimeoutExpired:
            raise NotSeen("isql did not end within 60 s") from None
        return done.stdout + done.stderr

    def request(self) -> str:
        """The one request that the identity provider got."""
        if len(self.provider.requests) != 1:
            raise NotSeen(f"the identity provider should have got one request, not {len(self.provider.requests)}")
        request = self.provider.requests[0]
        pair = base64.b64decode((request.header("authorization") or "").removeprefix("Basic ")).decode()
        if pair != f"reporting:{self.secrets[1]}" or dict(request.form).get("grant_type") != "client_credentials":
            raise NotSeen("the request was not for client credentials, or had another id and secret")
        return "\n".join(f"  {line}" for line in self.request_lines(request))

    def request_lines(self, request: Request) -> list[str]:
        mask = paint("*** (the client's id and secret)", "secret")
        headers = [f"{name}: {re.sub('(?<=Basic ).*', mask, value)}" for name, value in request.headers]
        return [f"{request.method} {request.path} {request.version}", *headers, "", request.body.decode()]

    def string_at_the_driver(self) -> str:
        """What psqlodbc's log says it was given. Some builds of it mask the password by themselves."""
        logs = sorted(self.logs.glob("mylog_*"), key=lambda log: log.stat().st_mtime)
        strings = [string for log in logs for string in re.findall(r"connStrIn='(.*)'", log.read_text(errors="replace"))]
        if len(strings) != 2 or strings[0] != STRING:
            raise NotSeen(f"psqlodbc's log should hold two connection strings, but holds {self.masked(str(strings))}")
        given = re.fullmatch(re.escape(STRING) + r";PWD=(\{.*\}|x+)", strings[1])
        if not given or given[1] not in (f"{{{self.token}}}", "x" * len(f"{{{self.token}}}")):
            raise NotSeen(f"the token is not in what the real driver was given: {self.masked(strings[1])}")
        return f"{STRING};PWD={{{paint('*** (the token)', 'secret')}}}"

    def masked(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, paint("***", "secret"))
        return text


def title(text: str) -> None:
    print(paint(f"\n{text}", "title"))


def indented(text: str, file: str, new: bool = False) -> str:
    head, *lines = text.strip().splitlines()
    lines = [paint(line, "new") if new else line for line in lines]
    return "\n".join([f"  {head:<40}  # {file}", *(f"  {line}" for line in lines)])


def paint(text: str, what: str) -> str:
    return f"\x1b[{COLOUR[what]}m{text}\x1b[0m" if COLOUR else text


if __name__ == "__main__":
    sys.exit(main())
