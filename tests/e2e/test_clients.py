"""Real clients, in their own languages, cannot tell that tokenshim is there. `make clients` runs those, too, that are large to install."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.installed import version
from clients.stage import STALE, Stage, differences, unlike, unreadable
from clients.table import CLIENTS, HERE, Client

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"


@pytest.fixture(params=[client for client in CLIENTS if client.is_light], ids=lambda client: client.name)
def client(request) -> Client:
    assert version(request.param), f"{request.param.name} is not installed: run scripts/install-dependencies test"
    return request.param


@pytest.fixture
def stage(tmp_path, identity_provider, client, request) -> Stage:
    return Stage(tmp_path, identity_provider, {client.server: request.getfixturevalue(client.server)})


def test_a_client_shows_the_same_with_tokenshim_as_without(client, stage):
    assert differences(client, *stage.both_ways(client)) == []


def test_a_client_shows_the_same_refusal_of_the_server(client, stage):
    direct, through = stage.both_ways(client, STALE)
    assert unlike(direct, through) == [] and through.requests
    assert client.words[-1] not in direct.text


def test_a_client_shows_a_refused_sign_in_whole(client, stage):
    assert unreadable(client, stage.refused(client)) == []


def test_the_page_of_clients_has_every_client():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    shown = [row[0] for row in rows if row[-3:] == ["works", "works", "yes"]]
    assert shown == [client.name for client in CLIENTS]


def test_every_story_is_in_the_table():
    stories = {str(path.relative_to(HERE)) for path in HERE.glob("*/*") if "__pycache__" not in path.parts}
    assert stories == {client.story for client in CLIENTS}
