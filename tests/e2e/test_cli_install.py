"""`tokenshim install` and `uninstall`: one section changed, the rest of the file to the byte, and programs that then connect."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import drivers, replies
from support.command_line import CommandLine
from support.odbc_client import call, run_client

MANAGERS = pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
BEFORE = """# what this machine has
[ODBC]
Pooling = No

[SQLite]
Description = a file
Driver = {sqlite}
Setup = libsqlite3odbc.so
  Threading = 2

; of somebody else
[Other]
Driver=/no/such/driver.so
PWD=s3cr3t
"""
ENDS = pytest.mark.parametrize("end", ["", "[Last]\nDriver=/x.so", "\n\n", "# words"], ids=["newline", "open", "blank", "comment"])


@pytest.fixture
def command(home, dm) -> CommandLine:
    command = CommandLine(home, dm)
    write(command)
    home.write(sources={"data": {"Driver": "SQLite", "Database": ":memory:"}, "new": {"Driver": "New", "Database": ":memory:"}})
    return command


def write(command: CommandLine, end: str = "", newline: str = "\n") -> bytes:
    text = (BEFORE.format(sqlite=drivers.SQLITE) + end).replace("\n", newline).encode()
    command.drivers.write_bytes(text)
    return text


def loaded(command: CommandLine, dsn: str) -> set[str]:
    """The libraries of tokenshim's that a program has loaded once it is connected, by the loader's own word."""
    env = {**command.home.env, "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(command.home.folder / "loader")}
    [connected, asked] = run_client(command.home, [call("SQLDriverConnect", string=f"DSN={dsn}"), call("SQLExecDirect", sql="select 40+2")],
                                    command.dm, env=env)
    assert connected.code == "SQL_SUCCESS" and asked.rows == [["42"]], (connected, asked)
    words = "".join(file.read_text() for file in command.home.folder.glob("loader.*"))
    return {name for name in command.copies if f"/{name}" in words}


@MANAGERS
def test_the_real_drivers_own_section_becomes_tokenshims_and_its_data_sources_connect(command, dm):
    said = command.installs("SQLite", drivers.SQLITE)
    assert "[SQLite] is tokenshim's; its data sources: data" in said
    assert loaded(command, "data") == {"libtokenshim_driver-libsqlite3odbc.so"} == command.copies
    copy = command.library.with_name("libtokenshim_driver-libsqlite3odbc.so")
    assert copy.read_bytes() == command.library.read_bytes() and not copy.is_symlink()
    assert os.stat(copy).st_ino != os.stat(command.library).st_ino and os.stat(copy).st_nlink == 1


@MANAGERS
def test_a_new_section_has_every_other_key_of_the_real_drivers(command, dm):
    command.installs("New", drivers.SQLITE, "--profile", "password", "--source", "command", "--set", "TokenCommand=/bin/echo t")
    section = command.drivers.read_text().split("[New]\n")[1].splitlines()
    copy = command.library.with_name("libtokenshim_driver-libsqlite3odbc.so")
    assert section[:-1] == [f"Driver={copy}", f"RealDriver={drivers.SQLITE}", "TokenProfile=password", "TokenSource=command",
                            "TokenCommand=/bin/echo t", "Description=a file", "Setup=libsqlite3odbc.so",
                            *(["Threading=2"] if dm == "unixodbc" else [])], "iODBC takes an indented line for none"
    assert "SQLite" in command.drivers.read_text() and loaded(command, "data") == set()


@MANAGERS
@pytest.mark.parametrize("name", ["SQLite", "New"])
def test_of_driver_and_driver64_only_what_names_the_real_driver_is_replaced(command, dm, name):
    real, other = ("Driver64", "Driver") if dm == "unixodbc" else ("Driver", "Driver64")
    command.drivers.write_text(f"[SQLite]\n{other}=/of/another/word/size.so\n{real}={drivers.SQLITE}\n")
    command.installs(name, drivers.SQLITE)
    copy = command.library.with_name("libtokenshim_driver-libsqlite3odbc.so")
    text = command.drivers.read_text().split(f"[{name}]\n")[1]
    assert f"\n{real}={copy}\n" in "\n" + text and f"\n{other}=/of/another/word/size.so\n" in text
    assert loaded(command, "data" if name == "SQLite" else "new") == {copy.name}


@MANAGERS
def test_a_secret_of_somebodys_own_file_stays_there(command, dm):
    """Everybody may read the system's file."""
    command.drivers.write_text("[ODBC]\nPooling = No\n")
    own = Path(command.home.env["HOME"], ".odbcinst.ini")
    own.write_text(f"[Mine]\nDriver={drivers.SQLITE}\nPWD=s3cr3t\nTokenClientSecret=s3cr3t\nDescription=a file\n")
    own.chmod(0o600)
    command.installs("New", drivers.SQLITE)
    written = command.drivers.read_text()
    assert "Description=a file" in written and "s3cr3t" not in written


