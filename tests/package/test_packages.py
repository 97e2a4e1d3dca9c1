"""The packages, installed in a clean system, where a program that was there before signs in with a token."""

from __future__ import annotations

import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from conftest import CleanSystem
from support.odbc_home import ini_text

MOST_BYTES = 6_000_000
ISQL = ["isql", "-v", "-b", "-k", "DSN=sales;UID=reporter"]


@pytest.fixture
def connects(system, postgres, identity_provider):
    """Whether isql in the clean system gets in, by the token. Who gets in has fetched it."""
    def connects() -> bool:
        postgres.role("reporter", identity_provider.token)
        identity_provider.forget()
        system.write("/etc/odbc.ini", ini_text({"sales": {"Driver": "PostgreSQL", **postgres.keys()}}))
        done = system.run(*ISQL, typed="select 'who: ' || current_user\n")
        assert "who: reporter" in done.stdout, done.stdout + done.stderr
        return [request.path for request in identity_provider.requests] == ["/token"]
    return connects


@pytest.fixture
def keys(system, identity_provider) -> dict[str, str]:
    system.write("/secret", "a-secret-of-the-package-test")
    system.run("chmod", "600", "/secret")
    return {"TokenEndpoint": f"{identity_provider.url}/token", "TokenClientId": "reporting", "TokenClientSecretFile": "/secret"}


def test_the_deb_installs_in_a_clean_system_and_goes_away_without_a_trace(system: CleanSystem, package, connects, keys):
    before = system.files()
    system.put(package, "/tokenshim.deb")
    does(system, "dpkg", "--install", "/tokenshim.deb")
    [driver] = [file for file in system.files() if file.endswith("/libtokenshim_driver.so")]
    assert re.fullmatch(r"/usr/lib/[^/]+-linux-gnu/tokenshim/libtokenshim_driver\.so", driver)
    assert "libtokenshim.so.0 " in does(system, "ldconfig", "-p")
    assert re.fullmatch(r"tokenshim \d+\.\d+\.\d+\n", does(system, "tokenshim", "--version"))

    settings = [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]
    does(system, "tokenshim", "install", "PostgreSQL", "--real", "psqlodbcw.so", "--source", "client-credentials", *settings)
    assert connects()
    copy = re.search(r"^Driver *= *(\S+)", (system.folder / "etc/odbcinst.ini").read_text(), re.M)[1]
    system.write(copy, "of an older version")
    does(system, "dpkg", "--install", "/tokenshim.deb")  # an upgrade, to dpkg
    assert connects(), "the copy was made anew"
    assert "PostgreSQL" in does(system, "tokenshim", "list")

    does(system, "tokenshim", "uninstall", "PostgreSQL")
    does(system, "dpkg", "--purge", "tokenshim")
    of_the_test = {"/secret", "/tokenshim.deb", "/etc/odbcinst.ini", "/etc/odbc.ini", "/root/.odbc.ini", "/root/.isql_history"}  # the last two are unixODBC's
    left = {file for file in system.files() - before - of_the_test if not file.startswith("/tmp/psqlodbc_")}  # Debian starts a log of the driver's own
    assert left == set()
    system.run("rm", *of_the_test)


def does(system: CleanSystem, *command: str) -> str:
    """What it prints, where it does what it is asked for."""
    done = system.run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_archive_unpacked_in_usr_local_serves_as_well(system: CleanSystem, archive, connects, keys):
    system.put(archive, "/tokenshim.tar.gz")
    does(system, "tar", "-C", "/usr/local", "--strip-components=1", "-xzf", "/tokenshim.tar.gz")
    real = "/" + str(next(system.folder.glob("usr/lib/*/odbc/psqlodbcw.so")).relative_to(system.folder))
    driver = "/usr/local/lib/tokenshim/libtokenshim_driver.so"
    system.write("/etc/odbcinst.ini", ini_text({"PostgreSQL": {"Driver": driver, "RealDriver": real, "TokenSource": "client-credentials", **keys}}))
    assert connects()


def test_the_libraries_are_stripped_and_hardened_and_small(archive, tmp_path):
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    libraries = [path for path in tmp_path.rglob("libtokenshim*.so*") if not path.is_symlink()]
    assert len(libraries) == 2
    for library in libraries:
        headers, dynamic, sections = (readelf(flag, library) for flag in ("-lW", "-dW", "-SW"))
        assert "GNU_RELRO" in headers and "BIND_NOW" in dynamic, library
        [stack] = [line for line in headers.splitlines() if "GNU_STACK" in line]
        assert re.search(r"\sRW\s", stack), stack
        assert not re.search(r"LOAD.*\sRWE\s", headers) and "TEXTREL" not in dynamic
        assert ".symtab" not in sections and ".debug_info" not in sections
    assert sum(library.stat().st_size for library in libraries) < MOST_BYTES


def test_a_c_program_is_built_with_what_the_archive_has(archive, tmp_path):
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    [root] = tmp_path.iterdir()
    program = tmp_path / "program"
    example = Path(__file__).resolve().parents[2] / "examples" / "c" / "get_token.c"
    subprocess.run(["cc", "-Wall", "-Werror", f"-I{root}/include", str(example), f"-L{root}/lib", "-ltokenshim", "-o", str(program)], check=True)
    assert "libtokenshim.so.0" in readelf("-dW", program)


def readelf(flag: str, file: Path) -> str:
    return subprocess.run(["readelf", flag, str(file)], check=True, capture_output=True, text=True).stdout
