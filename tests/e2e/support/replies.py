"""What an identity provider may answer, in its good and its bad moods.

A reply is a function from an `Exchange` to whether the connection stays open. `Reply` is the ordinary one; the
functions further down write something to the socket that is not, or not yet, an HTTP reply.
"""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus

leaks = None
if __package__:  # not as a part of a program
    from . import leaks


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes | str | dict | list = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    """Seconds to wait before answering."""

    def __call__(self, exchange) -> bool:
        if leaks:
            leaks.secrets_of(self.body)
        exchange.stopping.wait(self.delay)
        exchange.connection.sendall(self.as_bytes())
        return True

    def as_bytes(self) -> bytes:
        body, kind = self.body, "text/html; charset=utf-8"
        if isinstance(body, (dict, list)):
            body, kind = json.dumps(body), "application/json; charset=utf-8"
        if isinstance(body, str):
            body = body.encode()
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store", **self.headers}
        reason = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Odd"
        head = f"HTTP/1.1 {self.status} {reason}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        return head.encode("latin-1") + b"\r\n" + body


# -- Good moods


def good_token(access_token: str = "good-token-0123456789", expires_in: object = 3600, delay: float = 0, **more) -> Reply:
    return Reply(200, {"token_type": "Bearer", "expires_in": expires_in, "access_token": access_token, **more}, delay=delay)


# -- Refusals


def oauth_error(status: int, error: str, description: str = "") -> Reply:
    """A refusal as RFC 6749, section 5.2, writes it."""
    return Reply(status, {"error": error, "error_description": description})


def invalid_client() -> Reply:
    """A wrong secret, as Entra says it."""
    return oauth_error(
        401,
        "invalid_client",
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client "
        "secret value, not the client secret ID, for a secret added to app '11111111-2222-3333-4444-555555555555'. "
        "Trace ID: 6c2b7e4a-0000-0000-0000-0000deadbeef Correlation ID: 5d1c0c1e-0000-0000-0000-0000deadbeef "
        "Timestamp: 2026-01-02 03:04:05Z",
    )


def invalid_scope() -> Reply:
    return oauth_error(400, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")


def status(code: int, body: str = "", **headers: str) -> Reply:
    """A bare status; underscores in header names stand for hyphens: `status(429, Retry_After="1")`."""
    return Reply(code, body, {name.replace("_", "-"): value for name, value in headers.items()})


def busy_for_long(code: int = 503) -> Reply:
    """Says so at once, and asks for more time than any connect has: so it is asked but once."""
    return Reply(code, "<html>later</html>", {"Retry-After": "3600"})


def redirect(location: str, code: int = 302) -> Reply:
    return Reply(code, b"", {"Location": location})


# -- Status 200 with something that is not a token


def sign_in_page() -> Reply:
    """HTML with status 200: what a captive portal or a login page answers."""
    return Reply(200, "<!DOCTYPE html><html><title>Sign in</title><body>Please sign in</body></html>")


def json_body(value: dict | list) -> Reply:
    return Reply(200, value)


def truncated_json() -> Reply:
    return Reply(200, '{"token_type":"Bearer","expires_in":3600,"access_tok', {"Content-Type": "application/json"})


def without_access_token() -> Reply:
    return json_body({"token_type": "Bearer", "expires_in": 3600})


def empty_token() -> Reply:
    return good_token("")


def wrong_types() -> Reply:
    return json_body({"token_type": 1, "expires_in": {"seconds": "soon"}, "access_token": ["good-token"]})


def token_with_control_characters() -> Reply:
    return good_token("good\r\n;UID=admin\0token")


def token_not_ascii() -> Reply:
    return good_token("jetón-🔑-0123456789")


# -- Not, or not yet, an HTTP reply


def huge_body(size_bytes: int = 100_000_000):
    """A token reply with so much white space before it that only a client without a limit reads it to its end."""

    def reply(exchange) -> bool:
        tail = json.dumps({"access_token": "good-token", "expires_in": 3600}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {size_bytes + len(tail)}\r\n\r\n"
        exchange.connection.sendall(head.encode())
        block = b" " * 65536
        for start in range(0, size_bytes, len(block)):
            if exchange.stopping.is_set():
                return False
            exchange.connection.sendall(block[: size_bytes - start])
        exchange.connection.sendall(tail)
        return True

    return reply


def slow_drip(pause_seconds: float = 0.2):
    """A good reply, one byte at a time: each byte comes in time, the whole never does."""

    def reply(exchange) -> bool:
        for byte in good_token().as_bytes():
            if exchange.stopping.wait(pause_seconds):
                return False
            exchange.connection.sendall(bytes([byte]))
        return True

    return reply


def silence(exchange) -> bool:
    """Takes the request and never answers."""
    exchange.stopping.wait()
    return False


def hang_up(exchange) -> bool:
    """Closes the connection without a word."""
    return False


def half_a_body(exchange) -> bool:
    """Promises more than it sends, and closes."""
    exchange.connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"acc')
    return False


def reset(exchange) -> bool:
    """Resets the connection in the middle of a good reply."""
    exchange.connection.sendall(good_token().as_bytes()[:-20])
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.connection.close()
    return False


def garbage(exchange) -> bool:
    """Answers with something that is not HTTP."""
    exchange.connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff\xfe\r\n\r\n")
    return False


NOT_A_TOKEN = {
    "HTML": sign_in_page(),
    "truncated JSON": truncated_json(),
    "half a body": half_a_body,
    "a list": json_body([]),
    "wrong types": wrong_types(),
    "no access_token": without_access_token(),
    "empty token": empty_token(),
    "control characters": token_with_control_characters(),
    "not ASCII": token_not_ascii(),
    "no body": status(200),
    "not HTTP": garbage,
    "hangs up": hang_up,
}
"""Replies that come at once and hold no usable token: for `pytest.mark.parametrize`."""
