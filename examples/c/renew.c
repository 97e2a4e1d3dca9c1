/* Has the token of an open connection renewed:  renew 'DSN=lakehouse'
   It needs the header of tokenshim only; tokenshim stands before the driver, and Databricks' driver, or TokenLive=yes, takes the new one.
   cc -std=c99 renew.c $(pkg-config --cflags tokenshim) -lodbc */

#include <stdint.h>
#include <stdio.h>

#include <sql.h>
#include <sqlext.h>
#include <tokenshim.h>

static int failed(SQLHDBC connection) {
    SQLCHAR state[6] = "", message[SQL_MAX_MESSAGE_LENGTH] = "";
    SQLGetDiagRec(SQL_HANDLE_DBC, connection, 1, state, NULL, message, sizeof message, NULL);
    fprintf(stderr, "%s %s\n", (char *)state, (char *)message);
    return 1;
}

int main(int count, char **arguments) {
    SQLHENV environment;
    SQLHDBC connection;
    int64_t before, after;

    if (count != 2) return fputs("usage: renew CONNECTION-STRING\n", stderr), 2;
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    if (!SQL_SUCCEEDED(SQLDriverConnect(connection, NULL, (SQLCHAR *)arguments[1], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT)) ||
        !SQL_SUCCEEDED(SQLGetConnectAttr(connection, TOKENSHIM_ATTR_TOKEN_EXPIRY, &before, sizeof before, NULL)) ||
        !SQL_SUCCEEDED(SQLSetConnectAttr(connection, TOKENSHIM_ATTR_RENEW_TOKEN, (SQLPOINTER)30 /* seconds */, SQL_IS_UINTEGER)) ||
        !SQL_SUCCEEDED(SQLGetConnectAttr(connection, TOKENSHIM_ATTR_TOKEN_EXPIRY, &after, sizeof after, NULL)))
        return failed(connection);
    printf("the new token ends %lld s later\n", (long long)(after - before));

    SQLDisconnect(connection);
    SQLFreeHandle(SQL_HANDLE_DBC, connection);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
    return 0;
}
