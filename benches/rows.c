/* How long a thousand rows take, of a million, directly and through tokenshim, in each of the ways to read them, and a
   hundred executions of a prepared statement: rows PAIRS STRING-DIRECT STRING-THROUGH
   Both ways read on in turn: a thousand rows are read between two interruptions by whatever else the machine does. */

#include "pairs.h"

enum { ROWS = 1000000, CHUNK = 1000, EXECUTIONS = 100 };

static SQLHSTMT reading[2], executing[2];
static SQLINTEGER number;
static SQLCHAR word[64];
static SQLLEN lengths[2];

static void execute_rows(int way) {
    SQLFreeStmt(reading[way], SQL_CLOSE);
    SQLCHAR sql[] = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) select i, 'row ' || i from n";
    SUCCEED(SQL_HANDLE_STMT, reading[way], SQLExecDirect(reading[way], sql, SQL_NTS));
}

/* The next rows. After the last one the statement is executed again, which is not measured. */
static long long get_data(int way) {
    long long begun = now_ns();
    for (int row = 0; row < CHUNK; row++) {
        CHECK(SQLFetch(reading[way]) == SQL_SUCCESS);
        SQLGetData(reading[way], 1, SQL_C_LONG, &number, 0, lengths);
        SQLGetData(reading[way], 2, SQL_C_CHAR, word, sizeof word, lengths + 1);
    }
    long long took = now_ns() - begun;
    CHECK(number % CHUNK == 0 && atoi((char *)word + 4) == number);
    if (number == ROWS) execute_rows(way);
    return took;
}

static long long bound_columns(int way) {
    long long begun = now_ns();
    for (int row = 0; row < CHUNK; row++) CHECK(SQLFetch(reading[way]) == SQL_SUCCESS);
    long long took = now_ns() - begun;
    CHECK(number % CHUNK == 0 && atoi((char *)word + 4) == number);
    if (number == ROWS) execute_rows(way);
    return took;
}

static long long executions(int way) {
    SQLFreeStmt(executing[way], SQL_RESET_PARAMS);
    SQLBindParameter(executing[way], 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &number, 0, lengths);
    lengths[0] = 0;
    long long begun = now_ns();
    for (number = 0; number < EXECUTIONS; number++) {
        CHECK(SQL_SUCCEEDED(SQLExecute(executing[way])));
        SQLFreeStmt(executing[way], SQL_CLOSE);
    }
    return now_ns() - begun;
}

int main(int count, char **arguments) {
    CHECK(count == 4);
    SQLHENV env = environment();
    for (int way = 0; way < 2; way++) {
        SQLHDBC dbc = connected(env, arguments[2 + way]);
        reading[way] = handle(SQL_HANDLE_STMT, dbc);
        executing[way] = handle(SQL_HANDLE_STMT, dbc);
        CHECK(SQL_SUCCEEDED(SQLPrepare(executing[way], (SQLCHAR *)"select ? + 1", SQL_NTS)));
    }
    int pairs = atoi(arguments[1]);
    for (int way = 0; way < 2; way++) execute_rows(way);
    measure_pairs("SQLFetch + SQLGetData of two columns, 1000 rows", pairs, 0, get_data);
    for (int way = 0; way < 2; way++) {
        SQLBindCol(reading[way], 1, SQL_C_LONG, &number, 0, lengths);
        SQLBindCol(reading[way], 2, SQL_C_CHAR, word, sizeof word, lengths + 1);
        execute_rows(way);
    }
    measure_pairs("SQLFetch with two bound columns, 1000 rows", pairs, 0, bound_columns);
    measure_pairs("SQLExecute with a parameter, 100 times", pairs, 1, executions);
    return 0;
}
