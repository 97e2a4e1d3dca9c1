"""TokenKeywords: a section says how a driver takes a token, one that tokenshim does not know or one that it knows otherwise."""

from __future__ import annotations

import pytest

from support import drivers, replies
from support.live import Live
from support.odbc_client import WIDE_BYTES, call, run_client
from support.sign_in import MICROSOFT, POSTGRES, SECRET, SPARK, SignIn
from support.two_ways import token_keys

UNKNOWN = "libtrinoodbc.so"
KEYWORDS = "AccessToken={token};-PWD;Authenticator=oauth"


@pytest.fixture
def signed(home, recorder, identity_provider):
    """Makes a DSN of one driver, whose section has TokenKeywords."""
    def make(driver: str = UNKNOWN, keywords: str | None = KEYWORDS, dsn: dict | None = None, **section) -> SignIn:
        made = SignIn(home, recorder, identity_provider, driver)
        keys = {"TokenSource": "client-credentials", "TokenEndpoint": f"{identity_provider.url}/token", "TokenClientId": "id",
                "TokenClientSecret": SECRET, **({} if keywords is None else {"TokenKeywords": keywords}), **section}
        made.write(keys, {"Host": "good.example.net"} if dsn is None else dsn)
        return made
    return make


@pytest.mark.parametrize("dm, letter", [("unixodbc", "W"), ("unixodbc", ""), ("iodbc", "W")])
def test_a_driver_that_nobody_knows_gets_the_keywords_and_the_application_its_own_words_back(home, recorder, identity_provider, dm, letter):
    real = recorder.compile("wide" if letter else "ansi", UNKNOWN, wide_bytes=WIDE_BYTES[dm])
    home.write({"Shimmed": {"Driver": home.shim(), "RealDriver": real, "TokenKeywords": KEYWORDS, "TokenSource": "client-credentials",
                            "TokenEndpoint": f"{identity_provider.url}/token", "TokenClientId": "id", "TokenClientSecret": SECRET}},
               {"app": {"Driver": "Shimmed", "Host": "good.example.net"}})
    connect, by_name, own = run_client(home, [
        call(f"SQLDriverConnect{letter}", string="DSN=app;UID=u;PWD=p;authenticator=x;Odd={a;b}", out=2000),
        call(f"SQLConnect{letter}", dsn="app", user="u", password="p", dbc="by name"),
        call(f"SQLDriverConnect{letter}", string="DSN=app;AccessToken=mine;PWD=p", dbc="own"),
    ], dm)
    assert connect.succeeded and by_name.succeeded and own.succeeded, (connect, by_name, own)
    token = f"AccessToken={identity_provider.token};Authenticator=oauth"
    assert [each["string"] for each in recorder.calls("SQLDriverConnect")] == [
        f"DSN=app;UID=u;Odd={{a;b}};{token}", f"DSN=app;UID={{u}};{token}", "DSN=app;AccessToken=mine;PWD=p"]
    assert connect.out == "DSN=app;UID=u;PWD=p;Odd={a;b};authenticator=x;PORT=443"
    assert len(identity_provider.requests) == 1


@pytest.mark.parametrize("driver, keywords, string, given", [
    (SPARK, "Auth_AccessToken={token};AuthMech=12", "UID=u;Auth_Flow=7", "Auth_Flow=7;Auth_AccessToken={token};AuthMech=12"),
    (POSTGRES, "Header={Bearer {token}};-SSLcert", "UID=u;PWD=p;sslcert=x", "UID=u;Header={{Bearer {token}}}"),
    ("libdb2o.so", "ACCESSTOKEN={token}", "", "ACCESSTOKEN={token};Security=SSL"),
    ("libmyodbc8w.so", "PWD={token};-Password", "UID=u;Password=p", "UID=u;PWD={token}"),
    ("libSnowflake.so", "authenticator=oauth;token={token};+UID", "UID=u;PWD=p", "UID=u;authenticator=oauth;token={token}"),
    ("librsodbc64.so", "plugin_name=BasicJwtPlugin;web_identity_token={token}", "", "plugin_name=BasicJwtPlugin;web_identity_token={token}"),
])
def test_a_section_corrects_how_a_known_driver_takes_it(signed, driver, keywords, string, given):
    dsn = signed(driver, keywords, {"Host": "good.example.net", "SSLmode": "require"})
    assert dsn.connect(f"DSN=app;{string}".rstrip(";")).succeeded
    given = given.format(token=dsn.provider.token)
    assert dsn.given == [f"DSN=app;{given}"] and 1256 not in dsn.attributes


