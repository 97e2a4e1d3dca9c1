"""`make peer-tests`: runs each suite with the real driver (twice, to know what it does by itself) and through tokenshim,
and says what differs. Ends with 1 if anything does."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from . import network
from .backends import WAYS, Backend, Bench
from .outcome import Outcomes, differences
from .suites import FLAKY, SUITES, Suite

PORTS = {"postgres_port": 5432, "mariadb_port": 3306}
"""As the suites have written down."""


def main() -> int:
    arguments = argparse.ArgumentParser(prog="peers", description=__doc__)
    arguments.add_argument("words", nargs="*", help="only suites and backends with these in their names")
    arguments.add_argument("--fetch", action="store_true", help="fetch and build, and run nothing")
    arguments.add_argument("--keep", type=Path, help="the folder to work in, which is then left behind")
    options = arguments.parse_args()
    pairs = [(suite, backend) for suite in SUITES for backend in suite.tests
             if all(word.lower() in f"{suite.title} {backend.name}".lower() for word in options.words)]
    built = {suite.title: suite.build(suite) for suite, _ in pairs}
    missing = {backend.name for _, backend in pairs if not backend.is_here}
    if missing:
        print(f"no driver, so not run: {', '.join(sorted(missing))}")
    if options.fetch:
        return 0
    if not network.of_our_own():
        taken = [port for port in (*PORTS.values(), 1433) if not network.is_free(port)]
        if taken:
            print(f"this system allows no network of our own, and ports that the suites need are taken: {taken}", file=sys.stderr)
            return 1
    with tempfile.TemporaryDirectory(prefix="tokenshim-peers-") as folder, Bench(options.keep or Path(folder), **PORTS) as bench:
        rows = [compare(bench, suite, built[suite.title], backend) for suite, backend in pairs if backend.is_here]
    return 0 if all(rows) and rows else 1


def compare(bench: Bench, suite: Suite, built: object, backend: Backend) -> bool:
    """Runs one suite over one backend each way and prints a row. Whether nothing differs."""
    started = time.monotonic()
    runs: dict[str, Outcomes] = {}
    asked = len(bench.provider.requests)
    for run in (*WAYS, "direct again"):
        runs[run] = suite.run(built, suite.tests[backend], bench.home(backend, run.removesuffix(" again")))
    asked = len(bench.provider.requests) - asked
    found = {run: differences(known(suite, runs["direct"]), known(suite, runs[run])) for run in runs if run != "direct"}
    counts = Counter(each.result for each in runs["direct"].values())
    said = ", ".join(f"{counts[result]} {result}" for result in ("passed", "failed", "skipped") if counts[result])
    same = ", ".join(f"{run}: {'the same' if not found[run] else f'{len(found[run])} differ'}" for run in found)
    print(f"{suite.title} | {backend.name} | {len(runs['direct'])} | {said} | {same} | {asked} tokens | {time.monotonic() - started:.0f} s",
          flush=True)
    for run, tests in found.items():
        for test in tests:
            print(f"  {run}: {test}")
    if backend.takes_token and not asked:
        print("  nobody asked for a token, so nothing was shown")
        return False
    return bool(runs["direct"]) and not any(found.values())


def known(suite: Suite, outcomes: Outcomes) -> Outcomes:
    """Without the tests that are known to be flaky."""
    return {test: each for test, each in outcomes.items() if (suite.name, test) not in FLAKY}


if __name__ == "__main__":
    sys.exit(main())
