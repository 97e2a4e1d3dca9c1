"""As much of a Db2 server as hears a token: DRDA's exchange of attributes, its security check, and the access to a database.

    server = start(DrdaServer(good=["eyJ..."]))
    home.write(..., {"Hostname": "127.0.0.1", "Port": server.port, "Database": "sample", "Protocol": "TCPIP"})
    ...
    assert server.tokens == ["eyJ..."]

Words and numbers are of The Open Group's DRDA, volume 3 (DDM): a packet is a DSS of six bytes before its objects, an object its
length, its code point and its parameters. After that it hangs up: IBM's driver then comes again, up to three times. IBM's driver sends its keywords to no server that does not speak this first.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from .door import Door

EXCSAT, ACCSEC, SECCHK, ACCRDB = 0x1041, 0x106D, 0x106E, 0x2001
EXCSATRD, ACCSECRD, SECCHKRM, ACCRDBRM, SECTKN = 0x1443, 0x14AC, 0x1219, 0x2201, 0x11DC
EXTNAM, MGRLVLLS, SRVNAM, SRVRLSLV, SRVCLSNM = 0x115E, 0x1404, 0x116D, 0x115A, 0x1147
SECMEC, SECCHKCD, SVRCOD, TOKEN_TYPE, RDBNAM, PRDID, TYPDEFNAM, TYPDEFOVR = 0x11A2, 0x11A4, 0x1149, 0x2221, 0x2110, 0x112E, 0x002F, 0x0035
KNOWN = {EXCSAT, ACCSEC, SECCHK, SECTKN, ACCRDB}
RIGHT, WRONG = b"\x00", b"\x0f"
TOKEN_MECHANISM = b"\x00\x13"


@dataclass
class Heard:
    """One security check."""

    mechanism: bytes
    kind: str
    token: str = ""


@dataclass
class _Conversation:
    parameters: dict[int, bytes] = field(default_factory=dict)
    check: Heard | None = None


class DrdaServer(Door):
    def __init__(self, good: list[str]):
        super().__init__()
        self.good = good
        self.heard: list[Heard] = []
        self.first: list[bytes] = []
        """The first bytes of each client."""

    @property
    def tokens(self) -> list[str]:
        return [each.token for each in self.heard]

    def answer(self, client: socket.socket) -> None:
        talk, data = _Conversation(), b""
        while received := client.recv(65536):
            if not data and not talk.parameters:
                self.first.append(received[:3])
            if received[:1] == b"\x16":  # TLS, which it does not speak
                return
            data += received
            packets, data = _packets(data)
            if any(code not in KNOWN for _, code, _ in packets):
                return
            replies = [(number, reply) for number, code, body in packets for reply in self._reply(talk, code, body)]
            for place, (number, reply) in enumerate(replies):
                more = 0x40 if place + 1 < len(replies) else 0
                client.sendall((len(reply) + 6).to_bytes(2, "big") + b"\xd0" + bytes([0x02 | more]) + number.to_bytes(2, "big") + reply)

    def _reply(self, talk: _Conversation, code: int, body: bytes) -> Iterator[bytes]:
        parameters = dict(_objects(body))
        if code == EXCSAT:
            talk.parameters = parameters
            names = {EXTNAM: "server", SRVNAM: "server", SRVRLSLV: "SQL12010", SRVCLSNM: "QDB2/LINUXX8664"}
            said = b"".join(_object(point, text.encode("cp500")) for point, text in names.items())
            yield _object(EXCSATRD, said + _object(MGRLVLLS, parameters[MGRLVLLS]))
        elif code == ACCSEC:
            yield _object(ACCSECRD, _object(SECMEC, parameters[SECMEC]))
        elif code == SECCHK:
            talk.check = Heard(parameters[SECMEC], parameters.get(TOKEN_TYPE, b"").decode("ascii", "replace"))
        elif code == SECTKN and talk.check:
            talk.check.token = body.decode("ascii", "replace")
            self.heard.append(talk.check)
            is_right = talk.check.mechanism == TOKEN_MECHANISM and talk.check.token in self.good
            severity = b"\x00\x00" if is_right else b"\x00\x08"
            yield _object(SECCHKRM, _object(SVRCOD, severity) + _object(SECCHKCD, RIGHT if is_right else WRONG))
        elif code == ACCRDB and talk.check and talk.check.token in self.good:
            said = {SVRCOD: b"\x00\x00", PRDID: b"SQL12014", TYPDEFNAM: b"QTDSQLX86", TYPDEFOVR: parameters[TYPDEFOVR]}
            yield _object(ACCRDBRM, b"".join(_object(point, value) for point, value in said.items()))


def _packets(data: bytes) -> tuple[list[tuple[int, int, bytes]], bytes]:
    """(number, code, body) of each whole object, and what is left for later."""
    packets = []
    while len(data) >= 10 and len(data) >= (length := int.from_bytes(data[:2], "big")):
        packets.append((int.from_bytes(data[4:6], "big"), int.from_bytes(data[8:10], "big"), data[10:length]))
        data = data[length:]
    return packets, data


def _objects(body: bytes) -> Iterator[tuple[int, bytes]]:
    while len(body) >= 4 and (length := int.from_bytes(body[:2], "big")) >= 4:
        yield int.from_bytes(body[2:4], "big"), body[4:length]
        body = body[length:]


def _object(point: int, body: bytes) -> bytes:
    return (len(body) + 4).to_bytes(2, "big") + point.to_bytes(2, "big") + body
