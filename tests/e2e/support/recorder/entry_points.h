/* The exported functions: first those that ODBC has once, then those that it has per letter. */

SQLRETURN SQL_API SQLAllocHandle(SQLSMALLINT kind, SQLHANDLE parent, SQLHANDLE *out) {
    struct handle *h = calloc(1, sizeof *h);
    h->kind = kind;
    h->parent = parent;
    *out = h;
    struct line *line = begin("SQLAllocHandle", parent);
    log_int(line, "kind", kind);
    log_int(line, "out", (long)h);
    end(line);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLFreeHandle(SQLSMALLINT kind, SQLHANDLE handle) {
    struct line *line = begin("SQLFreeHandle", handle);
    log_int(line, "kind", kind);
    end(line);
    free(handle);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLSetEnvAttr(SQLHENV env, SQLINTEGER name, SQLPOINTER value, SQLINTEGER length) {
    (void)length;
    struct line *line = begin("SQLSetEnvAttr", env);
    log_int(line, "attribute", name);
    log_int(line, "value", (long)value);
    end(line);
    SQLPOINTER *slot = attribute(env, name, 1);
    if (slot) *slot = value;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLGetEnvAttr(SQLHENV env, SQLINTEGER name, SQLPOINTER value, SQLINTEGER max, SQLINTEGER *length) {
    (void)max;
    struct line *line = begin("SQLGetEnvAttr", env);
    log_int(line, "attribute", name);
    end(line);
    SQLPOINTER *slot = attribute(env, name, 0);
    if (name == 1065) *(SQLINTEGER *)value = sizeof(SQLWCHAR) == 2 ? 1 : 3; /* iODBC: which SQLWCHAR the driver has */
    else if (slot) *(SQLINTEGER *)value = (SQLINTEGER)(long)*slot;
    else return SQL_ERROR;
    if (length) *length = sizeof(SQLINTEGER);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLDisconnect(SQLHDBC dbc) {
    struct line *line = begin("SQLDisconnect", dbc);
    log_access_token(line, dbc);
    end(line);
    ((struct handle *)dbc)->connected = ((struct handle *)dbc)->browsing = 0;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLGetFunctions(SQLHDBC dbc, SQLUSMALLINT function, SQLUSMALLINT *supported) {
    note("SQLGetFunctions", dbc);
    if (function == SQL_API_ODBC3_ALL_FUNCTIONS) memset(supported, 0xff, SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * sizeof *supported);
    else for (int i = 0; i < (function == SQL_API_ALL_FUNCTIONS ? 100 : 1); i++) supported[i] = SQL_TRUE;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLEndTran(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT completion) {
    (void)kind, (void)completion;
    note("SQLEndTran", handle);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLCancel(SQLHSTMT statement) {
    note("SQLCancel", statement);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLFreeStmt(SQLHSTMT statement, SQLUSMALLINT option) {
    note("SQLFreeStmt", statement);
    if (option == SQL_DROP) free(statement);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLNumResultCols(SQLHSTMT statement, SQLSMALLINT *count) {
    note("SQLNumResultCols", statement);
    *count = 1;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLRowCount(SQLHSTMT statement, SQLLEN *count) {
    note("SQLRowCount", statement);
    *count = -1;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLFetch(SQLHSTMT statement) {
    note("SQLFetch", statement);
    return ((struct handle *)statement)->rows_left-- > 0 ? SQL_SUCCESS : SQL_NO_DATA;
}

SQLRETURN SQL_API SQLGetData(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, SQLPOINTER value, SQLLEN max, SQLLEN *length) {
    (void)column;
    note("SQLGetData", statement);
    int wide = type == SQL_C_WCHAR, unit = wide ? sizeof(SQLWCHAR) : 1;
    put_text("1", value, (int)(max / unit), wide);
    if (length) *length = unit;
    return SQL_SUCCESS;
}

/* The driver managers ask each new statement for its four descriptors, and keep them. */
static SQLRETURN get_stmt_attr(SQLHSTMT statement, SQLINTEGER name, SQLPOINTER value) {
    note("SQLGetStmtAttr", statement);
    if (name < SQL_ATTR_APP_ROW_DESC || name > SQL_ATTR_IMP_PARAM_DESC) return SQL_ERROR;
    *(SQLPOINTER *)value = &((struct handle *)statement)->descriptors[name - SQL_ATTR_APP_ROW_DESC];
    return SQL_SUCCESS;
}

#define PER_LETTER(W, CHAR, wide)                                                                                      \
    SQLRETURN SQL_API SQLConnect##W(SQLHDBC dbc, CHAR *dsn, SQLSMALLINT dsn_length, CHAR *user, SQLSMALLINT user_length, \
                                    CHAR *password, SQLSMALLINT password_length) {                                     \
        return connect_by_name("SQLConnect" #W, dbc, dsn, dsn_length, user, user_length, password, password_length, wide); \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLDriverConnect##W(SQLHDBC dbc, SQLHWND window, CHAR *in, SQLSMALLINT length, CHAR *out,        \
                                          SQLSMALLINT max, SQLSMALLINT *out_length, SQLUSMALLINT completion) {         \
        (void)window;                                                                                                  \
        return connect_by_string("SQLDriverConnect" #W, dbc, in, length, out, max, out_length, completion, wide);      \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLBrowseConnect##W(SQLHDBC dbc, CHAR *in, SQLSMALLINT length, CHAR *out, SQLSMALLINT max,       \
                                          SQLSMALLINT *out_length) {                                                   \
        return connect_by_string("SQLBrowseConnect" #W, dbc, in, length, out, max, out_length, -1, wide);              \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLGetConnectAttr##W(SQLHDBC dbc, SQLINTEGER name, SQLPOINTER value, SQLINTEGER max, SQLINTEGER *length) { \
        return get_connect_attr("SQLGetConnectAttr" #W, dbc, name, value, max, length, wide);                          \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLExecDirect##W(SQLHSTMT statement, CHAR *sql, SQLINTEGER length) {                             \
        return exec_direct("SQLExecDirect" #W, statement, sql, length, wide);                                          \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLGetInfo##W(SQLHDBC dbc, SQLUSMALLINT info, SQLPOINTER value, SQLSMALLINT max, SQLSMALLINT *length) { \
        return get_info("SQLGetInfo" #W, dbc, info, value, max, length, wide);                                         \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLGetStmtAttr##W(SQLHSTMT statement, SQLINTEGER name, SQLPOINTER value, SQLINTEGER max, SQLINTEGER *length) { \
        (void)max, (void)length;                                                                                       \
        return get_stmt_attr(statement, name, value);                                                                  \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLGetDiagRec##W(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT number, CHAR *state,            \
                                       SQLINTEGER *native, CHAR *text, SQLSMALLINT max, SQLSMALLINT *length) {         \
        (void)kind;                                                                                                    \
        note("SQLGetDiagRec" #W, handle);                                                                              \
        return diag_rec(handle, number, state, native, text, max, length, wide);                                       \
    }                                                                                                                  \
    SQLRETURN SQL_API SQLGetDiagField##W(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT number, SQLSMALLINT field,    \
                                         SQLPOINTER info, SQLSMALLINT max, SQLSMALLINT *length) {                      \
        (void)kind;                                                                                                    \
        note("SQLGetDiagField" #W, handle);                                                                            \
        return diag_field(handle, number, field, info, max, length, wide);                                             \
    }

#define SET_CONNECT_ATTR(W, wide)                                                                                      \
    SQLRETURN SQL_API SQLSetConnectAttr##W(SQLHDBC dbc, SQLINTEGER name, SQLPOINTER value, SQLINTEGER length) {        \
        return set_connect_attr("SQLSetConnectAttr" #W, dbc, name, value, length, wide);                               \
    }

/* Destructive: the record is gone once it was read. */
#define ERROR(W, CHAR, wide)                                                                                           \
    SQLRETURN SQL_API SQLError##W(SQLHENV env, SQLHDBC dbc, SQLHSTMT statement, CHAR *state, SQLINTEGER *native,       \
                                  CHAR *text, SQLSMALLINT max, SQLSMALLINT *length) {                                  \
        struct handle *h = statement ? statement : dbc ? dbc : env;                                                    \
        note("SQLError" #W, h);                                                                                        \
        SQLRETURN code = diag_rec(h, 1, state, native, text, max, length, wide);                                       \
        forget(h);                                                                                                     \
        return code;                                                                                                   \
    }

SET_CONNECT_ATTR(, 0)
#ifdef ANSI
PER_LETTER(, SQLCHAR, 0)
#endif
#ifdef WIDE
PER_LETTER(W, SQLWCHAR, 1)
SET_CONNECT_ATTR(W, 1)
#endif
#if defined(ANSI) && defined(WIDE)
ERROR(, SQLCHAR, 0)
ERROR(W, SQLWCHAR, 1)
#endif
