"""A stand-in for the Azure CLI: an executable `az` that prints what version 2.91 prints, or fails as it fails.

    az = AzStandIn(tmp_path / "bin", mood="not signed in")
    home.env["PATH"] = f"{az.folder}:{home.env['PATH']}"
    ...
    assert az.calls[0]["argv"] == ["account", "get-access-token", "--output", "json", "--resource", "https://database.windows.net"]

This file is the executable too: it is copied, with its settings in a file beside the copy.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2RhdGFiYXNlLndpbmRvd3MubmV0In0.c2lnbmF0dXJl"
NOT_SIGNED_IN = "ERROR: Please run 'az login' to setup account.\n"
EXPIRED_SIGN_IN = (
    "ERROR: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on "
    "2025-09-01T08:00:00.0000000Z and was inactive for 90.00:00:00. Trace ID: 6c2b7e4a-0000-0000-0000-0000deadbeef "
    "Correlation ID: 5d1c0c1e-0000-0000-0000-0000deadbeef Timestamp: 2026-01-02 03:04:05Z\n"
    "Interactive authentication is needed. Please run:\naz login --scope https://database.windows.net/.default\n"
)
UNKNOWN_TENANT = (
    "ERROR: AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
    "into the correct cloud. Trace ID: 6c2b7e4a-0000-0000-0000-0000deadbeef\n"
)
NO_NETWORK = (
    "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: HTTPSConnectionPool(host='login.microsoftonline.com', "
    "port=443): Max retries exceeded with url: /organizations/oauth2/v2.0/token (Caused by NameResolutionError(\"Failed to resolve "
    "'login.microsoftonline.com'\"))\nTraceback (most recent call last):\n  File \"cli.py\", line 1, in <module>\nOSError: no network\n"
)
WARNING = "WARNING: Unable to encrypt cache. Install libsecret to store tokens in the keyring.\n"


class AzStandIn:
    """Installed in `folder` when made; `mood` may be changed at any time."""

    MOODS = ("good", "good without expires_on", "good with warnings", "not signed in", "expired sign-in", "unknown tenant",
             "empty stderr", "garbage", "empty", "not an object", "half", "huge", "token in an error", "no network", "hangs", "hangs with a child", "good with a child", "grandchild", "killed",
             "not executable")

    def __init__(self, folder: Path, mood: str = "good", token: str = TOKEN, lifetime_seconds: int = 3600):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / "az"
        self._settings, self._calls = self.folder / "az.settings", self.folder / "az.calls"
        text = Path(__file__).read_text(encoding="utf-8")
        # -I: the caller's environment must not change how the stand-in runs.
        self.path.write_text(f"#!{sys.executable} -I\n{text}", encoding="utf-8")
        self.answer(mood, token, lifetime_seconds)

    def answer(self, mood: str, token: str = TOKEN, lifetime_seconds: int = 3600) -> None:
        """Sets how it behaves from now on."""
        from . import leaks  # not where it is a program

        assert mood in self.MOODS, mood
        leaks.secret(token)
        settings = {"mood": mood, "token": token, "lifetime_seconds": lifetime_seconds, "calls": str(self._calls)}
        self._settings.write_text(json.dumps(settings), encoding="utf-8")
        self.path.chmod(0o644 if mood == "not executable" else 0o755)

    @staticmethod
    def keep_users(home: Path, *users: str, kind: str = "user") -> None:
        """Writes the profile of who is signed in, as `az login` and `az logout` do."""
        subscriptions = [{"id": "aaaaaaaa-0000-4000-8000-000000000001", "isDefault": True, "user": {"name": user, "type": kind}} for user in users]
        folder = Path(home) / ".azure"
        folder.mkdir(exist_ok=True)
        text = json.dumps({"installationId": "cccccccc-0000-4000-8000-000000000003", "subscriptions": subscriptions})
        (folder / "azureProfile.json").write_text(text, encoding="utf-8-sig")

    @property
    def calls(self) -> list[dict]:
        """Every call: argv (without the program), env, cwd, stdin, open descriptors, blocked and ignored signals, pid."""
        text = self._calls.read_text("utf-8") if self._calls.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]  # the last may still be under way

    @property
    def grandchild(self) -> int:
        """The process id of what a mood with a child leaves running (for ten minutes, if nobody ends it). That of "grandchild"
        has a session of its own, the others are in az's process group."""
        return int((self.folder / "az.grandchild").read_text())


