"""No secret leaks: whatever a token or a secret is in a run of the tests, no log, diagnostic, completed connection string or child's
argv of that run has it. Each process of the run writes down what is secret and what was said; at the run's end the one is looked for
in the other, as it is and in other shapes. What is found fails the run, with the test and the place.

    leaks.secret(token)                     # it is given out, or set, in this test
    leaks.said("diagnostics", text)         # nobody should find a secret here

A test whose result a log would change has the mark `unlogged`; every other driver section gets a TokenLog at level debug (`log_keys`), if it has
none of its own. (PYTEST_DONT_REWRITE: other modules use this one before it is a plugin.)
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

try:
    import pytest
except ModuleNotFoundError:  # `make demo` has no pytest, which calls the hooks below
    pytest = None

LEAST = 12
"""Whatever is shorter may stand anywhere by chance."""
PIECE = 48
"""As much of a long one is enough to know it by."""
SECRET_FIELDS = {"access_token", "accesstoken", "refresh_token", "id_token", "device_code", "client_secret", "client_assertion", "assertion",
                 "subject_token", "code_verifier", "tokenclientsecret", "auth_client_secret"}
"""Of replies, of requests, of ini files and of what tools print, in small letters."""
SECRETS, SAID = "secrets", "said"


class _Run:
    """What this process knows: where things are written down, and for which test."""

    folder: Path | None = None
    worker = "main"
    test = "no test"
    is_logged = True
    logs: set[Path] = set()
    known: set[str] = set()


# -- While a test runs


def secret(text: object) -> None:
    """It must be nowhere in what this run says."""
    text = str(text)
    if _Run.folder and len(text) >= LEAST and text not in _Run.known:
        _Run.known.add(text)
        _append(SECRETS, {"test": _Run.test, "secret": text})


def secrets_of(value: object) -> None:
    """Each field of a secret's name in it, however deep; `value` may be JSON, a dict, or a list of pairs."""
    if isinstance(value, (bytes, str)):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):  # some replies are deeper than any reader goes
            return
    pairs = value.items() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for pair in pairs:
        if isinstance(pair, tuple) and str(pair[0]).lower() in SECRET_FIELDS and isinstance(pair[1], str):
            secret(pair[1])
        elif isinstance(pair, (dict, list)):
            secrets_of(pair)
        elif isinstance(pair, tuple) and isinstance(pair[1], (dict, list)):
            secrets_of(pair[1])


def said(kind: str, text: str, written: str = "") -> None:
    """What was said to somebody; what the application wrote itself, `written`, may come back to it."""
    if _Run.folder and text:
        _append(SAID, {"test": _Run.test, "kind": kind, "text": text, "written": written})


def tokenshims_lines(kind: str, text: str) -> None:
    """The same, of those lines of a program's that are tokenshim's words."""
    said(kind, "\n".join(line for line in text.splitlines() if "[tokenshim]" in line))


def client_said(script: dict, lines: list[dict], stderr: str) -> None:
    """What an ODBC client saw, without the rows that it fetched: a server may repeat its password there."""
    seen = {"out", "bytes", "records", "state", "call"}
    told = [[{name: value for name, value in line.items() if name in seen} for line in flat(lines)], stderr]
    said("diagnostics and out-strings", json.dumps(told, ensure_ascii=False), json.dumps(script, ensure_ascii=False))


def flat(lines: list[dict]) -> list[dict]:
    """With the steps of several threads."""
    return [*lines, *(step for line in lines for steps in line.get("parallel", []) for step in steps)]


def log_keys(keys: dict[str, object]) -> dict[str, object]:
    """A driver section with a log that is searched: its own, or one of ours."""
    if _Run.folder and "TokenLog" in keys:
        _Run.logs.add(Path(str(keys["TokenLog"])))
    if not _Run.folder or not _Run.is_logged or "RealDriver" not in keys or any(key.startswith("TokenLog") for key in keys):
        return keys
    log = _Run.folder / f"{_Run.worker}-{os.getpid()}.log"
    _Run.logs.add(log)
    return {**keys, "TokenLog": log, "TokenLogLevel": "debug"}


def _append(kind: str, line: dict) -> None:
    with open(_Run.folder / f"{_Run.worker}.{kind}", "a", encoding="utf-8", errors="surrogatepass") as file:
        file.write(json.dumps(line) + "\n")


# -- Around each test


def _hook(**options):
    return pytest.hookimpl(**options) if pytest else lambda function: function


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "unlogged: a log would change what this test is about")
    worker = getattr(config, "workerinput", None)
    if worker:
        _Run.folder, _Run.worker = Path(worker["leaks"]), worker["workerid"]
    elif not config.option.collectonly:
        _Run.folder = Path(tempfile.mkdtemp(prefix="tokenshim-run-"))
        _Run.folder.chmod(0o777)  # some programs of the tests run with another user's rights


