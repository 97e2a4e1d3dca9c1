/* A process that forks: after the libraries are loaded, and after it has had a token. forks LETTER PLAIN-STRING STRING
   Each child connects by STRING and ends as programs end. */

#include <sys/wait.h>
#include <unistd.h>

#include "odbc.h"

static char letter;
static SQLHENV env;

static SQLHDBC connected(const char *string) {
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect(letter, dbc, string, NULL, 0, NULL));
    query_one(letter, dbc);
    return dbc;
}

static void leave(SQLHDBC dbc) {
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
}

static void child_connects(const char *string) {
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child) {
        alarm(60);
        leave(connected(string));
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (status) fprintf(stderr, "the child's status is %x\n", (unsigned)status);
    CHECK(status == 0);
}

int main(int count, char **arguments) {
    CHECK(count == 4);
    letter = arguments[1][0];
    env = environment();
    SQLHDBC loaded = connected(arguments[2]);
    child_connects(arguments[3]);
    OK("a child connects after the libraries are loaded");
    SQLHDBC signed_in = connected(arguments[3]);
    child_connects(arguments[3]);
    OK("a child connects after its parent did");
    query_one(letter, signed_in);
    leave(signed_in);
    leave(loaded);
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    OK("the parent goes on");
    return 0;
}
