"""How `az` is run, and what an administrator reads when it gives no token."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from support.az_stand_in import TOKEN, AzStandIn
from support.odbc_client import call, run_client

TOKEN_CALL = ["account", "get-access-token", "--output", "json", "--resource", "https://database.windows.net"]


class Application:
    """A program that connects by DSN "d" to the recorder under the name of Microsoft's driver."""

    def __init__(self, home, recorder):
        self.home, self.real, self.recorder = home, recorder.compile("wide", "libmsodbcsql-18.6.so.2.1"), recorder
        self.configure()

    def configure(self, dsn: dict | None = None, **section: str) -> None:
        self.home.write({"SQL": {"Driver": self.home.shim(), "RealDriver": self.real, "TokenSource": "azure-cli", **section}},
                        {"d": {"Driver": "SQL", "Server": "db.example.com", **(dsn or {})}})

    def connect(self, more: str = "", *before: dict):
        return run_client(self.home, [*before, call("SQLDriverConnectW", string=f"DSN=d;{more}")])[-1]

    def refused(self, state: str, *words: str, more: str = "", before: tuple = ()) -> str:
        step = self.connect(more, *before)
        [record] = step.records
        assert record.state == state and record.message.startswith("[tokenshim] ") and len(record.message) < 512, record
        assert all(each in record.message for each in words), record.message
        assert "eyJ" not in record.message and self.recorder.calls("SQLDriverConnect") == []
        return record.message

    def host(self, program: str, **options) -> subprocess.CompletedProcess:
        """A Python program that uses pyodbc: `connect()` says "connected" or prints the error."""
        text = f"""
import os, signal, sys, threading, pyodbc
def connect(more=""):
    try: pyodbc.connect("DSN=d;" + more); print("connected")
    except pyodbc.Error as error: print(*error.args)
{program}"""
        return subprocess.run([sys.executable, "-c", text], env=self.home.env, text=True, capture_output=True, timeout=30, **options)


@pytest.fixture
def application(home, az, recorder) -> Application:
    return Application(home, recorder)


