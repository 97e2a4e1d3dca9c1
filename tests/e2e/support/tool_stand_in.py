"""A stand-in for a program that prints tokens: an executable that prints what it is told to, or fails as it is told to.

    tool = ToolStandIn(tmp_path / "bin", "databricks", at_least_bytes=1 << 20)
    home.env["PATH"] = f"{tool.folder}:{home.env['PATH']}"
    tool.answer('{"access_token": "…"}')
    tool.answer("", stderr="Error: nobody is signed in\\n", code=1)
    tool.answer(mood="hangs")
    assert tool.calls[0]["argv"] == ["auth", "token", …]

It says what a call of it looked like, as az_stand_in.py does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MOODS = ("answers", "hangs", "hangs with a child", "answers with a child", "killed", "huge")


class ToolStandIn:
    """Installed in `folder` when made; what it answers may be changed at any time."""

    def __init__(self, folder: Path, name: str, at_least_bytes: int = 0):
        self.folder, self.name = Path(folder), name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / name
        program = (f"#!{sys.executable} -I\nimport sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
                   f"import tool_stand_in\nsys.exit(tool_stand_in.main({str(self.folder)!r}, {name!r}))\n")
        self.path.write_text(program + "#" * max(0, at_least_bytes - len(program)))
        self.path.chmod(0o755)
        self.answer("")

    def answer(self, stdout: str = "", stderr: str = "", code: int = 0, mood: str = "answers") -> None:
        """Sets how it behaves from now on."""
        from . import leaks  # not where it is a program

        assert mood in MOODS, mood
        leaks.secrets_of(stdout)
        settings = {"stdout": stdout, "stderr": stderr, "code": code, "mood": mood}
        new = self.folder / f"{self.name}.new"
        new.write_text(json.dumps(settings))
        new.replace(self.folder / f"{self.name}.settings")

    @property
    def calls(self) -> list[dict]:
        """Every call: argv (without the program), env, cwd, stdin, open descriptors, blocked and ignored signals, pid."""
        calls = self.folder / f"{self.name}.calls"
        text = calls.read_text() if calls.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    @property
    def child(self) -> int:
        """The process id of what a mood with a child leaves running, for ten minutes if nobody ends it."""
        return int((self.folder / f"{self.name}.child").read_text())


def main(folder: str, name: str) -> int:
    from az_stand_in import record

    record(f"{folder}/{name}.calls")
    settings = json.loads(Path(folder, f"{name}.settings").read_text())
    mood = settings["mood"]
    if mood.endswith("with a child"):  # it holds stdout open
        child = subprocess.Popen(["sleep", "600"])
        Path(folder, f"{name}.child").write_text(str(child.pid))
    if mood.startswith("hangs"):
        time.sleep(600)
    if mood == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mood == "huge":
        for _ in range(100):
            sys.stdout.write(" " * 65536)
    sys.stderr.write(settings["stderr"])
    sys.stdout.write(settings["stdout"])
    sys.stdout.flush()
    return settings["code"]
