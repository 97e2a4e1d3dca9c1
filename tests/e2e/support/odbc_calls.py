"""ODBC by ctypes, for host programs that run in a process of their own (see `host.py`): they do `from odbc_calls import *`.

ODBC_LIBRARY names the driver manager, or a driver that is called without one.
"""

import ctypes
import os
import sys
import threading
import time

ENV, DBC, STMT = 1, 2, 3
NTS = -3

_name = os.environ["ODBC_LIBRARY"]
# An application is linked with its driver manager, which so is in the global scope; a driver never is.
library = ctypes.CDLL(_name, mode=os.RTLD_LOCAL if "/" in _name else os.RTLD_GLOBAL)


def odbc(name, *arguments):
    """Calls a function; handles, which are pointers, are passed as `ctypes.c_void_p`."""
    function = getattr(library, name)
    function.restype = ctypes.c_short
    return function(*arguments)


def allocate(kind, parent=None):
    handle = ctypes.c_void_p()
    assert odbc("SQLAllocHandle", kind, parent, ctypes.byref(handle)) in (0, 1), (kind, record(kind - 1, parent))
    return handle


def environment(version=3):
    handle = allocate(ENV)
    assert odbc("SQLSetEnvAttr", handle, 200, ctypes.c_void_p(version), 0) == 0
    return handle


def free(kind, handle):
    return odbc("SQLFreeHandle", kind, handle)


def connect(dbc, string, completion=0):
    return odbc("SQLDriverConnect", dbc, None, string.encode(), NTS, None, 0, None, completion)


def disconnect(dbc):
    return odbc("SQLDisconnect", dbc)


def execute(statement, sql):
    return odbc("SQLExecDirect", statement, sql.encode(), NTS)


def record(kind, handle, number=1):
    """A diagnostic record: SQLSTATE and text."""
    state, native, text, length = ctypes.create_string_buffer(6), ctypes.c_int(), ctypes.create_string_buffer(1024), ctypes.c_short()
    code = odbc("SQLGetDiagRec", kind, handle, number, state, ctypes.byref(native), text, 1024, ctypes.byref(length))
    return (state.value.decode(), text.value.decode(errors="replace")) if code in (0, 1) else None


def opened(string, env=None):
    """A connection that is open."""
    dbc = allocate(DBC, env or environment())
    code = connect(dbc, string)
    assert code in (0, 1), (string, record(DBC, dbc))
    return dbc


def closed(dbc, env=None):
    """Closes it, and frees it with its environment."""
    assert disconnect(dbc) == 0 and free(DBC, dbc) == 0, record(DBC, dbc)
    assert env is None or free(ENV, env) == 0


def rows(statement):
    """The rows of a result, as text."""
    count, result = ctypes.c_short(), []
    odbc("SQLNumResultCols", statement, ctypes.byref(count))
    while odbc("SQLFetch", statement) in (0, 1):
        result.append([_cell(statement, column + 1) for column in range(count.value)])
    return result


def _cell(statement, column):
    text, length = ctypes.create_string_buffer(4096), ctypes.c_ssize_t()
    odbc("SQLGetData", statement, column, 1, text, ctypes.c_ssize_t(4096), ctypes.byref(length))
    return None if length.value < 0 else text.value.decode()


def answers(string, env=None):
    """Connects, asks the server for 1, and closes."""
    dbc = opened(string, env)
    statement = allocate(STMT, dbc)
    assert execute(statement, "select 1") == 0, record(STMT, statement)
    assert rows(statement) == [["1"]]
    assert free(STMT, statement) == 0
    closed(dbc)


def started(function, *arguments):
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    return thread


def wait_until(happened, what, seconds=30):
    """Until `happened()` is true, for something that tells nobody."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"{what} in {seconds} s"
        time.sleep(0.002)


def wait_for(path, seconds=30):
    """Until a file is there: how the test, or another process, says that something has happened."""
    wait_until(lambda: os.path.exists(path), f"{path} did not come", seconds)


def touch(path):
    open(path, "w").close()


def tasks():
    """Each thread of this process, and the mask of the signals that it blocks, in hex."""
    masks = {}
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/status") as status:
                masks[task] = dict(line.split(":", 1) for line in status)["SigBlk"].strip()
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended since
    return masks


def say(*words):
    print(*words, flush=True)