def test_an_attribute_is_not_set_where_the_section_has_keywords(signed):
    dsn = signed(MICROSOFT, "PWD={token};UID=x", {"Server": "good.example.net"})
    assert dsn.connect("DSN=app;UID=u").succeeded
    assert dsn.given == [f"DSN=app;PWD={dsn.provider.token};UID=x"] and 1256 not in dsn.attributes


def test_a_keyword_that_stays_is_the_dsns_and_sqlconnects_as_well(signed):
    dsn = signed("libSnowflake.so", "authenticator=oauth;token={token};+UID", {"Server": "good.example.net", "UID": "of the DSN"})
    step = run_client(dsn.home, [call("SQLConnectW", dsn="app", user="u", password="p")])[0]
    assert step.succeeded and dsn.given == [f"DSN=app;UID={{u}};authenticator=oauth;token={dsn.provider.token}"], step
    dsn = signed(MICROSOFT, "AccessToken={token};+Authentication", {"Server": "good.example.net", "Authentication": "SqlPassword", "UID": "u"})
    assert dsn.connect().succeeded and "Authentication" not in dsn.given[-1] and "AccessToken" in dsn.given[-1]
    dsn = signed(MICROSOFT, "AccessToken={token}", {"Server": "good.example.net", "Authentication": "SqlPassword", "UID": "u"})
    assert dsn.connect().succeeded and "Authentication=" in dsn.given[-1]


def test_a_dsn_may_say_it_and_comes_before_the_section(signed):
    dsn = signed(dsn={"Host": "good.example.net", "TokenKeywords": "Bearer={token}"})
    assert dsn.connect().succeeded and dsn.given == [f"DSN=app;Bearer={dsn.provider.token}"]


@pytest.mark.parametrize("dm, driver", [("unixodbc", drivers.PSQLODBCW), ("iodbc", drivers.PSQLODBCA), ("unixodbc", drivers.MARIADB)],
                         ids=lambda value: getattr(value, "name", value))
def test_a_real_server_gets_a_token_with_any_character_where_the_section_says(request, ways, identity_provider, dm, driver):
    server = request.getfixturevalue("mariadb" if driver is drivers.MARIADB else "postgres")
    server.role("alice", "%41+ }{;=")
    identity_provider.always(replies.good_token("%41+ }{;="))
    ways.write(driver, {"data": server.keys()}, token_keys(identity_provider, TokenProfile="other", TokenKeywords="PWD={token};-Password"))
    step = run_client(ways.shim, [call("SQLDriverConnectW", string="DSN=data;UID=alice;PWD=x;Password=y", out=2000)], dm)[0]
    assert step.succeeded and "%41" not in step.out and "PWD=x" in step.out, step


# -- Open connections


@pytest.mark.parametrize("name, profile, keys, given", [
    (UNKNOWN, "", {"TokenLive": "yes"}, "Header={Bearer token-2};Second=token-2"),
    (SPARK, "databricks", {}, "Header={Bearer token-2};Second=token-2"),
    ("libclouderaimpalaodbc64.so", "", {"TokenKeywords": ""}, "Auth_AccessToken=token-2"),
])
def test_an_open_connection_gets_the_keywords_that_hold_the_token(ways, identity_provider, tmp_path, name, profile, keys, given):
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(4)
    live.write(name=name, profile=profile, **{"TokenKeywords": "Header=Bearer {token};Mode=x;Second={token}", **keys})
    with live.host("dbc = opened('DSN=data')", ends="closed(dbc)"):
        live.refreshed(1)
    assert live.given() == [given]


