/* How many connects a second THREADS threads make, in slices of SLICE milliseconds, first directly and then through tokenshim or the other
   way round: many THREADS PAIRS SLICE STRING-DIRECT STRING-THROUGH. Tells nanoseconds of a connect, all threads together. */

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "pairs.h"

static SQLHENV env;
static char **strings;
static int threads, slice_ms;
static atomic_int is_over;

static void *connects(void *string) {
    long made = 0;
    while (!atomic_load(&is_over)) {
        SQLHDBC dbc = connected(env, string);
        SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
        SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
        made++;
    }
    return (void *)made;
}

static long long slice(int way) {
    pthread_t all[64];
    long made = 0;
    atomic_store(&is_over, 0);
    long long begun = now_ns();
    for (int i = 0; i < threads; i++) CHECK(!pthread_create(&all[i], NULL, connects, strings[way]));
    usleep((useconds_t)slice_ms * 1000);
    atomic_store(&is_over, 1);
    for (int i = 0; i < threads; i++) {
        void *of_thread;
        pthread_join(all[i], &of_thread);
        made += (long)of_thread;
    }
    return (now_ns() - begun) / made;
}

int main(int count, char **arguments) {
    CHECK(count == 6);
    threads = atoi(arguments[1]);
    slice_ms = atoi(arguments[3]);
    CHECK(threads <= 64);
    env = environment();
    strings = arguments + 4;
    for (int way = 0; way < 2; way++) connected(env, strings[way]);
    measure_pairs("connect", atoi(arguments[2]), 1, slice);
    return 0;
}
