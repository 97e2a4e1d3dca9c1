"""The browser of a sign-in: which one opens, what it has of the host, and how many there are."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from support import browser as programs
from support.browser_people import ASKED, BrowserPeople, browser_keys
from support.device_code import COMPLETE, connect
from support.host import finished, start_host
from support.odbc_client import run_client


@pytest.fixture
def people(identity_provider) -> BrowserPeople:
    return BrowserPeople(identity_provider)


def test_the_browser_has_nothing_of_the_hosts_but_its_environment(ways, people, browser):
    ways.record(browser_keys(people))
    env = {"LD_LIBRARY_PATH": "/nonexistent", "PYTHONHOME_OF_OTHERS": "kept"}
    result = run_client(ways.shim, [connect(COMPLETE)], env=env)
    assert result[0].succeeded and result.stdout == ""
    [run] = browser.runs()
    assert len(run["argv"]) == 1 and run["cwd"] == "/" and run["group"] == run["pid"]
    assert set(run["descriptors"].values()) == {"/dev/null"}
    assert "LD_LIBRARY_PATH" not in run["env"] and run["env"]["PYTHONHOME_OF_OTHERS"] == "kept"


def test_of_several_browsers_the_next_opens_where_one_cannot(ways, people, browser):
    ways.record(browser_keys(people))
    ways.shim.env["BROWSER"] = f"no-such-browser:./relative %s:/bin/false %s:{browser.line} %s:{browser.line}"
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded and len(browser.runs()) == 1


def put_xdg_open_on_path(ways, browser, tmp_path) -> None:
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nexec {browser.line} "$@"\n')
    opener.chmod(opener.stat().st_mode | stat.S_IXUSR)
    ways.shim.env["PATH"] = f"{opener.parent}:{ways.shim.env['PATH']}"


def test_without_a_name_it_is_what_xdg_open_opens(ways, people, browser, tmp_path):
    ways.record(browser_keys(people))
    del ways.shim.env["BROWSER"]
    put_xdg_open_on_path(ways, browser, tmp_path)
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded and len(browser.runs()) == 1


SIGNS_IN = """
dbc = allocate(DBC, environment())
say(connect(dbc, "DSN=data", 1), record(DBC, dbc))
"""


def test_where_none_opens_somebody_opens_the_page_by_hand(ways, people):
    ways.record(browser_keys(people))
    ways.shim.env["BROWSER"] = "/nonexistent/browser"
    with start_host(ways.shim, SIGNS_IN) as host:
        line = host.stderr.readline()
        assert line.startswith(ASKED), line
        programs.follow(line.removeprefix(ASKED).strip(), lambda _: None)
        done = finished(host)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 None\n", "")


def test_a_browser_that_stays_open_holds_up_neither_the_connect_nor_the_end_of_the_program(ways, people, browser, tmp_path):
    ways.record(browser_keys(people))
    script = tmp_path / "stays"
    script.write_text(f'#!/bin/sh\necho $$ > {tmp_path}/pid\n{browser.line} "$1"\nexec sleep 600\n')
    script.chmod(0o755)
    ways.shim.env["BROWSER"] = str(script)
    done = finished(start_host(ways.shim, SIGNS_IN), 60)
    pid = int((tmp_path / "pid").read_text())
    try:
        assert (done.returncode, done.stdout) == (0, "0 None\n")
        assert Path(f"/proc/{pid}").exists(), "it was not killed"
    finally:
        subprocess.run(["kill", str(pid)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another group")
def test_a_program_with_another_groups_rights_starts_no_browser(ways, people, browser, tmp_path):
    """Its environment is that of whoever started it. Nobody opens the page by hand."""
    ways.record(browser_keys(people, TokenCache="memory", TokenTimeout=4))
    put_xdg_open_on_path(ways, browser, tmp_path)
    done = finished(start_host(ways.shim, "os.setegid(12345)" + SIGNS_IN))
    assert done.stdout.startswith("-1 ('HYT00',") and done.stderr.startswith(ASKED) and people.asked == 0, done


def test_a_host_that_ignores_its_children_gets_its_token(ways, people, browser):
    ways.record(browser_keys(people))
    done = finished(start_host(ways.shim, "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)" + SIGNS_IN))
    assert (done.returncode, done.stdout) == (0, "0 None\n") and len(browser.runs()) == 1


ENDS = """
def left():
    files = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return [os.readlink(file) for file in files if os.path.islink(file) and os.readlink(file).startswith("socket:")], sorted(tasks())
env = environment()
dbc = allocate(DBC, env)
before = left()
code = connect(dbc, "DSN=data", 1)
after = left()
say(code, after == before, before, after)
"""


@pytest.mark.parametrize("brings, code", [({}, 0), ({"code": None, "error": "access_denied"}, -1), ({"state": "wrong"}, -1)],
                         ids=["good", "denied", "too late"])
def test_nobody_listens_once_the_connect_has_ended(ways, people, browser, brings, code):
    people.brings.append(brings)
    ways.record(browser_keys(people, TokenTimeout=3 if "state" in brings else 60))
    done = finished(start_host(ways.shim, ENDS))
    assert done.stdout.startswith(f"{code} True ") and people.asked == 1, done


# -- Several at once

AT_ONCE = """
env, codes = environment(), []
users = sys.argv[3:]
def connects(user):
    dbc = allocate(DBC, env)
    codes.append((connect(dbc, f"DSN=data;TokenUser={user}", 1), record(DBC, dbc)))
threads = [started(connects, users[0])]
wait_for(sys.argv[1])
threads += [started(connects, user) for user in users[1:]]
def waits(thread):
    state = open(f"/proc/self/task/{thread.native_id}/stat").read().rpartition(")")[2].split()[0]
    return state == "S"
seen, until = 0, time.monotonic() + 30
while seen < 20 and time.monotonic() < until: # until all do nothing but wait
    time.sleep(0.005)
    seen = seen + 1 if all(map(waits, threads)) else 0
touch(sys.argv[2])
for thread in threads: thread.join()
say(codes)
"""


@pytest.mark.parametrize("users, browsers", [(["ann"] * 6, 1), (["ann", "ann", "bob"], 2)], ids=["one person", "two people"])
def test_connects_at_once_open_one_browser_for_each_person(ways, people, browser, tmp_path, users, browsers):
    ways.record(browser_keys(people))
    asked, release = tmp_path / "asked", tmp_path / "release"

    def hold(exchange):
        asked.touch()
        while not release.exists() and not exchange.stopping.wait(0.005):
            pass

    people.before_sign_in = hold
    done = finished(start_host(ways.shim, AT_ONCE, asked, release, *users))
    assert (done.returncode, done.stdout) == (0, f"{[(0, None)] * len(users)}\n"), done
    assert len(browser.runs()) == people.asked == done.stderr.count("To sign in") == browsers
    assert len(people.issued) == browsers
