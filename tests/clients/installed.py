"""Which clients are installed, and in which version: asked of whoever installed them."""

from __future__ import annotations

import re
import shutil
import subprocess

from .table import NODE, NPM, PYPI, PYTHON, Client


def version(client: Client) -> str | None:
    """The client's version as its makers count, or None where it is not installed."""
    first, *others = client.packages.split()
    if client.origin == PYPI:
        return _pypi(first) if all(map(_pypi, others)) else None
    if client.origin == NPM:
        return first.split("@")[1] if (NODE / "node_modules" / first.split("@")[0]).is_dir() and shutil.which("node") else None
    found = _debian(first) if all(map(_debian, others)) else None
    return found and re.sub(r"^\d+:|[+~].*|-[^-]*$", "", found)


def _debian(package: str) -> str | None:
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package], capture_output=True, text=True)
    status, _, number = asked.stdout.partition(" ")
    return number if status == "installed" else None


def _pypi(requirement: str) -> str | None:
    name = requirement.split("==")[0]
    program = f"import importlib.metadata as m; print(m.version({name!r}))"
    asked = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True) if PYTHON.exists() else None
    return asked.stdout.strip() if asked and asked.returncode == 0 else None
