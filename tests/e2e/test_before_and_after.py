"""docs/before-and-after.md shows what isql prints, without tokenshim and with it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from support import drivers

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "before-and-after.md").read_text()
SECTION = "PostgreSQL Unicode"


def test_the_page_of_before_and_after_shows_what_isql_prints(home, postgres, identity_provider):
    postgres.role("reporter", identity_provider.token)
    postgres.query("drop table if exists sales; create table sales (region varchar(12), amount int);"
                   "insert into sales values ('north', 40), ('north', 2), ('south', 17); grant select on sales to reporter")
    secret = home.folder / "secret"
    secret.write_text("a-secret-of-before-and-after")
    secret.chmod(0o600)
    own = {"Driver": home.shim(), "RealDriver": drivers.PSQLODBCW, "TokenEndpoint": f"{identity_provider.url}/token", "TokenClientSecretFile": secret}

    data_source, *sections = [keys(block) for block in blocks("ini")]
    shown = blocks("text")
    assert len(sections) == len(shown) == 2
    for section, text in zip(sections, shown, strict=True):
        known = own if "TokenSource" in section else {"Driver": drivers.PSQLODBCW}
        home.write({SECTION: {key: known.get(key, value) for key, value in section.items()}}, {"sales": {**data_source, **postgres.keys()}})
        command, _, output = text.partition("\n")
        typed, words = re.fullmatch(r'\$ echo "(.*)" \| (.*)', command).groups()
        done = subprocess.run(words.split(), input=typed + "\n", env=home.env, text=True, capture_output=True, timeout=60)
        printed = (done.stdout + done.stderr).replace(f'"{postgres.host}", port {postgres.port}', '"db.example.com", port 5432')
        assert lines(printed) == lines(output)
    assert len(identity_provider.requests) == 1


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def keys(block: str) -> dict[str, object]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def lines(text: str) -> list[str]:
    """Without the empty ones, which isql writes as it likes."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]