def has_ended(pid: int) -> bool:
    """Whether a process that was killed is gone, or goes within a few seconds: the kernel may have something else to do first."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


# -- How it is run


@pytest.mark.parametrize("section, more, arguments", [
    ({}, "", TOKEN_CALL),
    ({"TokenTenant": "contoso.example"}, "", [*TOKEN_CALL, "--tenant", "contoso.example"]),
    ({"TokenTenant": "contoso.example"}, "TokenTenant={6c2b7e4a-0000-4000-8000-0000deadbeef}", [*TOKEN_CALL, "--tenant", "6c2b7e4a-0000-4000-8000-0000deadbeef"]),
    ({"TokenScope": "https://database.usgovcloudapi.net/.default"}, "", [*TOKEN_CALL[:-1], "https://database.usgovcloudapi.net"]),
    ({"TokenScope": "api://an-app"}, "", [*TOKEN_CALL[:-1], "api://an-app"]),
], ids=["plain", "tenant", "tenant of the string", "scope of another cloud", "resource"])
def test_az_gets_exactly_these_arguments(application, az, section, more, arguments):
    application.configure(**section)
    assert application.connect(more).succeeded
    assert [each["argv"] for each in az.calls] == [arguments]


@pytest.mark.parametrize("key", ["TokenTenant", "TokenScope"])
@pytest.mark.parametrize("value", ["--debug", "-x", "a b", "a;b", "a'b", "a\"b", "a`b", "(a)", "a\\b", "ä"])
def test_no_setting_becomes_an_option_of_az(application, az, key, value):
    assert key in application.refused("HY000", "has characters that no", more=f"{key}={{{value}}}")
    assert az.calls == []


def test_az_runs_in_its_own_surroundings(application, az):
    hosts_own = {"LD_LIBRARY_PATH": "/opt/bi/lib", "LD_PRELOAD": "libm.so.6", "LD_BIND_NOW": "1", "PYTHONHOME": "/opt/bi/python",
                 "PYTHONPATH": "/opt/bi/python/lib"}
    application.home.env |= {**hosts_own, "AZURE_CONFIG_DIR": "/somewhere", "HTTPS_PROXY": "http://proxy.example:3128"}
    assert application.host("", stdin=subprocess.PIPE).returncode == 1  # with this PYTHONHOME no Python starts: so az would not
    assert application.connect().succeeded
    [seen] = az.calls
    assert not set(hosts_own) & set(seen["env"])
    kept = {name: application.home.env[name] for name in ("PATH", "HOME", "AZURE_CONFIG_DIR", "HTTPS_PROXY")}
    assert {name: seen["env"][name] for name in kept} == kept and seen["env"]["AZURE_CORE_NO_COLOR"] == "true"
    assert (seen["cwd"], seen["stdin"], seen["program"]) == ("/", "/dev/null", str(az.path))


def test_az_gets_no_descriptor_but_its_own_three(application, az):
    assert application.host("connect(); connect('TokenTenant=another')").stdout == "connected\nconnected\n"
    assert [set(each["descriptors"]) for each in az.calls] == [{"0", "1", "2"}] * 2


@pytest.mark.parametrize("path", ["", ".", "bin", "./bin", "{cwd}/none:", ":{cwd}/none"])
def test_an_az_in_the_working_folder_is_not_run(application, az, tmp_path, path):
    cwd = tmp_path / "cwd"
    evil = [AzStandIn(cwd, token="eyJ-evil"), AzStandIn(cwd / "bin", token="eyJ-evil")]
    before = path.format(cwd=cwd)
    application.home.env["PATH"] = f"{before}:{application.home.env['PATH']}"
    assert application.host("connect()", cwd=cwd).stdout == "connected\n"
    assert [each.calls for each in evil] == [[], []] and len(az.calls) == 1
    application.home.env["PATH"] = before
    assert "is not on this process's PATH" in application.host("connect()", cwd=cwd).stdout
    assert [each.calls for each in evil] == [[], []]


def test_an_az_that_everybody_can_replace_is_not_run(application, az):
    az.folder.chmod(0o777)
    application.refused("HY000", f"the program az, which is {az.path}, which everybody can replace: run chmod o-w on {az.folder}")


def test_a_program_with_another_groups_rights_runs_nothing_that_is_on_its_users_path(application, az):
    done = application.host("os.setegid(12345)\nconnect()")
    assert "azure-cli needs the program az, which is not on this process's PATH" in done.stdout, done
    assert az.calls == []


# -- Its moods


@pytest.mark.parametrize("mood", ["good", "good without expires_on", "good with warnings", "good with a child"])
def test_a_token_is_a_token_whatever_az_says_beside_it(application, az, mood):
    az.answer(mood)
    connect = application.connect()
    assert connect.code == "SQL_SUCCESS" and connect.seconds < 5
    if mood == "good with a child":  # it would hold the pipe for ten minutes
        assert has_ended(az.grandchild)


@pytest.mark.parametrize("mood, state, words", [
    ("not signed in", "28000", ["Please run 'az login' to setup account. Run 'az login' as the user that this application runs as."]),
    ("expired sign-in", "28000", ["AADSTS700082", "Run 'az login' as the user", "if that does not help, check TokenScope and TokenTenant in section [SQL]"]),
    ("unknown tenant", "28000", ["AADSTS90002: Tenant", "Check TokenScope and TokenTenant in section [SQL] of odbcinst.ini"]),
    ("empty stderr", "28000", ["az refused the sign-in: exit status 1", "run 'az login'"]),
    ("no network", "08001", ["cannot get a token from az", "Max retries exceeded", "Check the network and the proxy"]),
    ("garbage", "HY000", ["what it printed is no JSON", "see what 'az account get-access-token' prints as the user that this application runs as"]),
    ("half", "HY000", ["what it printed is no JSON"]),
    ("empty", "HY000", ["what it printed is no JSON"]),
    ("not an object", "HY000", ["what it printed has no accessToken"]),
    ("huge", "HY000", ["it printed more than 1 MiB"]),
    ("token in an error", "28000", ["cannot read", "***"]),
    ("killed", "HY000", ["it was ended by signal 9"]),
    ("grandchild", "HY000", ["what it printed is no JSON"]),
    ("not executable", "HY000", ["section [SQL] of odbcinst.ini: TokenSource=azure-cli needs the program az", "install the Azure CLI, or add its folder"]),
])
def test_what_goes_wrong_with_az_is_said_with_what_to_do(application, az, mood, state, words):
    az.answer(mood)
    begun = time.monotonic()
    message = application.refused(state, *words)
    assert time.monotonic() - begun < 10
    assert TOKEN not in message and "\x1b" not in message and "Traceback" not in message
    if mood == "grandchild":  # it made a session of its own, to live longer than az
        os.kill(az.grandchild, signal.SIGKILL)


def test_without_any_az_the_message_says_to_install_it(application, az):
    az.path.unlink()
    application.refused("HY000", "needs the program az", "is not on this process's PATH", "install the Azure CLI")


def test_an_az_that_cannot_be_started_is_said_in_the_systems_words(application, az):
    az.path.write_text("#!/no/such/interpreter\n")
    application.refused("HY000", "needs the program az, which cannot be started: No such file or directory")


@pytest.mark.parametrize("mood", ["hangs", "hangs with a child"])
@pytest.mark.parametrize("section, before", [
    ({"TokenTimeout": "1"}, ()),
    ({"TokenTimeout": "20"}, (call("SQLSetConnectAttr", attribute=103, value=1),)),
    ({}, (call("SQLSetConnectAttr", attribute=103, value=1),)),
], ids=["TokenTimeout", "login timeout before TokenTimeout", "login timeout"])
def test_an_az_that_hangs_is_ended_with_its_children_when_the_time_is_over(application, az, mood, section, before):
    application.configure(**section)
    az.answer(mood)
    begun = time.monotonic()
    application.refused("HYT00", "az gave no token within 1 s. Raise TokenTimeout in section [SQL] of odbcinst.ini", before=before)
    assert 1 <= time.monotonic() - begun < 4
    pids = [each["pid"] for each in az.calls] + ([az.grandchild] if mood == "hangs with a child" else [])
    assert all(map(has_ended, pids))


# -- Hosts that have their own way with children and signals

REAPER = """
#include <signal.h>
#include <sys/wait.h>
static volatile int reaped;
static void reap(int signal) { (void)signal; while (waitpid(-1, 0, WNOHANG) > 0) reaped++; }
void begin(int restart) { struct sigaction action = {.sa_handler = reap, .sa_flags = restart ? SA_RESTART : 0}; sigaction(SIGCHLD, &action, 0); }
"""
HOSTS = {
    "ordinary": "",
    "ignores SIGCHLD": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "reaps in a handler": "import ctypes; ctypes.CDLL(sys.argv[0]).begin(1)",
    "reaps in a handler that interrupts": "import ctypes; ctypes.CDLL(sys.argv[0]).begin(0)",
    "reaps in a thread": """