# -- The executable


def main(settings: dict, folder: Path) -> int:
    record(settings["calls"])
    mood, options = settings["mood"], parse(sys.argv[1:])
    refusal = {
        "not signed in": NOT_SIGNED_IN,
        "expired sign-in": EXPIRED_SIGN_IN,
        "unknown tenant": UNKNOWN_TENANT.format(tenant=options.get("--tenant", "nowhere.example")),
        "empty stderr": "",
        "token in an error": f"ERROR: cannot read {json.dumps({'accessToken': settings['token']})}\n",
        "no network": NO_NETWORK,
    }.get(mood)
    if options.get("--tenant") and options.get("--subscription"):
        refusal = "ERROR: Please specify only one of subscription and tenant, not both\n"
    if refusal is not None:
        sys.stderr.write(refusal)
        return 1
    if mood in ("grandchild", "good with a child", "hangs with a child"):  # it keeps stdout open long after az has ended
        grandchild = subprocess.Popen(["sleep", "600"], start_new_session=mood == "grandchild")
        (folder / "az.grandchild").write_text(str(grandchild.pid))
    if mood == "grandchild":
        return 0
    if mood in ("hangs", "hangs with a child"):
        time.sleep(600)
    if mood == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mood == "huge":
        for _ in range(2000):
            sys.stdout.write(" " * 65536)
    if mood == "good with warnings":
        sys.stderr.write(WARNING)
    unusable = {"garbage": "az: \x1b[31mnothing like JSON\x1b[0m {\n", "empty": "", "not an object": '["token"]\n'}
    if mood == "half":
        unusable[mood] = token_json(settings, options)[:-40]
    sys.stdout.write(unusable[mood] if mood in unusable else token_json(settings, options))
    return 0


def parse(argv: list[str]) -> dict[str, str]:
    return {argv[i]: argv[i + 1] for i in range(len(argv) - 1) if argv[i].startswith("-")}


def token_json(settings: dict, options: dict[str, str]) -> str:
    expires = int(time.time()) + settings["lifetime_seconds"]
    reply = {
        "accessToken": settings["token"],
        "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(expires)),
        "expires_on": expires,
        "subscription": "aaaaaaaa-0000-4000-8000-000000000001",
        "tenant": options.get("--tenant", "bbbbbbbb-0000-4000-8000-000000000002"),
        "tokenType": "Bearer",
    }
    if "--tenant" in options:
        del reply["subscription"]
    if settings["mood"] == "good without expires_on":  # before version 2.54
        del reply["expires_on"]
    return json.dumps(reply, indent=2) + "\n"


def record(path: str) -> None:
    # Looked at before anything is opened here; the listing's own descriptor is gone when it is looked at.
    descriptors = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            descriptors[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            pass
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    call = {
        "argv": sys.argv[1:],
        "program": sys.argv[0],
        "env": dict(os.environ),
        "cwd": os.getcwd(),
        "stdin": descriptors.get("0", "closed"),
        "descriptors": descriptors,
        "blocked": signals(status["SigBlk"]),
        "ignored": signals(status["SigIgn"]),
        "pid": os.getpid(),
        "parent": os.getppid(),
        "session": os.getsid(0),
    }
    with open(path, "a", encoding="utf-8") as calls:
        calls.write(json.dumps(call) + "\n")


def signals(mask: str) -> list[str]:
    # Python itself ignores SIGPIPE and SIGXFSZ: they say nothing about the caller.
    numbers = [n for n in range(1, 32) if int(mask, 16) >> (n - 1) & 1]
    return [signal.Signals(n).name for n in numbers if n not in (signal.SIGPIPE, signal.SIGXFSZ)]


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.exit(main(json.loads((here / "az.settings").read_text(encoding="utf-8")), here))
