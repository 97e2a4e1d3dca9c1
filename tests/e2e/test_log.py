"""TokenLog: a line for each thing that is done, as text or as JSON, as much as TokenLogLevel says, and nothing where it is not set."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from support import replies
from support.host import finished, run_host, start_host
from support.odbc_client import call, run_client
from support.token_files import Programs
from support.two_ways import token_keys

TEXT = re.compile(r"(?P<time>\S+Z) \[tokenshim\] (?P<pid>\d+)/(?P<thread>\d+) (?P<level>\w+)(?:: (?P<words>.*)| (?P<event>\S+)(?P<fields>.*))")
FIELD = re.compile(r' (\w+)=("(?:[^"\\]|\\.)*"|\S+)')
CONNECT = ["settings", "source", "request", "fetched", "token", "delivery", "connect"]
"""The first connect of a process, and after it there is the token in memory."""
AGAIN = ["token", "delivery", "connect"]
ANSWERS = "answers('DSN=data')"


class Log:
    def __init__(self, folder: Path):
        self.path = folder / "odbc.log"

    @property
    def text(self) -> str:
        return self.path.read_text() if self.path.exists() else ""

    def lines(self, name: str | None = None) -> list[dict]:
        lines = [read(line) for line in self.text.splitlines()]
        return [line for line in lines if name in (None, line["event"])]

    @property
    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]


def read(line: str) -> dict:
    """A line in either shape."""
    if line.startswith("{"):
        return json.loads(line)
    found = TEXT.fullmatch(line)
    assert found, line
    if found["words"] is not None:
        return {"level": found["level"], "event": found["level"], "words": found["words"]}
    fields = FIELD.findall(found["fields"])
    assert "".join(f" {name}={value}" for name, value in fields) == found["fields"], line
    plain = lambda value: json.loads(value) if re.fullmatch(r'".*"|-?\d+|true|false', value) else value
    begin = {"time": found["time"], "pid": int(found["pid"]), "thread": int(found["thread"])}
    return {**begin, "level": found["level"], "event": found["event"], **{name: plain(value) for name, value in fields}}


@pytest.fixture
def log(tmp_path) -> Log:
    return Log(tmp_path)


@pytest.fixture
def keys(identity_provider, log) -> dict:
    return token_keys(identity_provider, TokenLog=log.path, TokenTimeout=30)


def connect(ways, string: str = "DSN=data", **options):
    return run_client(ways.shim, [call("SQLDriverConnectW", string=string)], **options)


# -- What is in it


@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_connect_writes_a_line_for_each_thing_that_is_done(ways, keys, log, identity_provider, shape):
    ways.record(keys | {"TokenLogFormat": shape, "TokenScope": "a b"})
    run_host(ways.shim, "answers('DSN=data;UID=ann;PWD=typed-secret;TokenUser=me'); answers('DSN=data;UID=ann;PWD=typed-secret;TokenUser=me')")
    lines = log.lines()
    assert [line["event"] for line in lines] == CONNECT + AGAIN and {line["level"] for line in lines} == {"info"}
    assert log.text.startswith("{" if shape == "json" else "2")
    settings, source, request, fetched, token, delivery, done = lines[:7]
    assert settings["sections"] == "[data], [Engine]"
    assert "TokenSource (section [Engine] of odbcinst.ini)" in settings["keys"] and "TokenUser (the connection string)" in settings["keys"]
    assert (source["source"], source["profile"], source["place"]) == ("client-credentials", "password", "section [Engine] of odbcinst.ini")
    where = f"{identity_provider.host}:{identity_provider.port}"
    assert [request[name] for name in ("method", "host", "path", "status")] == ["POST", where, "/token", 200]
    assert (fetched["from"], fetched["renewal"], token["kept"], lines[7]["kept"]) == ("provider", False, False, True)
    assert 3590 < fetched["life_seconds"] <= 3600 and done["code"] in (0, 1)
    assert (delivery["set"], delivery["removed"]) == ("PWD", "PWD, TokenUser")
    for line in lines:
        begun = datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
        assert abs((datetime.now(timezone.utc) - begun).total_seconds()) < 300
    assert len({line["pid"] for line in lines}) == 1, "the request is told for the thread that waits for it"
    assert {line["thread"] for line in lines} == {settings["pid"]}
    for secret in ("section-secret", "typed-secret", identity_provider.token):
        assert secret not in log.text


def test_what_is_asked_again_is_told_with_its_wait(ways, keys, log, identity_provider):
    identity_provider.answer(replies.Reply(503, {}, {"Retry-After": "0"}))
    ways.record(keys)
    assert connect(ways)[0].succeeded
    assert log.events == ["settings", "source", "request", "retry", *CONNECT[2:]]
    assert [line["status"] for line in log.lines("request")] == [503, 200]
    [retry] = log.lines("retry")
    assert (retry["host"], retry["failures"]) == ("127.0.0.1", 1) and 0 <= retry["wait_milliseconds"] <= 500


def test_a_connect_that_is_refused_has_its_words_in_the_log(ways, keys, log, identity_provider):
    identity_provider.always(replies.invalid_client())
    ways.record(keys | {"TokenLogLevel": "error"})
    [record] = connect(ways)[0].records
    [refused] = log.lines()
    assert (refused["event"], refused["level"], str(refused["sqlstate"])) == ("refused", "error", record.state) and refused["words"] in record.message


def test_a_key_in_the_wrong_place_is_told_as_well(ways, keys, log):
    ways.record(keys)
    assert not connect(ways, "DSN=data;TokenEndpoint=https://evil.example/token")[0].succeeded
    [refused] = log.lines()
    assert "TokenEndpoint may not stand in a connection string" in refused["words"]


def test_a_chain_tells_what_was_chosen_and_why_what_stands_before_it_was_not(ways, keys, log):
    ways.record(keys | {"TokenSource": "command,file,client-credentials,env"})
    assert connect(ways)[0].succeeded
    [chain] = log.lines("chain")
    assert (chain["chosen"], chain["skipped"]) == ("client-credentials", "command (no TokenCommand), file (no TokenFile)")


def test_a_token_that_another_process_left_is_told_apart_from_one_of_the_provider(ways, keys, log):
    ways.record(keys | {"TokenCache": "file"})
    for _ in range(2):
        assert connect(ways)[0].succeeded
    assert [line["from"] for line in log.lines("fetched")] == ["provider", "file"]


def test_a_token_that_the_server_refused_is_told_and_the_next_one(ways, keys, log, identity_provider):
    ways.record(keys)
    identity_provider.answer(replies.good_token("first"), replies.good_token("second"))
    run_host(ways.shim, "answers('DSN=data'); os.environ['RECORDER_FAIL'] = '28000:no'; connect(allocate(DBC, environment()), 'DSN=data')")
    assert log.events == CONNECT + AGAIN + ["token-refused", *CONNECT[2:]]
    assert [line["code"] < 0 for line in log.lines("connect")] == [False, True, True] and log.lines("token-refused")[0]["code"] == -1


# -- How much of it


@pytest.mark.parametrize("level, events", [("debug", [*CONNECT[:5], "delivery", "files", "connect"]), ("INFO", CONNECT), ("warning", []), ("error", [])])
def test_a_level_decides_how_much_is_said(ways, keys, log, level, events):
    ways.record(keys | {"TokenLogLevel": level})
    assert connect(ways)[0].succeeded and log.events == events
    for files in log.lines("files"):
        assert str(ways.shim.system / "odbcinst.ini") in files["files"]


@pytest.mark.parametrize("key, value, problem", [
    ("TokenLogLevel", "trace", "must be error, warning, info or debug"),
    ("TokenLogFormat", "xml", "must be text or json"),
])
def test_a_value_that_means_nothing_is_refused(ways, keys, key, value, problem):
    ways.record(keys | {key: value})
    [record] = connect(ways)[0].records
    assert f"section [Engine] of odbcinst.ini: {key} {problem}" in record.message


@pytest.mark.parametrize("more", [{}, {"TokenLogLevel": "debug", "TokenLogFormat": "json"}], ids=["not set", "without TokenLog"])
def test_nothing_is_written_where_no_log_is_set(ways, identity_provider, more):
    ways.record(token_keys(identity_provider, **more))
    connect(ways)  # unixODBC makes a file that it misses
    before = sorted(ways.shim.folder.rglob("*"))
    done = connect(ways)
    assert (done[0].succeeded, done.stderr, done.stdout) == (True, "", "")
    assert sorted(ways.shim.folder.rglob("*")) == before


# -- The file


def test_lines_of_many_processes_are_whole(ways, keys, log):
    ways.record(keys | {"TokenLogFormat": "json"})
    with Programs(ways.shim, "for _ in range(20): answers('DSN=data')", 8) as programs:
        programs.go()
        programs.lines()
    lines = log.lines()
    assert len({line["pid"] for line in lines}) == 8 and len(lines) == 8 * (len(CONNECT) + 19 * len(AGAIN))
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_is_moved_away_begins_anew(ways, keys, log):
    ways.record(keys)
    moved = log.path.with_suffix(".1")
    run_host(ways.shim, f"answers('DSN=data'); os.rename({str(log.path)!r}, {str(moved)!r}); answers('DSN=data')")
    assert log.events == AGAIN and len(moved.read_text().splitlines()) == len(CONNECT)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "no folder"])
def test_a_log_that_cannot_be_written_costs_no_connect(ways, keys, log, kind, tmp_path):
    {"folder": lambda: log.path.mkdir(), "pipe": lambda: os.mkfifo(log.path), "link": lambda: log.path.symlink_to(tmp_path / "elsewhere"),
     "no folder": lambda: None}[kind]()
    ways.record(keys | ({"TokenLog": "/nowhere/at/all.log"} if kind == "no folder" else {}))
    done = connect(ways)
    assert (done[0].succeeded, done.stderr) == (True, "") and not (tmp_path / "elsewhere").exists()


def test_a_child_of_fork_writes_under_its_own_number(ways, keys, log):
    ways.record(keys)
    run_host(ways.shim, "answers('DSN=data')\nif os.fork() == 0:\n    answers('DSN=data')\n    os._exit(0)\nos.wait()")
    assert log.events == CONNECT + AGAIN and len({line["pid"] for line in log.lines()}) == 2


def test_it_may_be_stderr(ways, keys):
    ways.record(keys | {"TokenLog": "stderr"})
    done = finished(start_host(ways.shim, ANSWERS))
    assert done.returncode == 0 and [read(line)["event"] for line in done.stderr.splitlines()] == CONNECT
