"""Runs every client's story direct and through tokenshim, and shows the table: `make clients`.

The table is written into docs/clients.md, between its marks. Ends with 1 if a client's output differs, if a story does not come to its
end, or if a client is not installed: `scripts/install-dependencies clients` installs them all.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from support.identity_provider import IdentityProvider
from support.mariadb import MariaDbServer
from support.postgres import PostgresCluster

from .installed import version
from .stage import STALE, TOKEN, Stage, differences, unlike, unreadable
from .table import CLIENTS, Client

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
COLUMNS = ["client", "version", "from", "driver manager", "real driver", "direct", "through tokenshim", "same output"]
MARKS = "<!-- clients -->", "<!-- end of clients -->"


def main() -> int:
    rows, complaints = [], []
    with (tempfile.TemporaryDirectory(prefix="tokenshim-clients-") as folder, IdentityProvider(token=TOKEN) as provider,
          PostgresCluster() as postgres, MariaDbServer() as mariadb):
        stage = Stage(Path(folder), provider, {"postgres": postgres, "mariadb": mariadb})
        for client in CLIENTS:
            print(f"{client.name} …", file=sys.stderr, flush=True)
            row, wrong = examine(stage, client)
            rows.append(row)
            complaints += [f"{client.name}: {each}" for each in wrong]
    table = markdown(rows)
    print(table)
    write(table)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def examine(stage: Stage, client: Client) -> tuple[list[str], list[str]]:
    """The client's row, and what is wrong with it."""
    found = version(client)
    if not found:
        return [client.name, "not installed", client.origin, "", client.driver, "", "", ""], ["is not installed: run scripts/install-dependencies clients"]
    direct, through = stage.both_ways(client)
    stale = stage.both_ways(client, STALE)
    outcomes = ["works" if all(word in run.text for word in client.words) else "fails" for run in (direct, through)]
    is_same = not unlike(direct, through) and not unlike(*stale)
    row = [client.name, found, client.origin, direct.driver_manager or client.linked_in, client.driver, *outcomes, "yes" if is_same else "no"]
    return row, differences(client, direct, through) + unlike(*stale) + unreadable(client, stage.refused(client))


def markdown(rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [COLUMNS, ["---"] * len(COLUMNS), *rows])


def write(table: str) -> None:
    before, begin, rest = PAGE.read_text().partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not end:
        sys.exit(f"docs/clients.md has no place for the table: {' … '.join(MARKS)}")
    PAGE.write_text(f"{before}{begin}\n{table}\n{end}{after}")


if __name__ == "__main__":
    sys.exit(main())
