/* COUNT connections that are open at the same time, and the next token for all of them: live COUNT STRING DRIVER OWN
   DRIVER is the recorder's file. With OWN = 1 the program sets a token in all of them itself, as one without tokenshim would.
   Tells the bytes of a connection, and how long the token took from the first to the last of them. */

#define _GNU_SOURCE /* RTLD_NOLOAD */
#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

#include "pairs.h"

struct refreshes {
    long count;
    long long first_ns, last_ns;
};

static void set_all(SQLHDBC *all, int count) {
    for (int i = 0; i < count; i++) {
        SUCCEED(SQL_HANDLE_DBC, all[i], SQLSetConnectAttr(all[i], 122, (SQLCHAR *)"Auth_AccessToken=another-token", SQL_NTS));
        SUCCEED(SQL_HANDLE_DBC, all[i], SQLSetConnectAttr(all[i], 123, (SQLPOINTER)-1L, SQL_IS_SMALLINT));
    }
}

int main(int arguments, char **argument) {
    CHECK(arguments == 5);
    int count = atoi(argument[1]);
    SQLHENV env = environment();
    SQLHDBC *all = malloc(count * sizeof *all);
    connected(env, argument[2]);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < count; i++) all[i] = connected(env, argument[2]);
    OK("bytes %zu", (mallinfo2().uordblks - before) / count);
    void *driver = dlopen(argument[3], RTLD_LAZY | RTLD_NOLOAD);
    CHECK(driver);
    volatile struct refreshes *refreshes = dlsym(driver, "recorder_refreshes");
    CHECK(refreshes);
    if (atoi(argument[4])) set_all(all, count);
    for (int i = 0; refreshes->count < count; i++, usleep(2000)) CHECK(i < 60000);
    OK("microseconds %lld", (refreshes->last_ns - refreshes->first_ns) / 1000);
    return 0;
}
