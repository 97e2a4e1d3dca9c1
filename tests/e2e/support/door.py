"""A server's door on loopback: hears who knocks, one at a time, and goes no further than its `answer` does."""

from __future__ import annotations

import contextlib
import socket
import threading


class Door:
    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def answer(self, client: socket.socket) -> None:
        raise NotImplementedError

    def start(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                self._receive(client)

    def _receive(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(5)
            self.answer(client)
