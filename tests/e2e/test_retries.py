"""A provider that is busy, or a connection that breaks off, is asked again as long as the connect has time for it; a provider
that says no is asked once. Whoever gives up says what the provider said last."""

from __future__ import annotations

import socket
import subprocess
import time

import pytest

from support import replies
from support.host import Held, finished, run_host, start_host
from support.identity_provider import IdentityProvider
from support.odbc_client import call, run_client
from support.two_ways import token_keys

PASSING = {**{str(code): replies.status(code, "<html>later</html>") for code in (408, 429, 500, 502, 503, 504)},
           "in words": replies.oauth_error(503, "temporarily_unavailable", "Back soon."),
           "hangs up": replies.hang_up, "half a body": replies.half_a_body, "resets": replies.reset}
LASTING = {**{str(code): replies.status(code, Retry_After="0") for code in (400, 401, 403, 404, 410, 422, 501, 505, 599, 302)},
           "wrong secret": replies.invalid_client(), "wrong scope": replies.invalid_scope(),
           **{name: reply for name, reply in replies.NOT_A_TOKEN.items() if name not in PASSING}}
BACK_SOON = ["HTTP 503, temporarily_unavailable: Back soon", "try again later", "TokenEndpoint in section [Engine] of odbcinst.ini"]


@pytest.fixture
def connect(ways, identity_provider):
    """Connects once, within 20 seconds where nothing else is said, after `before`."""

    def connect(*before: dict, **keys: object):
        ways.record(token_keys(identity_provider, **{"TokenTimeout": 20, **keys}))
        return run_client(ways.shim, [*before, call("SQLDriverConnect", string="DSN=data")])[-1]

    return connect


def said(step) -> tuple[str, str]:
    [record] = step.records
    return record.state, record.message


@pytest.mark.parametrize("mood", PASSING)
def test_what_may_pass_is_asked_for_again(connect, identity_provider, mood):
    identity_provider.answer(PASSING[mood])
    assert connect().succeeded
    first, second = identity_provider.requests
    assert (first.form, first.headers) == (second.form, second.headers) and first.connection != second.connection


@pytest.mark.parametrize("mood", LASTING)
def test_what_will_not_pass_is_asked_for_once(connect, identity_provider, mood):
    identity_provider.always(LASTING[mood])
    step = connect()
    assert step.code == "SQL_ERROR" and len(identity_provider.requests) == 1, step


@pytest.mark.parametrize("headers", [
    {"Retry-After": "2"},
    # By the provider's clock, which is not this machine's.
    {"Retry-After": "Mon, 01 Jan 2001 00:00:02 GMT", "Date": "Mon, 01 Jan 2001 00:00:00 GMT"},
], ids=["seconds", "a date"])
@pytest.mark.parametrize("code", [429, 503])
def test_a_provider_is_asked_no_sooner_than_it_says(connect, identity_provider, code, headers):
    identity_provider.answer(replies.Reply(code, "", headers))
    assert connect().succeeded
    first, second = identity_provider.requests
    assert second.arrived - first.arrived >= 2


@pytest.mark.parametrize("retry_after", ["30", "3600", "99999999999999999999", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_provider_that_asks_for_more_time_than_there_is_is_asked_once(connect, identity_provider, retry_after):
    identity_provider.always(replies.Reply(503, {"error": "temporarily_unavailable", "error_description": "Back soon."}, {"Retry-After": retry_after}))
    step = connect()
    state, message = said(step)
    assert state == "08001" and all(words in message for words in BACK_SOON), message
    assert len(identity_provider.requests) == 1 and step.seconds < 15


@pytest.mark.parametrize("before, keys", [([], {"TokenTimeout": 2}), ([call("SQLSetConnectAttr", attribute=103, value=2)], {})],
                         ids=["TokenTimeout", "login timeout"])
def test_a_provider_that_stays_busy_is_told_in_its_own_words_and_in_time(connect, identity_provider, before, keys):
    identity_provider.always(PASSING["in words"])
    step = connect(*before, **keys)
    state, message = said(step)
    assert state == "08001" and all(words in message for words in BACK_SOON), message
    assert 2 <= len(identity_provider.requests) < 50 and step.seconds < 12


def test_a_provider_that_falls_silent_is_told_with_what_it_said_before(connect, identity_provider):
    identity_provider.answer(PASSING["in words"])
    identity_provider.always(replies.silence)
    state, message = said(connect(TokenTimeout=3))
    assert state == "08001" and all(words in message for words in BACK_SOON), message
    assert len(identity_provider.requests) == 2


# -- A provider that is not there yet

COUNT = r"""
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int connect(int socket, const struct sockaddr *address, socklen_t length) {
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    int log = address->sa_family == AF_INET ? open(getenv("CONNECT_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
    if (log >= 0 && write(log, ".", 1) + close(log) != 1) abort();
    return real(socket, address, length);
}
"""


def test_a_provider_that_comes_up_while_somebody_waits_is_found(ways, identity_provider, start, tmp_path):
    library, log = tmp_path / "count.so", tmp_path / "connects"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=COUNT, text=True, check=True)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))  # nobody listens: whoever comes is refused
        port = taken.getsockname()[1]
        ways.record(token_keys(identity_provider, TokenEndpoint=f"http://127.0.0.1:{port}/token", TokenTimeout=40))
        ways.shim.env |= {"LD_PRELOAD": str(library), "CONNECT_LOG": str(log)}
        host = start_host(ways.shim, "opened('DSN=data'); say('connected')")
        # With the second try the first was refused.
        while host.poll() is None and not (log.exists() and log.stat().st_size >= 2):
            time.sleep(0.002)
    provider = start(IdentityProvider(port=port))
    assert (finished(host).stdout, len(provider.requests)) == ("connected\n", 1)


