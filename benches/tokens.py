"""What the life of a token costs: the first one, one for many threads and processes, a new one for many open connections."""

from __future__ import annotations

import shutil
import ssl
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import trustme

from support import c_programs, recorder, replies
from support.host import run_host
from support.identity_provider import IdentityProvider
from support.odbc_client import call, run_client
from support.sign_in import SPARK
from support.two_ways import token_keys

from .tables import FAST, HERE, TOKEN, pairs, side_by_side, spread, table

LIVE = 10_000
PROCESSES, THREADS = 8, 64


def first_token(folder: Path, _) -> None:
    """In a process that has none yet, beside curl's same request, over TLS."""
    authority = trustme.CA()
    folder.mkdir()
    ca_file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    rows = []
    for title, tls in (("https", context), ("http", None)):
        with IdentityProvider(tls) as provider:
            provider.always(replies.good_token(TOKEN))
            keys = {"TokenCAFile": ca_file} if tls else {}
            home, direct, through = side_by_side(folder / title, recorder.compile(), {}, provider, token=True, **keys)
            curl = [shutil.which("curl"), "-sS", "-o", "/dev/null", "-w", "%{time_total}", "--cacert", ca_file, "-u", "me:section-secret",
                    "-d", "grant_type=client_credentials", f"{provider.url}/token"]
            times: list[tuple[float, float]] = []
            for _ in range(20):
                [without, with_token] = [run_client(home, [call("SQLDriverConnect", string=string)])[0].seconds for string in (direct, through)]
                times.append((1000 * float(subprocess.run(curl, capture_output=True, text=True, check=True).stdout), 1000 * (with_token - without)))
            rows.append([title, spread([one for one, _ in times], ".1f") + " ms", spread([two for _, two in times], ".1f") + " ms"])
    table("The first token of a process (20 of each, in turn)", ["to the provider", "curl's request (time_total)", "a connect with tokenshim, more than without"], rows)


COLD = """
dbcs = [allocate(DBC, environment()) for _ in range(%d)]
wait_for(sys.argv[1])
threads = [started(lambda dbc=dbc: say(connect(dbc, "DSN=through;UID=app"))) for dbc in dbcs]
for thread in threads: thread.join()
""" % THREADS


def cold(folder: Path, provider) -> None:
    """Many threads of many processes, none of which has a token."""
    rows = []
    for where in ("memory", "file"):
        home, _, _ = side_by_side(folder / where, recorder.compile(), {}, provider, token=True, TokenCache=where)
        begun, go = len(provider.requests), folder / where / "go"
        with ThreadPoolExecutor(PROCESSES) as pool:
            done = [pool.submit(run_host, home, COLD, go) for _ in range(PROCESSES)]
            go.touch()
            assert [each.result() for each in done] == [["0"] * THREADS] * PROCESSES
        rows.append([f"TokenCache={where}", str(PROCESSES * THREADS), str(len(provider.requests) - begun)])
    table(f"{THREADS} threads in each of {PROCESSES} processes connect at once, and nobody has a token yet", ["", "connects", "requests"], rows)


def live(folder: Path, provider) -> None:
    driver = recorder.compile("both", SPARK)
    provider.forget()
    provider.answer(replies.good_token(TOKEN, expires_in=40))
    provider.always(replies.good_token("another-token"))
    home, direct, through = side_by_side(folder, driver, {"Host": "127.0.0.1"}, provider, token=True, TokenProfile="databricks")
    measured = [dict(line.split() for line in c_programs.run(home, HERE / "live.c", LIVE, string, driver, own, flags=FAST, timeout=300))
                for string, own in ((direct, 1), (through, 0))]
    requests = len(provider.requests)
    provider.forget()
    provider.always(replies.good_token(TOKEN))
    (bytes_direct, bytes_through), (us_direct, us_through) = ([int(each[what]) for each in measured] for what in ("bytes", "microseconds"))
    table(f"{LIVE:,} open connections of the recorder, and one new token for all of them", ["what", "without tokenshim", "with tokenshim"], [
        ["memory of a connection", f"{bytes_direct} bytes", f"{bytes_through - bytes_direct:+} bytes"],
        ["requests for tokens, of which one is the first", "", str(requests)],
        ["setting the new token in all", f"{us_direct / 1000:.0f} ms, by the program itself", f"{us_through / 1000:.0f} ms, behind its back"]])


def many(folder: Path, provider) -> None:
    home, direct, through = side_by_side(folder, recorder.compile(), {}, provider, token=True)
    rows = []
    for threads in (1, 2, 8, 64):
        each = pairs(home, "many", threads, 30, 100, direct, through)["connect"]
        rates = [[1e9 / way for way in column] for column in zip(*each, strict=True)]
        rows.append([str(threads), f"{statistics.median(rates[0]):,.0f}", f"{statistics.median(rates[1]):,.0f}", spread([two / one for one, two in zip(*rates, strict=True)], ".2f")])
    table("Connects a second with a kept token, the recorder through unixODBC (30 pairs of 100 ms)", ["threads", "without tokenshim", "with tokenshim", "ratio"], rows)
