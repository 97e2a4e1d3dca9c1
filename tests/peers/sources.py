"""Fetches the suites from the registries that they are published in, into target/peers. Nothing in them is changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from support.drivers import once
from support.odbc_home import REPOSITORY

PEERS = REPOSITORY / "target" / "peers"
PYTHON = PEERS / "python"
"""Packages that only suites need."""


def from_pypi(name: str, version: str) -> Path:
    """The source distribution, unpacked."""
    folder = PEERS / f"{name}-{version}"
    with once(PEERS):
        if not folder.exists():
            # Of the package alone: what is needed to build it may come as it is.
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps", "--no-binary", name]
            subprocess.run([*pip, "-d", PEERS, f"{name}=={version}"], check=True, timeout=600)
            [archive] = PEERS.glob(f"{name}-{version}.tar.*")
            with tarfile.open(archive) as file:
                file.extractall(PEERS, filter="data")
            archive.unlink()
    return folder


def from_crates_io(name: str, version: str) -> Path:
    """The published package, beside whose files its tests may write."""
    folder = PEERS / f"{name}-{version}"
    with once(PEERS):
        if not folder.exists():
            wanted = PEERS / "wanted" / name
            (wanted / "src").mkdir(parents=True, exist_ok=True)
            (wanted / "src" / "lib.rs").touch()
            (wanted / "Cargo.toml").write_text(f"""[package]\nname = "wanted"\nversion = "0.0.0"\nedition = "2024"
[dependencies]\n{name} = "={version}"\n""")
            # Cargo alone knows where it unpacks.
            metadata = subprocess.run(["cargo", "metadata", "--format-version=1", "--manifest-path", wanted / "Cargo.toml"],
                                      check=True, stdout=subprocess.PIPE, timeout=600)
            [manifest] = [package["manifest_path"] for package in json.loads(metadata.stdout)["packages"] if package["name"] == name]
            shutil.copytree(Path(manifest).parent, folder)
    return folder
