/* How long the functions take before which tokenshim stands, of a driver and of a copy of tokenshim before it, without a
   driver manager: tight PAIRS STRING DRIVER TOKENSHIM. Tells nanoseconds for CALLS calls. */

#include <dlfcn.h>

#include "pairs.h"

enum { CALLS = 2000 }; /* so short that hardly any measurement is interrupted */

static struct driver {
    __typeof__(&SQLAllocHandle) alloc;
    __typeof__(&SQLFreeHandle) free;
    __typeof__(&SQLGetDiagRec) get_diag_rec;
    __typeof__(&SQLGetDiagField) get_diag_field;
    __typeof__(&SQLError) error;
    __typeof__(&SQLGetConnectAttr) get_connect_attr;
    SQLHANDLE env, dbc, stmt;
} drivers[2];

static SQLCHAR state[6], message[100];
static SQLINTEGER native, length;
static SQLSMALLINT small;

#define LOOP(function, call) \
    static long long function(int way) { \
        struct driver *d = &drivers[way]; \
        long long begun = now_ns(); \
        for (int i = 0; i < CALLS; i++) call; \
        return now_ns() - begun; \
    }

LOOP(connection_record, d->get_diag_rec(SQL_HANDLE_DBC, d->dbc, 1, state, &native, message, sizeof message, &small))
LOOP(statement_record, d->get_diag_rec(SQL_HANDLE_STMT, d->stmt, 1, state, &native, message, sizeof message, &small))
LOOP(diag_field, d->get_diag_field(SQL_HANDLE_DBC, d->dbc, 0, SQL_DIAG_NUMBER, &native, 0, &small))
LOOP(error, d->error(d->env, d->dbc, NULL, state, &native, message, sizeof message, &small))
LOOP(get_connect_attr, d->get_connect_attr(d->dbc, SQL_ATTR_AUTOCOMMIT, &native, sizeof native, &length))
LOOP(statement, { SQLHANDLE h; d->alloc(SQL_HANDLE_STMT, d->dbc, &h); d->free(SQL_HANDLE_STMT, h); })
LOOP(connection, { SQLHANDLE h; d->alloc(SQL_HANDLE_DBC, d->env, &h); d->free(SQL_HANDLE_DBC, h); })

static void open_driver(struct driver *d, const char *file, char *string) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    CHECK(library);
    *(void **)&d->alloc = dlsym(library, "SQLAllocHandle");
    *(void **)&d->free = dlsym(library, "SQLFreeHandle");
    *(void **)&d->get_diag_rec = dlsym(library, "SQLGetDiagRec");
    *(void **)&d->get_diag_field = dlsym(library, "SQLGetDiagField");
    *(void **)&d->error = dlsym(library, "SQLError");
    *(void **)&d->get_connect_attr = dlsym(library, "SQLGetConnectAttr");
    __typeof__(&SQLDriverConnect) connect;
    *(void **)&connect = dlsym(library, "SQLDriverConnect");
    CHECK(d->alloc(SQL_HANDLE_ENV, NULL, &d->env) == SQL_SUCCESS && d->alloc(SQL_HANDLE_DBC, d->env, &d->dbc) == SQL_SUCCESS);
    CHECK(SQL_SUCCEEDED(connect(d->dbc, NULL, (SQLCHAR *)string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT)));
    CHECK(d->alloc(SQL_HANDLE_STMT, d->dbc, &d->stmt) == SQL_SUCCESS);
}

int main(int count, char **arguments) {
    CHECK(count == 5);
    for (int way = 0; way < 2; way++) open_driver(&drivers[way], arguments[3 + way], arguments[2]);
    int pairs = atoi(arguments[1]);
    measure_pairs("SQLGetDiagRec, a connection", pairs, 3, connection_record);
    measure_pairs("SQLGetDiagRec, a statement", pairs, 3, statement_record);
    measure_pairs("SQLGetDiagField, a connection", pairs, 3, diag_field);
    measure_pairs("SQLError, a connection", pairs, 3, error);
    measure_pairs("SQLGetConnectAttr", pairs, 3, get_connect_attr);
    measure_pairs("SQLAllocHandle + SQLFreeHandle, a statement", pairs, 3, statement);
    measure_pairs("SQLAllocHandle + SQLFreeHandle, a connection", pairs, 3, connection);
    return 0;
}
