"""Whoever may type a connection string cannot send this machine's token or secret anywhere: what is refused here never
reached the provider, nor the real driver (a recorder under the name of the driver it stands for)."""

from __future__ import annotations

import pytest

from support.connect_proxy import ConnectProxy
from support.odbc_client import call, run_client
from support.sign_in import MICROSOFT, POSTGRES, SECRET, SPARK, SignIn

FIXED = {SPARK: {"Host": "good.example.net"}, MICROSOFT: {"Server": "good.example.net"},
         "ivsqls28.so": {"HostName": "good.example.net", "EncryptionMethod": "1"}, "ivora28.so": {"HostName": "good.example.net"},
         POSTGRES: {"Servername": "good.example.net", "SSLmode": "require"}}
"""What the DSN fixes."""


@pytest.fixture
def signed(home, recorder, identity_provider):
    """Makes a DSN of one kind of driver, whose section has a secret and an endpoint."""

    def make(driver: str, section: dict | None = None, dsn: dict | None = None) -> SignIn:
        made = SignIn(home, recorder, identity_provider, driver)
        made.write({"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token",
                    "TokenClientId": "id", "TokenClientSecret": SECRET, **(section or {})},
                   FIXED[driver] if dsn is None else dsn)
        return made

    return make


# -- Foreign hosts


@pytest.mark.parametrize("driver, string", [
    *((SPARK, f"Host={host}") for host in [
        "evil.example.org", "x.cloud.databricks.com.evil.org", "cloud.databricks.com", "evilcloud.databricks.com",
        "evil.org/?.cloud.databricks.com", "evil.org/.cloud.databricks.com", "evil.org#.cloud.databricks.com",
        "evil.org:443/.cloud.databricks.com", "evil.org?.cloud.databricks.com", "user@evil.org", "x.cloud.databricks.com@evil.org",
        "good.example.net:443@evil.org", "evil.org .cloud.databricks.com", "evil.org%2f.cloud.databricks.com", "3405803777",
        "evil.org\\.cloud.databricks.com", "ölv.org/.azuredatabricks.net", "[::1].cloud.databricks.com"]),
    (SPARK, "HOST = evil.org"),
    (SPARK, "Host={evil.org}"),
    (SPARK, "Server=evil.org"),
    (SPARK, "Host=x.database.windows.net"),
    *((MICROSOFT, f"{keyword}=evil.org") for keyword in [
        "Server", "Address", "Addr", "Network Address", "Failover_Partner", "ServerName", "HostName"]),
    (MICROSOFT, "Server=tcp:evil.org,1433"),
    (MICROSOFT, "Server=evil.org\\x.database.windows.net"),
    (MICROSOFT, "Server=\\\\evil.org\\pipe\\sql\\query"),
    (MICROSOFT, "Server=np:\\\\evil.org\\pipe\\sql\\query"),
    (MICROSOFT, "Server=evil.org,1433/.database.windows.net"),
    (MICROSOFT, "Server=good.example.net;Server=evil.org"),
    (MICROSOFT, "Server=evil.org;Server=good.example.net"),
    (MICROSOFT, "APP={a} ;Server=evil.org"),
    (MICROSOFT, "APP={a;Server=evil.org}"),
    (MICROSOFT, "APP={a}};Server=evil.org;x={y}"),
    # Whose certificate the driver takes for the server's.
    (MICROSOFT, "HostNameInCertificate=evil.org"),
    (MICROSOFT, "HostNameInCertificate=*.windows.net"),
    (MICROSOFT, "Server=*.database.windows.net"),
    (MICROSOFT, "APP={a} ;HOSTNAMEINCERTIFICATE = evil.org"),
    ("ivsqls28.so", "HNIC=evil.org"),
    *(("ivora28.so", f"{keyword}=evil") for keyword in ["SRVR", "NetworkAddress", "NA"]),
    (POSTGRES, "Servername=good.example.net,evil.org"),
    (POSTGRES, "Servername=good.example.net,3405803777"),
    (POSTGRES, "Servername=/tmp/of/evil"),
    (POSTGRES, "Servername=@evil"),
    (POSTGRES, "Socket=/tmp/of/evil"),
    # Another profile knows other hosts by their suffix; but what this driver's section trusts stays the same.
    (SPARK, "TokenProfile=password;Host=evil.postgres.database.azure.com"),
    (MICROSOFT, "TokenProfile=databricks;Server=evil.cloud.databricks.com"),
    (POSTGRES, "TokenProfile=sqlserver;Servername=evil.database.windows.net"),
])
def test_a_host_that_only_the_connection_string_names_gets_no_token(signed, driver, string):
    dsn = signed(driver)
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000", "TokenAllowedHosts", "section [Shimmed] of odbcinst.ini")


