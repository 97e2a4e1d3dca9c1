"""An identity provider on loopback: a real HTTP/1.1 server that hands out tokens and remembers every request.

It reads HTTP by hand: a test that compares a request with its specification "to the letter" needs the
header names in the order and case in which they came, and a test of bad replies needs to write bytes that
no well-behaved server library would let through.

    with IdentityProvider() as provider:
        provider.answer(replies.invalid_client())      # the first request; later ones get a good token
        ...
        assert provider.requests[0].header("authorization").startswith("Basic ")

Run as a program it serves tokens until interrupted: `python3 identity_provider.py [port]`.
"""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

if __package__:
    from . import leaks, replies
else:  # run as a program
    import replies

    leaks = None


@dataclass(frozen=True)
class Request:
    """One request, as it arrived."""

    method: str
    path: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    arrived: float
    """`time.monotonic()`"""
    connection: int
    """Number of the TCP connection it came on, from 1: shows whether connections are reused."""

    def header(self, name: str) -> str | None:
        """The first header of that name in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def form(self) -> list[tuple[str, str]]:
        """The decoded fields of a form, in the order in which they were sent."""
        return parse_qsl(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)

    @property
    def client(self) -> tuple[str, str | None]:
        """Id and secret of who asks, from the header or the form."""
        basic = (self.header("authorization") or "").removeprefix("Basic ")
        if basic:
            return tuple(map(unquote_plus, base64.b64decode(basic).decode().split(":")))
        form = dict(self.form)
        return form["client_id"], form.get("client_secret")


@dataclass(frozen=True)
class Exchange:
    """What a reply has at hand: the request, the open connection, and when to give up."""

    request: Request
    connection: socket.socket
    stopping: threading.Event


class IdentityProvider:
    """Serves from `start` (or `with`) until `stop`."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0, token: str = "good-token-0123456789",
                 address: str = "127.0.0.1"):
        self.token = token
        """What a request gets that no scripted reply is waiting for."""
        self.requests: list[Request] = []
        self.tls_failures: list[str] = []
        """Why TLS handshakes failed: a client that does not trust the certificate leaves its trace here."""
        self.connections = 0
        self._tls = tls
        self._lock = threading.Lock()
        self._queued: dict[str | None, deque] = {}
        self._standing: dict[str | None, object] = {}
        self._stopping = threading.Event()
        self._server = _Server((address, port), _Connection)
        self._server.provider = self
        self.host, self.port = self._server.server_address

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    def answer(self, *answers, path: str | None = None) -> None:
        """Queues replies, one for each request to come: to `path`, or to any path without replies of its own.

        A reply is one of `replies`, or any function that takes an `Exchange`.
        """
        with self._lock:
            self._queued.setdefault(path, deque()).extend(answers)

    def always(self, answer, path: str | None = None) -> None:
        """Sets the reply for every request to `path` (or to any path) for which nothing is queued."""
        with self._lock:
            self._standing[path] = answer

    def forget(self) -> None:
        """Forgets requests and scripted replies."""
        with self._lock:
            self.requests.clear()
            self.tls_failures.clear()
            self._queued.clear()
            self._standing.clear()

    def start(self) -> IdentityProvider:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="identity provider", daemon=True).start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()

    def _reply_to(self, request: Request):
        if leaks:
            leaks.secrets_of(parse_qsl(request.body.decode("latin-1")))
            leaks.secret((request.header("authorization") or "").rpartition(" ")[2])
        with self._lock:
            self.requests.append(request)
            for key in (request.path, None):
                if self._queued.get(key):
                    return self._queued[key].popleft()
                if key in self._standing:
                    return self._standing[key]
        return replies.good_token(self.token)

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            number = self.connections
        if self._tls:
            try:
                connection.settimeout(10)
                connection = self._tls.wrap_socket(connection, server_side=True)
                connection.settimeout(None)
            except OSError as failure:
                self.tls_failures.append(str(failure))
                return
        with connection, connection.makefile("rb") as incoming:
            try:
                while request := read_request(incoming, number):
                    keep_open = self._reply_to(request)(Exchange(request, connection, self._stopping))
                    if not keep_open:
                        return
            except OSError:
                pass  # the client hung up: its right, and what some tests are about


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    provider: IdentityProvider


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.server.provider._serve(self.request)


def read_request(incoming, connection: int = 0) -> Request | None:
    """Reads one request, or None when the client has closed the connection."""
    first = incoming.readline().decode("latin-1").rstrip("\r\n")
    if not first:
        return None
    method, path, version = (first.split(" ") + ["", ""])[:3]
    headers = []
    while line := incoming.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    lower = {name.lower(): value for name, value in headers}
    if lower.get("transfer-encoding", "").lower() == "chunked":
        body = b"".join(_chunks(incoming))
    else:
        body = incoming.read(int(lower.get("content-length", 0)))
    return Request(method, path, version, headers, body, time.monotonic(), connection)


def _chunks(incoming):
    while size := int(incoming.readline().split(b";")[0], 16):
        yield incoming.read(size)
        incoming.readline()
    incoming.readline()


if __name__ == "__main__":
    with IdentityProvider(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0) as provider:
        print(provider.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
