"""How each driver gets a token: the very keywords, and where a token does not go. Most of these drivers are in no registry, so a
recorder stands in under the file name; docs/profiles.md says how sure each row is."""

from __future__ import annotations

import pytest

from support.odbc_client import WIDE_BYTES, call, run_client
from support.profile_rows import ROWS, Row
from support.sign_in import MICROSOFT, SECRET

FIXED = {"Host": "good.example.net"}


class Driver:
    """The DSN `app` of one kind of driver, on another machine."""

    def __init__(self, home, recorder, provider):
        self.home, self.recorder, self.provider = home, recorder, provider

    def write(self, file: str, dsn: dict | None = None, dm: str = "unixodbc", letter: str = "W", **section) -> Driver:
        real = self.recorder.compile("wide" if letter else "ansi", file, wide_bytes=WIDE_BYTES[dm])
        keys = {"TokenSource": "client-credentials", "TokenEndpoint": f"{self.provider.url}/token", "TokenClientId": "id",
                "TokenClientSecret": SECRET, **section}
        self.home.write({"Shimmed": {"Driver": self.home.shim(), "RealDriver": real, **keys}}, {"app": {"Driver": "Shimmed", **(dsn or {})}})
        return self

    def of(self, row: Row, dsn: dict | None = None, **more) -> Driver:
        return self.write(row.file, FIXED | row.needs if dsn is None else dsn, **(row.section | more))

    def connect(self, string: str):
        return run_client(self.home, [call("SQLDriverConnectW", string=f"DSN=app;{string}".rstrip(";"), out=2000)])[0]

    @property
    def given(self) -> list[str]:
        return [each["string"] for each in self.recorder.calls("SQLDriverConnect")]

    def refuses(self, string: str, *words: str, state: str = "28000") -> None:
        before = len(self.given), len(self.provider.requests)
        step = self.connect(string)
        assert step.code == "SQL_ERROR" and [each.state for each in step.records] == [state], step
        message = step.records[0].message
        assert "[tokenshim] " in message and len(message.encode()) < 512 and SECRET not in message and self.provider.token not in message
        for word in words:
            assert word.lower() in message.lower(), (word, message)
        assert before == (len(self.given), len(self.provider.requests))


@pytest.fixture
def driver(home, recorder, identity_provider) -> Driver:
    return Driver(home, recorder, identity_provider)


@pytest.mark.parametrize("dm, letter", [("unixodbc", "W"), ("unixodbc", ""), ("iodbc", "W")])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_driver_gets_the_token_in_its_own_keywords_and_the_application_its_own_words_back(driver, identity_provider, row, dm, letter):
    driver.of(row, dm=dm, letter=letter)
    token, user = identity_provider.token, "DSN=app;UID={someone};" if row.keeps_user else "DSN=app;"
    connect, attribute, by_name, own = run_client(driver.home, [
        call(f"SQLDriverConnect{letter}", string=f"DSN=app;{row.written}", out=2000),
        call(f"SQLGetConnectAttr{letter}", attribute=122, out=2000),
        call(f"SQLConnect{letter}", dsn="app", user="someone", password="p4ssw0rd", dbc="by name"),
        call(f"SQLDriverConnect{letter}", string=f"DSN=app;UID=u;{row.own}=mine", dbc="own", out=2000),
    ], dm)
    assert connect.succeeded and by_name.succeeded and own.succeeded, (connect, by_name, own)
    keywords = row.given.format(token=token)
    assert driver.given == [f"DSN=app;{row.kept};{keywords}", f"{user}{keywords}", f"DSN=app;UID=u;{row.own}=mine"]
    assert driver.recorder.calls("SQLConnect") == []
    assert sorted(connect.out.split(";")) == sorted(f"DSN=app;{row.written};PORT=443".split(";"))
    assert token not in (attribute.out or "")
    assert len(identity_provider.requests) == 1


# -- Where it does not go


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_host_that_only_the_string_names_gets_it_where_the_profile_vouches_for_it(driver, row):
    driver.of(row, row.needs)
    driver.refuses("Host=evil.example.org", "host evil.example.org", "TokenAllowedHosts", "section [Shimmed]")
    driver.refuses("Server=evil.org/x.snowflakecomputing.com", "TokenAllowedHosts")
    if row.host:
        assert driver.connect(f"Host={row.host}").succeeded
        driver.refuses(f"Host={row.host}.evil.org", "TokenAllowedHosts")
    else:
        driver.refuses("Host=x.database.windows.net", "TokenAllowedHosts")
    driver.of(row, row.needs, TokenAllowedHosts="*.example.org")
    assert driver.connect("Host=good.example.org").succeeded


HARMFUL = [(row, string) for row in ROWS for string in row.harmful]


