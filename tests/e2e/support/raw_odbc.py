"""Calls of ODBC functions by name, each reported with what it returned and what it wrote. All memory that the calls see
stands at the same addresses in every process, so that a driver that writes down its arguments writes the same each time."""

import ctypes
import json
import os

ENV, DBC, STMT, DESC = 1, 2, 3, 4
NTS, CHAR, CLOSE, DROP = -3, 1, 0, 1
SUCCESS_WITH_INFO, ERROR = 1, -1
ABSENT = -1000
"""The driver manager has no function of that name."""

# As `FIXED` in recorder/__init__.py.
ADDRESS, SIZE = 1 << 33, 1 << 24
MAP_PRIVATE, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, READ_WRITE = 2, 0x20, 0x100000, 3

WITH_LETTER = set("""
    SQLBrowseConnect SQLColAttribute SQLColAttributes SQLColumnPrivileges SQLColumns SQLConnect SQLDataSources SQLDescribeCol SQLDriverConnect
    SQLDrivers SQLError SQLExecDirect SQLForeignKeys SQLGetConnectAttr SQLGetConnectOption SQLGetCursorName SQLGetDescField SQLGetDescRec
    SQLGetDiagField SQLGetDiagRec SQLGetInfo SQLGetStmtAttr SQLGetTypeInfo SQLNativeSql SQLPrepare SQLPrimaryKeys SQLProcedureColumns SQLProcedures
    SQLSetConnectAttr SQLSetConnectOption SQLSetCursorName SQLSetDescField SQLSetStmtAttr SQLSpecialColumns SQLStatistics
    SQLTablePrivileges SQLTables""".split())


class In:
    """A text argument and its length, by turns SQL_NTS and the number of its characters."""

    turn = 0

    def __init__(self, text: str | None):
        self.text = text


class Out:
    """A buffer for a text or a number, its size, and where the length goes: a short, or else what `length` says."""

    def __init__(self, size: int, length: str = "short"):
        self.size, self.length_bytes = size, {"short": 2, "int": 4, "long": 4}[length]


class Number:
    """Where a number goes, or comes from."""

    def __init__(self, size: int, value: int = 0):
        self.size, self.value = size, value
        self.address = None


class Handle(int):
    """Never reported: it is another in each process."""


class Application:
    def __init__(self, script: dict, report):
        self.library = ctypes.CDLL(script["library"], mode=os.RTLD_GLOBAL)
        self.letter, self.version = script["letter"], script["version"]
        self.codec = {1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}[script["wide_bytes"] if self.letter else 1]
        self.unit = script["wide_bytes"] if self.letter else 1
        self.report = report
        self.dbc = self.env = None
        process = ctypes.CDLL(None)
        process.mmap.restype = ctypes.c_void_p
        process.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
        self.next = process.mmap(ADDRESS, SIZE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)
        assert self.next == ADDRESS

    def say(self, *what) -> None:
        print(json.dumps(what), file=self.report, flush=True)

    # -- Memory

    def memory(self, content: bytes) -> int:
        """The address of a copy, with some zeros behind it."""
        address = self.next
        self.next += (len(content) + 31) // 16 * 16
        assert self.next < ADDRESS + SIZE
        ctypes.memmove(address, content, len(content))
        return address

    def bytes_at(self, number: Number) -> str:
        return ctypes.string_at(number.address, number.size).hex()

    def encoded(self, text: str, function: str) -> bytes:
        wide = self.letter and function in WITH_LETTER
        return (text + "\0").encode(self.codec if wide else "utf-8")

    # -- Calls

    def call(self, function: str, *arguments, of: tuple[int, Handle] | None = None) -> int:
        """Calls `function`, reports what it gave, and returns its code. `of`: whose diagnostics are read after a failure."""
        raw, outs = [], []
        for argument in arguments:
            raw += self._passed(argument, function, outs)
        code = self._raw(function, raw)
        self.say(function, code, *(ctypes.string_at(address, size).hex() for address, size in outs))
        if code in (SUCCESS_WITH_INFO, ERROR) and of:
            self.diagnostics(*of)
        return code

    def new(self, function: str, *arguments, last: tuple = ()) -> Handle:
        """The handle that `function` gives."""
        place = self.memory(b"\0" * 8)
        code = self._raw(function, [argument or 0 for argument in (*arguments, place, *last)])
        self.say(function, code)
        return Handle(ctypes.c_void_p.from_address(place).value or 0)

    def diagnostics(self, kind: int, handle: Handle) -> None:
        for number in range(1, 9):
            before = [self.env, 0, 0] if kind == ENV else [0, handle, 0] if kind == DBC else [0, 0, handle]
            asked = [Out6(self.unit), Number(4), Out(200)]
            if self.version == 2:
                code = self.call("SQLError", *before, *asked)
            else:
                code = self.call("SQLGetDiagRec", kind, handle, number, *asked)
                self.call("SQLGetDiagField", kind, handle, number, 6, Out(100))
            if code not in (0, SUCCESS_WITH_INFO):
                break

    def _raw(self, function: str, raw: list) -> int:
        try:
            found = getattr(self.library, function + (self.letter if function in WITH_LETTER else ""))
        except AttributeError:
            return ABSENT
        found.restype = ctypes.c_short
        return found(*(ctypes.c_long(argument or 0) for argument in raw))

    def _passed(self, argument, function: str, outs: list) -> list:
        if isinstance(argument, In):
            if argument.text is None:
                return [0, 0]
            encoded = self.encoded(argument.text, function)
            In.turn += 1
            return [self.memory(encoded), NTS if In.turn % 2 else len(encoded) // (self.unit if function in WITH_LETTER else 1) - 1]
        if isinstance(argument, Out):
            buffer, length = self.memory(b"\0" * argument.size * self.unit), self.memory(b"\0" * 8)
            outs += [(buffer, argument.size * self.unit), (length, argument.length_bytes)]
            return [buffer, argument.size, length]
        if isinstance(argument, Number):
            if argument.address is None:
                argument.address = self.memory(argument.value.to_bytes(argument.size, "little", signed=True))
            outs.append((argument.address, argument.size))
            return [argument.address]
        return [argument]


class Out6(Number):
    """Where a SQLSTATE goes."""

    def __init__(self, unit: int):
        super().__init__(6 * unit)
