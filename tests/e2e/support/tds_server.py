"""As much of an old SQL Server as Microsoft's driver needs to sign in and to begin a bulk copy: every login is welcome, and every
statement's answer is the one column of one empty table. Packets and tokens: MS-TDS, 2.2.

    server = start(TdsServer())
    home.write(..., {"d": {"Driver": ..., "Server": server.server, "Encrypt": "no"}})
"""

from __future__ import annotations

import socket
import struct

from .door import Door

LOGIN, PRELOGIN, REPLY, END = 0x10, 0x12, 0x04, 0x01
LOGINACK, ENVCHANGE, COLMETADATA, DONE = 0xAD, 0xE3, 0x81, 0xFD
INT4, PACKET_BYTES = 0x38, 4096


class TdsServer(Door):
    def __init__(self):
        super().__init__()
        self.batches: list[str] = []
        """The statements that came. A newer server would be asked with sp_describe_first_result_set, whose answer is long."""
        self.server = f"tcp:127.0.0.1,{self.port}"
        """For the keyword Server."""

    def answer(self, client: socket.socket) -> None:
        while True:
            kind, body = self._read(client)
            if kind == PRELOGIN:
                reply = prelogin()
            elif kind == LOGIN:
                reply = environment(4, str(PACKET_BYTES), str(PACKET_BYTES)) + environment(1, "master", "") + loginack() + done()
            else:
                self.batches.append(body[22:].decode("utf-16-le", "replace"))
                reply = column("n") + done()
            client.sendall(struct.pack(">BBHHBB", REPLY, END, len(reply) + 8, 0, 1, 0) + reply)

    @staticmethod
    def _read(client: socket.socket) -> tuple[int, bytes]:
        """One message: packets until the one that ends it."""
        body = b""
        while True:
            kind, status, size = struct.unpack(">BBH4x", _exactly(client, 8))
            body += _exactly(client, size - 8)
            if status & END:
                return kind, body


def _exactly(client: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        more = client.recv(count - len(got))
        if not more:
            raise OSError("the client has gone")
        got += more
    return got


def prelogin() -> bytes:
    """VERSION 10.50, which is 2008 R2, and ENCRYPTION "not supported"."""
    head = struct.pack(">BHH", 0, 11, 6) + struct.pack(">BHH", 1, 17, 1) + b"\xff"
    return head + bytes([10, 50, 0, 0, 0, 0]) + b"\x02"


def text(value: str) -> bytes:
    return bytes([len(value)]) + value.encode("utf-16-le")


def environment(kind: int, new: str, old: str) -> bytes:
    body = bytes([kind]) + text(new) + text(old)
    return struct.pack("<BH", ENVCHANGE, len(body)) + body


def loginack() -> bytes:
    body = b"\x01" + b"\x73\x0b\x00\x03" + text("Microsoft SQL Server") + bytes([10, 50, 0, 0])
    return struct.pack("<BH", LOGINACK, len(body)) + body


def column(name: str) -> bytes:
    """One column: no user type, may be written, of four bytes."""
    return struct.pack("<BHIHB", COLMETADATA, 1, 0, 0x0008, INT4) + text(name)


def done() -> bytes:
    return struct.pack("<BHHQ", DONE, 0, 0, 0)
