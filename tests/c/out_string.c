/* The completed connection string in buffers of every awkward size: out_string LETTER STRING
   Tells, for each size, the length that the connect told, and whether the buffer holds the string's beginning. */

#include "odbc.h"

static SQLHDBC dbc;
static char letter;
static const char *string;

/* Connects with a buffer of `room` characters, or none for -1. */
static SQLSMALLINT connect_with(int room, char *got, size_t got_size) {
    size_t unit = letter == 'W' ? sizeof(SQLWCHAR) : 1;
    void *out = room < 0 ? NULL : memory((size_t)room * unit);
    SQLSMALLINT length = -7;
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect(letter, dbc, string, out, (SQLSMALLINT)(room < 0 ? 0 : room), &length));
    got[0] = 0;
    if (room > 0) narrow(letter, out, got, (size_t)room < got_size ? (size_t)room : got_size);
    free(out);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    return length;
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    letter = arguments[1][0], string = arguments[2];
    SQLHENV env = environment();
    dbc = handle(SQL_HANDLE_DBC, env);

    char whole[2048], got[2048];
    int length = connect_with(2000, whole, sizeof whole);
    OK("%d %s", length == (int)strlen(whole), whole);
    int rooms[] = {length + 1, length, length - 1, length / 2, 2, 1, 0, -1, length + 2};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        int told = connect_with(rooms[i], got, sizeof got), most = rooms[i] > length ? length : rooms[i] > 0 ? rooms[i] - 1 : 0;
        OK("%d: %d more, %s", rooms[i], told - length, strlen(got) == (size_t)most && !strncmp(got, whole, (size_t)most) ? "its beginning" : got);
    }
    /* Nobody wants to know anything. */
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect(letter, dbc, string, NULL, 0, NULL));
    query_one(letter, dbc);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, env);
    return 0;
}
