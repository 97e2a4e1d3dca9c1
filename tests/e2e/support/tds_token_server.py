"""As much of a SQL Server of 2019 as Microsoft's driver needs to sign in with an access token, and to sign in again by itself once an
idle connection broke: TLS, FEDAUTH and SESSIONRECOVERY. Every statement's answer is the number 1.

    server = start(TdsTokenServer(authority.server_context(NAME)))
    home.write(..., {"d": {"Driver": ..., **server.keys}})
    ...
    server.hang_up()                                        # the driver finds out with the next statement
    assert server.logins == [Login("token-1", is_recovery=False), Login("token-2", is_recovery=True)]
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from dataclasses import dataclass
from typing import Callable

from . import tds_packets as tds
from .door import Door

NAME = "sql.example"
"""What the certificate must be for: Microsoft's driver does not look for addresses in it."""

# MS-TDS, 2.2.6.5 PRELOGIN; 2.2.6.4 LOGIN7; 2.2.7.11 FEATUREEXTACK; 2.2.7.14 LOGINACK.
VERSION, ENCRYPTION, THREAD, MARS, FEDAUTHREQUIRED = 0, 1, 3, 4, 6
FEATUREEXTACK, SESSIONRECOVERY, FEDAUTH, END_OF_FEATURES = 0xAE, 1, 2, 0xFF
SECURITY_TOKEN = 1
TDS_7_4, SQL_SERVER_2019 = b"\x74\x00\x00\x04", bytes([15, 0, 0x07, 0xD0])
LATIN1_GENERAL = bytes.fromhex("0904d00034")
STATE = bytes.fromhex("0009006081 14ffe7ffff00 02020701 040100 0504ffffffff 060100 070102 08080000000000000000 090428230000")
"""The state of a session that is new, as 4.17 shows it. A client only keeps it, and brings it back."""


@dataclass(frozen=True)
class Login:
    token: str
    is_recovery: bool
    """It brings the state of a session before."""


class TdsTokenServer(Door):
    def __init__(self, tls: ssl.SSLContext):
        super().__init__()
        tls.maximum_version = ssl.TLSVersion.TLSv1_2  # a later one cannot be inside of TDS 7.4
        self._tls, self._open, self._lock = tls, set(), threading.Lock()
        self.keys = {"Server": f"tcp:127.0.0.1,{self.port}", "HostnameInCertificate": NAME}
        """For a DSN."""
        self.logins: list[Login] = []
        self.batches: list[str] = []
        self.broken_logins = 0
        """How many had no LOGIN7 with a token."""
        self.welcomes: Callable[[str], bool] = lambda token: True
        """Whose token is good."""
        self.hangs_up = False
        """Whether it hangs up after each answer."""

    def hang_up(self) -> None:
        """Breaks all connections; each client has been told when this returns."""
        with self._lock:
            for client in self._open:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        super().stop()
        self.hang_up()

    def _receive(self, client: socket.socket) -> None:
        threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        with client, contextlib.suppress(OSError):
            client.settimeout(60)
            self.answer(client)
        with self._lock:
            self._open.discard(client)

    def answer(self, client: socket.socket) -> None:
        assert tds.read(client)[0] == tds.PRELOGIN
        options = {VERSION: SQL_SERVER_2019 + b"\0\0", ENCRYPTION: b"\x01", THREAD: b"", MARS: b"\0", FEDAUTHREQUIRED: b"\x01"}
        tds.send(client, tds.prelogin(options))
        stream = TlsInPackets(client, self._tls)
        login = self._login(tds.read(stream)[1])
        if not login or not self.welcomes(login.token):
            tds.send(stream, tds.error(18456, 14, "Login failed for user '<token-identified principal>'.") + tds.done(tds.HAS_ERROR))
            return
        tds.send(stream, welcome())
        while True:
            self.batches.append(tds.batch(tds.read(stream)[1]))
            if self.hangs_up:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)  # so that the end comes together with the answer
            tds.send(stream, tds.column("n") + tds.row(1) + tds.done(tds.HAS_COUNT, 1))
            if self.hangs_up:
                return client.shutdown(socket.SHUT_WR)

    def _login(self, message: bytes) -> Login | None:
        try:
            login = read_login(message)
        except (ValueError, struct.error, LookupError):
            self.broken_logins += 1
            return None
        self.logins.append(login)
        return login


class TlsInPackets:
    """TLS on a connection, the handshake inside PRELOGIN messages; all later packets are inside of TLS."""

    def __init__(self, client: socket.socket, context: ssl.SSLContext):
        self._client, self._came, self._goes = client, ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes, server_side=True)
        self._came.write(tds.read(client)[1])
        while not self._is_done():
            tds.send(client, self._goes.read(), tds.PRELOGIN)
            self._came.write(tds.read(client)[1])
        tds.send(client, self._goes.read(), tds.PRELOGIN)

    def _is_done(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def recv(self, count: int) -> bytes:
        while True:
            try:
                return self._tls.read(count)
            except ssl.SSLWantReadError:
                came = self._client.recv(1 << 16)
                if not came:
                    return b""
                self._came.write(came)

    def sendall(self, data: bytes) -> None:
        self._tls.write(data)
        self._client.sendall(self._goes.read())


def read_login(message: bytes) -> Login:
    """The features that LOGIN7 asks for: at byte 56 stands where it stands where they begin."""
    [length, extension] = struct.unpack_from("<I52xH", message)
    if length != len(message):
        raise ValueError("a wrong length")
    [at] = struct.unpack_from("<I", message, extension)
    features = {}
    while message[at] != END_OF_FEATURES:
        feature, size = struct.unpack_from("<BI", message, at)
        features[feature] = message[at + 5 : at + 5 + size]
        at += 5 + size
    if at + 1 != length:
        raise ValueError("something behind the features")
    # Whether the answer is echoed, the library's number, the token's length; then the token.
    options, size = struct.unpack_from("<BI", features[FEDAUTH])
    token = features[FEDAUTH][5:]
    if options >> 1 != SECURITY_TOKEN or size != len(token):
        raise ValueError("another FEDAUTH")
    return Login(token.decode("utf-16-le"), is_recovery=STATE in features[SESSIONRECOVERY])


def welcome() -> bytes:
    features = struct.pack("<BBI", FEATUREEXTACK, SESSIONRECOVERY, len(STATE)) + STATE
    features += struct.pack("<BIB", FEDAUTH, 0, END_OF_FEATURES)
    size, collation = tds.text(str(tds.PACKET_BYTES)), bytes([len(LATIN1_GENERAL)]) + LATIN1_GENERAL
    return (tds.environment(tds.DATABASE, tds.text("master"), tds.text("master")) + tds.environment(tds.COLLATION, collation)
            + tds.environment(tds.LANGUAGE, tds.text("us_english")) + tds.loginack(TDS_7_4, SQL_SERVER_2019)
            + tds.environment(tds.PACKET_SIZE, size, size) + features + tds.done())
