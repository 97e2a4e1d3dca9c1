"""The child process of `odbc_client.run_client`: makes ODBC calls through ctypes and reports what they gave.

The steps, with their arguments (names ending in W take and give SQLWCHAR; those ending in A are there, too):

  SQLDriverConnect[W]   string, length, out, completion (0 NOPROMPT, 1 COMPLETE, 2 PROMPT, 3 COMPLETE_REQUIRED)
  SQLBrowseConnect[W]   string, length, out
  SQLConnect[W]         dsn, user, password; dsn_length, user_length, password_length
  SQLSetConnectAttr[W]  attribute, value (int; str; {"hex": bytes}), length
  SQLGetConnectAttr[W]  attribute, out
  SQLSetConnectOption, SQLGetConnectOption   option; value, or out
  SQLSetEnvAttr, SQLGetEnvAttr   attribute; value
  SQLExecDirect[W]      sql; fetches all rows, as text
  SQLGetInfo[W]         info, out
  SQLGetDiagRec[W]      record, out
  SQLGetDiagField[W]    record, field, out
  SQLError[W]           out
  SQLDisconnect, SQLFreeConnect; SQLAllocHandle, SQLFreeHandle   kind ("env" or "dbc")
  parallel              steps: lists of steps, each run in a thread of its own, all begun at once
  meet                  waits until all threads of `parallel` have come to this step
  write_file            path, text
  threads               gives `threads`: each thread of the process and the mask of the signals it blocks, in hex

Everywhere: `dbc` names the connection (default "dbc"; a new name allocates a new one), `records` which function reads the
diagnostics after a failure: "SQLGetDiagRecW" (default after W calls), "SQLGetDiagRec", "SQLErrorW", "SQLError", or
null for none. A text argument that is missing is a NULL pointer. `length`: "nts" (default) for SQL_NTS, "exact" for
the number of characters, of a text that garbage follows instead of a NUL, or any number. `out`: characters (for
attributes and infos bytes) in the out buffer, or null (default) for a NULL pointer and size 0.
"""

import contextlib
import ctypes
import itertools
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # an isolated interpreter does not look here by itself
from out_buffer import Out
from steps import DBC, ENV, STMT, Steps

SQL_NTS, SQL_IS_POINTER = -3, -4
SQL_C_CHAR = 1

short, pointer = ctypes.c_short, ctypes.c_void_p


