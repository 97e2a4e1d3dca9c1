/* Connects step by step, twice on one handle, and once given up half-way: browse LETTER STRING FURTHER-STRING */

#include "odbc.h"

int main(int count, char **arguments) {
    CHECK(count == 4);
    char letter = arguments[1][0];
    SQLHENV env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SQLSMALLINT length = 0;
    void *out = memory(300 * sizeof(SQLWCHAR));
    char got[300];
    for (int round = 0; round < 2; round++) {
        memset(out, 0, 300 * sizeof(SQLWCHAR)); /* iODBC does not always write */
        CHECK(browse_connect(letter, dbc, arguments[2], out, 300, &length) == SQL_NEED_DATA);
        OK("asked for %s", narrow(letter, out, got, sizeof got));
        SUCCEED(SQL_HANDLE_DBC, dbc, browse_connect(letter, dbc, arguments[3], out, 300, &length));
        OK("connected");
        query_one(letter, dbc);
        SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    }
    CHECK(browse_connect(letter, dbc, arguments[2], out, 300, &length) == SQL_NEED_DATA);
    OK("given up: %d", SQLDisconnect(dbc));
    CHECK(browse_connect(letter, dbc, arguments[2], NULL, 0, NULL) == SQL_NEED_DATA);
    OK("given up: %d", SQLDisconnect(dbc));
    free(out);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    return 0;
}