@_hook(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["leaks"] = str(_Run.folder)


@_hook(tryfirst=True)
def pytest_runtest_setup(item) -> None:
    _Run.test = item.nodeid
    _Run.is_logged = item.get_closest_marker("unlogged") is None
    _Run.logs = set()


@_hook(tryfirst=True)
def pytest_runtest_teardown(item) -> None:
    for log in _Run.logs:
        if log.is_file():
            said("log", log.read_text(errors="surrogateescape"))
            if log.parent == _Run.folder:
                log.unlink()
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    for calls in folder.rglob("*.calls") if folder else ():
        if calls.is_file():
            said("argv of children", "\n".join(argv(line) for line in calls.read_text().splitlines()))


def argv(line: str) -> str:
    """Of a call that a stand-in wrote down."""
    try:
        return json.dumps(json.loads(line).get("argv"), ensure_ascii=False)
    except (ValueError, AttributeError):
        return line


# -- At the run's end


@_hook(trylast=True)
def pytest_sessionfinish(session) -> None:
    if hasattr(session.config, "workerinput") or not _Run.folder:
        return  # the one that started the workers looks at what all wrote down
    session.config.leaks = found = search(_Run.folder)
    shutil.rmtree(_Run.folder, ignore_errors=True)
    if found and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config) -> None:
    for leak in getattr(config, "leaks", []):
        terminalreporter.write_line(f"LEAKED {leak}", red=True)


def search(folder: Path) -> list[str]:
    """Where which secret was found."""
    secrets = {each["secret"]: each["test"] for each in lines_of(folder, SECRETS)}
    shapes = {shape: text for text in secrets for piece in pieces(text) for shape in shapes_of(piece)}
    things = lines_of(folder, SAID)
    found: dict[str, str] = {}
    for place, shape in grep(folder, shapes, [readings(thing["text"]) for thing in things]):
        thing, text = things[place], shapes[shape]
        if text not in thing["written"]:
            what = f"a secret of {secrets[text]}, {text[:PIECE]!r}, is in {thing['kind']} of {thing['test']}"
            found.setdefault(what, f"{what}, as {shape.decode(errors='replace')[:2 * PIECE]!r}")
    return sorted(found.values())


def lines_of(folder: Path, kind: str) -> list[dict]:
    return [json.loads(line) for file in sorted(folder.glob(f"*.{kind}")) for line in file.read_text().splitlines()]


def pieces(text: str) -> set[str]:
    """A long secret may be cut: its beginning, its middle and its end are looked for."""
    middle = (len(text) - PIECE) // 2
    return {text} if len(text) <= PIECE else {text[:PIECE], text[middle:middle + PIECE], text[-PIECE:]}


def shapes_of(text: str) -> set[bytes]:
    """How a secret may look: as it is, in URLs, in JSON, and as base64 wherever in a longer text it begins."""
    plain = text.encode("utf-8", "surrogatepass")
    # UTF-16 without its zeros is Latin-1.
    shapes = {plain, quote(plain, safe="").encode(), json.dumps(text)[1:-1].encode(), text.encode("latin-1", "replace")}
    for data in (plain, text.encode("utf-16-le", "surrogatepass")):
        for begin in range(3):
            whole = base64.b64encode(b"\0" * begin + data)
            inner = whole[-(-begin * 8 // 6):len(whole) - 4]  # without the characters that depend on what stands before and behind
            shapes |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return {shape for shape in shapes if len(shape) >= LEAST and b"\n" not in shape}


def readings(text: str) -> bytes:
    """What was said in one line: as it is, without the zeros of UTF-16, out of hex digits, and out of a URL."""
    plain = text.encode("utf-8", "surrogateescape")
    hexes = b" ".join(bytes.fromhex(found.decode()) for found in re.findall(rb"\b(?:[0-9a-fA-F]{2}){12,}\b", plain))
    whole = b" ".join([plain, plain.replace(b"\\u0000", b""), hexes, unquote_to_bytes(plain) if b"%" in plain else b""])
    return whole.replace(b"\n", b" ") + b" " + whole.replace(b"\0", b"").replace(b"\n", b" ")


def grep(folder: Path, shapes: dict[bytes, str], texts: list[bytes]) -> list[tuple[int, bytes]]:
    """In which text which shape is: thousands are looked for in one go."""
    if not shapes or not texts:
        return []
    (folder / "shapes").write_bytes(b"\n".join(shapes))
    (folder / "texts").write_bytes(b"\n".join(texts))
    done = subprocess.run(["grep", "-aonFf", folder / "shapes", folder / "texts"], env={"LC_ALL": "C", "PATH": os.environ["PATH"]}, capture_output=True)
    assert done.returncode in (0, 1), done.stderr
    pairs = (line.partition(b":") for line in done.stdout.splitlines())
    return [(int(number) - 1, shape) for number, _, shape in pairs]
