"""Packets and tokens of a SQL Server's protocol, as a server reads and writes them: MS-TDS, 2.2.3 and 2.2.7.

A stream is a socket, or what else has `recv` and `sendall`.
"""

from __future__ import annotations

import struct

BATCH, LOGIN, PRELOGIN, REPLY, END = 0x01, 0x10, 0x12, 0x04, 0x01
LOGINACK, ENVCHANGE, COLMETADATA, ROW, DONE, ERROR = 0xAD, 0xE3, 0x81, 0xD1, 0xFD, 0xAA
INT4, PACKET_BYTES = 0x38, 4096
DATABASE, LANGUAGE, PACKET_SIZE, COLLATION = 1, 2, 4, 7
"""What ENVCHANGE changes."""
HAS_ERROR, HAS_COUNT = 0x02, 0x10
"""What DONE says."""


def read(stream) -> tuple[int, bytes]:
    """One message: packets until the one that ends it."""
    body = b""
    while True:
        kind, status, size = struct.unpack(">BBH4x", _exactly(stream, 8))
        body += _exactly(stream, size - 8)
        if status & END:
            return kind, body


def _exactly(stream, count: int) -> bytes:
    got = bytearray()
    while len(got) < count:
        more = stream.recv(count - len(got))
        if not more:
            raise OSError("the client has gone")
        got += more
    return bytes(got)


def send(stream, body: bytes, kind: int = REPLY) -> None:
    """One message, which fits into one packet."""
    stream.sendall(struct.pack(">BBHHBB", kind, END, len(body) + 8, 0, 1, 0) + body)


def prelogin(options: dict[int, bytes]) -> bytes:
    """The heads of all options, then what they say."""
    heads, said = b"", b""
    for option, value in options.items():
        heads += struct.pack(">BHH", option, 5 * len(options) + 1 + len(said), len(value))
        said += value
    return heads + b"\xff" + said


def batch(body: bytes) -> str:
    """The statement; before it stand 22 bytes of headers."""
    return body[22:].decode("utf-16-le", "replace")


def text(value: str) -> bytes:
    return bytes([len(value)]) + value.encode("utf-16-le")


def environment(kind: int, new: bytes, old: bytes = b"\0") -> bytes:
    return _token(ENVCHANGE, bytes([kind]) + new + old)


def loginack(tds: bytes, version: bytes) -> bytes:
    return _token(LOGINACK, b"\x01" + tds + text("Microsoft SQL Server") + version)


def error(number: int, level: int, message: str) -> bytes:
    head = struct.pack("<IBBH", number, 1, level, len(message))
    return _token(ERROR, head + message.encode("utf-16-le") + text("") + text("") + struct.pack("<I", 1))


def _token(kind: int, body: bytes) -> bytes:
    return struct.pack("<BH", kind, len(body)) + body


def column(name: str) -> bytes:
    """One column: no user type, may be written, of four bytes."""
    return struct.pack("<BHIHB", COLMETADATA, 1, 0, 0x0008, INT4) + text(name)


def row(value: int) -> bytes:
    return struct.pack("<Bi", ROW, value)


def done(status: int = 0, rows: int = 0) -> bytes:
    return struct.pack("<BHHQ", DONE, status, 0, rows)
