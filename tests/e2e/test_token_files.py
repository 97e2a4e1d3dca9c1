"""Where tokens are kept in files (TokenCache=file), and what else may stand there. Whatever is wrong with the folder, a connect
gets its token, and the log (TokenLog) one line."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from support import replies
from support.host import finished, run_host, start_host
from support.token_files import WITHOUT_A_PRIVILEGE, TokenFiles
from support.two_ways import token_keys

ANSWERS = "answers('DSN=data')"
TOKEN = "eyJ0b2tlbi0x.of.the-test"


@pytest.fixture
def files(ways, identity_provider) -> TokenFiles:
    """The DSN `data`, whose token all processes share."""
    files = TokenFiles(ways.shim)
    identity_provider.always(replies.good_token(TOKEN))
    ways.record(token_keys(identity_provider, TokenCache="file", TokenLog=files.log))
    return files


def connects(ways, files, count: int = 1, **environment) -> str:
    """Programs that connect one after the other; returns the words of the warnings."""
    home = ways.shim
    before = len(files.warnings)
    home.env.update(environment)
    for _ in range(count):
        run_host(home, ANSWERS)
    return without_beginnings(files.warnings[before:])


def without_beginnings(text: str) -> str:
    beginning = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[tokenshim\] \d+/\d+ warning: "
    assert all(re.match(beginning, line) for line in text.splitlines()), text
    assert TOKEN not in text and "section-secret" not in text
    return re.sub(f"^{beginning}", "", text, flags=re.M)


@pytest.mark.parametrize("variables, place", [
    ({"XDG_CACHE_HOME": "{home}/caches/deep"}, "caches/deep/tokenshim"),
    ({"XDG_CACHE_HOME": "caches"}, ".cache/tokenshim"),
    ({"XDG_CACHE_HOME": ""}, ".cache/tokenshim"),
    ({}, ".cache/tokenshim"),
], ids=["XDG_CACHE_HOME", "not a full path", "empty", "HOME"])
def test_they_are_in_the_users_folder_for_caches(ways, files, identity_provider, variables, place):
    files.folder = ways.shim.user / place
    warnings = connects(ways, files, 2, **{name: value.format(home=ways.shim.user) for name, value in variables.items()})
    assert warnings == "" and files.tokens() == [TOKEN] and len(identity_provider.requests) == 1
    made = [files.folder, *files.folder.parents][:place.count("/") + 1]
    assert {each.stat().st_mode & 0o777 for each in made} == {0o700}


def test_without_home_it_is_the_accounts_own(ways, files, tmp_path):
    """The account is one of this test's: the list of accounts is asked by a function that this library has instead."""
    account, library = tmp_path / "account", tmp_path / "account.so"
    account.mkdir()
    source = tmp_path / "account.c"
    source.write_text(f"""#include <pwd.h>
int getpwuid_r(uid_t user, struct passwd *entry, char *room, size_t size, struct passwd **found)
{{
    *entry = (struct passwd){{"someone", "x", user, user, "", "{account}", "/bin/sh"}};
    *found = entry;
    return room && size ? 0 : 34;
}}""")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    files.folder = account / ".cache" / "tokenshim"
    del ways.shim.env["HOME"]
    assert connects(ways, files, LD_PRELOAD=str(library)) == "" and files.tokens() == [TOKEN]


# -- What may not be used


def link(folder: Path, elsewhere: Path) -> None:
    folder.symlink_to(elsewhere)