@MANAGERS
@ENDS
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_rest_of_the_file_stays_and_uninstall_gives_it_back_to_the_byte(command, dm, end, newline):
    before = write(command, end, newline)
    command.drivers.chmod(0o640)
    for name in ("SQLite", "New"):
        command.installs(name, drivers.SQLITE)
        written = command.drivers.read_bytes()
        assert b"PWD=s3cr3t" in written and written.startswith(before[:40]) and written != before
        assert command.drivers.stat().st_mode & 0o777 == 0o640
        said = command.does(*command.uninstall(name))
        assert f"[{name}] is as it was before install" in said
        assert command.drivers.read_bytes() == before and command.copies == set()


@MANAGERS
def test_a_dry_run_shows_the_change_without_its_secrets_and_changes_nothing(command, dm):
    before = write(command)
    shown = command.installs("SQLite", drivers.SQLITE, "--source", "env", "--set", "TokenEnv=T", "--profile", "password", "--dry-run")
    assert f"\n+RealDriver={drivers.SQLITE}\n+TokenProfile=password\n+TokenSource=env\n+TokenEnv=T\n" in shown
    assert f"\n-Driver = {drivers.SQLITE}\n" in shown and "would be made" in shown
    assert command.drivers.read_bytes() == before and command.copies == set()
    assert sorted(file.name for file in command.home.system.iterdir()) == ["odbc.ini", "odbcinst.ini"]
    command.installs("Other driver", drivers.SQLITE)
    installed = command.drivers.read_bytes()
    assert "-[Other driver]" in command.does(*command.uninstall("Other driver", "--dry-run"))
    assert command.drivers.read_bytes() == installed


@MANAGERS
def test_what_a_dry_run_shows_is_what_patch_would_do(command, dm):
    diff = command.installs("SQLite", drivers.SQLITE, "--dry-run")
    patched = command.home.folder / "patched.ini"
    shutil.copy(command.drivers, patched)
    patch = shutil.which("patch")
    if not patch:
        pytest.skip("no patch here")
    subprocess.run([patch, "-s", str(patched)], input=diff, text=True, check=True, timeout=30)
    command.installs("SQLite", drivers.SQLITE)
    assert patched.read_bytes() == command.drivers.read_bytes()


@MANAGERS
def test_installed_once_more_only_the_last_install_counts(command, dm):
    before = write(command)
    command.installs("SQLite", drivers.SQLITE, "--source", "env", "--set", "TokenEnv=T", "--profile", "password")
    command.installs("SQLite", drivers.SQLITE)
    assert b"TokenSource" not in command.drivers.read_bytes()
    command.does(*command.uninstall("SQLite"))
    assert command.drivers.read_bytes() == before


