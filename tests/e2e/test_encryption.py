"""A token goes to another machine only where the driver certainly encrypts, and nowhere into a log that a connection
string asks for: what psqlodbc, MariaDB's driver and Microsoft's really do stands behind each case."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from support import drivers, replies
from support.door import Door
from support.odbc_client import call, run_client
from support.sign_in import MARIADB, MICROSOFT, POSTGRES, SECRET, SignIn
from support.tds_door import Guest, TdsDoor
from support.two_ways import token_keys

ELSEWHERE = {POSTGRES: {"Servername": "good.example.net"}, MARIADB: {"Server": "good.example.net"},
             MICROSOFT: {"Server": "good.example.net"}}
TOKEN = "eyJsecret-token"


@pytest.fixture
def signed(home, recorder, identity_provider):
    """Makes a DSN of one kind of driver; `where` is its server, on another machine where nothing is said."""
    def make(driver: str, dsn: dict | None = None, section: dict | None = None, where: dict | None = None) -> SignIn:
        made = SignIn(home, recorder, identity_provider, driver)
        keys = {"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token",
                "TokenClientId": "id", "TokenClientSecret": SECRET}
        made.write(keys | (section or {}), (ELSEWHERE[driver] if where is None else where) | (dsn or {}))
        return made
    return make


def gets_it(dsn: SignIn, string: str = "", *before: dict) -> None:
    step = run_client(dsn.home, [*before, call("SQLDriverConnectW", string=f"DSN=app;{string}")])[-1]
    assert step.succeeded, step
    assert len(dsn.provider.requests) == len(dsn.given) == 1


# -- A driver that encrypts only when told to


@pytest.mark.parametrize("driver, advice", [(POSTGRES, "set SSLmode=require"), (MARIADB, "set SSLVERIFY=1")])
@pytest.mark.parametrize("string", ["", *(f"{keyword}={empty}" for keyword in ["Host", "Server", "Servername", "Address", "Hostaddr", "Socket"]
                                          for empty in ["", " ", "{}", "127.0.0.1", "localhost"])])
def test_no_host_in_a_string_hides_the_one_of_the_dsn(signed, driver, advice, string):
    dsn = signed(driver, section={"TokenAllowedHosts": "localhost, 127.0.0.1"})
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000", f"{advice} in the DSN", "TokenAllowUnencrypted=yes in section [Shimmed]")


@pytest.mark.parametrize("driver, section", [(POSTGRES, {"SSLmode": "require"}), (MARIADB, {"SSLVERIFY": "1"})])
def test_a_driver_section_tells_the_driver_nothing(signed, driver, section):
    dsn = signed(driver, section=section)
    dsn.refused_unheard(dsn.connect(), "28000", "in the DSN, or allow it")


@pytest.mark.parametrize("driver, key, values", [
    (POSTGRES, "SSLmode", ["prefer", "p", "allow", "disable", "yes"]),
    (MARIADB, "SSLVERIFY", ["0", "yes", "256", "on", "-"]),
])
def test_what_leaves_encryption_to_the_server_is_not_enough(signed, driver, key, values):
    for value in values:
        dsn = signed(driver, {key: value})
        dsn.refused_unheard(dsn.connect(), "28000", f"{key}={value} of DSN [app]", "TokenAllowUnencrypted=yes in section [Shimmed]")
        dsn = signed(driver)
        dsn.refused_unheard(dsn.connect(f"DSN=app;{key}={value}"), "28000", f"{key}={value} of the connection string")


@pytest.mark.parametrize("driver, dsn, string", [
    (POSTGRES, {}, "APP={;SSLmode=require}"), (POSTGRES, {"SSLmode": "prefer"}, "APP={;SSLmode=require}"), (MARIADB, {}, "APP={;SSLVERIFY=1}")])
def test_what_stands_in_another_value_is_not_enough(signed, driver, dsn, string):
    made = signed(driver, dsn)
    made.refused_unheard(made.connect(f"DSN=app;{string}"), "28000", "TokenAllowUnencrypted=yes")


def test_mariadbs_forcetls_is_not_enough(signed):
    dsn = signed(MARIADB, {"FORCETLS": "1"})
    dsn.refused_unheard(dsn.connect(), "28000", "SSLVERIFY=1")


@pytest.mark.parametrize("driver, dsn, string", [
    (POSTGRES, {"SSLmode": "verify-full"}, ""),
    (POSTGRES, {"SSLmode": "verify-ca"}, "SSLmode=vf"),
    (POSTGRES, {"SSLmode": "verify-full"}, "CA=verify-full"),
    (POSTGRES, {"SSLmode": "prefer"}, "SSLmode=require"),
    (MARIADB, {"SSLVERIFY": "1"}, ""),
    (MARIADB, {}, "sslverify={1};FORCETLS=1"),
])
def test_what_certainly_encrypts_is_enough(signed, driver, dsn, string):
    gets_it(signed(driver, dsn), string)


@pytest.mark.parametrize("where", [{}, {"Server": "localhost", "Servername": "localhost"}])
@pytest.mark.parametrize("driver, dsn, string", [
    (POSTGRES, {"SSLmode": "prefer"}, ""), (POSTGRES, {}, "CA=p"), (MARIADB, {}, ""), (MARIADB, {}, "Server=")])
def test_what_stays_on_this_machine_needs_no_encryption(signed, driver, dsn, string, where):
    gets_it(signed(driver, dsn, where=where), string)


# -- A string that takes back what the administrator said


@pytest.mark.parametrize("where", [None, {"Servername": "127.0.0.1"}])
@pytest.mark.parametrize("said, string", [
    *(("verify-full", f"{key}={value}") for key in ["SSLmode", "CA"] for value in ["verify-ca", "vc", "require", "r", "prefer", "v", ""]),
    ("verify-ca", "SSLmode=require"), ("require", "CA=prefer"), ("verify-full", "APP={;CA=r}"), ("verify-full", "pqopt={sslrootcert=/tmp/mine}"),
    ("verify-full", "SSLmode=verify-full;CA=r"),
])
def test_a_string_makes_nothing_weaker(signed, said, string, where):
    in_dsn = signed(POSTGRES, {"SSLmode": said}, where=where)
    in_dsn.refused_unheard(in_dsn.connect(f"DSN=app;{string}"), "28000", "connection string", "section [Shimmed]")
    in_section = signed(POSTGRES, section={"SSLmode": said}, where=where)
    in_section.refused_unheard(in_section.connect(f"DSN=app;{string}"), "28000", "connection string", "section [Shimmed]")


@pytest.mark.parametrize("answer", [b"N", b"S"])
def test_a_server_that_knows_no_encryption_never_hears_the_token(ways, identity_provider, start, answer):
    """psqlodbc asks whether the server encrypts, and with `prefer` takes a no for an answer."""
    identity_provider.always(replies.good_token(TOKEN))
    server = start(ClearServer(answer))
    ways.write(drivers.PSQLODBCW, {"data": {"Servername": "127.0.0.1", "Port": server.port, "SSLmode": "verify-full"}}, token_keys(identity_provider))
    weaker, fixed = run_client(ways.shim, [call("SQLDriverConnectW", string=f"DSN=data;UID=u{mode}") for mode in (";SSLmode=prefer", "")])
    assert [weaker.records[0].state, weaker.code, fixed.code] == ["28000", "SQL_ERROR", "SQL_ERROR"]
    assert server.heard and TOKEN.encode() not in b"".join(server.heard)


class ClearServer(Door):
    """Answers PostgreSQL's SSLRequest, and asks for a password in clear text."""

    def __init__(self, to_ssl_request: bytes):
        super().__init__()
        self.to_ssl_request, self.heard = to_ssl_request, []

    def answer(self, client: socket.socket) -> None:
        for reply in (self.to_ssl_request, b"R\0\0\0\x08\0\0\0\x03", b""):
            self.heard.append(client.recv(4096))
            client.sendall(reply)


