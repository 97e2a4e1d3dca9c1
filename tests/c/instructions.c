/* Calls each function of an open connection: instructions STRING */

#include "counted.h"

static SQLHSTMT statement;
static SQLCHAR buffer[512];
static SQLSMALLINT small;
static SQLINTEGER number, native;
static SQLLEN length;

/* A fresh result, of many rows of a number and a text. */
static void rows(void) {
    SQLFreeStmt(statement, SQL_CLOSE);
    CHECK(SQL_SUCCEEDED(SQLExecDirect(statement, TEXT("select number, word from numbers"))));
}

static void row(void) {
    rows();
    CHECK(SQL_SUCCEEDED(SQLFetch(statement)));
}

static void closed(void) { SQLFreeStmt(statement, SQL_CLOSE); }

static void prepared(void) {
    closed();
    CHECK(SQL_SUCCEEDED(SQLPrepare(statement, TEXT("select word from numbers where number = ?"))));
}

static void results(void) {
    SQLSMALLINT type, digits, nullable;
    SQLULEN size;
    rows();
    COUNT("SQLFetch", (void)0, SQLFetch(statement));
    row();
    COUNT("SQLGetData, a number", (void)0, SQLGetData(statement, 1, SQL_C_LONG, &number, 0, &length));
    COUNT("SQLGetData, a text", row(), SQLGetData(statement, 2, SQL_C_CHAR, buffer, sizeof buffer, &length));
    COUNT("SQLNumResultCols", (void)0, SQLNumResultCols(statement, &small));
    COUNT("SQLDescribeCol", (void)0, SQLDescribeCol(statement, 2, buffer, sizeof buffer, &small, &type, &size, &digits, &nullable));
    COUNT("SQLColAttribute", (void)0, SQLColAttribute(statement, 1, SQL_DESC_NAME, buffer, sizeof buffer, &small, &length));
    COUNT("SQLRowCount", (void)0, SQLRowCount(statement, &length));
    COUNT("SQLBindCol", (void)0, SQLBindCol(statement, 1, SQL_C_LONG, &number, 0, &length));
    rows();
    COUNT("SQLFetch, with a bound column", (void)0, SQLFetch(statement));
    rows();
    COUNT("SQLFetchScroll", (void)0, SQLFetchScroll(statement, SQL_FETCH_NEXT, 0));
    COUNT("SQLMoreResults", rows(), SQLMoreResults(statement));
    COUNT("SQLCloseCursor", rows(), SQLCloseCursor(statement));
    COUNT("SQLFreeStmt, SQL_CLOSE", rows(), SQLFreeStmt(statement, SQL_CLOSE));
    COUNT("SQLFreeStmt, SQL_UNBIND", (void)0, SQLFreeStmt(statement, SQL_UNBIND));
    COUNT("SQLCancel", rows(), SQLCancel(statement));
}

static void statements(SQLHDBC dbc) {
    SQLINTEGER key = 7;
    SQLLEN given = 0;
    COUNT("SQLPrepare", closed(), SQLPrepare(statement, TEXT("select word from numbers where number = ?")));
    COUNT("SQLNumParams", (void)0, SQLNumParams(statement, &small));
    COUNT("SQLBindParameter", (void)0,
          SQLBindParameter(statement, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &key, 0, &given));
    prepared();
    COUNT("SQLExecute", closed(), SQLExecute(statement));
    COUNT("SQLFreeStmt, SQL_RESET_PARAMS", (void)0, SQLFreeStmt(statement, SQL_RESET_PARAMS));
    COUNT("SQLExecDirect", closed(), SQLExecDirect(statement, TEXT("select 1")));
    COUNT("SQLTables", closed(), SQLTables(statement, NULL, 0, NULL, 0, TEXT("numbers"), NULL, 0));
    COUNT("SQLColumns", closed(), SQLColumns(statement, NULL, 0, NULL, 0, TEXT("numbers"), NULL, 0));
    COUNT("SQLPrimaryKeys", closed(), SQLPrimaryKeys(statement, NULL, 0, NULL, 0, TEXT("numbers")));
    COUNT("SQLStatistics", closed(), SQLStatistics(statement, NULL, 0, NULL, 0, TEXT("numbers"), SQL_INDEX_ALL, SQL_QUICK));
    COUNT("SQLGetTypeInfo", closed(), SQLGetTypeInfo(statement, SQL_ALL_TYPES));
    closed();
    COUNT("SQLSetStmtAttr", (void)0, SQLSetStmtAttr(statement, SQL_ATTR_MAX_ROWS, (SQLPOINTER)0, 0));
    COUNT("SQLGetStmtAttr", (void)0, SQLGetStmtAttr(statement, SQL_ATTR_MAX_ROWS, &length, sizeof length, &native));
    COUNT("SQLSetCursorName", (void)0, SQLSetCursorName(statement, TEXT("cursor")));
    COUNT("SQLGetCursorName", (void)0, SQLGetCursorName(statement, buffer, sizeof buffer, &small));
    COUNT("SQLEndTran", (void)0, SQLEndTran(SQL_HANDLE_DBC, dbc, SQL_COMMIT));
    COUNT("SQLGetInfo, a text", (void)0, SQLGetInfo(dbc, SQL_DBMS_NAME, buffer, sizeof buffer, &small));
    COUNT("SQLGetInfo, a number", (void)0, SQLGetInfo(dbc, SQL_CURSOR_COMMIT_BEHAVIOR, buffer, sizeof buffer, &small));
    SQLUSMALLINT supported;
    COUNT("SQLGetFunctions", (void)0, SQLGetFunctions(dbc, SQL_API_SQLFETCH, &supported));
    SQLCHAR sql[] = "select 1"; /* SQLite's driver writes into it */
    COUNT("SQLNativeSql", (void)0, SQLNativeSql(dbc, sql, SQL_NTS, buffer, sizeof buffer, &native));
    SQLHSTMT another = NULL;
    COUNT("SQLAllocHandle, a statement", if (another) SQLFreeHandle(SQL_HANDLE_STMT, another),
          SQLAllocHandle(SQL_HANDLE_STMT, dbc, &another));
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    SQLHENV env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDriverConnect(dbc, NULL, TEXT(arguments[1]), NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    statement = handle(SQL_HANDLE_STMT, dbc);
    CHECK(SQL_SUCCEEDED(SQLExecDirect(statement, TEXT("create table numbers (number integer primary key, word varchar(20))"))));
    for (int i = 1; i <= 50; i++) {
        sprintf((char *)buffer, "insert into numbers values (%d, 'number %d')", i, i);
        CHECK(SQL_SUCCEEDED(SQLExecDirect(statement, TEXT(buffer))));
    }
    results();
    statements(dbc);
    return 0;
}
