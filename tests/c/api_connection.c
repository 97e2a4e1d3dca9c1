/* A program that renews the token of its open connections. api_connection STRING STRING-WITHOUT-TOKEN */

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"

#define GONE TOKENSHIM_STATUS_INVALID_HANDLE

static SQLHENV env;

/* The real driver's handle of a connection: what tokenshim knows it by. */
static void *drivers(SQLHDBC dbc) {
    SQLHDBC driver_hdbc = NULL;
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLGetInfo(dbc, SQL_DRIVER_HDBC, &driver_hdbc, sizeof driver_hdbc, NULL));
    CHECK(driver_hdbc && driver_hdbc != dbc);
    return driver_hdbc;
}

static SQLHDBC opened(const char *string) {
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect('A', dbc, string, NULL, 0, NULL));
    return dbc;
}

static int64_t expiry(SQLHDBC dbc) {
    int64_t end = 0, *attribute = (int64_t *)memory(sizeof *attribute);
    SQLINTEGER length = 0;
    WORKS(tokenshim_connection_expiry(drivers(dbc), &end, failure));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLGetConnectAttr(dbc, TOKENSHIM_ATTR_TOKEN_EXPIRY, attribute, sizeof *attribute, &length));
    CHECK(length == sizeof *attribute && end >= *attribute - 1 && end <= *attribute + 1);
    free(attribute);
    return end;
}

static void misuse(SQLHDBC dbc, SQLHDBC without) {
    int64_t end = 0;
    void *others[] = {NULL, dbc, without, drivers(without), env, &end};
    for (size_t at = 0; at < sizeof others / sizeof *others; at++) {
        COMES_TO(GONE, tokenshim_connection_expiry(others[at], &end, failure));
        COMES_TO(GONE, tokenshim_connection_renew(others[at], 0, failure));
    }
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_connection_expiry(drivers(dbc), NULL, failure));
    CHECK(tokenshim_connection_expiry(drivers(dbc), NULL, NULL) == TOKENSHIM_STATUS_INVALID_ARGUMENT);
    CHECK(tokenshim_connection_renew(NULL, 0, NULL) == GONE);
    OK("handles of no such connection");
}

/* -- While others renew it */

static void *renew(void *driver_hdbc) {
    for (int round = 0; round < 20; round++) {
        tokenshim_failure failure;
        int64_t end = 0;
        tokenshim_status status = tokenshim_connection_renew(driver_hdbc, 0, &failure);
        is_filled(status, &failure);
        CHECK(status == TOKENSHIM_STATUS_OK || status == GONE || status == TOKENSHIM_STATUS_NOT_RENEWABLE);
        status = tokenshim_connection_expiry(driver_hdbc, &end, NULL);
        CHECK(status == TOKENSHIM_STATUS_OK || status == GONE);
    }
    return NULL;
}

static void closed_meanwhile(SQLHDBC dbc) {
    pthread_t threads[6];
    void *driver_hdbc = drivers(dbc);
    for (int at = 0; at < 6; at++) CHECK(!pthread_create(&threads[at], NULL, renew, driver_hdbc));
    query_one('A', dbc);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    for (int at = 0; at < 6; at++) CHECK(!pthread_join(threads[at], NULL));
    COMES_TO(GONE, tokenshim_connection_renew(driver_hdbc, 0, failure));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    COMES_TO(GONE, tokenshim_connection_renew(driver_hdbc, 0, failure));
    OK("a connection that is closed while many threads renew it");
}

static void forked(SQLHDBC dbc) {
    int status = 0;
    void *driver_hdbc = drivers(dbc);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        int64_t end = 0;
        alarm(60);
        WORKS(tokenshim_connection_expiry(driver_hdbc, &end, failure));
        WORKS(tokenshim_connection_renew(driver_hdbc, 0, failure));
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    WORKS(tokenshim_connection_renew(driver_hdbc, 0, failure));
    OK("a child has its parent's connections");
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    env = environment();
    SQLHDBC dbc = opened(arguments[1]), without = opened(arguments[2]);
    int64_t first = expiry(dbc);
    WORKS(tokenshim_connection_renew(drivers(dbc), 10, failure));
    CHECK(expiry(dbc) >= first); /* perhaps all in one second: the test looks at the token */
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLSetConnectAttr(dbc, TOKENSHIM_ATTR_RENEW_TOKEN, (SQLPOINTER)10, SQL_IS_UINTEGER));
    OK("renewed by the function and by the attribute");
    SQLINTEGER small = 0;
    CHECK(SQLGetConnectAttr(dbc, TOKENSHIM_ATTR_TOKEN_EXPIRY, &small, sizeof small, NULL) == SQL_ERROR && !small);
    CHECK(!strncmp(first_record(SQL_HANDLE_DBC, dbc), "HY090", 5));
    misuse(dbc, without);
    forked(dbc);
    closed_meanwhile(dbc);
    SUCCEED(SQL_HANDLE_DBC, without, SQLDisconnect(without));
    SUCCEED(SQL_HANDLE_DBC, without, SQLFreeHandle(SQL_HANDLE_DBC, without));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    return 0;
}
