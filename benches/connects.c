/* How long a connect takes, directly and through tokenshim: connects PAIRS STRING-DIRECT STRING-THROUGH */

#include "pairs.h"

static SQLHENV env;
static char **strings;

static long long connect_once(int way) {
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    long long begun = now_ns();
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDriverConnect(dbc, NULL, (SQLCHAR *)strings[way], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    long long took = now_ns() - begun;
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    return took;
}

int main(int count, char **arguments) {
    CHECK(count == 4);
    env = environment();
    strings = arguments + 2;
    /* Connections that stay: otherwise the driver manager would unload and load the driver each time. */
    for (int way = 0; way < 2; way++) connected(env, strings[way]);
    measure_pairs("connect", atoi(arguments[1]), 5, connect_once);
    return 0;
}
