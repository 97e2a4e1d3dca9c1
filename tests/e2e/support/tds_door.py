"""The door of a SQL Server: it hears what a client first says, notes whether it brings a token, and hangs up.

    door = start(TdsDoor())
    home.write(..., {"d": {"Driver": ..., "Server": door.server}})
    ...
    assert door.guests == [Guest(brings_token=True, encrypt="on")]

Microsoft's driver sends nothing before it has agreed to its own settings, and gives up at once when the door closes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass

# MS-TDS, 2.2.6.5 PRELOGIN: the options' numbers, and what ENCRYPTION says.
ENCRYPTION, FEDAUTHREQUIRED, TERMINATOR = 1, 6, 0xFF
ENCRYPT = {0: "off", 1: "on", 2: "not supported", 3: "required"}


@dataclass(frozen=True)
class Guest:
    brings_token: bool
    encrypt: str


class TdsDoor:
    def __init__(self):
        self.guests: list[Guest] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.server = f"tcp:127.0.0.1,{self._listener.getsockname()[1]}"
        """For the keyword Server."""

    def start(self) -> TdsDoor:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                with client, contextlib.suppress(OSError):
                    client.settimeout(5)
                    self.guests.append(guest(client.recv(4096)))


def guest(packet: bytes) -> Guest:
    """Reads a PRELOGIN packet: a header of 8 bytes, then (option, offset, length) until the terminator."""
    body, options, at = packet[8:], {}, 0
    while body[at] != TERMINATOR:
        offset, length = (int.from_bytes(body[at + 1 + i : at + 3 + i], "big") for i in (0, 2))
        options[body[at]] = body[offset : offset + length]
        at += 5
    return Guest(options.get(FEDAUTHREQUIRED) == b"\1", ENCRYPT[options[ENCRYPTION][0]])
