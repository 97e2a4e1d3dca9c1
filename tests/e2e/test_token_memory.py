"""Drivers that take their token as connection attribute 1256 read it from tokenshim's memory again when they log in once more: that
memory has a newer token before the old one ends. The recorder reads it when it disconnects."""

from __future__ import annotations

import pytest

from support.live import Live
from support.replies import good_token, status
from support.sign_in import MICROSOFT

OPEN, CLOSE = "dbc = opened('DSN=data')", "disconnect(dbc), free(DBC, dbc)"


@pytest.fixture
def live(ways, identity_provider, tmp_path) -> Live:
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(5)
    return live


def write(live: Live, **keys) -> None:
    live.write(shape="wide", name=MICROSOFT, profile="sqlserver", **keys)


def held(live: Live, call: str = "SQLDisconnect") -> list[str]:
    """The tokens in the memory when the driver looked."""
    structures = [bytes.fromhex(each["access_token"]) for each in live.calls() if each["call"].removesuffix("W") == call]
    for structure in structures:
        assert int.from_bytes(structure[:4], "little") == len(structure) - 4 and not any(structure[5::2])
    return [structure[4::2].decode() for structure in structures]


def moments_after(live: Live, requests: int) -> None:
    live.wait_for(lambda: len(live.provider.requests) >= requests)


def test_the_memory_has_a_newer_token_once_the_old_one_is_near_its_end(live):
    write(live)
    with live.host(OPEN, ends="time.sleep(1)\n" + CLOSE):
        moments_after(live, 2)
    assert held(live, "SQLDriverConnect") == ["token-1"] and held(live) == ["token-2"]
    assert [each for each in live.calls() if each.get("attribute") in (122, 123)] == []
    [first, second] = live.provider.requests
    assert 3.4 < second.arrived - first.arrived, "not at half of its life: only a login reads it"


def test_all_connections_with_one_token_get_the_next_by_one_request(live):
    write(live)
    with live.host("env = environment()\nall = [opened('DSN=data', env) for _ in range(20)]",
                   ends="time.sleep(1)\nfor dbc in all: disconnect(dbc), free(DBC, dbc)"):
        moments_after(live, 2)
    assert held(live) == ["token-2"] * 20 and len(live.provider.requests) == 2
    addresses = {each["value"] for each in live.calls() if each.get("attribute") == 1256}
    assert len(addresses) == 1, "they share the memory"


def test_it_goes_on_for_as_long_as_the_connection_is_open(live):
    live.tokens_last(5, later=5)
    write(live)
    with live.host(OPEN, ends="time.sleep(0.5)\n" + CLOSE):
        moments_after(live, 4)
    assert held(live) == ["token-4"]


@pytest.mark.parametrize("length, is_held", [(1500, True), (10, True), (4000, False)], ids=["longer", "shorter", "too long"])
def test_a_token_of_another_length_is_written_where_it_fits(live, length, is_held):
    first, second = "a" * 1000, "b" * length
    live.provider.answer(good_token(first, expires_in=5), good_token(second))
    write(live)
    with live.host(OPEN, ends="time.sleep(1)\n" + CLOSE):
        moments_after(live, 2)
    assert held(live) == [second if is_held else first]


def test_a_provider_that_is_out_of_order_leaves_the_old_token(live):
    live.provider.answer(good_token("first", expires_in=5), status(401))
    write(live)
    with live.host(OPEN, ends="time.sleep(1)\n" + CLOSE):
        moments_after(live, 2)
    assert held(live) == ["first"]


def test_the_applications_own_token_is_nobodys_business(live):
    write(live)
    own = "own = ctypes.create_string_buffer(bytes([6, 0, 0, 0]) + b'm\\0y\\0!\\0')\ndbc = allocate(DBC, environment())\n" \
        "assert odbc('SQLSetConnectAttr', dbc, 1256, own, -4) == 0\nassert connect(dbc, 'DSN=data') == 0"
    with live.host(own, ends="time.sleep(5)\n" + CLOSE):
        pass
    assert held(live) == ["my!"] and live.provider.requests == []


def test_with_the_renewal_switched_off_the_memory_stays(live):
    write(live, TokenRenewal="off")
    with live.host(OPEN, ends="time.sleep(5)\n" + CLOSE):
        pass
    assert held(live) == ["token-1"] and len(live.provider.requests) == 1