@pytest.mark.parametrize("driver, string", [
    *((POSTGRES, f"{keyword}={empty}") for keyword in ["Servername", "Server"] for empty in ["", " ", "{}", ","]),
    *((MICROSOFT, f"{keyword}=") for keyword in ["Server", "Address", "Addr"]),
    (MICROSOFT, "APP={a} ;Server="),
    (POSTGRES, "Servername=good.example.net;Server="),
])
def test_a_string_that_takes_the_dsns_server_away_gets_no_token(signed, driver, string):
    """psqlodbc and Microsoft's driver then turn to this machine, where anybody may listen, and psqlodbc without encryption."""
    dsn = signed(driver)
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000", "host localhost", "TokenAllowedHosts")


@pytest.mark.parametrize("driver, keyword", [
    (MICROSOFT, "ServerCertificate"), *((POSTGRES, keyword) for keyword in ["SSLCA", "SSLCAPATH", "TLSPEERFP", "TLSPEERFPLIST", "SSLFP", "SSLFPLIST"]),
    (SPARK, "CaPath"), (SPARK, "SSLClientKeystoredb")])
def test_a_string_vouches_for_no_certificate(signed, driver, keyword):
    dsn = signed(driver)
    dsn.refused_unheard(dsn.connect(f"DSN=app;{keyword}=/tmp/mine"), "28000", keyword, "whose word counts for the server's certificate")
    dsn = signed(driver, {}, FIXED[driver] | {keyword: "/etc/ours"})
    dsn.refused_unheard(dsn.connect(f"DSN=app;{keyword}=/tmp/mine"), "28000", keyword)
    assert dsn.connect(f"DSN=app;{keyword}=/etc/ours").succeeded


