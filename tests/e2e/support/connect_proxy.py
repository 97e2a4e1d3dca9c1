"""An HTTP proxy on loopback that answers CONNECT, and ends every tunnel at one server.

With it `https://x.cloud.databricks.com/oidc/v1/token` can be asked for, to the letter, without that host: the
tunnel ends at the identity provider, whose certificate for that name a test authority has signed.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading

from .identity_provider import Request, read_request


class ConnectProxy:
    """Tunnels whatever is asked for to `destination`; serves from `start` (or `with`) until `stop`."""

    def __init__(self, destination: tuple[str, int], refuse: int | None = None):
        self.destination = destination
        self.refuse = refuse
        """A status (407, 502 …) with which every request is refused, or None."""
        self.requests: list[Request] = []
        self._server = _Server(("127.0.0.1", 0), _Tunnel)
        self._server.proxy = self
        self.host, self.port = self._server.server_address

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def targets(self) -> list[str]:
        """The `host:port` of each CONNECT, in order."""
        return [request.path for request in self.requests if request.method == "CONNECT"]

    def start(self) -> ConnectProxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="proxy", daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    proxy: ConnectProxy


class _Tunnel(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        proxy: ConnectProxy = self.server.proxy
        with contextlib.suppress(OSError):
            # Unbuffered: what follows the request belongs to the tunnel.
            request = read_request(self.request.makefile("rb", buffering=0))
            if request is None:
                return
            proxy.requests.append(request)
            refusal = proxy.refuse or (None if request.method == "CONNECT" else 405)
            if refusal:
                self.request.sendall(f"HTTP/1.1 {refusal} Refused\r\nContent-Length: 0\r\n\r\n".encode())
                return
            with socket.create_connection(proxy.destination) as server:
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pour, args=(server, self.request), daemon=True)
                back.start()
                _pour(self.request, server)
                back.join()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    """Copies until `source` ends, and passes the end on."""
    with contextlib.suppress(OSError):
        while block := source.recv(65536):
            sink.sendall(block)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
