"""`tokenshim doctor`: what is well is said, and whatever is broken is found at its own line, with what to do."""

from __future__ import annotations

import base64
import datetime
import email.utils
import json

import pytest

from support import drivers, replies
from support.command_line import CommandLine, library

MANAGERS = pytest.mark.parametrize("dm", ["unixodbc", "iodbc"])
REAL = {"unixodbc": drivers.PSQLODBCW, "iodbc": drivers.PSQLODBCA}
CHECKS = ["files", "data source", "keys", "driver library", "real driver", "names", "source", "host", "way", "provider", "clock", "token", "connection"]
CLAIMS = {"aud": "the-database", "sub": "alice@example.com", "scp": "sql offline", "iss": "https://idp.example", "exp": 4102444800}


def web_token(claims: dict) -> str:
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in ('{"alg":"none"}', json.dumps(claims), "signature"))


@pytest.fixture
def dm() -> str:
    return "unixodbc"


class Patient:
    """A data source `pg` of a PostgreSQL server, which signs in, and a doctor."""

    def __init__(self, home, postgres, provider, dm):
        self.home, self.postgres, self.provider, self.dm = home, postgres, provider, dm
        self.command = CommandLine(home, dm)
        self.secret = home.folder / "secret"
        self.secret.write_text("s3cr3t")
        self.secret.chmod(0o600)
        self.token = web_token(CLAIMS)
        self.command.hidden += [self.token, self.token.split(".")[1]]
        postgres.role("alice", self.token)
        provider.always(replies.good_token(self.token))
        self.section = {"Driver": home.shim(), "RealDriver": REAL[dm], "TokenSource": "client-credentials", "TokenEndpoint": f"{provider.url}/token",
                        "TokenClientId": "me", "TokenClientSecretFile": self.secret}
        self.dsn = {"Driver": "PostgreSQL", **postgres.keys(UserName="alice", SSLmode="require")}
        self.write()

    def write(self, section: dict | None = None, dsn: dict | None = None, **more) -> None:
        self.home.write({"PostgreSQL": {**self.section, **(section or {})}, **more}, {"pg": {**self.dsn, **(dsn or {})}})

    def ask(self, name: str = "pg", status: int = 0) -> dict:
        done = self.command.run("doctor", name, "--json", "--driver-manager", self.dm)
        assert (done.status, done.err) == (status, ""), done
        return json.loads(done.out)

    def check(self, name: str, asked: dict) -> dict:
        [found] = [each for each in asked["checks"] if each["check"] == name]
        return found


@pytest.fixture
def patient(home, postgres, identity_provider, dm) -> Patient:
    return Patient(home, postgres, identity_provider, dm)


@MANAGERS
def test_where_all_is_well_each_line_says_so_and_what_the_token_says_is_shown(patient, dm):
    asked = patient.ask()
    assert asked["state"] == "ok" and asked["data_source"] == "pg", asked
    assert [each["check"] for each in asked["checks"]] == CHECKS and {each["state"] for each in asked["checks"]} == {"ok"}
    token = patient.check("token", asked)
    assert token["words"].startswith("fetched, good until 20") and token["details"] == [
        "audience (aud): the-database", "subject (sub): alice@example.com", "scopes (scp): sql offline", "issuer (iss): https://idp.example",
        "ends by its own word: 2100-01-01T00:00:00Z"]
    assert "TokenClientId=me, from section [PostgreSQL] of odbcinst.ini" in patient.check("keys", asked)["details"]
    assert f"{patient.home.system / 'odbcinst.ini'}: there" in patient.check("files", asked)["details"]
    assert patient.check("connection", asked)["words"].startswith("opened to PostgreSQL ")
    [_, own, hooks, absent] = [int(word) for word in patient.check("names", asked)["words"].split() if word.isdigit()]
    assert own > 50 and 8 < hooks < 30 and absent > 50
    # For people the same.
    text = patient.command.does("doctor", "pg", "--driver-manager", dm)
    assert [line.split(":")[0].split(None, 1) for line in text.splitlines() if not line.startswith(" ")] == [["ok", check] for check in CHECKS]


@MANAGERS
def test_without_a_data_source_each_driver_section_is_looked_at(patient, dm):
    text = patient.command.does("doctor", "--driver-manager", dm)
    assert "ok       driver section: [PostgreSQL] of " in text and f"ok       real driver: {REAL[dm]} loads" in text
    patient.home.write({"Direct": {"Driver": REAL[dm]}})
    done = patient.command.run("doctor", "--driver-manager", dm)
    assert done.status == 1 and "failed   driver section: none names tokenshim\n         > tokenshim install adds one." in done.out


# -- Whatever is broken


