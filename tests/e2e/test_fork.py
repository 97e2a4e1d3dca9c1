"""A program that forks while it connects: its child connects as well.

No driver manager stands between the program and tokenshim here: a child that is forked while another thread is inside
unixODBC's own locks hangs there, with any driver.
"""

from __future__ import annotations

import subprocess
import sys

from support.two_ways import token_keys

# Each DSN has a route of its own, and with it an HTTP client that nobody has built before.
COLD = range(20)

PROGRAM = """
import ctypes, os, signal, sys, threading, time
driver = ctypes.CDLL(sys.argv[1])
driver.SQLDriverConnect.restype = ctypes.c_short

def connect(name):
    environment, connection = ctypes.c_void_p(), ctypes.c_void_p()
    driver.SQLAllocHandle(1, None, ctypes.byref(environment))
    driver.SQLAllocHandle(2, environment, ctypes.byref(connection))
    return driver.SQLDriverConnect(connection, None, f"DSN={name}".encode(), -3, None, 0, None, 0)

assert connect("without") == 0
for cold in range(int(sys.argv[2])):
    thread = threading.Thread(target=connect, args=[f"cold{cold}"])
    thread.start()
    time.sleep(0.0015 * cold)
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        os._exit(connect(f"cold{cold}"))
    _, status = os.waitpid(child, 0)
    thread.join()
    print(cold, status, flush=True)
    if status:
        break
"""


def test_a_child_connects_though_it_was_forked_while_another_thread_did(ways, identity_provider):
    sources = {f"cold{cold}": {"TokenProxy": f"http://127.0.0.1:{cold + 1}"} for cold in COLD}
    ways.record(token_keys(identity_provider), sources={"without": {"TokenSource": ""}, **sources})
    program = [sys.executable, "-c", PROGRAM, ways.shim.shim(), str(len(COLD))]
    done = subprocess.run(program, env=ways.shim.env, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [f"{cold} 0" for cold in COLD], done
    assert len(identity_provider.requests) == 2 * len(COLD)
