"""The client, the real drivers and the recorder, without tokenshim: what fails here is not tokenshim's fault."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from support import drivers
from support.odbc_client import WIDE_BYTES, call, dlsym_table, run_client
from support.odbc_home import REPOSITORY

PASSWORD = "tok%41+en;with}{odd=characters"
BRACED = "{" + PASSWORD.replace("}", "}}") + "}"
MANAGERS = ["unixodbc", "iodbc"]
# psqlodbcw is built for unixODBC, with 2-byte SQLWCHARs: iODBC 3.52 garbles its texts, with any application.
POSTGRES = [("unixodbc", "pg"), ("unixodbc", "pga"), ("iodbc", "pga")]


# -- Driver managers and drivers


@pytest.fixture
def pg(home, postgres):
    """A DSN straight to the real drivers."""
    postgres.role("alice", PASSWORD)
    home.write({"Unicode": {"Driver": drivers.PSQLODBCW}, "Ansi": {"Driver": drivers.PSQLODBCA}},
               {"pg": {"Driver": "Unicode", **postgres.keys(Username="alice")},
                "pga": {"Driver": "Ansi", **postgres.keys(Username="alice")}})
    return home


@pytest.mark.parametrize("dm, dsn", POSTGRES)
@pytest.mark.parametrize("letter", ["", "W"])
def test_postgres_decides_who_signs_in(pg, dm, letter, dsn):
    # iODBC 3.52 cuts a W statement for an ANSI driver by as many bytes as its characters have too many.
    text = "e" if (dm, letter) == ("iodbc", "W") else "é€"
    good, _, rows, wrong = run_client(pg, [
        call(f"SQLDriverConnect{letter}", string=f"DSN={dsn};PWD={BRACED}", out=1000, length="exact"),
        call("SQLGetInfo", info=17, out=100),
        call(f"SQLExecDirect{letter}", sql=f"select current_user, '{text}', null"),
        call(f"SQLDriverConnect{letter}", string=f"DSN={dsn};PWD=wrong", dbc="second"),
    ], dm)
    assert good.code == "SQL_SUCCESS" and good.out.startswith(f"DSN={dsn};") and not good.overrun, good
    assert rows.rows == [["alice", text, None]], rows
    assert wrong.code == "SQL_ERROR" and len(wrong.records) == 1
    assert "password authentication failed" in wrong.records[0].message


@pytest.mark.parametrize("dm, dsn", [*POSTGRES, (drivers.PSQLODBCW, "pg")])
def test_connect_by_name(pg, dm, dsn):
    arguments = {"dsn": dsn, "user": "alice", "password": PASSWORD}
    assert run_client(pg, [call("SQLConnectW", **arguments)], dm)[0].succeeded
    if dm == "iodbc":
        return  # its SQLConnect reads a DSN to its NUL, whatever its length
    exact = dict.fromkeys(("dsn_length", "user_length", "password_length"), "exact")
    assert run_client(pg, [call("SQLConnect", **arguments, **exact)], dm)[0].succeeded


def test_isql(pg):
    done = subprocess.run(["isql", "-b", "pg", "alice", PASSWORD], input="select 40+2\n", env=pg.env, text=True,
                          capture_output=True, timeout=30)
    assert "42" in done.stdout, done


def test_postgres_offers_tls(pg, postgres, authority):
    [connect, rows] = run_client(pg, [
        call("SQLDriverConnectW", string=f"DSN=pg;PWD={BRACED};SSLmode=verify-full"),
        call("SQLExecDirectW", sql="select ssl from pg_stat_ssl where pid = pg_backend_pid()"),
    ], env={"PGSSLROOTCERT": str(authority.file)})
    assert connect.succeeded and rows.rows == [["1"]], (connect, rows)


def test_a_user_file_comes_before_the_system_file(pg, postgres):
    pg.write(None, {"pga": {"Driver": "Ansi", **postgres.keys(Username="nobody")}}, user=True)
    for dm in MANAGERS:
        [connect] = run_client(pg, [call("SQLDriverConnect", string=f"DSN=pga;PWD={BRACED}")], dm)
        assert '"nobody"' in connect.records[0].message


def test_microsofts_driver(home):
    home.write({"ms": {"Driver": drivers.microsoft()}}, {})
    token = {"hex": (b"\4\0\0\0" + b"t\0k\0").hex()}
    refused, accepted = run_client(home, [
        call("SQLSetConnectAttr", attribute=1256, value=token),
        call("SQLDriverConnectW", string="DRIVER=ms;SERVER=127.0.0.1,1;UID=u"),
        call("SQLSetConnectAttr", attribute=103, value=1, dbc="without a user"),
        call("SQLSetConnectAttr", attribute=1256, value=token, dbc="without a user"),
        call("SQLDriverConnectW", string="DRIVER=ms;SERVER=127.0.0.1,1", dbc="without a user"),
    ])[1::3]
    assert refused.records[0].state == "FA005"
    assert accepted.records[0].state in ("08001", "HYT00")  # on its way to a server that is not there


@pytest.mark.parametrize("real", drivers.DEBIAN, ids=lambda path: path.name)
def test_symbols_of_a_copy(tmp_path, home, real):
    copy = shutil.copy(real, tmp_path / "copy.so")
    names = ["SQLConnect", "SQLFetch", "SQLNoSuchFunction"]
    assert dlsym_table(home.env, real, real, names, now=True) == dict(zip(names, ["equal", "equal", "absent"], strict=True))
    assert dlsym_table(home.env, copy, real, names)["SQLFetch"] == "different"


def test_a_crash_is_reported(home, recorder):
    with pytest.raises(AssertionError, match="SIGSEGV, last in SQLSetConnectAttr"):
        run_client(home, [call("SQLSetConnectAttr", attribute=122, value=1, length=-3)], recorder.compile("ansi"))
    with pytest.raises(AssertionError, match="did not end within 0.5 s, last in SQLDriverConnect"):
        run_client(home, [call("SQLDriverConnect", string="")], recorder.compile("ansi"), timeout=0.5,
                   env={"RECORDER_CONNECT_SECONDS": "9"})


# -- The recorder


LETTERS_BY_SHAPE = {"ansi": [""], "wide": ["W"], "both": ["", "W"]}


@pytest.mark.parametrize("dm, wide_bytes, shape, letter", [
    *((dm, width, shape, letter) for dm, width in WIDE_BYTES.items() for shape in LETTERS_BY_SHAPE for letter in ("", "W")),
    # Without a driver manager nobody translates.
    *(("direct", width, shape, letter) for width in (2, 4) for shape in LETTERS_BY_SHAPE for letter in LETTERS_BY_SHAPE[shape]),
])
def test_recorder(home, recorder, dm, wide_bytes, shape, letter):
    driver = recorder.compile(shape, "libsparkodbc_sb64.so", wide_bytes)
    home.write({"spark": {"Driver": driver}}, {})
    text = "DRIVER=spark;Auth_Client_ID=x;Note=" + ("é€𝄞" if shape != "ansi" and (letter or dm == "direct") else "e")
    reader = f"SQLGetDiagRec{letter}"
    connect, rows, _, cut = run_client(home, [
        call(f"SQLDriverConnect{letter}", string=text, out=200, length="exact"),
        call(f"SQLExecDirect{letter}", sql="select 1"),
        call("SQLDisconnect"),
        call(f"SQLDriverConnect{letter}", string=text, out=10, dbc="second"),
    ], driver if dm == "direct" else dm, **({"wide_bytes": wide_bytes} if dm == "direct" else {}))
    assert connect.code == "SQL_SUCCESS" and connect.out == text + ";PORT=443", connect
    assert rows.rows == [["1"]]
    assert cut.code == "SQL_SUCCESS_WITH_INFO" and cut.out == text[:9] and not cut.overrun, cut
    if dm != "iodbc":  # which tells some length of what fitted
        assert cut.length >= len(text), cut
    calls = recorder.calls("SQLDriverConnect")
    assert [each["string"] for each in calls] == [text, text], calls

    failed, explicit = run_client(home, [
        call(f"SQLDriverConnect{letter}", string=text),
        call(reader, record=1, out=300),
    ], driver if dm == "direct" else dm, env={"RECORDER_FAIL": "28000:no entry, sorry"},
        **({"wide_bytes": wide_bytes} if dm == "direct" else {}))
    assert [(each.state, each.message) for each in failed.records] == [("28000", "[Recorder]no entry, sorry")], failed
    assert (explicit.state, explicit.out, explicit.native) == ("28000", "[Recorder]no entry, sorry", 4711)


@pytest.mark.parametrize("dm", MANAGERS)
def test_recorder_sees_the_token_attribute_at_connect(home, recorder, dm):
    home.write({"r": {"Driver": recorder.compile("wide", "libmsodbcsql-18.so", WIDE_BYTES[dm])}}, {})
    run_client(home, [call("SQLSetConnectAttr", attribute=1256, value={"hex": "0400000074006b00"}),
                      call("SQLDriverConnectW", string="DRIVER=r"),
                      call("SQLSetConnectAttr", attribute=122, value="Auth_AccessToken=neu", length="nts")], dm)
    [connect] = recorder.calls("SQLDriverConnect")
    assert connect["access_token"] == "0400000074006b00"


@pytest.mark.parametrize("dm", MANAGERS)
def test_recorder_browses(home, recorder, dm):
    home.write({"r": {"Driver": recorder.compile("both", wide_bytes=WIDE_BYTES[dm])}}, {})
    ask, done = run_client(home, [call("SQLBrowseConnectW", string="DRIVER=r", out=200),
                                  call("SQLBrowseConnectW", string="UID=u", out=200)], dm)
    assert ask.code == "SQL_NEED_DATA" and ask.out.startswith("UID:User={?}")
    assert done.succeeded and done.out == "UID=u;PORT=443"


@pytest.mark.parametrize("dm, version, asked", [
    ("unixodbc", 2, 2), ("unixodbc", 3, 3), ("unixodbc", 3.8, 380),
    ("iodbc", 2, 2), ("iodbc", 3, 3),  # iODBC 3.52 does not know 3.8
])
def test_odbc_versions(home, recorder, dm, version, asked):
    home.write({"r": {"Driver": recorder.compile("both", wide_bytes=WIDE_BYTES[dm])}}, {})
    result = run_client(home, [
        call("SQLAllocHandle", kind="env"),
        call("SQLDriverConnect", string="DRIVER=r", records=None),
        call("SQLError", out=100),
        call("SQLError", out=100),
        call("SQLFreeHandle", kind="dbc"),
        call("SQLFreeHandle", kind="env"),
    ], dm, version=version, handles=False, env={"RECORDER_FAIL": "08001:not there"})
    assert [step.code for step in result[1:4]] == ["SQL_ERROR", "SQL_SUCCESS", "SQL_NO_DATA"]
    assert result[2].state == "08001"
    [environment] = [each for each in recorder.calls("SQLSetEnvAttr") if each["attribute"] == 200]
    assert environment["value"] == asked


def test_pyodbc(pg):
    program = f"import pyodbc; print(pyodbc.connect('DSN=pg;PWD={BRACED}').execute('select 40+2').fetchone()[0])"
    done = subprocess.run([sys.executable, "-c", program], env=pg.env, text=True, capture_output=True, timeout=30)
    assert done.stdout == "42\n", done


def test_connects_run_in_parallel(home, recorder):
    home.write({"r": {"Driver": recorder.compile("both")}}, {})
    steps = [[call("SQLDriverConnectW", string="DRIVER=r", dbc=name)] for name in ("a", "b")]
    [both] = run_client(home, [call("parallel", steps=steps)], env={"RECORDER_CONNECT_SECONDS": "1"})
    assert all(connect.succeeded for [connect] in both.parallel)
    assert both.seconds < 1.8


# -- What `make demo` has


def test_the_demonstration_needs_nothing_but_pythons_own_modules():
    """`make demo` installs no module: with -I and -S Python has none besides its own."""
    program = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='imported')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program, REPOSITORY / "scripts" / "demo.py"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
