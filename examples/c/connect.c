/* Connects to a driver itself, with a token in the connection string:  connect 'DSN=sales' 'select 1'
   The driver's section, or the DSN, says where tokens come from; its Driver may be the real driver's file.
   cc -std=c99 connect.c $(pkg-config --cflags --libs tokenshim) -lodbc */

#include <stdio.h>

#include <sql.h>
#include <sqlext.h>
#include <tokenshim.h>

static int failed(const char *state, const char *message) {
    fprintf(stderr, "%s %s\n", state, message);
    return 1;
}

static int refused(SQLSMALLINT kind, SQLHANDLE handle) {
    SQLCHAR state[6] = "", message[SQL_MAX_MESSAGE_LENGTH] = "";
    SQLGetDiagRec(kind, handle, 1, state, NULL, message, sizeof message, NULL);
    return failed((char *)state, (char *)message);
}

int main(int count, char **arguments) {
    SQLHENV environment;
    SQLHDBC connection;
    SQLHSTMT statement;
    SQLCHAR value[256] = "";
    tokenshim_failure failure;
    tokenshim_handle token;
    char string[8192];

    if (count != 3) return fputs("usage: connect CONNECTION-STRING SQL\n", stderr), 2;
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);

    if (tokenshim_token_get(arguments[1], 30, 0, &token, &failure) != TOKENSHIM_STATUS_OK ||
        tokenshim_token_connection_string(token, string, sizeof string, NULL, &failure) != TOKENSHIM_STATUS_OK)
        return failed(failure.sqlstate, failure.message);
    SQLRETURN code = SQLDriverConnect(connection, NULL, (SQLCHAR *)string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
    tokenshim_wipe(string, sizeof string);
    tokenshim_free(token, NULL);
    if (!SQL_SUCCEEDED(code)) return refused(SQL_HANDLE_DBC, connection);

    SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
    if (!SQL_SUCCEEDED(SQLExecDirect(statement, (SQLCHAR *)arguments[2], SQL_NTS)) || !SQL_SUCCEEDED(SQLFetch(statement)) ||
        !SQL_SUCCEEDED(SQLGetData(statement, 1, SQL_C_CHAR, value, sizeof value, NULL)))
        return refused(SQL_HANDLE_STMT, statement);
    puts((char *)value);

    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    SQLDisconnect(connection);
    SQLFreeHandle(SQL_HANDLE_DBC, connection);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
    return 0;
}
