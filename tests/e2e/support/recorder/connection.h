/* Environments and connections: what ODBC has once, not per letter. */

/* -- Connecting, for both letters */

/* The ACCESSTOKEN structure is read through the stored pointer, as Microsoft's driver reads it: when it connects, and
   again whenever it must connect anew. */
static void log_access_token(struct line *line, struct handle *h) {
    SQLPOINTER *token = attribute(h, SQL_COPT_SS_ACCESS_TOKEN, 0);
    if (token && *token) log_hex(line, "access_token", *token, 4 + *(unsigned *)*token);
}

static int gate_is_open(const struct handle *h) {
    (void)h;
    return access(getenv("RECORDER_GATE"), F_OK) == 0;
}

static int refresh_gate_is_open(const struct handle *h) {
    (void)h;
    return access(getenv("RECORDER_REFRESH_GATE"), F_OK) == 0;
}

static int is_unloaded;

/* For a program that measures: how many connections took a new token, and when. */
struct { long count; long long first_ns, last_ns; } recorder_refreshes;

/* What a new token is taken with: the driver may ask its server. Its destructors must not have run meanwhile. */
static SQLRETURN refresh(struct line *line, struct handle *h) {
    send_now(line);
    if (getenv("RECORDER_REFRESH_GATE")) wait_until(refresh_gate_is_open, h);
    if (__atomic_load_n(&is_unloaded, __ATOMIC_ACQUIRE)) abort();
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    recorder_refreshes.last_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    if (!recorder_refreshes.count) recorder_refreshes.first_ns = recorder_refreshes.last_ns;
    __atomic_add_fetch(&recorder_refreshes.count, 1, __ATOMIC_RELEASE);
    if (!h->refreshes++ && fail_as(h, getenv("RECORDER_REFRESH_FAIL"), SQL_ERROR) == SQL_ERROR) return SQL_ERROR;
    return fail_as(h, getenv("RECORDER_REFRESH_INFO"), SQL_SUCCESS_WITH_INFO);
}

static SQLRETURN finish_connect(struct line *line, struct handle *h) {
    log_access_token(line, h);
    send_now(line);
    if (getenv("RECORDER_GATE") && !wait_until(gate_is_open, h)) return fail(h, "HYT00", "the gate never opened", SQL_ERROR);
    if (getenv("RECORDER_CONNECT_SECONDS")) usleep((useconds_t)(1e6 * atof(getenv("RECORDER_CONNECT_SECONDS"))));
    if (fail_as(h, getenv("RECORDER_FAIL"), SQL_ERROR) == SQL_ERROR) return SQL_ERROR;
    /* One string of many may fail, too. */
    char own[128], *place = h->connection_string ? strstr(h->connection_string, "Fail=") : NULL;
    if (place && sscanf(place, "Fail=%127[^;]", own) == 1) return fail_as(h, own, SQL_ERROR);
    h->connected = 1;
    return fail_as(h, getenv("RECORDER_INFO"), SQL_SUCCESS_WITH_INFO);
}

static SQLRETURN complete(struct handle *h, SQLRETURN code, void *out, SQLSMALLINT max, SQLSMALLINT *length, int wide) {
    const char *more = getenv("RECORDER_COMPLETION") ? getenv("RECORDER_COMPLETION") : "PORT=443";
    const char *string = h->connection_string ? h->connection_string : "";
    if (!SQL_SUCCEEDED(code)) return code;
    char completed[strlen(string) + strlen(more) + 2];
    sprintf(completed, "%s%s%s", string, *string ? ";" : "", more);
    if (give_short(completed, out, max, wide, 1, length) == SQL_SUCCESS_WITH_INFO && !h->state[0])
        return fail(h, "01004", "String data, right truncated", SQL_SUCCESS_WITH_INFO);
    return code;
}