@MANAGERS
def test_a_copy_stays_as_long_as_a_section_names_it(command, dm):
    command.installs("SQLite", drivers.SQLITE)
    command.installs("New", drivers.SQLITE)
    assert len(command.copies) == 1
    command.does(*command.uninstall("SQLite"))
    assert loaded(command, "new") == {"libtokenshim_driver-libsqlite3odbc.so"}
    assert "these data sources name [New], which is gone: new" in command.does(*command.uninstall("New"))
    assert command.copies == set()


@MANAGERS
def test_many_installs_at_once_lose_nothing(command, dm):
    before = write(command)
    names = [f"Driver {number}" for number in range(8)]
    for arguments in (lambda name: command.install(name, drivers.SQLITE), command.uninstall):
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(lambda name: command.does(*arguments(name)), names))
        text = command.drivers.read_text()
        assert [name for name in names if f"[{name}]" in text] == (names if arguments != command.uninstall else [])
    assert command.drivers.read_bytes() == before and command.copies == set()


@pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
def test_a_copy_stays_as_long_as_the_other_driver_manager_needs_it(command, dm):
    of_other = command.home.folder / "other.ini"
    if dm == "unixodbc":
        command.home.env["SYSODBCINSTINI"] = str(of_other)
    else:
        command.home.env["ODBCINSTINI"], of_other = "other.ini", command.home.system / "other.ini"
        command.home.env["SYSODBCINSTINI"] = str(command.drivers)
    command.installs("SQLite", drivers.SQLITE)
    of_other.write_bytes(command.drivers.read_bytes())
    command.does(*command.uninstall("SQLite"))
    assert len(command.copies) == 1
    of_other.write_text("")
    command.installs("SQLite", drivers.SQLITE)
    command.does(*command.uninstall("SQLite"))
    assert command.copies == set()


@pytest.mark.parametrize("dm", ["unixodbc"])
def test_what_somebody_wrote_by_hand_is_led_back_to_the_real_driver_and_his_copy_stays(command, dm):
    copy = command.home.shim(name="mine.so")
    command.home.write({"Hand": {"Driver": copy, "RealDriver": drivers.SQLITE, "TokenSource": "env"}})
    command.does(*command.uninstall("Hand"))
    assert command.drivers.read_text() == f"[Hand]\nDriver={drivers.SQLITE}\n" and copy.exists()


