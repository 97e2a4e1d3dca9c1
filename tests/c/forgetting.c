/* Connects by a string and by a DSN, and waits for a line before each next step, so that somebody may look at its memory:
   forgetting STRING DSN. The line is empty, or `again` for one more connection in between. */

#include "odbc.h"
#include <sys/prctl.h>

static char *marker;

static int is_to_go_on(const char *step) {
    char line[16];
    OK("%s", step);
    CHECK(fflush(stdout) == 0 && fgets(line, sizeof line, stdin));
    return line[0] == '\n';
}

static void open_and_close(SQLHENV env, const char *string) {
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect('A', dbc, string, NULL, 0, NULL));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    marker = memory(64);
    sprintf(marker, "%s-%s", "ordinary", "memory"); /* as one word it stands on the heap only */

    SQLHENV env = environment();
    SQLHDBC dbc[2] = {handle(SQL_HANDLE_DBC, env), handle(SQL_HANDLE_DBC, env)};
    SUCCEED(SQL_HANDLE_DBC, dbc[0], driver_connect('A', dbc[0], arguments[1], NULL, 0, NULL));
    SUCCEED(SQL_HANDLE_DBC, dbc[1], connect_by_name('A', dbc[1], arguments[2], "app", NULL));
    while (!is_to_go_on("connected")) open_and_close(env, arguments[1]);
    for (int i = 0; i < 2; i++) {
        SUCCEED(SQL_HANDLE_DBC, dbc[i], SQLDisconnect(dbc[i]));
        SUCCEED(SQL_HANDLE_DBC, dbc[i], SQLFreeHandle(SQL_HANDLE_DBC, dbc[i]));
    }
    CHECK(is_to_go_on("disconnected"));
    free(marker);
    return 0;
}
