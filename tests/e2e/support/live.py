"""A program whose open connections get new tokens, the recorder under the name of Databricks' driver behind them.

    live = Live(ways, identity_provider, tmp_path)
    live.write(dm="iodbc")
    with live.host("dbc = opened('DSN=data')"):             # then waits until it is told to end
        live.wait_for(lambda: len(live.given()) == 1)
    assert live.given() == ["Auth_AccessToken=token-2"]
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Callable, Iterator

from . import recorder
from .host import finished, start_host
from .odbc_client import WIDE_BYTES
from .replies import Reply, good_token
from .sign_in import SPARK
from .two_ways import TwoWays, token_keys

CREDENTIALS, REFRESH = 122, 123


class Live:
    def __init__(self, ways: TwoWays, provider, folder: Path):
        self.ways, self.provider = ways, provider
        self.env = ways.shim.env
        self.tokens = 0
        self._end, self._dm = folder / "end", "unixodbc"

    def tokens_last(self, seconds: float, later: float = 3600) -> None:
        """The first token is good for so long, all later ones for longer; each is another one."""

        def reply(exchange):
            self.tokens += 1
            return good_token(f"token-{self.tokens}", expires_in=seconds if self.tokens == 1 else later)(exchange)

        self.provider.always(reply)

    def later(self, reply: Reply | Callable) -> None:
        """What the provider says from now on."""
        self.provider.always(reply)

    def write(self, dm: str = "unixodbc", shape: str = "both", name: str = SPARK, profile: str = "databricks", **keys: object) -> None:
        self._dm = dm
        driver = recorder.compile(shape, name, WIDE_BYTES[dm])
        keys = token_keys(self.provider, TokenProfile=profile, **keys)
        self.ways.write(driver, {"data": {"Host": "127.0.0.1"}}, keys)

    @contextlib.contextmanager
    def host(self, program: str, *arguments: object, ends: str = "") -> Iterator:
        """A program that does this, and waits; behind the block it does what `ends` says, and must end well."""
        whole = f"{program}\nsay('ready')\nwait_for(sys.argv[1], 120)\n{ends}\n"
        process = start_host(self.ways.shim, whole, self._end, *arguments, dm=self._dm)
        try:
            yield process
        except BaseException as failure:
            process.kill()
            failure.add_note(f"the program said {process.communicate()}")
            raise
        self._end.touch()
        done = finished(process)
        assert (done.returncode, done.stderr) == (0, ""), done
        self.said = done.stdout.splitlines()

    def calls(self) -> list[dict]:
        return recorder.read(Path(self.env["RECORDER_LOG"]))

    def set(self, attribute: int = CREDENTIALS) -> list[dict]:
        """The calls that set this attribute, as far as they have come back."""
        return [each for each in self.calls() if each["call"].startswith("SQLSetConnectAttr") and each["attribute"] == attribute and "code" in each]

    def given(self) -> list[str]:
        """What connections were given for new tokens, in the order in which they were."""
        return [each["string"] for each in self.set()]

    def refreshed(self, count: int) -> list[dict]:
        """Waits until connections have taken new tokens so many times."""
        self.wait_for(lambda: len(self.set(REFRESH)) >= count)
        return self.set(REFRESH)

    @staticmethod
    def wait_for(happened: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, "it never happened"
            time.sleep(0.05)  # a look may be at thousands of calls
