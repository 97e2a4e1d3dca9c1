"""The child process of test_handles.py: asks the driver manager for the driver's own handles, of two drivers in one environment."""

import ctypes
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # an isolated interpreter does not look here by itself
from raw_odbc import DBC, DESC, ENV, STMT, Application, Handle, In

# SQLGetInfo: SQL_DRIVER_HDBC and its sisters.
INFO = {ENV: 4, DBC: 3, STMT: 5, DESC: 135}


class Handles(Application):
    def connected(self, dsn: str) -> dict[int, Handle]:
        dbc = self.new("SQLAllocHandle", DBC, self.env)
        self.call("SQLConnect", dbc, In(dsn), In(None), In(None), of=(DBC, dbc))
        statement = self.new("SQLAllocHandle", STMT, dbc)
        return {ENV: self.env, DBC: dbc, STMT: statement, DESC: self.new("SQLAllocHandle", DESC, dbc)}

    def driver_handles(self, handles: dict[int, Handle]) -> dict[int, int]:
        """For a statement and a descriptor, the place where the answer goes holds the question."""
        found = {}
        for kind, info in INFO.items():
            place = self.memory(int(handles[kind]).to_bytes(8, "little"))
            code = self._raw("SQLGetInfo", [handles[DBC], info, place, 8, 0])
            found[kind] = ctypes.c_size_t.from_address(place).value if code == 0 else None
        return found


if __name__ == "__main__":
    script = json.load(sys.stdin)
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as report:
        program = Handles(script, report)
        program.env = program.new("SQLAllocHandle", ENV, None)
        program.call("SQLSetEnvAttr", program.env, 200, 3, 0)
        connections = {dsn: program.connected(dsn) for dsn in script["sources"]}
        program.say("answers", {dsn: program.driver_handles(handles) for dsn, handles in connections.items()},
                    {dsn: {kind: int(handle) for kind, handle in handles.items()} for dsn, handles in connections.items()})
