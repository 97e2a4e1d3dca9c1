/* Connects in a thread of its own for each string, and prints how many bytes of its stack that took.

       stack LIBRARY STACK-BYTES CONNECTION-STRING... */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAINT 0xa5

static SQLRETURN (*alloc)(SQLSMALLINT, SQLHANDLE, SQLHANDLE *), (*set_env)(SQLHENV, SQLINTEGER, SQLPOINTER, SQLINTEGER);
static SQLRETURN (*driver_connect)(SQLHDBC, SQLHWND, SQLCHAR *, SQLSMALLINT, SQLCHAR *, SQLSMALLINT, SQLSMALLINT *, SQLUSMALLINT);

static void *connects(void *string) {
    SQLHANDLE env, dbc;
    if (alloc(SQL_HANDLE_ENV, NULL, &env) || set_env(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0)) return "env";
    if (alloc(SQL_HANDLE_DBC, env, &dbc)) return "dbc";
    return driver_connect(dbc, NULL, (SQLCHAR *)string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT) ? "connect" : NULL;
}

int main(int count, char **arguments) {
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
    if (!library) return fputs(dlerror(), stderr), 2;
    alloc = dlsym(library, "SQLAllocHandle");
    set_env = dlsym(library, "SQLSetEnvAttr");
    driver_connect = dlsym(library, "SQLDriverConnect");
    size_t size = strtoul(arguments[2], NULL, 10);
    for (int i = 3; i < count; i++) {
        unsigned char *stack = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(stack, 4096, PROT_NONE); /* whoever needs more dies here */
        stack += 4096;
        memset(stack, PAINT, size);
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, stack, size);
        pthread_t thread;
        void *failure;
        if (pthread_create(&thread, &attributes, connects, arguments[i]) || pthread_join(thread, &failure)) return 2;
        if (failure) return fprintf(stderr, "%s\n", (char *)failure), 2;
        size_t untouched = 0;
        while (untouched < size && stack[untouched] == PAINT) untouched++;
        printf("%zu\n", size - untouched);
    }
    return 0;
}
