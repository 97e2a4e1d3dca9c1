/* Connects by a string and by a DSN, and waits for a line before each next step, so that somebody may look at its memory:
   forgetting MASKED DSN. The line is empty, or `again` for one more connection in between.
   The string is given in hex, each byte xor MASK, and forgotten once it was used: it is in the process nowhere else. */

#include "odbc.h"
#include <sys/prctl.h>

static char *marker;

static int is_to_go_on(const char *step) {
    char line[16];
    OK("%s", step);
    CHECK(fflush(stdout) == 0 && fgets(line, sizeof line, stdin));
    return line[0] == '\n';
}

enum { MASK = 0x55 };

static SQLHDBC opened(SQLHENV env, const char *masked) {
    size_t size = strlen(masked) / 2 + 1;
    unsigned char *string = memory(size);
    for (size_t i = 0; i + 1 < size; i++) {
        char digits[] = {masked[2 * i], masked[2 * i + 1], 0};
        string[i] = (unsigned char)strtoul(digits, NULL, 16) ^ MASK;
    }
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDriverConnect(dbc, NULL, string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    explicit_bzero(string, size);
    free(string);
    return dbc;
}

static void closed(SQLHDBC dbc) {
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    marker = memory(64);
    sprintf(marker, "%s-%s", "ordinary", "memory"); /* as one word it stands on the heap only */

    SQLHENV env = environment();
    SQLHDBC by_string = opened(env, arguments[1]), by_name = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, by_name, connect_by_name('A', by_name, arguments[2], "app", NULL));
    while (!is_to_go_on("connected")) closed(opened(env, arguments[1]));
    closed(by_string);
    closed(by_name);
    CHECK(is_to_go_on("disconnected"));
    free(marker);
    return 0;
}
