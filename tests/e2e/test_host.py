"""Hosts with their own way with signals, folders, descriptors and stacks: both kinds of source work in them, the one that
asks over the network and the one that runs a program, and what is the host's is as it was afterwards."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from support.drivers import BUILT, once
from support.host import finished, start_host
from support.odbc_client import DRIVER_MANAGERS
from support.two_ways import token_keys

HOSTS = {
    "ordinary": "",
    "ignores SIGCHLD": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "waits for every child": """
def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]: pass
    except ChildProcessError: pass
signal.signal(signal.SIGCHLD, reap)""",
    "blocks every signal": "signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))",
    "lets SIGPIPE end it": "signal.signal(signal.SIGPIPE, signal.SIG_DFL)",
    "has a handler for SIGPIPE": "signal.signal(signal.SIGPIPE, lambda *_: os._exit(9))",
    "is interrupted all the time": "signal.signal(signal.SIGALRM, lambda *_: None); signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    "is in a folder that is gone": "import tempfile; gone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)",
    "has neither stdin nor stdout nor stderr": "os.close(0), os.close(1), os.close(2)",
    "has no stdin": "os.close(0)",
    "rounds up, in a locale of its own": "import locale; locale.setlocale(locale.LC_ALL, 'C'); libm.fesetround(0x800)",
    "lets nobody read its files": "os.umask(0o777)",
    "has little memory to lock and no core": "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))",
}
STATE = """
import json, locale, resource, signal
libm, out, strings = ctypes.CDLL("libm.so.6"), open(sys.argv[1], "w"), sys.argv[2:]

def state():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return {
        "SigCgt": int(status["SigCgt"], 16) & ~(3 << 31), # the C library's own two come with the first thread
        **{name: status[name].strip() for name in ("SigIgn", "SigBlk", "Threads", "Umask", "NoNewPrivs", "Seccomp")},
        "folder": os.readlink("/proc/self/cwd"), "descriptors": sorted(os.listdir("/proc/self/fd")),
        "environment": dict(os.environ), "locale": locale.setlocale(locale.LC_ALL), "rounding": libm.fegetround(), "traps": libm.fegetexcept(),
        "limits": [resource.getrlimit(each) for each in range(16)], "session": (os.getsid(0), os.getpgid(0)),
        "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), "name": open("/proc/self/comm").read(),
    }

def same(before):
    for _ in range(500): # a thread that was joined may be seen for a moment yet
        if (after := state()) == before: return True
        time.sleep(0.01)
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}
"""
CONNECT = """
for string in strings:
    env = environment()
    dbc = allocate(DBC, env)
    before = state()
    code = connect(dbc, string)
    said = record(DBC, dbc) if code else ["", ""]
    print(json.dumps([code, *said, same(before)]), file=out, flush=True)
    if code == 0: closed(dbc, env)
signal.setitimer(signal.ITIMER_REAL, 0)
"""


@pytest.fixture
def connects(ways, identity_provider, az, tmp_path):
    """What connects by these strings give in such a host: code, SQLSTATE, text, and whether the host is as it was."""
    ways.record(token_keys(identity_provider), sources={
        "plain": {"TokenSource": ""}, "network": {"TokenEndpoint": f"{identity_provider.url}/network"},
        "program": {"TokenSource": "azure-cli", "TokenScope": "https://x.example/.default"},
        "nobody": {"TokenEndpoint": "http://127.0.0.1:9/token", "TokenTimeout": 2}})

    def run(setup: str, *strings: str) -> list[list]:
        answers = tmp_path / "answers"
        done = finished(start_host(ways.shim, STATE + setup + CONNECT, answers, *strings))
        assert done.returncode == 0, done
        return [json.loads(line) for line in answers.read_text().splitlines()]

    return run


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_with_its_own_way_is_served_and_not_disturbed(connects, az, host):
    # First without a token: what the first connect of all leaves behind is the driver manager's.
    plain, *rest = connects(HOSTS[host] + "\n", "DSN=plain", "DSN=network", "DSN=program", "DSN=nobody")
    assert plain[0] == 0
    for code, state, text, same in rest[:2]:
        assert (code, state, same) == (0, "", True), (text, same)
    code, state, text, same = rest[2]
    assert (code, state, same) == (-1, "08001", True), (text, same)
    assert len(az.calls) == 1


@pytest.mark.parametrize("source, words", [("network", "Too many open files"), ("program", "Too many open files")])
def test_a_host_that_has_no_descriptor_left_is_told_so(connects, source, words):
    setup = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
def connect(dbc, string, through=connect):
    held = []
    if "plain" not in string and not done.append(string) and len(done) == 1:
        try:
            while True: held.append(os.dup(1))
        except OSError: pass
        for each in held[-1:]: os.close(held.pop()) # one for the ini files
    code = through(dbc, string)
    for each in held: os.close(each)
    return code
done = []
"""
    plain, without, with_some = connects(setup, "DSN=plain", f"DSN={source}", f"DSN={source}")
    assert plain[0] == 0
    assert without[0] == -1 and words in without[2], without
    assert with_some[0] == 0 and with_some[3] is True, with_some


# -- Stacks

STACK = Path(__file__).parent / "support" / "stack.c"


@pytest.fixture(scope="session")
def stack() -> Path:
    program = BUILT / "stack" / "stack"
    with once(program.parent):
        if not program.exists() or program.stat().st_mtime < STACK.stat().st_mtime:
            subprocess.run(["cc", "-std=gnu11", "-g", "-Wall", "-Wextra", STACK, "-o", program, "-lpthread", "-ldl"], check=True)
    return program


@pytest.mark.parametrize("source", ["network", "program"])
def test_a_thread_with_a_small_stack_may_connect(stack, ways, identity_provider, az, source):
    """Stacks as of musl's threads, of which unixODBC takes its part, too."""
    ways.record(token_keys(identity_provider), sources={"network": {}, "program": {"TokenSource": "azure-cli", "TokenScope": "https://x.example/.default"}})
    used = {}
    for way, home in {"shim": ways.shim, "direct": ways.direct}.items():
        command = [stack, DRIVER_MANAGERS["unixodbc"], "131072", f"DSN={source}", f"DSN={source}"]
        done = subprocess.run(command, env=home.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and not done.stderr, done
        used[way] = [int(line) for line in done.stdout.split()]
    assert max(used["shim"]) - max(used["direct"]) < 48 * 1024, used
