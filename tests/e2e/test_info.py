"""Whatever an application asks a driver about itself, it hears the real driver's own answer."""

from __future__ import annotations

import pytest

from support import drivers
from support.odbc_client import WIDE_BYTES, call, run_client
from support.two_ways import timeless, token_keys

INFOS = [*range(181), *range(1000, 1030), *range(1190, 1240), *range(10000, 10161), *range(20000, 20010), 32767, 65535]
"""Those of ODBC 1 to 3.8 and of X/Open, and some that only a driver could know."""
TEXTS = [2, 6, 7, 10, 13, 16, 17, 18, 25, 29, 39, 40, 47, 77, 89, 10003]
HANDLES = [3, 4, 76]
"""SQL_DRIVER_HDBC, SQL_DRIVER_HENV, SQL_DRIVER_HLIB: addresses."""
READ_THE_BUFFER = [5, 135]
"""SQL_DRIVER_HSTMT and SQL_DRIVER_HDESC find a handle in the buffer, here NULL."""
FILLED_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0", "MALLOC_PERTURB_": "1"}
"""Where a wide text does not fit, iODBC counts characters of memory that nobody has written to (info.c, SQLGetInfo_Internal): it has to be
the same memory."""
CONNECTED = [(dm, driver) for dm in WIDE_BYTES for driver in (drivers.SQLITE, drivers.PSQLODBCW, drivers.PSQLODBCA, drivers.MARIADB)
             # Its wide functions have 2-byte characters, and iODBC, which finds them, 4-byte ones (see the table of drivers).
             if (dm, driver) not in (("iodbc", drivers.PSQLODBCW), ("iodbc", drivers.MARIADB))]


@pytest.mark.parametrize("dm, driver", CONNECTED, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("letter", ["", "W"])
def test_every_info_is_the_real_drivers_answer(ways, identity_provider, request, dm, driver, letter):
    keys = {"Database": ways.shim.folder / "data.db"}
    if driver is not drivers.SQLITE:
        server = request.getfixturevalue("mariadb" if driver is drivers.MARIADB else "postgres")
        server.role("alice", identity_provider.token)
        keys = server.keys()
    ways.write(driver, {"data": keys}, token_keys(identity_provider))
    steps = [call(f"SQLDriverConnect{letter}", string=f"DSN=data;UID=alice;PWD={identity_provider.token}"),
             *(call(f"SQLGetInfo{letter}", info=info, out=size) for info in INFOS if info not in HANDLES
               for size in (512, 6) if size > 6 or info not in READ_THE_BUFFER),
             *(call(f"SQLGetInfo{letter}", info=info) for info in TEXTS),
             *(call(f"SQLGetInfo{letter}", info=info, out=8) for info in HANDLES)]
    for home in (ways.shim, ways.direct):
        home.env |= FILLED_MEMORY
    through, direct = ways.run(steps, dm, timeout=120)
    assert len(identity_provider.requests) == 1 and through[0].succeeded, through[0]
    for step, left, right in zip(steps[1:-len(HANDLES)], direct[1:], through[1:]):
        assert left == right, step
    for left, right in zip(direct[-len(HANDLES):], through[-len(HANDLES):], strict=True):
        assert (left.code, left.length, int(left.bytes, 16) != 0) == (right.code, right.length, int(right.bytes, 16) != 0)
    known = {step["info"]: step_done for step, step_done in zip(steps[1:], through[1:]) if step_done.succeeded and step.get("out") == 512}
    assert len(known) > 100
    # SQL_DRIVER_NAME is the driver's own word, not ours; SQL_DRIVER_VER is one.
    assert "tokenshim" not in known[6].out and known[7].out[0].isdigit()


# Each has one info that it dies of without a connection, by itself too: SQL_SERVER_NAME, SQL_DATA_SOURCE_READ_ONLY.
@pytest.mark.parametrize("driver, letter, deadly", [
    (lambda: drivers.FREETDS, "", 13), (lambda: drivers.FREETDS, "W", 13), (drivers.microsoft, "W", 25)], ids=["FreeTDS", "FreeTDS, wide", "Microsoft"])
def test_a_driver_without_its_server_answers_the_same(ways, identity_provider, driver, letter, deadly):
    """Without a driver manager, which would answer by itself that there is no connection."""
    real = driver()
    ways.write(real, {"data": {}}, token_keys(identity_provider))
    steps = [call(f"SQLGetInfo{letter}", info=info, out=512) for info in INFOS if info not in (deadly, *HANDLES)]
    through = timeless(run_client(ways.shim, steps, ways.shim.shim()))
    direct = timeless(run_client(ways.direct, steps, real))
    assert through == direct
    assert sum(each.succeeded for each in direct) > 100 and identity_provider.requests == []
