"""A network of its own, in which the address of Azure's metadata service is this machine's: needs the right to make one (root)."""

from __future__ import annotations

import ctypes
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from .identity_provider import IdentityProvider

CLONE_NEWNET = 0x40000000


def in_network_of_its_own(address: str, port: int, action):
    """What `action` gives of a provider at `address`. The network is that of one thread, and of the programs that it starts."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_act, address, port, action).result()


def _act(address: str, port: int, action):
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        pytest.skip(f"no network of its own can be made here: {os.strerror(ctypes.get_errno())}")
    for command in ("link set lo up", f"address add {address}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    with IdentityProvider(port=port, address=address) as provider:
        return action(provider)
