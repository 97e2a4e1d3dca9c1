/* What programs share that callgrind counts the instructions of. Between the calls nothing is counted; the counts of one
   function are dumped under its name. What the last call returned is told, so that two runs can be seen to have done
   the same. */

#ifndef COUNTED_H
#define COUNTED_H

#include <valgrind/callgrind.h>

#include "odbc.h"

enum { WARM = 3, COUNTED = 10 };

/* `before` makes ready what `call` needs, uncounted. */
#define COUNT(name, before, call) \
    do { \
        SQLRETURN code = SQL_SUCCESS; \
        for (int round = -WARM; round < COUNTED; round++) { \
            before; \
            if (round == 0) CALLGRIND_ZERO_STATS; \
            CALLGRIND_TOGGLE_COLLECT; \
            code = (call); \
            CALLGRIND_TOGGLE_COLLECT; \
        } \
        CALLGRIND_DUMP_STATS_AT(name); \
        OK("%s %d", name, code); \
    } while (0)

#define TEXT(ascii) (SQLCHAR *)(ascii), SQL_NTS

#endif