@MANAGERS
@pytest.mark.parametrize("other", ["the library", "another copy"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_where_the_copy_belongs_becomes_a_copy(command, dm, link, other):
    copy = command.library.with_name("libtokenshim_driver-libsqlite3odbc.so")
    target = command.library if other == "the library" else command.home.shim(name="another.so")
    link(target, copy)
    command.installs("SQLite", drivers.SQLITE)
    assert not copy.is_symlink() and not os.path.samefile(copy, target) and os.stat(copy).st_nlink == 1
    assert command.library.exists() and loaded(command, "data") == {copy.name}


@MANAGERS
def test_an_upgrade_makes_old_copies_anew_and_nothing_else(command, dm):
    command.refuses(3, "tokenshim install makes one", "upgrade", "--library", command.library, "--driver-manager", dm)
    command.installs("SQLite", drivers.SQLITE)
    [name] = command.copies
    copy, by_hand = command.library.with_name(name), command.home.shim("hand", "mine.so")
    with command.drivers.open("a") as file:
        file.write(f"[Hand]\nDriver={by_hand}\nRealDriver={drivers.SQLITE}\n")
    upgrade = ("upgrade", "--library", command.library, "--driver-manager", dm)
    assert command.does(*upgrade) == f"{copy}: is as it should be\n{by_hand}: is as it should be\n"
    for old in (copy, by_hand):
        with old.open("ab") as file:
            file.write(b"of another version")
    before = {file: (file.read_bytes(), file.stat().st_ino) for file in (copy, by_hand, command.library, command.drivers)}
    assert command.does(*upgrade, "--dry-run").count("would be made anew") == 2
    assert {file: (file.read_bytes(), file.stat().st_ino) for file in before} == before
    assert command.does(*upgrade).count("was made anew") == 2
    for file, (content, inode) in before.items():
        if file in (copy, by_hand):
            assert file.read_bytes() == command.library.read_bytes() and file.stat().st_ino != inode and file.stat().st_mode & 0o777 == 0o755
        else:
            assert (file.read_bytes(), file.stat().st_ino) == (content, inode)
    assert loaded(command, "data") == {name}


@pytest.mark.parametrize("dm", ["unixodbc"])
def test_after_another_program_took_the_comments_out_the_section_is_led_back_to_the_real_driver(command, dm):
    command.installs("SQLite", drivers.SQLITE, "--source", "env", "--set", "TokenEnv=T", "--profile", "password")
    template = command.home.folder / "template"
    template.write_text("[Another]\nDriver=/x.so\n")
    subprocess.run(["odbcinst", "-i", "-d", "-f", str(template)], env=command.home.env, check=True, capture_output=True, timeout=30)
    if "# >>> tokenshim" in command.drivers.read_text():
        pytest.skip("this odbcinst keeps comments")
    said = command.does(*command.uninstall("SQLite"))
    assert "[SQLite] stays, and names the real driver now" in said and command.copies == set()
    assert "Token" not in command.drivers.read_text() and "RealDriver" not in command.drivers.read_text()
    assert loaded(command, "data") == set()


@pytest.mark.parametrize("dm", ["unixodbc"])
def test_what_make_install_lays_down_finds_its_own_library(command, dm, installed):
    command.program = installed.folder / "bin" / "tokenshim"
    copy = installed.folder / "lib" / "tokenshim" / "libtokenshim_driver-libsqlite3odbc.so"
    command.does("install", "SQLite", "--real", drivers.SQLITE.name)
    assert copy.is_file() and f"Driver={copy}\n" in command.drivers.read_text()
    [connected] = run_client(command.home, [call("SQLDriverConnect", string="DSN=data")])
    assert connected.code == "SQL_SUCCESS"
    command.does("uninstall", "SQLite")
    assert not copy.exists()
    for file in ("man/man1/tokenshim.1", "man/man1/tokenshim-install.1", "bash-completion/completions/tokenshim", "zsh/site-functions/_tokenshim"):
        assert (installed.folder / "share" / file).is_file()
    completed = "source $1; COMP_WORDS=(tokenshim inst); COMP_CWORD=1; _tokenshim tokenshim inst tokenshim; echo ${COMPREPLY[@]}"
    shell = ["bash", "-c", completed, "bash", str(installed.folder / "share/bash-completion/completions/tokenshim")]
    assert subprocess.run(shell, capture_output=True, text=True, timeout=30).stdout == "install\n"


# -- With a token


@pytest.mark.parametrize("dm", ["unixodbc"])
def test_isql_signs_in_through_an_installed_section(home, postgres, identity_provider, dm):
    command = CommandLine(home)
    secret = home.folder / "secret"
    secret.write_text("s3cr3t")
    secret.chmod(0o600)
    postgres.role("alice", "the-token")
    identity_provider.always(replies.good_token("the-token"))
    home.write({"PostgreSQL": {"Driver": drivers.PSQLODBCW.name}}, {"pg": {"Driver": "PostgreSQL", **postgres.keys(UserName="alice", SSLmode="require")}})
    isql = ["isql", "-b", "pg"]
    options = {"env": home.env, "input": "select current_user\n", "capture_output": True, "text": True, "timeout": 60}
    assert subprocess.run(isql, **options).returncode != 0
    command.installs("PostgreSQL", drivers.PSQLODBCW.name, "--source", "client-credentials", "--set", f"TokenEndpoint={identity_provider.url}/token",
                     "--set", "TokenClientId=me", "--set", f"TokenClientSecretFile={secret}")
    done = subprocess.run(isql, **options)
    assert done.returncode == 0 and "alice" in done.stdout, done
    command.does(*command.uninstall("PostgreSQL"))
    assert subprocess.run(isql, **options).returncode != 0