@pytest.mark.parametrize("string", ["LogLevel=6", "loglevel = TRACE", "LogLevel={1}", "LogPath=/tmp", "LogFile=/tmp/x", "Verbosity=3", "Tracing=6"])
def test_a_string_starts_no_log_of_whatever_driver(signed, string):
    dsn = signed(SPARK)
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000", "a log that others may read", "set it in the DSN (see section [Shimmed]")
    assert dsn.connect("DSN=app;LogLevel=Off;Tracing=0;LogPath=").succeeded


@pytest.mark.parametrize("profile", ["password", "databricks", "Db2"])
def test_a_string_makes_sql_servers_driver_take_no_token_in_another_way(signed, profile):
    """Microsoft's version 17 encrypts what is no attribute only where it is told to."""
    dsn = signed(MICROSOFT)
    dsn.refused_unheard(dsn.connect(f"DSN=app;TokenProfile={profile}"), "28000", "TokenProfile", "section [Shimmed]")
    assert dsn.connect("DSN=app;TokenProfile=SQLServer").succeeded
    assert signed(MICROSOFT, {"TokenProfile": profile}).connect("DSN=app;Security=SSL").succeeded


@pytest.mark.parametrize("string", [
    f"{keyword}={options}" for keyword in ["pqopt", "D5"] for options in [
        "{host=evil.org password=p4ssw0rd}", "{hostaddr=203.0.113.1}", "{service=evil}", "postgresql://evil.org/x",
        "{postgresql:///?%68ostaddr=203.0.113.1}", "{sslmode=disable}", "{requiressl=0}", "{sslrootcert=/tmp/mine}",
        "h%6Fstaddr=203.0.113.1", "%68ost%3Devil.org", "s%73lmode=disable"]])
def test_options_of_the_client_library_lead_nowhere_else(signed, string):
    dsn = signed(POSTGRES)
    record = dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000", string.split("=")[0], "DSN", "section [Shimmed]")
    assert "p4ssw0rd" not in record.message


@pytest.mark.parametrize("string", [
    "DSN=app;DSN=other", "DRIVER=Shimmed;DSN=other", "DSN=app;APP={x;DSN=other}", "DSN=app;FILEDSN=/tmp/evil.dsn", "DSN =other;DRIVER=Shimmed", "DRIVER=Other;DRIVER=Shimmed"])
def test_a_second_data_source_gets_no_token(signed, string):
    """Drivers differ on which of two they read (psqlodbc takes the last), and either may name a server."""
    dsn = signed(MICROSOFT)
    with open(dsn.home.system / "odbc.ini", "a") as ini:
        ini.write("[other]\nDriver=Shimmed\nServer=evil.org\n")
    dsn.refused_unheard(dsn.connect(string), "28000", "DSN")


def test_a_later_step_of_browsing_names_no_other_host(signed):
    dsn = signed(MICROSOFT)
    first, further, again = run_client(dsn.home, [
        call("SQLBrowseConnectW", string="DRIVER=Shimmed", out=200),
        call("SQLBrowseConnectW", string="UID=u;Server=evil.org", out=200),
        call("SQLBrowseConnectW", string="DRIVER=Shimmed", out=200),
    ])
    assert first.code == again.code == "SQL_NEED_DATA", again
    dsn.refused(further, "28000", "host evil.org", "TokenAllowedHosts")
    assert not any("evil" in each["string"] for each in dsn.recorder.calls("SQLBrowseConnect"))


@pytest.mark.parametrize("driver, section, dsn, string", [
    (SPARK, {}, {}, "Host=x.cloud.databricks.com"),
    (SPARK, {}, {}, "Host=X.AzureDatabricks.NET.:443"),
    (MICROSOFT, {}, {}, "Server=tcp:x.database.windows.net,1433"),
    (MICROSOFT, {}, {}, "Server=tcp:x.database.windows.net,1433;HostNameInCertificate=*.database.windows.net"),
    (POSTGRES, {}, {"SSLmode": "require"}, "Servername=x.postgres.database.azure.com;Port=5432"),
    (MICROSOFT, {}, None, ""),
    (MICROSOFT, {}, None, "Server=tcp:GOOD.example.net,1433"),
    (MICROSOFT, {}, None, "HostNameInCertificate=good.example.net"),
    (MICROSOFT, {}, {"Server": "10.0.0.7", "HostNameInCertificate": "*.example.net"}, "HostNameInCertificate=*.example.net"),
    (POSTGRES, {}, {"Servername": "10.0.0.7,10.0.0.8"}, "SSLmode=verify-full"),
    (POSTGRES, {"Servername": "good.example.net"}, {"SSLmode": "require"}, "Servername=good.example.net"),
    (MICROSOFT, {"TokenAllowedHosts": "db.example.org, *.corp.example.org"}, {}, "Server=db.example.org,1433"),
    (MICROSOFT, {"TokenAllowedHosts": "db.example.org, *.corp.example.org"}, {}, "Server=a.b.corp.example.org\\INSTANCE"),
    (POSTGRES, {"TokenAllowedHosts": "/var/run/postgresql"}, {}, "Servername=/var/run/postgresql"),
    (POSTGRES, {}, None, "pqopt={application_name=report}"),
])
def test_a_host_that_the_sections_or_the_profile_vouch_for_gets_it(signed, driver, section, dsn, string):
    made = signed(driver, section, dsn)
    step = made.connect(f"DSN=app;{string}")
    assert step.succeeded, step
    assert len(made.provider.requests) == len(made.given) == 1


@pytest.mark.parametrize("allowed, host", [
    ("*", "evil.org"), ("*.example.org", "example.org"), ("*.example.org", "evilexample.org"), ("example.org", "x.example.org"),
    ("*.example.org", "evil.com/?.example.org"), ("*example.org", "evilexample.org"), ("", "evil.org"), (",", "evil.org"),
])
def test_a_pattern_allows_only_what_it_says(signed, allowed, host):
    dsn = signed(MICROSOFT, {"TokenAllowedHosts": allowed})
    dsn.refused_unheard(dsn.connect(f"DSN=app;Server={host}"), "28000", "TokenAllowedHosts")


# -- What may not stand in a string


@pytest.mark.parametrize("key, value", {
    "RealDriver": "/tmp/evil.so", "TokenEndpoint": "https://evil.org/token", "TokenDiscovery": "https://evil.org",
    "TokenProxy": "http://evil.org:3128", "TokenCAFile": "/tmp/evil.pem", "TokenClientSecretFile": "/etc/passwd",
    "TokenClientSecretEnv": "PATH", "TokenClientCertificate": "/tmp/evil.pem", "TokenClientAuth": "post", "TokenCommand": "/bin/sh",
    "TokenFile": "/etc/passwd", "TokenEnv": "PATH", "TokenLog": "/tmp/log", "TokenLogLevel": "debug", "TokenAllowedHosts": "evil.org",
    "TokenAllowUnencrypted": "yes", "TokenKeywords": "PWD={token}", "TokenCache": "file", "TokenRenewal": "off",
}.items(), ids=lambda item: item if item.isalpha() else "")
def test_an_administrators_key_is_refused_in_a_connection_string(signed, key, value):
    dsn = signed(MICROSOFT)
    for written in (key, key.upper(), f" {key.lower()} "):
        dsn.refused_unheard(dsn.connect(f"DSN=app;{written}={value}"), "28000", f"{key} may not stand in a connection string")


@pytest.mark.parametrize("source", ["command", "File", "ENV"])
def test_a_connection_string_names_no_source_that_runs_or_reads_something(signed, source):
    dsn = signed(MICROSOFT)
    dsn.refused_unheard(dsn.connect(f"DSN=app;TokenSource={source}"), "28000", "TokenSource may not stand in a connection string")


# -- The way to the provider


@pytest.mark.parametrize("endpoint", [
    "http://idp.example.org/token", "http://127.0.0.1.evil.org/token", "http://127.0.0.1@evil.org/token", "ftp://127.0.0.1/token",
    "file:///etc/passwd", "https://me:s3cr3t-of-mine@127.0.0.1/token", "127.0.0.1/token", "https://", "http://0.0.0.0/token",
])
def test_an_endpoint_that_is_not_safe_is_refused(signed, endpoint):
    dsn = signed(MICROSOFT, {"TokenEndpoint": endpoint})
    record = dsn.refused_unheard(dsn.connect(), "HY000", "section [Shimmed] of odbcinst.ini: TokenEndpoint")
    assert "s3cr3t-of-mine" not in record.message


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "TokenProxy"])
def test_what_is_in_clear_text_goes_through_no_proxy(signed, start, identity_provider, variable):
    """http is for loopback: a proxy would carry the secret off this machine in clear text."""
    proxy = start(ConnectProxy((identity_provider.host, identity_provider.port), refuse=502))
    dsn = signed(MICROSOFT, {"TokenProxy": proxy.url} if variable == "TokenProxy" else {})
    assert dsn.connect(env={variable: proxy.url}).succeeded
    assert proxy.requests == [] and len(identity_provider.requests) == 1