def test_starburst_and_others_that_look_at_the_token_in_the_login_only_get_no_other(ways, identity_provider, tmp_path):
    live = Live(ways, identity_provider, tmp_path)
    live.tokens_last(4)
    live.write(name="libstarburst_odbc.so", profile="")
    with live.host("dbc = opened('DSN=data')", ends="time.sleep(3)\nclosed(dbc)"):
        pass
    assert live.given() == [] and len(identity_provider.requests) == 1


# -- Hosts and encryption


def test_a_driver_that_nobody_knows_gets_it_for_the_sections_host_and_the_allowed_only(signed):
    for host in ["evil.org", "x.database.windows.net", "x.cloud.databricks.com"]:
        for keyword in ["Host", "Server", "URL", "Endpoint", "DBQ"]:
            dsn = signed(dsn={})
            dsn.refused_unheard(dsn.connect(f"DSN=app;{keyword}={host}"), "28000", "TokenAllowedHosts", "section [Shimmed]")
            dsn.refused_unheard(dsn.connect(f"DSN=app;{keyword}={host};TokenProfile=databricks"), "28000", "TokenAllowedHosts")
    assert dsn.connect("DSN=app;Catalog=x").succeeded
    assert signed(dsn={}, TokenAllowedHosts="db.example.org").connect("DSN=app;Server=db.example.org").succeeded


@pytest.mark.parametrize("string", ["SSL=0", "Encrypt=no", "UseEncryption=false", "TrustServerCertificate=1", "AllowSelfSignedServerCert=1"])
def test_words_that_many_drivers_have_switch_no_encryption_off(signed, string):
    dsn = signed()
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string}"), "28000", "TokenAllowUnencrypted=yes in section [Shimmed]")
    dsn.refused_unheard(dsn.connect(f"DSN=app;{string};TokenProfile=password"), "28000", "TokenAllowUnencrypted=yes in section [Shimmed]")


# -- What is wrong with it


@pytest.mark.parametrize("keywords, words", [
    (";", "names no keyword"),
    ("ApiKey=p4ssw0rd;-PWD", "has no {token} in any value"),
    ("Token={token};p4ssw0rd", "none of Name=value, -Name and +Name"),
    ("Token={token};Other={p4ssw0rd", "opens a brace"),
    ("Token={token};TokenScope=p4ssw0rd", "names TokenScope, which is tokenshim's own"),
    ("Token={token};DSN=p4ssw0rd", "names DSN, by which the driver is found"),
    ("Token={token};-token", "names token twice"),
])
def test_what_is_wrong_is_told_with_its_place_and_no_value(signed, keywords, words):
    dsn = signed(keywords=keywords)
    record = dsn.refused_unheard(dsn.connect(), "HY000", "section [Shimmed] of odbcinst.ini: TokenKeywords", words)
    assert "p4ssw0rd" not in record.message
    # Where no token is asked for, it is nobody's trouble.
    assert dsn.connect("DSN=app;TokenSource=").succeeded


@pytest.mark.parametrize("section, words", [
    ({}, ("TokenProfile is missing", UNKNOWN, "or set TokenKeywords")),
    ({"TokenProfile": "other"}, ("TokenKeywords is missing", "TokenProfile=other")),
    ({"TokenKeywords": ""}, ("TokenProfile is missing", "TokenKeywords")),
])
def test_a_driver_that_nobody_describes_gets_no_token(signed, section, words):
    dsn = signed(keywords=None, **section)
    dsn.refused_unheard(dsn.connect(), "HY000", "section [Shimmed] of odbcinst.ini", *words)


def test_a_connection_string_never_says_it(signed):
    dsn = signed(POSTGRES, None, {})
    dsn.refused_unheard(dsn.connect("DSN=app;TokenKeywords=Application_Name={token}"), "28000", "TokenKeywords may not stand in a connection string")
