"""As much of an old SQL Server as Microsoft's driver needs to sign in and to begin a bulk copy: every login is welcome, and every
statement's answer is the one column of one empty table.

    server = start(TdsServer())
    home.write(..., {"d": {"Driver": ..., "Server": server.server, "Encrypt": "no"}})
"""

from __future__ import annotations

import socket

from . import tds_packets as tds
from .door import Door

VERSION = bytes([10, 50, 0, 0])
"""10.50 is 2008 R2. A newer server would be asked with sp_describe_first_result_set, whose answer is long."""


class TdsServer(Door):
    def __init__(self):
        super().__init__()
        self.batches: list[str] = []
        """The statements that came."""
        self.server = f"tcp:127.0.0.1,{self.port}"
        """For the keyword Server."""

    def answer(self, client: socket.socket) -> None:
        while True:
            kind, body = tds.read(client)
            if kind == tds.PRELOGIN:
                reply = tds.prelogin({0: VERSION + b"\0\0", 1: b"\x02"})  # ENCRYPTION "not supported"
            elif kind == tds.LOGIN:
                size = tds.text(str(tds.PACKET_BYTES))
                reply = tds.environment(tds.PACKET_SIZE, size, size) + tds.environment(tds.DATABASE, tds.text("master"))
                reply += tds.loginack(b"\x73\x0b\x00\x03", VERSION) + tds.done()
            else:
                self.batches.append(tds.batch(body))
                reply = tds.column("n") + tds.done()
            tds.send(client, reply)
