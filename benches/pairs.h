/* Measures two ways in turn, A B B A …, so that whatever else the machine does meets both; prints a line of nanoseconds
   for each pair. Neither way is always the one that finds the caches warm. */

#ifndef PAIRS_H
#define PAIRS_H

#include <time.h>

#include "odbc.h"

static inline long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* `measure` does once what is measured, for way 0 (direct) or 1 (through tokenshim), and returns how long it took. */
static inline void measure_pairs(const char *name, int pairs, int warm, long long (*measure)(int way)) {
    for (int pair = -warm; pair < pairs; pair++) {
        long long took[2];
        int first = pair & 1;
        took[first] = measure(first);
        took[!first] = measure(!first);
        if (pair >= 0) OK("%s %lld %lld", name, took[0], took[1]);
    }
}

static inline SQLHDBC connected(SQLHENV env, char *string) {
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDriverConnect(dbc, NULL, (SQLCHAR *)string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    return dbc;
}

#endif
