"""Connects of a DSN whose token comes by device code."""

from __future__ import annotations

from .device_provider import DevicePeople
from .odbc_client import Step, call

NOPROMPT, COMPLETE, COMPLETE_REQUIRED = 0, 1, 3
SECRET = "s3cr3t/of+it"


def connect(completion: int = NOPROMPT, string: str = "DSN=data", letter: str = "", **more) -> dict:
    return call(f"SQLDriverConnect{letter}", string=string, completion=completion, **more)


def device_keys(people: DevicePeople, **more) -> dict[str, object]:
    """For a driver section."""
    return {"TokenProfile": "password", "TokenSource": "device-code", "TokenDiscovery": f"{people.provider.url}/.well-known/openid-configuration",
            "TokenClientId": "app", "TokenScope": "database", **more}


def passwords(ways) -> list[str]:
    """The passwords that reached the real driver."""
    return [each["string"].partition("PWD={")[2].partition("}")[0] for each in ways.calls("SQLDriverConnect")[0]]


def refused(step: Step, state: str, *words: str) -> None:
    """A connect that failed has one record, with these words and no secret."""
    [record] = step.records
    assert (step.code, record.state) == ("SQL_ERROR", state) and record.message.startswith("[") and len(record.message) < 512, step
    assert all(each in record.message for each in words), record.message
    assert not any(hidden in record.message for hidden in ("device-code-", "refresh+", SECRET)), record.message
