"""What a program printed and what a file held is forgotten as the reply of a provider is (test_forgetting.py)."""

from __future__ import annotations

import json

import pytest

from support import process_memory
from test_forgetting import MARKER, SCOPE, TOKEN, Looked, forgetful, masked  # noqa: F401 (a fixture)


@pytest.mark.parametrize("source", ["command", "file"])
def test_nothing_is_left_but_the_token_that_is_kept_and_that_no_core_dump_has(home, forgetful, tmp_path, source):  # noqa: F811
    reply = tmp_path / "reply"
    reply.touch(0o600)
    reply.write_text(json.dumps({"access_token": TOKEN, "expires_in": 3600, "scope": SCOPE}))
    keys = {"command": {"TokenCommand": f"/bin/cat {reply}"}, "file": {"TokenFile": reply}}[source]
    shim = home.shim()
    section = {"Driver": shim, "RealDriver": forgetful, "TokenProfile": "password", "TokenSource": source, **keys}
    home.write({"Shim": section}, {"data": {"Driver": "Shim"}})
    home.env["FORGETFUL_TOKEN"] = masked(TOKEN)
    process = Looked(home, shim, "DSN=data;UID=app")
    dump = process_memory.core(process.pid, tmp_path)
    assert MARKER.encode() in dump
    assert not any(secret.encode(width) in dump for secret in (TOKEN, SCOPE) for width in process_memory.WIDTHS)
    process.go_on()
    process.wait_for("disconnected")
    places = process_memory.places(process.pid, TOKEN)
    assert places and all(place.is_left_out for place in places)
    assert all(place.is_left_out for place in process_memory.places(process.pid, TOKEN[-200:])) and not process_memory.places(process.pid, SCOPE)
    assert process_memory.places(process.pid, MARKER)
    process.end()
