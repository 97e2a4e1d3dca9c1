/* A host that connects, perhaps has another thread that waits in a connect, and ends in a certain way.

       ending LIBRARY HOW CONNECTION-STRING [WAITING-STRING FILE]

   LIBRARY is the driver manager. With WAITING-STRING a further thread connects by it, and the program goes on when FILE
   is there; without FILE four threads connect by it all the time. HOW is one of the functions below. The connection is left open. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS 7

static SQLRETURN (*alloc)(SQLSMALLINT, SQLHANDLE, SQLHANDLE *), (*set_env)(SQLHENV, SQLINTEGER, SQLPOINTER, SQLINTEGER);
static SQLRETURN (*driver_connect)(SQLHDBC, SQLHWND, SQLCHAR *, SQLSMALLINT, SQLCHAR *, SQLSMALLINT, SQLSMALLINT *, SQLUSMALLINT);

static SQLRETURN connects(const char *string) {
    SQLHANDLE env, dbc;
    if (alloc(SQL_HANDLE_ENV, NULL, &env) || set_env(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0)) return SQL_ERROR;
    if (alloc(SQL_HANDLE_DBC, env, &dbc)) return SQL_ERROR;
    return driver_connect(dbc, NULL, (SQLCHAR *)string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
}

static void *waiting(void *string) {
    connects(string);
    return NULL;
}

static void *connecting(void *string) {
    for (;;) connects(string);
}

static void *exits(void *unused) {
    (void)unused;
    exit(STATUS);
}

static void written(void) { fputs("atexit\n", stdout); }

static void end(const char *how) {
    pthread_t thread;
    if (!strcmp(how, "exit")) exit(STATUS);
    if (!strcmp(how, "_exit")) _exit(STATUS);
    if (!strcmp(how, "quick_exit")) quick_exit(STATUS);
    if (!strcmp(how, "abort")) abort();
    if (!strcmp(how, "SIGTERM")) raise(SIGTERM);
    if (!strcmp(how, "SIGKILL")) raise(SIGKILL);
    if (!strcmp(how, "exit in a thread") && !pthread_create(&thread, NULL, exits, NULL)) pause();
    if (!strcmp(how, "pthread_exit in main")) pthread_exit(NULL);
}

int main(int count, char **arguments) {
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
    if (!library) return fputs(dlerror(), stderr), 2;
    alloc = dlsym(library, "SQLAllocHandle");
    set_env = dlsym(library, "SQLSetEnvAttr");
    driver_connect = dlsym(library, "SQLDriverConnect");
    atexit(written);
    if (!SQL_SUCCEEDED(connects(arguments[3]))) return fputs("no connection\n", stderr), 2;
    if (count > 5) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, waiting, arguments[4])) return 2;
        for (int i = 0; access(arguments[5], F_OK); i++, usleep(2000))
            if (i > 15000) return fputs("nobody waits\n", stderr), 2;
    }
    for (int i = 0; count == 5 && i < 4; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, connecting, arguments[4])) return 2;
        usleep(20000);
    }
    end(arguments[2]);
    return STATUS; /* "return from main" */
}