# -- Behind the program's back

RENEWAL = """
def renewing():
    names = []
    for thread in os.listdir("/proc/self/task"):
        try: names.append(open(f"/proc/self/task/{thread}/comm").read())
        except OSError: pass
    return "tokenshim\\n" in names
# The token is old after a second, and good for an hour.
wait_until(lambda: answers("DSN=data") or os.path.exists(sys.argv[1]), "nobody asked for another token")
touch(sys.argv[2])
wait_until(lambda: not renewing(), "the renewal did not end")
for _ in range(3): answers("DSN=data")
assert not renewing()
"""


@pytest.mark.parametrize("mood", ["503", "hangs up", "wrong secret"])
def test_a_renewal_asks_once_and_leaves_the_old_token_in_use(ways, identity_provider, tmp_path, mood):
    held = Held(tmp_path, (PASSING | LASTING)[mood])
    identity_provider.answer(replies.good_token("old", expires_in=3600), held)
    ways.record(token_keys(identity_provider, TokenRenewal=3599), sources={"data": {}})
    run_host(ways.shim, RENEWAL, held.asked, held.release)
    assert len(identity_provider.requests) == 2
    assert all("PWD={old}" in each["string"] for each in ways.calls("SQLDriverConnect")[0])


# -- Several who wait for one answer


def test_each_of_those_who_wait_for_one_answer_is_told_its_own_section(ways, identity_provider, tmp_path):
    """The first request is refused only once both wait for it: then a second one would be answered with a token."""
    held = Held(tmp_path, replies.invalid_client())
    identity_provider.answer(held)
    ways.record(token_keys(identity_provider), sources={name: {"TokenSource": "client-credentials"} for name in ("one", "other")})
    program = """
def fails(name):
    dbc = allocate(DBC, environment())
    assert connect(dbc, f"DSN={name}") == -1, name
    said[name] = record(DBC, dbc)[1]
said = {}
first = started(fails, "one")
wait_for(sys.argv[1])
second = started(fails, "other")
# It waits without any processor time: nothing else in a connect takes so long.
def used(): return sum(map(int, open(f"/proc/self/task/{second.native_id}/stat").read().rpartition(")")[2].split()[11:13]))
still, before = 0, -1
while still < 50:
    still, before = (still + 1 if used() == before else 0), used()
    time.sleep(0.01)
touch(sys.argv[2])
first.join(), second.join()
say(said["one"]), say(said["other"])
"""
    one, other = run_host(ways.shim, program, held.asked, held.release)
    assert len(identity_provider.requests) == 1
    assert "TokenTenant in DSN [one] of odbc.ini" in one and "TokenTenant in DSN [other] of odbc.ini" in other
    assert one.replace("[one]", "[other]") == other


# -- The life of a token, by the provider's clock


OVER = """
env = environment()
connects = lambda: closed(opened("DSN=data", env))
wait_until(lambda: connects() or os.path.exists(sys.argv[1]), "nobody asked for another token")
connects()
"""


def test_a_moment_at_which_a_token_ends_counts_by_the_providers_clock(ways, identity_provider, tmp_path):
    """In January 2001: by this machine's clock the token would be over for long, and kept for some minutes as one without an end."""
    in_2001 = {"Date": "Mon, 01 Jan 2001 00:00:00 GMT"}
    january = 978307200
    short, long = (replies.Reply(200, {"access_token": token, "expires_on": str(january + life)}, in_2001) for token, life in (("short", 1), ("long", 3600)))
    second = Held(tmp_path, long)
    second.release.touch()  # it is told at once
    identity_provider.answer(short, second)
    ways.record(token_keys(identity_provider, TokenRenewal="off"), sources={"data": {}})
    run_host(ways.shim, OVER, second.asked)
    assert len(identity_provider.requests) == 2 and "PWD={long}" in ways.calls("SQLDriverConnect")[0][-1]["string"]
