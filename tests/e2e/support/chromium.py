"""Chromium, for `BROWSER`: it opens the page, somebody signs in on it, and what it shows at the end is written down.

    with Chromium(home, tmp_path) as chromium:
        ...
        assert chromium.last["text"].startswith("The sign-in worked")

It is driven by the Chrome DevTools Protocol over two pipes. Run as a program: `chromium.py folder url`.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = "chromium"
SECONDS = 90
_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync", "--window-size=900,600", "--remote-debugging-pipe"]
_FILL_IN = """
(() => {
    if (document.readyState !== 'complete') return 'not yet';
    if (location.pathname === '/done') return 'done';
    const form = document.querySelector('form');
    if (!form) return 'no form: ' + document.body.innerText;
    if (form.dataset.sent) return 'not yet';
    for (const [name, value] of [['login', 'ann'], ['password', 'any']])
        if (form.elements[name]) form.elements[name].value = value;
    form.dataset.sent = 'yes';
    (form.querySelector('button[type=submit]') || form).click();
    return 'sent';
})()
"""


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


class Chromium:
    """What `BROWSER` names, and what it showed last."""

    def __init__(self, home, folder: Path):
        self._folder = folder / "chromium"
        self._folder.mkdir()
        home.env["BROWSER"] = f"{sys.executable} -I {Path(__file__).resolve()} {self._folder}"

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_) -> None:
        """The program that drives it ends by itself, and takes it along."""
        pid = self._folder / "pid"
        end = time.monotonic() + SECONDS
        while pid.exists() and Path(f"/proc/{pid.read_text()}").exists() and time.monotonic() < end:
            time.sleep(0.02)

    @property
    def last(self) -> dict:
        file = self._folder / "last.json"
        end = time.monotonic() + SECONDS
        while not file.exists():
            assert time.monotonic() < end, "the page at the end never came"
            time.sleep(0.02)
        return json.loads(file.read_text())


class _Driven:
    """One page of a Chromium that runs until the end of a `with`."""

    def __init__(self, folder: Path):
        (down, self._send), (receive, up) = (tuple(map(_above, os.pipe())) for _ in range(2))

        def as_it_wants() -> None:  # it reads commands from 3 and writes answers to 4
            os.dup2(down, 3)
            os.dup2(up, 4)

        self._process = subprocess.Popen([shutil.which(PROGRAM), *_FLAGS, f"--user-data-dir={folder}/profile", "about:blank"], preexec_fn=as_it_wants,
                                         close_fds=False, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(folder / "log", "w"))
        os.close(down)
        os.close(up)
        self._answers = os.fdopen(receive, "rb")
        self._number, self._session = 0, None
        self.complaints: list[str] = []
        page = next(each for each in self.ask("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters) -> dict:
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters, **({"sessionId": self._session} if self._session else {})}
        os.write(self._send, json.dumps(command).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("method") == "Log.entryAdded":
                entry = answer["params"]["entry"]
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _read(self) -> dict:
        text = b""
        while not text.endswith(b"\0"):
            byte = self._answers.read(1)
            assert byte, "Chromium has ended"
            text += byte
        return json.loads(text[:-1])

    def says(self, expression: str):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def close(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()


def _above(fd: int) -> int:
    """The same pipe under a number that is none of those that Chromium wants."""
    higher = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return higher


def main(folder: Path, url: str) -> None:
    (folder / "pid").write_text(str(os.getpid()))
    page = _Driven(folder)
    try:
        page.ask("Page.navigate", url=url)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            state = None
            with contextlib.suppress(AssertionError):  # the page may just be going
                state = page.says(_FILL_IN)
            if state == "done" or (state or "").startswith("no form"):
                break
            time.sleep(0.05)
        history = page.ask("Page.getNavigationHistory")["entries"]
        shot = page.ask("Page.captureScreenshot")["data"]
        (folder / "last.png").write_bytes(base64.b64decode(shot))
        last = {"url": page.says("location.href"), "text": page.says("document.body.innerText"), "referrer": page.says("document.referrer"),
                "history": [each["url"] for each in history], "complaints": page.complaints}
        (folder / "last.new").write_text(json.dumps(last))
        (folder / "last.new").rename(folder / "last.json")
    finally:
        page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
