"""The child process of test_bulk_copy.py: connects through unixODBC, then calls bulk copy functions in the driver's file, as programs do."""

import ctypes
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # an isolated interpreter does not look here by itself
from raw_odbc import DBC, ENV, Application, In, Out

SQL_COPT_SS_BCP, DB_IN = 1219, 1

if __name__ == "__main__":
    script = json.load(sys.stdin)
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as report:
        program = Application(script, report)
        program.env = program.new("SQLAllocHandle", ENV, None)
        program.call("SQLSetEnvAttr", program.env, 200, 3, 0)
        dbc = program.new("SQLAllocHandle", DBC, program.env)
        program.call("SQLSetConnectAttr", dbc, SQL_COPT_SS_BCP, 1, -6)
        program.call("SQLDriverConnect", dbc, None, In(script["string"]), Out(300), 0, of=(DBC, dbc))
        driver = ctypes.CDLL(script["driver"])
        table = program.memory("t\0".encode("utf-16-le"))
        program.say("bcp_init", driver.bcp_initW(ctypes.c_void_p(dbc), ctypes.c_void_p(table), None, None, DB_IN))
        program.say("bcp_done", driver.bcp_done(ctypes.c_void_p(dbc)))
        program.diagnostics(DBC, dbc)
        program.call("SQLDisconnect", dbc)