SQLRETURN SQL_API SQLDisconnect(SQLHDBC dbc) {
    struct handle *h = dbc;
    CALL(h);
    log_access_token(line, h);
    h->connected = h->browsing = 0;
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API SQLGetFunctions(SQLHDBC dbc, SQLUSMALLINT function, SQLUSMALLINT *supported) {
    CALL(dbc, function);
    if (function == SQL_API_ODBC3_ALL_FUNCTIONS) memset(supported, 0xff, SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * sizeof *supported);
    else for (int i = 0; i < (function == SQL_API_ALL_FUNCTIONS ? 100 : 1); i++) supported[i] = SQL_TRUE;
    DONE(SQL_SUCCESS);
}

/* -- Handles, in ODBC 3 */

#ifndef OLD
SQLRETURN SQL_API SQLAllocHandle(SQLSMALLINT kind, SQLHANDLE parent, SQLHANDLE *handle) {
    CALL(parent, kind);
    *handle = new_handle(kind, parent);
    log_int(line, "out", (long)*handle);
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API SQLFreeHandle(SQLSMALLINT kind, SQLHANDLE handle) {
    CALL(handle, kind);
    free_handle(handle);
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API SQLSetEnvAttr(SQLHENV env, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
    CALL(env, attribute, value, length);
    DONE(set_attribute(env, attribute, value));
}

SQLRETURN SQL_API SQLGetEnvAttr(SQLHENV env, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER max, SQLINTEGER *length) {
    CALL(env, attribute, max);
    get_attribute(env, attribute, value, length);
    if (attribute == 1065) *(SQLINTEGER *)value = sizeof(SQLWCHAR) == 2 ? 1 : 3; /* iODBC: which SQLWCHAR the driver has */
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API SQLEndTran(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT completion) {
    CALL(handle, kind, completion);
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API SQLCancelHandle(SQLSMALLINT kind, SQLHANDLE handle) {
    CALL(handle, kind);
    DONE(SQL_SUCCESS);
}
#endif

/* -- Handles, in ODBC 2 */

#if ODBC_2
#define ALLOCATE(name, kind, parent_type, type)                 \
    SQLRETURN SQL_API name(parent_type parent, type *handle) {  \
        CALL(parent);                                           \
        *handle = new_handle(kind, parent);                     \
        log_int(line, "out", (long)*handle);                    \
        DONE(SQL_SUCCESS);                                      \
    }
#define FREE(name, type)                 \
    SQLRETURN SQL_API name(type handle) { \
        CALL(handle);                    \
        free_handle(handle);             \
        DONE(SQL_SUCCESS);               \
    }

SQLRETURN SQL_API SQLAllocEnv(SQLHENV *env) {
    ASK(NULL);
    *env = new_handle(SQL_HANDLE_ENV, NULL);
    log_int(line, "out", (long)*env);
    DONE(SQL_SUCCESS);
}

ALLOCATE(SQLAllocConnect, SQL_HANDLE_DBC, SQLHENV, SQLHDBC)
ALLOCATE(SQLAllocStmt, SQL_HANDLE_STMT, SQLHDBC, SQLHSTMT)
FREE(SQLFreeEnv, SQLHENV)
FREE(SQLFreeConnect, SQLHDBC)

SQLRETURN SQL_API SQLTransact(SQLHENV env, SQLHDBC dbc, SQLUSMALLINT completion) {
    CALL(dbc, env, completion);
    DONE(SQL_SUCCESS);
}
#endif

/* unixODBC tells a driver that has these when it loads and unloads it. */
void SQLDriverLoad(void) { done(line_of(__func__, NULL), SQL_SUCCESS); }
void SQLDriverUnload(void) { done(line_of(__func__, NULL), SQL_SUCCESS); }

static __attribute__((destructor)) void unloaded(void) {
    __atomic_store_n(&is_unloaded, 1, __ATOMIC_RELEASE);
    if (getenv("RECORDER_UNLOAD")) done(line_of(__func__, NULL), SQL_SUCCESS);
    if (getenv("RECORDER_UNLOAD_SECONDS")) usleep((useconds_t)(1e6 * atof(getenv("RECORDER_UNLOAD_SECONDS"))));
}