DRIVER = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int handle;
static char said[4096];
short SQLAllocHandle(short kind, void *in, void **out) { *out = &handle; return 0; }
short SQLFreeHandle(short kind, void *in) { return 0; }
short SQLSetEnvAttr(void *env, int name, void *value, int length) { return 0; }
short SQLSetConnectAttr(void *dbc, int name, void *value, int length) { return 0; }
short SQLGetDiagRec(short kind, void *of, short number, char *state, int *native, char *words, short room, short *length) {
    if (number > 1 || !*said) return 100;
    strcpy(state, "08001"), *native = 7;
    *length = snprintf(words, room, "%s", said);
    return 0;
}
short SQLDriverConnect(void *dbc, void *window, char *string, short a, char *out, short b, short *c, unsigned short d) { CONNECT; return -1; }
"""


def driver_that_crashes(patient):
    """As it connects."""
    patient.write({"RealDriver": library(patient.home, DRIVER.replace("CONNECT", "abort()")), "TokenSource": ""})


def missing_library(patient):
    gone = library(patient.home, "int g(void){return 1;}", "-Wl,-soname,libgone.so", name="libgone.so")
    made = library(patient.home, "int SQLAllocHandle(void){return 0;}", "-Wl,--no-as-needed", str(gone))
    gone.unlink()
    patient.write({"RealDriver": made})


def crash_at_loading(patient):
    patient.write({"RealDriver": library(patient.home, "#include <stdlib.h>\n__attribute__((constructor)) static void f(void){abort();}")})


def clock(hours: float):
    def set_clock(patient):
        date = email.utils.format_datetime(datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours), usegmt=True)
        good = {"token_type": "Bearer", "expires_in": 3600, "access_token": patient.token}
        patient.provider.always(replies.Reply(200, good, headers={"Date": date}))
    return set_clock


def stale_copy(patient):
    with patient.home.shim().open("ab") as file:
        file.write(b"another version")


BROKEN = {
    "an unknown key": (lambda p: p.write(dsn={"TokenScpoe": "x"}), "keys", "warning", "TokenScpoe begins with Token", "tokenshim keys lists them"),
    "a word of no meaning": (lambda p: p.write(dsn={"TokenLogLevel": "x"}), "source", "failed", "TokenLogLevel", ""),
    "a driver alone": (lambda p: p.write({"Driver": REAL["unixodbc"]}), "driver library", "failed", "nothing signs in", "tokenshim install"),
    "no copy": (lambda p: p.write({"Driver": "/no/such.so"}), "driver library", "failed", "/no/such.so is not there", "correct Driver"),
    "no RealDriver": (lambda p: p.write({"RealDriver": ""}), "driver library", "failed", "names tokenshim but no real driver", "add RealDriver="),
    "tokenshim as RealDriver": (lambda p: p.write({"RealDriver": p.home.shim("second")}), "driver library", "failed", "which is tokenshim itself",
                                "set it to the real driver's file"),
    "two drivers": (lambda p: p.write(Other={"Driver": p.home.shim(), "RealDriver": drivers.SQLITE}), "driver library", "failed",
                    "but two real drivers", "Give each real driver its own copy"),
    "another version": (stale_copy, "driver library", "warning", "is no copy of", "run tokenshim upgrade"),
    "no real driver": (lambda p: p.write({"RealDriver": "/no/real.so"}), "real driver", "failed", "/no/real.so", "install the driver"),
    "a missing library": (missing_library, "real driver", "failed", "these libraries are missing: libgone.so", "install the driver"),
    "a crash at loading": (crash_at_loading, "real driver", "failed", "crashed (SIGABRT) while it was loaded", "install the driver"),
    "no token asked for": (lambda p: p.write({"TokenSource": ""}, {"Password": p.token}), "source", "warning", "nothing asks for a token", "set TokenSource in section [PostgreSQL]"),
    "a bad setting": (lambda p: p.write(dsn={"TokenTimeout": "soon"}), "source", "failed", "DSN [pg] of odbc.ini: TokenTimeout must be", "correct what"),
    "no secret file": (lambda p: p.secret.unlink(), "source", "failed", "TokenClientSecretFile cannot be read", "correct the path"),
    "no encryption": (lambda p: p.write(dsn={"SSLmode": "disable", "Servername": "db.example.com"}), "host", "failed", "could be read on its way",
                      "TokenAllowUnencrypted"),
    "no provider": (lambda p: p.write({"TokenEndpoint": "http://127.0.0.1:1/token", "TokenTimeout": 1}), "provider", "failed", "cannot get a token from 127.0.0.1",
                    "Check the network"),
    "a clock behind": (clock(1), "clock", "failed", "s slow by 127.0.0.1's", "set this machine's clock"),
    "a clock ahead": (clock(-0.03), "clock", "warning", "s fast by 127.0.0.1's", "set this machine's clock"),
    "a wrong secret": (lambda p: p.provider.always(replies.invalid_client()), "token", "failed", "127.0.0.1 refused the sign-in", "Check"),
    "a short life": (lambda p: p.provider.always(replies.good_token(p.token, 20)), "token", "warning", "good until", "give tokens for longer"),
    "nobody signed in": (lambda p: p.write({"TokenSource": "device-code", "TokenTenant": "t", "TokenEndpoint": f"{p.provider.url}/t/oauth2/v2.0/token",
                                            "TokenClientSecretFile": ""}),
                         "token", "failed", "nobody is signed in to 127.0.0.1", "tokenshim login 'pg'"),
    "a wrong password": (lambda p: p.postgres.role("alice", "another"), "connection", "failed", "cannot be opened", "docs/troubleshooting.md"),
    "a crash at connecting": (driver_that_crashes, "connection", "failed", "crashed (SIGABRT)", "try the data source without tokenshim"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_found_at_its_own_line_with_the_next_step(patient, case):
    break_it, check, state, words, next_step = BROKEN[case]
    break_it(patient)
    asked = patient.ask(status=0 if state == "warning" else 1)
    found = [each for each in asked["checks"] if (each["check"], each["state"]) == (check, state)]
    assert any(words in each["words"] and next_step in (each["next"] or "") for each in found), asked
    assert asked["state"] == state
    assert all(each["next"] for each in asked["checks"] if each["state"] != "ok")
    before = CHECKS.index(check)
    assert {each["check"]: each["state"] for each in asked["checks"] if each["check"] in CHECKS[:before]} == {each: "ok" for each in CHECKS[:before]} or \
        case in ("a crash at connecting", "no encryption"), asked


@pytest.mark.parametrize("case", ["tokenshim as RealDriver", "no real driver", "a missing library"])
def test_a_driver_that_is_not_there_is_the_one_thing_that_failed(patient, case):
    BROKEN[case][0](patient)
    assert [each["check"] for each in patient.ask(status=1)["checks"] if each["state"] == "failed"] == [BROKEN[case][1]]


def test_a_host_that_only_the_string_names_gets_no_token(patient):
    asked = patient.ask("DSN=pg;Servername=evil.example.com", status=1)
    assert "no token is sent to host evil.example.com" in patient.check("host", asked)["words"]
    assert "TokenAllowedHosts" in patient.check("host", asked)["next"] and patient.provider.requests == []


def test_an_unknown_data_source_has_an_exit_status_of_its_own(patient):
    asked = patient.ask("nobody", status=3)
    assert asked["checks"][-1]["check"] == "data source" and asked["checks"][-1]["next"] == "correct the name, or add it."


def test_no_secret_of_the_settings_is_shown(patient):
    patient.write({"TokenProxy": "http://user:s3cr3t@proxy.example:8080", "TokenClientSecretFile": "", "TokenClientSecret": "s3cr3t"}, {"PWD": "s3cr3t"})
    keys = patient.check("keys", patient.ask())["details"]
    assert "TokenProxy=http://***@proxy.example:8080, from section [PostgreSQL] of odbcinst.ini" in keys
    assert "PWD=***, from DSN [pg] of odbc.ini" in keys


def test_a_driver_that_repeats_the_token_is_quoted_without_it(patient):
    patient.token = "an-opaque-token+0123"
    patient.command.hidden.append(patient.token)
    patient.provider.always(replies.good_token(patient.token))
    driver = library(patient.home, DRIVER.replace("CONNECT", 'snprintf(said, sizeof said, "refused: %s", string)'))
    patient.write({"RealDriver": driver, "TokenProfile": "password"})
    [record] = patient.check("connection", patient.ask(status=1))["details"]
    assert record.startswith("08001: refused: DSN=pg;") and "PWD={***}" in record


def test_secrets_that_everybody_may_read_are_named(patient):
    patient.write({"TokenClientSecretFile": "", "TokenClientSecret": "s3cr3t"}, {"PWD": "s3cr3t"})
    drivers_file, sources = patient.home.system / "odbcinst.ini", patient.home.system / "odbc.ini"
    drivers_file.chmod(0o644)
    sources.chmod(0o640)
    found = patient.check("secrets", patient.ask())
    assert found["state"] == "warning" and found["details"] == [f"TokenClientSecret in [PostgreSQL] of {drivers_file}"] and "TokenClientSecretFile" in found["next"]
    drivers_file.chmod(0o600)
    assert all(each["check"] != "secrets" for each in patient.ask()["checks"])


def test_the_way_shows_the_proxy_and_the_authorities_in_force(patient, start, authority):
    patient.home.env.update(HTTPS_PROXY="http://user:s3cr3t@127.0.0.1:1", SSL_CERT_FILE=str(authority.file))
    patient.write({"TokenEndpoint": "https://idp.example/token", "TokenTimeout": 1})
    asked = patient.ask(status=1)
    assert patient.check("way", asked)["details"] == ["proxy: HTTPS_PROXY=http://***@127.0.0.1:1 of the environment", f"authorities: those of SSL_CERT_FILE={authority.file}"]
    assert patient.check("connection", asked)["words"] == "was not tried, for there is no token"
