"""The child process of `whole_odbc.run_all_of_odbc`: an application that calls every function of ODBC's, and reports what it saw."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # an isolated interpreter does not look here by itself
from raw_odbc import CHAR, CLOSE, DBC, DESC, DROP, ENV, NTS, STMT, Application, Handle, In, Number, Out

POINTER, INTEGER, SMALLINT = -4, -6, -8
ODBC_2_INFOS = (1, 2, 6, 7, 10, 13, 17, 18, 23, 24, 77)
ODBC_3_INFOS = (46, 81, 10000, 10021, 10022, 10023)

# What an application sets before it connects: (attribute, value, length). Order, value and length must come through. The login timeout
# is none: of another the driver gets what a token that took a second left. AFTER sets one for connects whose token is kept.
BEFORE = [
    (103, 0, INTEGER), (101, 0, 0), (113, 7, INTEGER), (112, 4096, 4), (109, "catälog", NTS), (111, 0x1234, POINTER), (1204, 1, INTEGER),
    (1257, b"binary\0", 7), (1258, b"x", 1), (1259, "of the driver's own", NTS), (1260, b"kept by its address", POINTER), (1261, 9, SMALLINT),
    (1262, b"\1\2\3\4\5", -105), (1263, b"", 0), (1264, 77, -5), (122, "Auth_AccessToken=x", NTS),
]
AFTER = [(102, 0, INTEGER), (102, 1, 0), (108, 2, INTEGER), (113, 8, 0), (1204, 0, INTEGER), (1265, b"seven b", 7), (109, "other", NTS), (103, 5, INTEGER),
         (112, 1, 4), (4, 0, 0)]
ASKED = (101, 102, 103, 108, 109, 112, 113, 1204, 1209, 1265)


class Whole(Application):
    def run(self, steps: list[list[str]]) -> None:
        self.environment()
        for number, (way, text) in enumerate(steps):
            self.say(f"{way} {text}")
            if number % 3 == 0 or self.dbc is None:  # some connect again on the same handle
                self.free_connection()
                self.connection()
            if self.connect(way, text):
                self.after_connect(whole=number < 2)
                self.call("SQLDisconnect", self.dbc, of=(DBC, self.dbc))
        self.free_connection()
        self.call("SQLFreeEnv", self.env) if self.version == 2 else self.call("SQLFreeHandle", ENV, self.env)

    # -- Environment and connection

    def environment(self) -> None:
        if self.version == 2:
            self.env = self.new("SQLAllocEnv")
        else:
            self.env = self.new("SQLAllocHandle", ENV, None)
            if self.call("SQLSetEnvAttr", self.env, 200, self.version, 0, of=(ENV, self.env)) != 0:
                self.version = 3  # as an application does with an old driver manager
                self.call("SQLSetEnvAttr", self.env, 200, self.version, 0, of=(ENV, self.env))
            self.call("SQLSetEnvAttr", self.env, 10001, 1, 0, of=(ENV, self.env))
            self.call("SQLGetEnvAttr", self.env, 200, Number(4), 4, None, of=(ENV, self.env))
        self.call("SQLDrivers", self.env, 2, Out(60), None, 0, None)  # without the section's keys: there the administrator wrote tokenshim
        self.call("SQLDataSources", self.env, 2, Out(60), Out(60))

    def connection(self) -> None:
        self.dbc = self.new("SQLAllocConnect", self.env) if self.version == 2 else self.new("SQLAllocHandle", DBC, self.env)
        for attribute in BEFORE:
            self.set_attribute(*attribute)
        self.get_attribute(103)
        self.get_attribute(1209)
        self.call("SQLGetInfo", self.dbc, 17, Out(40), of=(DBC, self.dbc))  # not connected yet

    def free_connection(self) -> None:
        if self.dbc:
            self.call("SQLFreeConnect", self.dbc) if self.version == 2 else self.call("SQLFreeHandle", DBC, self.dbc)
        self.dbc = None

    def set_attribute(self, attribute: int, value, length: int) -> None:
        text = isinstance(value, str)
        if isinstance(value, (str, bytes)):
            value = self.memory(self.encoded(value, "SQLSetConnectAttr") if text else value)
        if self.version == 2:
            # An option of ODBC 2 has no length: the standard's texts, and numbers.
            if attribute < 200 or value < 1 << 32:
                self.call("SQLSetConnectOption", self.dbc, attribute, value, of=(DBC, self.dbc))
        else:
            self.call("SQLSetConnectAttr", self.dbc, attribute, value, length, of=(DBC, self.dbc))

    def get_attribute(self, attribute: int) -> None:
        if self.version == 2:
            self.call("SQLGetConnectOption", self.dbc, attribute, Number(600), of=(DBC, self.dbc))
        else:
            self.call("SQLGetConnectAttr", self.dbc, attribute, Out(100, "long"), of=(DBC, self.dbc))

    def connect(self, way: str, text: str) -> bool:
        of = (DBC, self.dbc)
        if way == "SQLConnect":
            return self.call(way, self.dbc, In(text), In("üser" if self.letter else "user"), In("pass"), of=of) in (0, 1)
        if way == "SQLDriverConnect":
            return self.call(way, self.dbc, None, In(text), Out(300), 0, of=of) in (0, 1)
        code = self.call(way, self.dbc, In(text), Out(300), of=of)
        if code == 99:
            code = self.call(way, self.dbc, In("UID=u;PWD=p"), Out(300), of=of)
        return code in (0, 1)

    def after_connect(self, whole: bool) -> None:
        of = (DBC, self.dbc)
        for info in ODBC_2_INFOS + (ODBC_3_INFOS if self.version > 2 else ()):
            self.call("SQLGetInfo", self.dbc, info, Out(40), of=of)
        for attribute in AFTER if whole else AFTER[:2]:
            self.set_attribute(*attribute)
        for attribute in ASKED if whole else ASKED[:3]:
            self.get_attribute(attribute)
        for function, size in ((0, 200), (11, 2), (999, 500 if self.version > 2 else 0)):
            if size:
                self.call("SQLGetFunctions", self.dbc, function, Number(size), of=of)
        self.call("SQLNativeSql", self.dbc, In("select ü" if self.letter else "select u"), Out(40, "int"), of=of)
        self.statement()
        if whole:
            self.failing()
            self.parameters()
            self.catalogs()
            if self.version > 2:
                self.descriptors()
        self.transactions()

    def transactions(self) -> None:
        for completion in (0, 1):
            if self.version == 2:
                self.call("SQLTransact", self.env, self.dbc, completion, of=(DBC, self.dbc))
            else:
                self.call("SQLEndTran", DBC, self.dbc, completion, of=(DBC, self.dbc))
                self.call("SQLEndTran", ENV, self.env, completion, of=(ENV, self.env))
        if self.version == 380:
            self.call("SQLCancelHandle", DBC, self.dbc, of=(DBC, self.dbc))
            self.call("SQLCompleteAsync", DBC, self.dbc, Number(2), of=(DBC, self.dbc))

    # -- Statements

    def new_statement(self) -> Handle:
        return self.new("SQLAllocStmt", self.dbc) if self.version == 2 else self.new("SQLAllocHandle", STMT, self.dbc)

    def drop(self, statement: Handle) -> None:
        self.call("SQLFreeStmt", statement, DROP) if self.version == 2 else self.call("SQLFreeHandle", STMT, statement)

    def statement(self) -> None:
        statement = self.new_statement()
        of = (STMT, statement)
        for attribute, value in ((0, 3), (1, 10), (3, 100), (6, 0), (7, 1)):
            if self.version == 2:
                self.call("SQLSetStmtOption", statement, attribute, value, of=of)
                self.call("SQLGetStmtOption", statement, attribute, Number(8), of=of)
            else:
                self.call("SQLSetStmtAttr", statement, attribute, value, 0, of=of)
                self.call("SQLGetStmtAttr", statement, attribute, Number(8), 8, Number(4), of=of)
        if self.version == 2:
            self.call("SQLSetScrollOptions", statement, 1, 0, 1, of=of)
        self.call("SQLSetCursorName", statement, In("cürsor" if self.letter else "cursor"), of=of)
        self.call("SQLGetCursorName", statement, Out(30), of=of)
        self.call("SQLPrepare", statement, In("select 4"), of=of)
        self.call("SQLNumResultCols", statement, Number(2), of=of)
        self.call("SQLDescribeCol", statement, 1, Out(30), Number(2), Number(8), Number(2), Number(2), of=of)
        for field in (1, 2, 18) if self.version == 2 else (2, 6, 1011, 18):
            name = "SQLColAttributes" if self.version == 2 else "SQLColAttribute"
            self.call(name, statement, 1, field, Out(30), Number(8), of=of)
        value, length = Number(20), Number(8)
        self.call("SQLBindCol", statement, 1, CHAR, value, 20, length, of=of)
        self.call("SQLExecute", statement, of=of)
        self.call("SQLRowCount", statement, Number(8), of=of)
        self.call("SQLFetch", statement, of=of)
        self.say(self.bytes_at(value))
        self.call("SQLGetData", statement, 1, CHAR, Number(20), 20, Number(8), of=of)
        if self.version == 2:
            self.call("SQLFreeStmt", statement, CLOSE, of=of)
            self.call("SQLExecDirect", statement, In("select 2"), of=of)
            self.call("SQLExtendedFetch", statement, 1, 0, Number(8), Number(20), of=of)
            self.call("SQLSetPos", statement, 1, 0, 0, of=of)
        else:
            self.call("SQLFetchScroll", statement, 1, 0, of=of)
            self.call("SQLSetPos", statement, 1, 0, 0, of=of)
            self.call("SQLBulkOperations", statement, 4, of=of)
        self.say(self.bytes_at(value))
        self.call("SQLMoreResults", statement, of=of)
        self.call("SQLCancel", statement, of=of)
        if self.version == 380:
            self.call("SQLCancelHandle", STMT, statement, of=of)
        self.call("SQLFreeStmt", statement, CLOSE, of=of)
        for option in (2, 3):  # SQL_UNBIND, SQL_RESET_PARAMS
            self.call("SQLFreeStmt", statement, option, of=of)
        self.call("SQLExecDirect", statement, In("select 1"), of=of)
        if self.version > 2:
            self.call("SQLCloseCursor", statement, of=of)
            self.call("SQLCloseCursor", statement, of=of)  # once too often
        self.drop(statement)

    def failing(self) -> None:
        statement = self.new_statement()
        of = (STMT, statement)
        self.call("SQLFetch", statement, of=of)  # before there is a result
        for sql in ("fail 42000 wörds" if self.letter else "fail 42000 words", "info 01000 words", "insert"):
            self.call("SQLExecDirect", statement, In(sql), of=of)
            self.call("SQLRowCount", statement, Number(8), of=of)
            self.call("SQLFreeStmt", statement, CLOSE, of=of)
        self.call("SQLPrepare", statement, In("fail HY000 x"), of=of)
        self.call("SQLExecute", statement, of=of)
        self.drop(statement)

    def parameters(self) -> None:
        statement = self.new_statement()
        of = (STMT, statement)
        self.call("SQLPrepare", statement, In("insert ? ?"), of=of)
        self.call("SQLNumParams", statement, Number(2), of=of)
        self.call("SQLDescribeParam", statement, 1, Number(2), Number(8), Number(2), Number(2), of=of)
        if self.version == 2:
            self.call("SQLParamOptions", statement, 1, Number(8), of=of)
            self.call("SQLSetParam", statement, 2, CHAR, 12, 10, 0, self.memory(b"two\0"), Number(8, NTS), of=of)
        else:
            self.call("SQLBindParam", statement, 2, CHAR, 12, 10, 0, self.memory(b"two\0"), Number(8, NTS), of=of)
        self.call("SQLBindParameter", statement, 2, 1, CHAR, 12, 10, 0, self.memory(b"two\0"), 4, Number(8, NTS), of=of)
        self.call("SQLBindParameter", statement, 1, 1, CHAR, 12, 10, 0, self.memory(b"one\0"), 4, Number(8, -2), of=of)  # SQL_DATA_AT_EXEC
        for part in (b"first", b"second"):
            if self.call("SQLExecute", statement, of=of) == 99:
                self.call("SQLParamData", statement, Number(8), of=of)
                self.call("SQLPutData", statement, self.memory(part), len(part), of=of)
                self.call("SQLPutData", statement, self.memory(b""), -1, of=of)
                self.call("SQLParamData", statement, Number(8), of=of)
        self.drop(statement)

    def catalogs(self) -> None:
        catalog, schema, table, column = In("cät" if self.letter else "cat"), In(None), In("t%"), In("c")
        three = (catalog, schema, table)
        for name, arguments in (
            ("SQLTables", (*three, In("TABLE"))), ("SQLColumns", (*three, column)), ("SQLPrimaryKeys", three), ("SQLForeignKeys", (*three, *three)),
            ("SQLStatistics", (*three, 1, 0)), ("SQLSpecialColumns", (1, *three, 0, 1)), ("SQLProcedures", three),
            ("SQLProcedureColumns", (*three, column)), ("SQLTablePrivileges", three), ("SQLColumnPrivileges", (*three, column)), ("SQLGetTypeInfo", (0,)),
        ):
            statement = self.new_statement()
            self.call(name, statement, *arguments, of=(STMT, statement))
            self.call("SQLFetch", statement, of=(STMT, statement))
            self.drop(statement)

    def descriptors(self) -> None:
        statement, own = self.new_statement(), self.new("SQLAllocHandle", DESC, self.dbc)
        implicit = [self.new("SQLGetStmtAttr", statement, attribute, last=(8, None)) for attribute in range(10010, 10014)]
        if not all(implicit) or not own:
            return self.drop(statement)  # a driver of ODBC 2 has none
        self.call("SQLPrepare", statement, In("select 1"), of=(STMT, statement))
        for descriptor in (implicit[0], own):
            of = (DESC, descriptor)
            self.call("SQLSetDescField", descriptor, 1, 2, CHAR, SMALLINT, of=of)  # SQL_DESC_CONCISE_TYPE
            self.call("SQLSetDescRec", descriptor, 1, CHAR, 0, 10, 0, 0, self.memory(b"data"), Number(8), Number(8), of=of)
            self.call("SQLGetDescField", descriptor, 1, 2, Out(8, "int"), of=of)
            self.call("SQLGetDescField", descriptor, 1, 1011, Out(40, "int"), of=of)
            self.call("SQLGetDescRec", descriptor, 1, Out(40), *(Number(size) for size in (2, 2, 8, 2, 2, 2)), of=of)
        self.call("SQLCopyDesc", implicit[0], own, of=(DESC, own))
        self.call("SQLSetStmtAttr", statement, 10010, own, POINTER, of=(STMT, statement))
        self.call("SQLFreeHandle", DESC, own, of=(DESC, own))
        self.drop(statement)


if __name__ == "__main__":
    script = json.load(sys.stdin)
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as report:
        Whole(script, report).run(script["connects"])
