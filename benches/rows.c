/* How long a million rows take, directly and through tokenshim, in each of the ways to read them, and a hundred thousand
   executions of a prepared statement: rows PAIRS STRING-DIRECT STRING-THROUGH */

#include "pairs.h"

enum { ROWS = 1000000, EXECUTIONS = 100000 };

static SQLHSTMT reading[2], executing[2];
static SQLINTEGER number;
static SQLCHAR word[64];
static SQLLEN lengths[2];

static void begin(int way) {
    SQLFreeStmt(reading[way], SQL_CLOSE);
    SQLCHAR sql[] = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) select i, 'row ' || i from n";
    SUCCEED(SQL_HANDLE_STMT, reading[way], SQLExecDirect(reading[way], sql, SQL_NTS));
}

static long long get_data(int way) {
    SQLFreeStmt(reading[way], SQL_UNBIND);
    begin(way);
    long long begun = now_ns(), rows = 0;
    for (; SQL_SUCCEEDED(SQLFetch(reading[way])); rows++) {
        SQLGetData(reading[way], 1, SQL_C_LONG, &number, 0, lengths);
        SQLGetData(reading[way], 2, SQL_C_CHAR, word, sizeof word, lengths + 1);
    }
    long long took = now_ns() - begun;
    CHECK(rows == ROWS && number == ROWS && !strcmp((char *)word, "row 1000000"));
    return took;
}

static long long bound_columns(int way) {
    SQLBindCol(reading[way], 1, SQL_C_LONG, &number, 0, lengths);
    SQLBindCol(reading[way], 2, SQL_C_CHAR, word, sizeof word, lengths + 1);
    begin(way);
    long long begun = now_ns(), rows = 0;
    while (SQL_SUCCEEDED(SQLFetch(reading[way]))) rows++;
    long long took = now_ns() - begun;
    CHECK(rows == ROWS && number == ROWS);
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
    measure_pairs("SQLFetch + SQLGetData of two columns, 1,000,000 rows", pairs, 1, get_data);
    measure_pairs("SQLFetch with two bound columns, 1,000,000 rows", pairs, 1, bound_columns);
    measure_pairs("SQLExecute with a parameter, 100,000 times", pairs, 1, executions);
    return 0;
}
