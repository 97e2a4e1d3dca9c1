/* A host whose thread is cancelled while it connects.

       cancelled LIBRARY FUNCTION DSN OTHER-DSN

   LIBRARY is the driver manager. A thread connects to DSN by FUNCTION, and is cancelled when a line is there on stdin.
   The program says so, waits for the thread, says how that ended, and connects to OTHER-DSN in main. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>

static SQLRETURN (*alloc)(SQLSMALLINT, SQLHANDLE, SQLHANDLE *), (*set_env)(SQLHENV, SQLINTEGER, SQLPOINTER, SQLINTEGER);
static SQLRETURN (*driver_connect)(SQLHDBC, SQLHWND, SQLCHAR *, SQLSMALLINT, SQLCHAR *, SQLSMALLINT, SQLSMALLINT *, SQLUSMALLINT);
static SQLRETURN (*browse_connect)(SQLHDBC, SQLCHAR *, SQLSMALLINT, SQLCHAR *, SQLSMALLINT, SQLSMALLINT *);
static SQLRETURN (*plain_connect)(SQLHDBC, SQLCHAR *, SQLSMALLINT, SQLCHAR *, SQLSMALLINT, SQLCHAR *, SQLSMALLINT);

static SQLRETURN connects(const char *how, const char *name) {
    SQLHANDLE env, dbc;
    SQLCHAR string[256], out[1024];
    SQLSMALLINT length;
    if (alloc(SQL_HANDLE_ENV, NULL, &env) || set_env(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0)) return SQL_ERROR;
    if (alloc(SQL_HANDLE_DBC, env, &dbc)) return SQL_ERROR;
    if (how[3] == 'C') return plain_connect(dbc, (SQLCHAR *)name, SQL_NTS, NULL, 0, NULL, 0);
    snprintf((char *)string, sizeof string, "DSN=%s", name);
    if (how[3] == 'B') return browse_connect(dbc, string, SQL_NTS, out, sizeof out, &length);
    return driver_connect(dbc, NULL, string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
}

static void cleans_up(void *unused) {
    (void)unused;
    puts("cleaned up");
}

static char **arguments;

static void *connecting(void *unused) {
    pthread_cleanup_push(cleans_up, NULL);
    connects(arguments[2], arguments[3]);
    for (;;) pthread_testcancel();
    pthread_cleanup_pop(0);
    return unused;
}

int main(int count, char **given) {
    pthread_t thread;
    void *result, *library = dlopen(given[1], RTLD_NOW | RTLD_GLOBAL);
    if (!library || count != 5) return 2;
    arguments = given;
    alloc = dlsym(library, "SQLAllocHandle");
    set_env = dlsym(library, "SQLSetEnvAttr");
    driver_connect = dlsym(library, "SQLDriverConnect");
    browse_connect = dlsym(library, "SQLBrowseConnect");
    plain_connect = dlsym(library, "SQLConnect");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (pthread_create(&thread, NULL, connecting, NULL)) return 2;
    getchar();
    if (pthread_cancel(thread)) return 2;
    puts("cancelled");
    if (pthread_join(thread, &result)) return 2;
    puts(result == PTHREAD_CANCELED ? "PTHREAD_CANCELED" : "returned");
    puts(SQL_SUCCEEDED(connects("SQLDriverConnect", given[4])) ? "connected" : "not connected");
    return 0;
}