@pytest.mark.parametrize("row, string", HARMFUL, ids=str)
def test_a_string_leads_no_driver_elsewhere_and_vouches_for_no_certificate(driver, row, string):
    keyword, value = string.split("=", 1)
    driver.of(row).refuses(string, keyword, "set it in the DSN (see section [Shimmed]")
    driver.refuses(f"APP={{a}} ;{keyword.upper()} = {value}", "set it in the DSN")
    # What the DSN says itself a completed string repeats.
    driver.of(row, FIXED | row.needs | {keyword: value.strip("{}")})
    assert driver.connect(string.replace("{", "").replace("}", "")).succeeded


@pytest.mark.parametrize("row", [row for row in ROWS if row.needs], ids=str)
def test_a_driver_that_encrypts_only_when_told_to_is_told_or_stays_here(driver, row):
    [(keyword, value)] = row.needs.items()
    driver.of(row, FIXED).refuses("", f"set {keyword}={value} in the DSN", "TokenAllowUnencrypted=yes in section [Shimmed]")
    assert driver.connect(f"{keyword}={value}").succeeded
    driver.of(row, {"Host": "127.0.0.1"})
    assert driver.connect("").succeeded
    driver.refuses("UseProxy=1;ProxyHost=evil.org;ProxyPort=80", f"set {keyword}={value} in the DSN")
    driver.refuses(f"{keyword}=0;PXHN=evil.org", f"{keyword}=0 of the connection string")
    assert driver.connect("UseProxy=1;ProxyHost=127.0.0.1").succeeded
    driver.of(row, FIXED, TokenAllowUnencrypted="yes")
    assert driver.connect("").succeeded


OFF = [(row, string) for row in ROWS for string in row.off]


@pytest.mark.parametrize("row, string", OFF, ids=str)
def test_what_switches_encryption_or_the_certificate_check_off_keeps_it_back(driver, row, string):
    driver.of(row)
    keyword, value = string.split("=", 1)
    driver.refuses(string, f"{keyword}=", "connection string", "section [Shimmed]")
    driver.refuses(f"APP={{a;{keyword.upper()} = {value}}}", "section [Shimmed]")
    driver.of(row, TokenAllowUnencrypted="yes")
    assert driver.connect(string).succeeded


def test_db2_is_told_to_encrypt_as_it_reads_no_dsn(driver, identity_provider):
    [row] = [row for row in ROWS if row.name == "db2"]
    token = f"AUTHENTICATION=TOKEN;ACCESSTOKEN={identity_provider.token};ACCESSTOKENTYPE=JWT"
    driver.of(row, {"Hostname": "127.0.0.1"})
    assert driver.connect("").succeeded and driver.connect("security=ssl").succeeded
    assert driver.connect("TokenProfile=password").succeeded  # which knows of no such word
    driver.of(row, {}, TokenAllowUnencrypted="yes")
    assert driver.connect("").succeeded
    assert driver.given == [f"DSN=app;{token};Security=SSL", f"DSN=app;security=ssl;{token}",
                            f"DSN=app;Security=SSL;PWD={{{identity_provider.token}}}", f"DSN=app;{token}"]


# -- SQL Server and MySQL


def test_datadirects_driver_for_sql_server_gets_the_attribute_and_must_be_told_to_encrypt(driver, identity_provider):
    driver.write("ivsqls28.so", {"HostName": "x.database.windows.net"})
    driver.refuses("", "set EncryptionMethod=1 in the DSN")
    driver.refuses("EncryptionMethod=1;VSC=0", "VSC=0")
    assert driver.connect("EM=1;UID=u;PWD=p").succeeded
    [connect] = driver.recorder.calls("SQLDriverConnect")
    assert connect["string"] == "DSN=app;EM=1" and bytes.fromhex(connect["access_token"])[4::2] == identity_provider.token.encode()
    # Microsoft's does not know that word.
    driver.write(MICROSOFT, {"Server": "x.database.windows.net"})
    assert driver.connect("").succeeded


@pytest.mark.parametrize("section", [{}, {"TokenProfile": "password"}, {"TokenProfile": "mysql"}])
def test_mysqls_driver_which_a_token_overflows_is_refused_with_the_reason(driver, section):
    driver.write("libmyodbc8w.so", {"Server": "x.mysql.database.azure.com", "SSLVERIFY": "1"}, **section)
    words = "RealDriver libmyodbc8w.so is MySQL's driver", "beyond its memory", "libmaodbc.so", "section [Shimmed] of odbcinst.ini"
    driver.refuses("UID=u", *words, state="HY000")
    driver.refuses("UID=u;TokenProfile=password", *words, state="HY000")
    step = run_client(driver.home, [call("SQLConnectW", dsn="app", user="u", password="p")])[0]
    assert step.records[0].state == "HY000" and driver.recorder.calls("SQLConnect") == []


def test_without_a_token_mysqls_driver_is_left_alone(driver):
    driver.write("libmyodbc8w.so", TokenSource="")
    assert driver.connect("UID=u;PWD=p").succeeded and driver.given == ["DSN=app;UID=u;PWD=p"]