# -- Encryption


@pytest.mark.parametrize("driver, key, value", [
    *((SPARK, "SSL", value) for value in ["0", "no", "False"]),
    *((SPARK, key, "1") for key in ["AllowSelfSignedServerCert", "AllowHostNameCNMismatch", "CAIssuedCertNamesMismatch"]),
    *((MICROSOFT, "Encrypt", value) for value in ["no", "Optional", "false"]),
    (MICROSOFT, "TrustServerCertificate", "yes"),
    # psqlodbc looks at one or two letters, and takes what it does not know for `disable`.
    *((POSTGRES, key, value) for key in ["SSLmode", "CA"] for value in ["disable", "d", "allow", "prefer", "Require", "off"]),
])
def test_a_connection_without_encryption_or_certificate_check_gets_no_token(signed, driver, key, value):
    if key != "CA":  # which psqlodbc looks for only in a string
        dsn = signed(driver, {}, {**FIXED[driver], key: value})
        dsn.refused_unheard(dsn.connect(), "28000", f"{key}={value} of DSN [app]", "TokenAllowUnencrypted=yes in section [Shimmed]")
    dsn = signed(driver)
    refused = "28000", f"{key}={value} of the connection string", "TokenAllowUnencrypted"
    for string in (f"{key}={value}", f"{key.upper()} = {value}", f"APP={{a}} ;{key}={value}", f"APP={{a;{key}={value}}}"):
        dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), refused[0], refused[2])
    dsn.refused_unheard(dsn.connect(f"DSN=app;{key}={value}"), *refused)


