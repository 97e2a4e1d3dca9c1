"""The door of a SQL Server: it hears what a client first says, notes whether it brings a token, and hangs up.

    door = start(TdsDoor())
    home.write(..., {"d": {"Driver": ..., "Server": door.server}})
    ...
    assert door.guests == [Guest(brings_token=True, encrypt="on")]

Microsoft's driver sends nothing before it has agreed to its own settings, and gives up at once when the door closes.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from .door import Door

# MS-TDS, 2.2.6.5 PRELOGIN: the options' numbers, and what ENCRYPTION says.
ENCRYPTION, FEDAUTHREQUIRED, TERMINATOR = 1, 6, 0xFF
ENCRYPT = {0: "off", 1: "on", 2: "not supported", 3: "required"}


@dataclass(frozen=True)
class Guest:
    brings_token: bool
    encrypt: str


class TdsDoor(Door):
    def __init__(self):
        super().__init__()
        self.guests: list[Guest] = []
        self.server = f"tcp:127.0.0.1,{self.port}"
        """For the keyword Server."""

    def answer(self, client: socket.socket) -> None:
        self.guests.append(guest(client.recv(4096)))


def guest(packet: bytes) -> Guest:
    """Reads a PRELOGIN packet: a header of 8 bytes, then (option, offset, length) until the terminator."""
    body, options, at = packet[8:], {}, 0
    while body[at] != TERMINATOR:
        offset, length = (int.from_bytes(body[at + 1 + i : at + 3 + i], "big") for i in (0, 2))
        options[body[at]] = body[offset : offset + length]
        at += 5
    return Guest(options.get(FEDAUTHREQUIRED) == b"\1", ENCRYPT[options[ENCRYPTION][0]])
