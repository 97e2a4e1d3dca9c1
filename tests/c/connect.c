/* One application from beginning to end: connect LETTER STRING DSN USER PASSWORD
   Connects in each way on one handle, and uses what it has. An empty USER or PASSWORD is passed as NULL. */

#include "odbc.h"

static void attributes(SQLHDBC dbc) {
    SQLUINTEGER value = 77;
    SQLINTEGER length = 0;
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, SQL_IS_UINTEGER));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLGetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, &value, sizeof value, &length));
    CHECK(value == SQL_AUTOCOMMIT_OFF);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLEndTran(SQL_HANDLE_DBC, dbc, SQL_ROLLBACK));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, SQL_IS_UINTEGER));
    SQLGetConnectAttr(dbc, SQL_ATTR_CONNECTION_DEAD, &value, sizeof value, &length);
    OK("attributes; one that nobody knows: %d", SQLGetConnectAttr(dbc, 99999, &value, sizeof value, &length));
}

static void queries(char letter, SQLHDBC dbc) {
    SQLHSTMT statement = handle(SQL_HANDLE_STMT, dbc);
    SQLINTEGER given = 41, got = 0;
    SQLLEN length = 0, given_length = 0;
    SUCCEED(SQL_HANDLE_STMT, statement,
            SQLBindParameter(statement, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &given, 0, &given_length));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLPrepare(statement, (SQLCHAR *)"select ? + 1", SQL_NTS));
    for (; given < 44; given++) {
        SUCCEED(SQL_HANDLE_STMT, statement, SQLExecute(statement));
        SUCCEED(SQL_HANDLE_STMT, statement, SQLBindCol(statement, 1, SQL_C_LONG, &got, 0, &length));
        SUCCEED(SQL_HANDLE_STMT, statement, SQLFetch(statement));
        CHECK(got == given + 1 && SQLFetch(statement) == SQL_NO_DATA);
        SUCCEED(SQL_HANDLE_STMT, statement, SQLFreeStmt(statement, SQL_CLOSE));
    }
    SUCCEED(SQL_HANDLE_STMT, statement, SQLFreeStmt(statement, SQL_UNBIND));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLFreeStmt(statement, SQL_RESET_PARAMS));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLTables(statement, NULL, 0, NULL, 0, (SQLCHAR *)"%", SQL_NTS, NULL, 0));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLCancel(statement));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLFreeStmt(statement, SQL_CLOSE));
    CHECK(execute(letter, statement, "select from nowhere at all") == SQL_ERROR);
    SQLCHAR state[12] = "", message[20];
    SQLSMALLINT whole = 0;
    CHECK(SQL_SUCCEEDED(diag_rec('A', SQL_HANDLE_STMT, statement, 1, state, NULL, message, sizeof message, &whole)));
    CHECK(state[0] && whole > 0);
    SUCCEED(SQL_HANDLE_STMT, statement, SQLFreeHandle(SQL_HANDLE_STMT, statement));
    query_one(letter, dbc);
    OK("queries");
}

int main(int count, char **arguments) {
    CHECK(count == 6);
    char letter = arguments[1][0];
    const char *user = arguments[4][0] ? arguments[4] : NULL, *password = arguments[5][0] ? arguments[5] : NULL;
    SQLHENV env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SQLSetConnectAttr(dbc, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)600, SQL_IS_UINTEGER); /* not every driver has it */

    SQLSMALLINT length = 0;
    size_t room = 1024 * (letter == 'W' ? sizeof(SQLWCHAR) : 1);
    void *out = memory(room);
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect(letter, dbc, arguments[2], out, 1024, &length));
    OK("SQLDriverConnect");
    attributes(dbc);
    queries(letter, dbc);
    SQLCHAR *name = memory(64);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLGetInfo(dbc, SQL_DRIVER_NAME, name, 64, &length));
    OK("SQLGetInfo %s", (char *)name);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));

    SUCCEED(SQL_HANDLE_DBC, dbc, connect_by_name(letter, dbc, arguments[3], user, password));
    query_one(letter, dbc);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    OK("SQLConnect on the same handle");

    free(out);
    free(name);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    OK("freed");
    return 0;
}