class Program(Steps):
    def __init__(self, script: dict, report):
        super().__init__(report)
        # An application is linked with its driver manager, which so is in the global scope; a driver never is.
        mode = os.RTLD_GLOBAL if script["is_driver_manager"] else os.RTLD_LOCAL
        self.library = ctypes.CDLL(script["library"], mode=mode)
        self.wide_bytes = script["wide_bytes"]
        self.codec = {2: "utf-16-le", 4: "utf-32-le"}[self.wide_bytes]
        self.version = script["version"]
        self.env = pointer()
        self.connections: dict[str, pointer] = {}
        self.kept: list = []  # what the driver may still point to

    # -- Handles

    def SQLAllocHandle(self, step: dict) -> dict:
        if step.get("kind") == "env":
            code = self.function("SQLAllocHandle")(short(ENV), None, ctypes.byref(self.env))
            self.function("SQLSetEnvAttr")(self.env, 200, pointer(self.version), 0)
            return {"code": code}
        handle = pointer()
        code = self.function("SQLAllocHandle")(short(DBC), self.env, ctypes.byref(handle))
        self.connections[step.get("dbc", "dbc")] = handle
        return {"code": code, **({"records": self.diagnostics(ENV, self.env, "SQLGetDiagRec")} if code else {})}

    def SQLFreeHandle(self, step: dict) -> dict:
        if step.get("kind") == "env":
            return {"code": self.function("SQLFreeHandle")(short(ENV), self.env)}
        handle = self.connections.pop(step.get("dbc", "dbc"))
        return {"code": self.function("SQLFreeHandle")(short(DBC), handle)}

    def SQLFreeConnect(self, step: dict) -> dict:
        return {"code": self.function("SQLFreeConnect")(self.connections.pop(step.get("dbc", "dbc")))}

    def dbc(self, step: dict) -> pointer:
        name = step.get("dbc", "dbc")
        with contextlib.suppress(KeyError):
            return self.connections[name]
        if self.SQLAllocHandle({"dbc": name})["code"] not in (0, 1):
            raise SystemExit(f"no connection handle: {self.diagnostics(ENV, self.env, 'SQLGetDiagRec')}")
        return self.connections[name]

    def SQLDisconnect(self, step: dict) -> dict:
        return {"code": self.function("SQLDisconnect")(self.dbc(step))}

    # -- Connecting

    def SQLDriverConnect(self, step: dict) -> dict:
        text, length = self.text_in(step, "string", "length")
        out = Out(self, step, unit=self.unit(step))
        code = self.named(step)(self.dbc(step), None, text, short(length), *out.short_arguments, step.get("completion", 0))
        return {"code": code, **out.text()}

    def SQLBrowseConnect(self, step: dict) -> dict:
        text, length = self.text_in(step, "string", "length")
        out = Out(self, step, unit=self.unit(step))
        return {"code": self.named(step)(self.dbc(step), text, short(length), *out.short_arguments), **out.text()}

    def SQLConnect(self, step: dict) -> dict:
        texts = [self.text_in(step, name, f"{name}_length") for name in ("dsn", "user", "password")]
        flat = itertools.chain.from_iterable((text, short(length)) for text, length in texts)
        return {"code": self.named(step)(self.dbc(step), *flat)}

    # -- Attributes and information

    def SQLSetConnectAttr(self, step: dict) -> dict:
        value, length = step["value"], step.get("length", 0)
        if isinstance(value, int):
            value = pointer(value)
        elif isinstance(value, str):
            value, length = self.text_in(step, "value", "length")
        elif value is not None:
            value = ctypes.create_string_buffer(bytes.fromhex(value["hex"]))
            length = step.get("length", SQL_IS_POINTER)
            self.kept.append(value)
        return {"code": self.named(step)(self.dbc(step), step["attribute"], value, length)}

    def SQLSetConnectOption(self, step: dict) -> dict:
        return {"code": self.named(step)(self.dbc(step), ctypes.c_ushort(step["option"]), ctypes.c_size_t(step["value"]))}

    def SQLGetConnectOption(self, step: dict) -> dict:
        out = Out(self, step, unit=1)
        return {"code": self.named(step)(self.dbc(step), ctypes.c_ushort(step["option"]), out.buffer), **out.all(self.unit(step))}

    def SQLGetConnectAttr(self, step: dict) -> dict:
        out = Out(self, step, unit=1)
        code = self.named(step)(self.dbc(step), step["attribute"], *out.int_arguments)
        return {"code": code, **out.all(self.unit(step))}

    def SQLSetEnvAttr(self, step: dict) -> dict:
        return {"code": self.function("SQLSetEnvAttr")(self.env, step["attribute"], pointer(step["value"]), 0)}

    def SQLGetEnvAttr(self, step: dict) -> dict:
        out = Out(self, {"out": 4}, unit=1)
        return {"code": self.function("SQLGetEnvAttr")(self.env, step["attribute"], *out.int_arguments), **out.all(1)}

    def SQLGetInfo(self, step: dict) -> dict:
        out = Out(self, step, unit=1)
        code = self.named(step)(self.dbc(step), ctypes.c_ushort(step["info"]), *out.short_arguments)
        return {"code": code, **out.all(self.unit(step))}

    # -- Statements

    def SQLExecDirect(self, step: dict) -> dict:
        statement, columns, rows = pointer(), short(), []
        self.function("SQLAllocHandle")(short(STMT), self.dbc(step), ctypes.byref(statement))
        text, length = self.text_in(step, "sql", "length")
        code = self.named(step)(statement, text, ctypes.c_int(length))
        wide = step["call"].endswith("W")
        records = self.diagnostics(STMT, statement, f"SQLGetDiagRec{'W' if wide else ''}") if code in (1, -1) else []
        if code in (0, 1):
            self.function("SQLNumResultCols")(statement, ctypes.byref(columns))
            while columns.value and self.function("SQLFetch")(statement) in (0, 1):
                rows.append([self.cell(statement, column) for column in range(1, columns.value + 1)])
        self.function("SQLFreeHandle")(short(STMT), statement)
        return {"code": code, "rows": rows, "records": records}

    def cell(self, statement: pointer, column: int) -> str | None:
        # As SQL_C_CHAR, which ANSI drivers have too.
        buffer, length = ctypes.create_string_buffer(65536), ctypes.c_ssize_t()
        self.function("SQLGetData")(statement, ctypes.c_ushort(column), short(SQL_C_CHAR), buffer,
                                    ctypes.c_ssize_t(len(buffer)), ctypes.byref(length))
        return None if length.value < 0 else buffer.raw[: length.value].decode("utf-8", "surrogateescape")

    # -- Diagnostics

    def SQLGetDiagRec(self, step: dict) -> dict:
        return self.diagnostic_record(step, DBC, self.dbc(step))

    def SQLGetDiagField(self, step: dict) -> dict:
        out = Out(self, step, unit=1)
        code = self.named(step)(short(DBC), self.dbc(step), short(step["record"]), short(step["field"]), *out.short_arguments)
        return {"code": code, **out.all(self.unit(step))}

    SQLError = SQLGetDiagRec

    def diagnostics(self, kind: int, handle: pointer, reader: str) -> list:
        records = []
        while len(records) < 20:
            one = self.diagnostic_record({"call": reader, "record": len(records) + 1, "out": 2048}, kind, handle)
            if one["code"] not in (0, 1):
                break
            records.append([one["state"], one["native"], one["out"]])
        return records

    def diagnostic_record(self, step: dict, kind: int, handle: pointer) -> dict:
        unit, native = self.unit(step), ctypes.c_int()
        state, out = ctypes.create_string_buffer(6 * unit), Out(self, step, unit)
        after = (state, ctypes.byref(native), *out.short_arguments)
        if step["call"].startswith("SQLError"):
            code = self.named(step)(*(handle if kind == each else None for each in (ENV, DBC, STMT)), *after)
        else:
            code = self.named(step)(short(kind), handle, short(step["record"]), *after)
        return {"code": code, "state": self.decode(state.raw, unit), "native": native.value, **out.text()}

    # -- Texts

    def function(self, name: str):
        function = getattr(self.library, name)
        function.restype = short
        return function

    def named(self, step: dict):
        return self.function(step["call"])

    def unit(self, step: dict) -> int:
        """Bytes in a character of this call."""
        return self.wide_bytes if step["call"].endswith("W") else 1

    def text_in(self, step: dict, name: str, length_name: str):
        """A text argument and its length."""
        text, length, unit = step.get(name), step.get(length_name, "nts"), self.unit(step)
        if text is None:
            return None, 0 if length in ("nts", "exact") else length
        encoded = text.encode(self.codec if unit > 1 else "utf-8", "surrogateescape")
        if length == "exact":
            length, end = len(encoded) // unit, "X".encode(self.codec if unit > 1 else "ascii") * 8
        else:
            length, end = SQL_NTS if length == "nts" else length, b"\0" * unit
        buffer = ctypes.create_string_buffer(encoded + end)
        self.kept.append(buffer)
        return buffer, length

    def decode(self, raw: bytes, unit: int) -> str:
        units = (raw[i : i + unit] for i in range(0, len(raw) - unit + 1, unit))
        return b"".join(itertools.takewhile(any, units)).decode(self.codec if unit > 1 else "utf-8", "replace")


if __name__ == "__main__":
    script = json.load(sys.stdin)
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as report:
        Program(script, report).run(script["steps"], script["handles"])