def reap():
    while True:
        try: os.waitpid(-1, 0)
        except ChildProcessError: pass
threading.Thread(target=reap, daemon=True).start()""",
    "blocks signals": "signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGSEGV})",
    "interrupts": "signal.signal(signal.SIGALRM, lambda *_: None); signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
}
# What a host may look at before and after: its handlers, its mask, and that no child is left to it. Signals 32 and 33 are the C
# library's own: it handles one of them from a process's first thread on.
STATE = """
def state():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return [int(status[name], 16) & ~(3 << 31) for name in ("SigCgt", "SigIgn", "SigBlk")]
before = state()
connect()
print(before == state())
try: os.waitpid(-1, os.WNOHANG); print("a child is left")
except ChildProcessError: pass
"""


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_with_its_own_way_with_signals_is_served_and_not_disturbed(application, az, tmp_path, host):
    library = tmp_path / "reaper.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=REAPER, text=True, check=True)
    program = HOSTS[host].replace("sys.argv[0]", json.dumps(str(library))) + "\n" + STATE
    for mood, said in {"good": "connected", "good with warnings": "connected", "not signed in": "az login"}.items():
        az.answer(mood)
        done = application.host(program)
        assert said in done.stdout and done.stdout.endswith("\nTrue\n"), (mood, done)


# A token is old after some seconds: az tells its end in whole ones, and takes its time.
RENEWAL = """
import json, time
def renewing():
    names = []
    for thread in os.listdir("/proc/self/task"):
        try: names.append(open(f"/proc/self/task/{thread}/comm").read())
        except OSError: pass
    return "tokenshim\\n" in names
def calls(): return len(open(CALLS).readlines())
connect()
settings = json.load(open(SETTINGS))
json.dump(settings | {"token": "eyJ-the-second"}, open(SETTINGS, "w"))
while calls() < 2:
    time.sleep(0.1)
    connect()
while renewing(): time.sleep(0.01)
connect()
"""


@pytest.mark.parametrize("host", HOSTS)
def test_an_az_that_a_renewal_runs_gets_the_signals_that_one_for_which_somebody_waits_gets(application, az, tmp_path, host):
    application.configure(TokenRenewal="3600")
    az.answer("good", lifetime_seconds=3606)
    library = tmp_path / "reaper.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=REAPER, text=True, check=True)
    files = f"\nSETTINGS, CALLS = {str(az.folder / 'az.settings')!r}, {str(az.folder / 'az.calls')!r}"
    program = HOSTS[host].replace("sys.argv[0]", json.dumps(str(library))) + files + RENEWAL
    assert set(application.host(program).stdout.splitlines()) == {"connected"}
    tokens = [bytes.fromhex(each["access_token"])[4::2].decode() for each in application.recorder.calls("SQLDriverConnect")]
    assert (tokens[0], tokens[-1]) == (TOKEN, "eyJ-the-second")
    waited_for, renewal = az.calls[:2]
    assert [renewal[name] for name in ("blocked", "ignored", "parent")] == [waited_for[name] for name in ("blocked", "ignored", "parent")]
    assert ("SIGTERM" in renewal["blocked"]) == (host == "blocks signals") and ("SIGCHLD" in renewal["ignored"]) == (host == "ignores SIGCHLD")


@pytest.mark.parametrize("host", ["ordinary", "blocks signals"])
def test_so_does_one_that_is_run_for_an_open_connection(application, az, host):
    application.configure(TokenRenewal="3600")
    az.answer("good", lifetime_seconds=3606)
    wait = f"dbc = pyodbc.connect('DSN=d')\nwhile len(open({str(az.folder / 'az.calls')!r}).readlines()) < 2: time.sleep(0.1)"
    done = application.host(f"import time\n{HOSTS[host]}\n{wait}")
    assert (done.returncode, done.stderr) == (0, "")
    waited_for, renewal = az.calls[:2]
    assert renewal["blocked"] == waited_for["blocked"] and ("SIGTERM" in renewal["blocked"]) == (host == "blocks signals")


def test_no_child_is_started_before_the_connect_or_without_a_token_to_get(application, az):
    run_client(application.home, [call("SQLSetConnectAttr", attribute=103, value=5), call("SQLDriverConnectW", string="DSN=d;TokenSource="),
                                  call("SQLDisconnect")])
    assert az.calls == []