@pytest.mark.parametrize("section, dsn, string", [
    ({}, {"Servername": "good.example.net"}, ""),
    ({}, {"Servername": "127.0.0.1,good.example.net"}, ""),
    ({"TokenAllowedHosts": "db.example.org"}, {"Servername": "localhost"}, "Server=db.example.org"),
])
def test_a_driver_that_encrypts_only_when_told_to_gets_no_token_for_another_machine(signed, section, dsn, string):
    """psqlodbc takes no SSLmode for `disable`."""
    made = signed(POSTGRES, section, dsn)
    made.refused_unheard(made.connect(f"DSN=app;{string}"), "28000", "set SSLmode=require in the DSN", "TokenAllowUnencrypted=yes in section [Shimmed]")


@pytest.mark.parametrize("driver, string", [
    (MICROSOFT, "Encrypt=yes;Encrypt=no"),
    (POSTGRES, "SSLmode="),
    (POSTGRES, "SSLmode= require"),
    (POSTGRES, "SSLmode={require}"),
    # Another profile looks at other keywords; the driver still reads its own.
    (SPARK, "TokenProfile=password;SSL=0"),
    (MICROSOFT, "TokenProfile=password;Encrypt=no"),
])
def test_no_spelling_switches_encryption_off(signed, driver, string):
    dsn = signed(driver)
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000")


@pytest.mark.parametrize("driver, section, dsn, string", [
    (MICROSOFT, {"TokenAllowUnencrypted": "yes"}, {"Encrypt": "no"}, ""),
    (MICROSOFT, {}, {"TokenAllowUnencrypted": "1"}, "TrustServerCertificate=yes"),
    (MICROSOFT, {}, {"Encrypt": "no"}, "Encrypt=strict"),
    *((POSTGRES, {}, {}, f"{key}={value}") for key in ["SSLmode", "CA"] for value in ["require", "r", "verify-full", "vc"]),
    (SPARK, {}, {"SSL": "0"}, "SSL=1"),
    # What stays on this machine needs no encryption.
    *((POSTGRES, {}, {"Servername": host, "SSLmode": ""}, "") for host in ["localhost", "127.0.0.1", "::1", "/var/run/postgresql", ""]),
    (POSTGRES, {"TokenAllowUnencrypted": "yes"}, {"SSLmode": ""}, ""),
])
def test_an_encrypted_or_allowed_connection_gets_it(signed, driver, section, dsn, string):
    made = signed(driver, section, {**FIXED[driver], **dsn})
    step = made.connect(f"DSN=app;{string}")
    assert step.succeeded, step
    assert len(made.provider.requests) == len(made.given) == 1
