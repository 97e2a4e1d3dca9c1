"""What `make package` made, and a clean system to install it in: Debian's own packages, and nothing of this machine's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.identity_provider import IdentityProvider
from support.postgres import PostgresCluster

REPOSITORY = Path(__file__).resolve().parents[2]
MADE = REPOSITORY / "target" / "package"
# What a user has before: a driver manager and a driver; and what the package depends on, so that dpkg alone can install it.
BEFORE = ["unixodbc", "odbc-postgresql", "ca-certificates"]


class CleanSystem:
    """A folder with a system of its own. Its programs share the network with this machine, and no file."""

    def __init__(self, folder: Path):
        self.folder = folder
        as_root("debootstrap", "--variant=minbase", f"--include={','.join(BEFORE)}", release(), str(folder), timeout=900)
        as_root("mount", "-t", "proc", "proc", str(folder / "proc"))  # as any system has it

    def end(self) -> None:
        as_root("umount", str(self.folder / "proc"))
        as_root("rm", "-rf", "--one-file-system", str(self.folder))

    def run(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """What a program in it comes to."""
        return as_root("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
                       "chroot", str(self.folder), *command, typed=typed, must=False)

    def put(self, file: Path, path: str) -> None:
        """Copies a file there."""
        as_root("cp", "-r", str(file), f"{self.folder}{path}")

    def write(self, path: str, text: str) -> None:
        as_root("tee", f"{self.folder}{path}", typed=text)

    def files(self) -> set[str]:
        """All there are, but for what package managers note for themselves."""
        found = as_root("find", str(self.folder), "-xdev", "-not", "-type", "d", "-printf", "/%P\n").stdout.splitlines()
        return {file for file in found if not file.startswith(("/var/log/", "/var/lib/dpkg/", "/var/cache/", "/etc/ld.so.cache"))}


def as_root(*command: str, typed: str = "", must: bool = True, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    before = [] if os.geteuid() == 0 else ["sudo"]
    done = subprocess.run([*before, *command], input=typed, text=True, capture_output=True, timeout=timeout)
    assert not must or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def release() -> str:
    """This machine's own, which its libraries were built for."""
    words = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return words["VERSION_CODENAME"].strip('"')


@pytest.fixture(scope="session")
def package() -> Path:
    [made] = MADE.glob("tokenshim_*.deb")
    return made


@pytest.fixture(scope="session")
def archive() -> Path:
    [made] = MADE.glob("tokenshim-*.tar.gz")
    return made


@pytest.fixture(scope="session")
def system(tmp_path_factory) -> Iterator[CleanSystem]:
    system = CleanSystem(tmp_path_factory.mktemp("clean") / "system")
    yield system
    system.end()


@pytest.fixture
def identity_provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    with PostgresCluster() as cluster:
        yield cluster