# -- Attributes


ATTRIBUTES = [(1223, 0, "off"), (1228, 1, "on")]
"""SQL_COPT_SS_ENCRYPT and SQL_COPT_SS_TRUST_SERVER_CERTIFICATE, and what Microsoft's driver says to a server then."""


@pytest.mark.parametrize("attribute, value, encrypt", ATTRIBUTES)
@pytest.mark.parametrize("function", ["SQLSetConnectAttr", "SQLSetConnectAttrW"])
def test_an_attribute_is_no_way_round_encryption(home, az, start, function, attribute, value, encrypt):
    door, name = start(TdsDoor()), "ODBC Driver 18 for SQL Server"
    section = {"Driver": home.shim(), "RealDriver": drivers.microsoft(), "TokenSource": "azure-cli"}
    home.write({name: section}, {"d": {"Driver": name, "Server": door.server}})
    set_it, connect = call(function, attribute=attribute, value=value), call("SQLDriverConnectW", string="DSN=d;Encrypt=yes")
    by_name = call("SQLConnectW", dsn="d")
    for step in run_client(home, [set_it, connect, by_name])[1:]:
        [record] = step.records
        assert record.state == "28000" and f"connection attribute {attribute} (" in record.message, record
        assert f"TokenAllowUnencrypted=yes in section [{name}]" in record.message
    assert az.calls == [] and door.guests == []
    safe = call(function, attribute=attribute, value=1 - value)
    assert run_client(home, [set_it, safe, connect])[-1].records[-1].state == "08001"
    home.write({name: section | {"TokenAllowUnencrypted": "yes"}})
    run_client(home, [set_it, by_name])
    assert door.guests == [Guest(brings_token=True, encrypt="on"), Guest(brings_token=True, encrypt=encrypt)]


