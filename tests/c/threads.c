/* Many threads that connect, fail to connect, query and cancel: threads LETTER THREADS ROUNDS STRING FAILING-STRING */

#include <pthread.h>

#include "odbc.h"

static SQLHENV env;
static char letter;
static int rounds;
static const char *string, *failing;

static void *work(void *ignored) {
    for (int round = 0; round < rounds; round++) {
        SQLHDBC dbc = handle(SQL_HANDLE_DBC, env), bad = handle(SQL_HANDLE_DBC, env);
        SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect(letter, dbc, string, NULL, 0, NULL));
        SQLHSTMT statement = handle(SQL_HANDLE_STMT, dbc);
        SUCCEED(SQL_HANDLE_STMT, statement, SQLCancel(statement));
        CHECK(driver_connect(letter, bad, failing, NULL, 0, NULL) == SQL_ERROR);
        SQLCHAR state[6] = "", message[600] = "";
        CHECK(SQL_SUCCEEDED(diag_rec('A', SQL_HANDLE_DBC, bad, 1, state, NULL, message, sizeof message, NULL)));
        CHECK(diag_rec('A', SQL_HANDLE_DBC, dbc, 1, state, NULL, message, sizeof message, NULL) == SQL_NO_DATA);
        query_one(letter, dbc);
        SUCCEED(SQL_HANDLE_STMT, statement, SQLFreeHandle(SQL_HANDLE_STMT, statement));
        SUCCEED(SQL_HANDLE_DBC, bad, SQLFreeHandle(SQL_HANDLE_DBC, bad));
        SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
        SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    }
    return ignored;
}

int main(int count, char **arguments) {
    CHECK(count == 6);
    letter = arguments[1][0], rounds = atoi(arguments[3]), string = arguments[4], failing = arguments[5];
    int threads = atoi(arguments[2]);
    pthread_t ids[64];
    CHECK(threads <= 64);
    env = environment();
    for (int i = 0; i < threads; i++) CHECK(!pthread_create(&ids[i], NULL, work, NULL));
    for (int i = 0; i < threads; i++) CHECK(!pthread_join(ids[i], NULL));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    OK("%d threads, %d rounds", threads, rounds);
    return 0;
}