def for_everybody(folder: Path, elsewhere: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def for_the_group(folder: Path, elsewhere: Path) -> None:
    folder.mkdir()
    folder.chmod(0o770)


def a_file(folder: Path, elsewhere: Path) -> None:
    folder.touch()


@pytest.mark.parametrize("make, words", [
    (link, "is no folder, or a link to one"),
    (for_everybody, "can be written by others (mode 777): run chmod 700 on it"),
    (for_the_group, "can be written by others (mode 770): run chmod 700 on it"),
    (a_file, "is no folder, or a link to one"),
], ids=lambda each: getattr(each, "__name__", ""))
def test_a_folder_that_others_could_have_made_is_not_used(ways, files, identity_provider, tmp_path, make, words):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    files.folder.parent.mkdir(parents=True)
    make(files.folder, elsewhere)
    assert connects(ways, files, 2) == f"no token is kept in a file: {files.folder} {words}\n" * 2
    assert len(identity_provider.requests) == 2 and files.names() == [] and list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else; src/token/store/tests has this for all")
@pytest.mark.parametrize("which", ["folder", "home"])
def test_another_users_folder_is_not_used(ways, files, identity_provider, which):
    """So it is where root has another user's HOME: nothing is made there that the user could not use."""
    files.folder.mkdir(parents=True)
    if which == "home":
        files.folder.rmdir()
    os.chown(files.folder if which == "folder" else files.folder.parent, 12345, 12345)
    words = {"folder": "belongs to another user (uid 12345)", "home": "cannot be made: the folder above it belongs to another user (uid 12345)"}
    assert connects(ways, files, 2) == f"no token is kept in a file: {files.folder} {words[which]}\n" * 2
    assert len(identity_provider.requests) == 2 and files.names() == [] and files.folder.exists() == (which == "folder")


def test_a_folder_that_others_may_read_is_theirs_no_more(ways, files):
    files.folder.mkdir(parents=True)
    files.folder.chmod(0o755)
    assert connects(ways, files) == "" and files.modes()["."] == 0o700


def another_file(file: Path, text: str) -> None:
    file.write_text(text.replace(TOKEN, "planted"))
    file.chmod(0o600)


def linked(file: Path, text: str) -> None:
    elsewhere = file.parent.parent / "elsewhere"
    another_file(elsewhere, text)
    file.symlink_to(elsewhere)


def a_pipe(file: Path, text: str) -> None:
    os.mkfifo(file, 0o600)


def corrupt(file: Path, text: str) -> None:
    another_file(file, text[:-20])


def empty(file: Path, text: str) -> None:
    another_file(file, "")


def binary(file: Path, text: str) -> None:
    file.write_bytes(bytes(range(256)) * 64)
    file.chmod(0o600)


def another_version(file: Path, text: str) -> None:
    another_file(file, text.replace('"version":1', '"version":2'))


def readable(file: Path, text: str) -> None:
    another_file(file, text)
    file.chmod(0o644)


def another_users(file: Path, text: str) -> None:
    another_file(file, text)
    os.chown(file, 12345, 12345)


REPLACED = [(linked, "is a link"), (a_pipe, "is no regular file"), (corrupt, "is damaged"), (empty, "is damaged"), (binary, "is damaged"),
            (another_version, "was not written by this version of tokenshim"), (readable, "may be used by others (mode 644)"),
            *([(another_users, "belongs to another user (uid 12345)")] if os.geteuid() == 0 else [])]


@pytest.mark.parametrize("put, words", REPLACED, ids=lambda each: getattr(each, "__name__", ""))
def test_a_file_that_is_not_to_be_believed_is_replaced(ways, files, identity_provider, put, words):
    assert connects(ways, files) == ""
    file, text = files.file, files.file.read_text()
    file.unlink()
    put(file, text)
    assert connects(ways, files) == f"a token is fetched anew: {file} {words}\n"
    assert connects(ways, files) == "" and len(identity_provider.requests) == 2
    assert files.tokens() == [TOKEN] and not file.is_symlink() and files.modes()[file.name] == 0o600
    assert put is not linked or "planted" in (file.parent.parent / "elsewhere").read_text()


# -- What cannot be written


def test_a_folder_that_may_not_be_written_costs_a_warning(ways, files, identity_provider):
    files.folder.mkdir(parents=True)
    files.folder.chmod(0o500)
    for requests in (1, 2):
        done = finished(start_host(ways.shim, ANSWERS, under=WITHOUT_A_PRIVILEGE))
        assert (done.returncode, done.stderr) == (0, "") and len(identity_provider.requests) == requests
    # No lock, and no file: each once in a process.
    warnings = without_beginnings(files.warnings).splitlines()
    assert [each.partition(":")[0] for each in warnings] == ["processes may fetch a token each", "a token is not kept"] * 2
    assert all("Permission denied" in each or "EACCES" in each for each in warnings) and files.names() == []


def test_what_a_folder_that_may_not_be_written_has_already_is_used(ways, files, identity_provider):
    assert connects(ways, files) == ""
    files.folder.chmod(0o500)
    done = finished(start_host(ways.shim, ANSWERS, under=WITHOUT_A_PRIVILEGE))
    assert (done.returncode, files.warnings) == (0, "") and len(identity_provider.requests) == 1


def test_a_disk_that_is_full_costs_a_warning(ways, files, identity_provider):
    """A limit of file sizes is told by a signal besides, of which this program would die."""
    ways.shim.env.pop("RECORDER_LOG")
    ways.record(token_keys(identity_provider, TokenCache="file", TokenLog="stderr", TokenLogLevel="warning"))
    program = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nresource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
    done = finished(start_host(ways.shim, program + ANSWERS + "\n" + ANSWERS))
    assert done.returncode == 0 and len(identity_provider.requests) == 1, done
    assert re.fullmatch(r"a token is not kept: \S+\.token cannot be written: File too large \(os error 27\)\n", without_beginnings(done.stderr)), done
    assert files.names() == [], "half a file does not stay"


def test_a_log_that_nobody_reads_holds_no_connect_up(ways, files, identity_provider):
    """stderr is a pipe that is full, or whose reader has gone: that would be told by a signal."""
    files.folder.parent.mkdir(parents=True)
    files.folder.touch()
    ways.record(token_keys(identity_provider, TokenCache="file", TokenLog="stderr", TokenLogLevel="warning"))
    program = """
import signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
reading, writing = os.pipe()
os.dup2(writing, 2)
if sys.argv[1] == "full":
    os.set_blocking(2, False)
    try:
        while os.write(2, b"x" * 4096): pass
    except BlockingIOError: pass
    os.set_blocking(2, True)
else:
    os.close(reading)
answers("DSN=data")
say("done")
"""
    for way in ("full", "gone"):
        assert run_host(ways.shim, program, way) == ["done"]
