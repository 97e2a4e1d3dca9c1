/* Counts the instructions of opening a connection: opening STRING DSN */

#include "counted.h"

static SQLHENV env;
static SQLHDBC dbc;

/* A handle that was never connected. */
static void fresh(void) {
    if (dbc) {
        SQLDisconnect(dbc);
        SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    }
    dbc = handle(SQL_HANDLE_DBC, env);
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    env = environment();
    SQLCHAR out[1024];
    SQLSMALLINT length;
    SQLHDBC stays = handle(SQL_HANDLE_DBC, env); /* otherwise a driver manager would load the driver each time */
    SUCCEED(SQL_HANDLE_DBC, stays, SQLDriverConnect(stays, NULL, TEXT(arguments[1]), NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    COUNT("SQLDriverConnect", fresh(), SQLDriverConnect(dbc, NULL, TEXT(arguments[1]), NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    COUNT("SQLDriverConnect, its string asked for", fresh(),
          SQLDriverConnect(dbc, NULL, TEXT(arguments[1]), out, sizeof out, &length, SQL_DRIVER_NOPROMPT));
    COUNT("SQLConnect", fresh(), SQLConnect(dbc, TEXT(arguments[2]), TEXT("app"), NULL, 0));
    return 0;
}