@pytest.mark.parametrize("attribute, value, _", ATTRIBUTES)
def test_an_attribute_that_is_set_while_browsing_ends_it(signed, attribute, value, _):
    dsn = signed(MICROSOFT)
    steps = run_client(dsn.home, [call("SQLBrowseConnectW", string="DSN=app", out=200), call("SQLSetConnectAttrW", attribute=attribute, value=value),
                                  call("SQLBrowseConnectW", string="UID=u", out=200)], dm=dsn.home.shim())
    dsn.refused(steps[-1], "28000", f"connection attribute {attribute}")


# -- A log


LOGS = ["CommLog=1", "COMMLOG = 2", "Debug=1", "b2=1", "B3=1", "B3={1}", "Debug=-1", "Debug=0x1", "APP={;B2=1}",
        "CX=1c400", "cx=1c800", "CX=1cfff", "CX=1c"]
"""psqlodbc's words, their short forms, and CX, which packs all options into one number."""


@pytest.mark.parametrize("string", LOGS)
def test_a_string_starts_no_log(signed, string):
    dsn = signed(POSTGRES, {"SSLmode": "require"})
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000", "a log that others may read", "set it in the DSN (see section [Shimmed]")


@pytest.mark.parametrize("string", ["CommLog=0", "Debug=", "B2=00;B3=0", "CX=1c20502bb"])
def test_a_string_may_do_without_a_log(signed, string):
    gets_it(signed(POSTGRES, {"SSLmode": "require"}), string)


def test_psqlodbc_writes_the_token_to_no_log_that_a_string_asks_for(ways, postgres, identity_provider):
    identity_provider.always(replies.good_token(TOKEN))
    postgres.role("alice", TOKEN)
    steps = [call("SQLDriverConnectW", string=f"DSN=data;UID=alice;{string}", dbc=string) for string in LOGS]
    ways.write(drivers.PSQLODBCW, {"data": postgres.keys()}, token_keys(identity_provider))
    before = set(Path("/tmp").glob("*.log"))
    assert {step.records[0].state for step in run_client(ways.shim, steps)} == {"28000"}
    logs = set(Path("/tmp").glob("*psql*.log")) | set(Path("/tmp").glob("mylog_*.log"))
    assert not any(TOKEN in log.read_text(errors="replace") for log in logs - before)


def test_an_administrator_may_start_a_log_and_the_completed_string_connects_again(ways, postgres, identity_provider):
    token = "eyJadministrators"  # another test looks for its own in the same folder
    identity_provider.always(replies.good_token(token))
    postgres.role("alice", token)
    ways.write(drivers.PSQLODBCW, {"data": postgres.keys(CommLog=1)}, token_keys(identity_provider))
    before = set(Path("/tmp").glob("psqlodbc_*.log"))
    [first] = run_client(ways.shim, [call("SQLDriverConnectW", string="DSN=data;UID=alice", out=4000)])
    assert "CommLog=1" in first.out
    [again] = run_client(ways.shim, [call("SQLDriverConnectW", string=first.out)])
    assert again.code == "SQL_SUCCESS", again
    for log in set(Path("/tmp").glob("psqlodbc_*.log")) - before:
        log.unlink()
