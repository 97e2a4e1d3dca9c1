/* Connects that fail, and their records read in every way: failures LETTER {STRING STATE} … */

#include "odbc.h"

#ifdef BARE /* a driver without a driver manager: its buffers are exact */
enum { LEAST_ROOM = 0, BESIDE = 0 };
#else /* unixODBC writes beyond a buffer without room, and takes the bytes of a field's buffer for characters */
enum { LEAST_ROOM = 1, BESIDE = 4096 };
#endif

static size_t unit;

static void is_state(char letter, const void *state, const char *wanted) {
    char got[6];
    narrow(letter, state, got, sizeof got);
    if (strcmp(got, wanted)) fprintf(stderr, "the state is %s, not %s\n", got, wanted);
    CHECK(!strcmp(got, wanted));
}

/* The first record with buffers that fit, are too small, or are not there. */
static void read_records(char letter, SQLHDBC dbc, const char *wanted) {
    void *state = memory(6 * unit), *whole = memory(1024 * unit);
    SQLINTEGER native = -1;
    SQLSMALLINT length = -1, again = -1;
    CHECK(SQL_SUCCEEDED(diag_rec(letter, SQL_HANDLE_DBC, dbc, 1, state, &native, whole, 1024, &length)));
    is_state(letter, state, wanted);
    CHECK(length > 0);
    int rooms[] = {length + 1, length, 1, 0};
    for (int i = 0; i < 4 - LEAST_ROOM; i++) {
        void *part = memory((size_t)rooms[i] * unit);
        CHECK(SQL_SUCCEEDED(diag_rec(letter, SQL_HANDLE_DBC, dbc, 1, state, NULL, part, (SQLSMALLINT)rooms[i], &again)));
        CHECK(again == length);
        free(part);
    }
    CHECK(SQL_SUCCEEDED(diag_rec(letter, SQL_HANDLE_DBC, dbc, 1, NULL, NULL, NULL, 0, NULL)));
    CHECK(diag_rec(letter, SQL_HANDLE_DBC, dbc, 2, state, &native, whole, 1024, &length) == SQL_NO_DATA);
    free(state);
    free(whole);
}

static void read_fields(char letter, SQLHDBC dbc) {
    static const SQLSMALLINT FIELDS[] = {SQL_DIAG_SQLSTATE, SQL_DIAG_NATIVE, SQL_DIAG_MESSAGE_TEXT, SQL_DIAG_CLASS_ORIGIN,
                                         SQL_DIAG_SUBCLASS_ORIGIN, SQL_DIAG_CONNECTION_NAME, SQL_DIAG_SERVER_NAME};
    SQLINTEGER records = -1;
    CHECK(SQLGetDiagField(SQL_HANDLE_DBC, dbc, 0, SQL_DIAG_NUMBER, &records, 0, NULL) == SQL_SUCCESS && records == 1);
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        for (int room = 12 * LEAST_ROOM; room <= 1200; room = room ? room * 10 : 12) {
            void *value = memory((room ? (size_t)room : sizeof records) + BESIDE);
            SQLSMALLINT bytes = 0;
            SQLRETURN code = letter == 'W' ? SQLGetDiagFieldW(SQL_HANDLE_DBC, dbc, 1, FIELDS[i], value, (SQLSMALLINT)room, &bytes)
                                           : SQLGetDiagField(SQL_HANDLE_DBC, dbc, 1, FIELDS[i], value, (SQLSMALLINT)room, &bytes);
            CHECK(SQL_SUCCEEDED(code));
            free(value);
        }
    }
}

/* As programs of ODBC 2 read it: what was read is gone. */
static void read_by_error(char letter, SQLHENV env, SQLHDBC dbc, const char *wanted) {
    void *state = memory(6 * unit), *message = memory(100 * unit);
    SQLINTEGER native;
    SQLSMALLINT length;
    for (int number = 0; number < 2; number++) {
        SQLRETURN code = letter == 'W' ? SQLErrorW(env, dbc, NULL, state, &native, message, 100, &length)
                                       : SQLError(env, dbc, NULL, state, &native, message, 100, &length);
        CHECK(number ? code == SQL_NO_DATA : SQL_SUCCEEDED(code));
        if (!number) is_state(letter, state, wanted);
    }
    free(state);
    free(message);
}

int main(int count, char **arguments) {
    CHECK(count >= 4);
    char letter = arguments[1][0];
    unit = letter == 'W' ? sizeof(SQLWCHAR) : 1;
    SQLHENV env = environment();
    for (int each = 2; each + 1 < count; each += 2) {
        const char *string = arguments[each], *state = arguments[each + 1];
        SQLHDBC dbc = handle(SQL_HANDLE_DBC, env), unread = handle(SQL_HANDLE_DBC, env);
        void *out = memory(200 * unit);
        SQLSMALLINT length = 0;
        CHECK(driver_connect(letter, dbc, string, out, 200, &length) == SQL_ERROR);
        read_records(letter, dbc, state);
        read_fields(letter, dbc);
        CHECK(driver_connect(letter, dbc, string, NULL, 0, NULL) == SQL_ERROR);
        read_by_error(letter, env, dbc, state);
        CHECK(driver_connect(letter, unread, string, NULL, 0, &length) == SQL_ERROR);
        CHECK(SQLFreeHandle(SQL_HANDLE_DBC, unread) == SQL_SUCCESS && SQLFreeHandle(SQL_HANDLE_DBC, dbc) == SQL_SUCCESS);
        free(out);
        OK("%s", state);
    }
    CHECK(SQLFreeHandle(SQL_HANDLE_ENV, env) == SQL_SUCCESS);
    return 0;
}
