/* Handles closed and freed in orders that nobody should use, but programs do: odd_order LETTER STRING
   What is refused differs from driver to driver, so each answer is told; nothing may be touched after it is gone. */

#include "odbc.h"

int main(int count, char **arguments) {
    CHECK(count == 3);
    char letter = arguments[1][0];
    const char *string = arguments[2];
    SQLHENV env = environment(), other_env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env), other = handle(SQL_HANDLE_DBC, other_env), never = handle(SQL_HANDLE_DBC, env);

    OK("disconnected before it was connected: %d", SQLDisconnect(dbc));
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect(letter, dbc, string, NULL, 0, NULL));
    OK("connected twice: %d", driver_connect(letter, dbc, string, NULL, 0, NULL));
    query_one(letter, dbc);

#ifndef OPENED /* iODBC frees what is in use */
    CHECK(SQLFreeHandle(SQL_HANDLE_DBC, dbc) == SQL_ERROR);
    CHECK(SQLFreeHandle(SQL_HANDLE_ENV, env) == SQL_ERROR);
    query_one(letter, dbc);
#endif
    OK("what is in use is not freed");

    /* A statement with rows unread, another one never used, and the connection goes under both. */
    SQLHSTMT reading = handle(SQL_HANDLE_STMT, dbc), idle = handle(SQL_HANDLE_STMT, dbc);
    SUCCEED(SQL_HANDLE_STMT, reading, execute(letter, reading, "select 1"));
    SUCCEED(SQL_HANDLE_STMT, reading, SQLFetch(reading));
    CHECK(idle);
    SUCCEED(SQL_HANDLE_DBC, other, driver_connect(letter, other, string, NULL, 0, NULL));
    SQLRETURN under_statements = SQLDisconnect(dbc);
    OK("disconnected under its statements: %d", under_statements);
    if (under_statements == SQL_ERROR) { /* then it is still open */
        SUCCEED(SQL_HANDLE_STMT, reading, SQLFreeHandle(SQL_HANDLE_STMT, reading));
        SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    }
    OK("disconnected twice: %d", SQLDisconnect(dbc));
    query_one(letter, other);

    for (int round = 0; round < 3; round++) {
        SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect(letter, dbc, string, NULL, 0, NULL));
        SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    }
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    SUCCEED(SQL_HANDLE_DBC, never, SQLFreeHandle(SQL_HANDLE_DBC, never));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    OK("one environment goes, and with it the first connection");

    /* Handles come and go at the same addresses: nothing of the earlier one may stick. */
    for (int round = 0; round < 3; round++) {
        SQLHDBC next = handle(SQL_HANDLE_DBC, other_env);
        SUCCEED(SQL_HANDLE_DBC, next, driver_connect(letter, next, string, NULL, 0, NULL));
        query_one(letter, next);
        SUCCEED(SQL_HANDLE_DBC, next, SQLDisconnect(next));
        SUCCEED(SQL_HANDLE_DBC, next, SQLFreeHandle(SQL_HANDLE_DBC, next));
    }
    query_one(letter, other);
    OK("new handles at old addresses");
    SUCCEED(SQL_HANDLE_DBC, other, SQLDisconnect(other));
    SUCCEED(SQL_HANDLE_DBC, other, SQLFreeHandle(SQL_HANDLE_DBC, other));
    SUCCEED(SQL_HANDLE_ENV, other_env, SQLFreeHandle(SQL_HANDLE_ENV, other_env));
    OK("freed");
    return 0;
}
