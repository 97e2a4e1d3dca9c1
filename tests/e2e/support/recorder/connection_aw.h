/* Connecting, and what is asked of a connection: once for each letter. */

SQLRETURN SQL_API LETTER(SQLDriverConnect)(SQLHDBC dbc, SQLHWND window, CHAR *in, SQLSMALLINT length, CHAR *out, SQLSMALLINT max,
                                           SQLSMALLINT *out_length, SQLUSMALLINT completion) {
    struct handle *h = dbc;
    CALL(h, window, length, completion, out_length);
    log_text(line, "string", keep(&h->connection_string, in, length, IS_WIDE));
    log_int(line, "out", out ? max : -1);
    DONE(complete(h, finish_connect(line, h), out, max, out_length, IS_WIDE));
}

SQLRETURN SQL_API LETTER(SQLBrowseConnect)(SQLHDBC dbc, CHAR *in, SQLSMALLINT length, CHAR *out, SQLSMALLINT max, SQLSMALLINT *out_length) {
    struct handle *h = dbc;
    CALL(h, length, out_length);
    log_text(line, "string", keep(&h->connection_string, in, length, IS_WIDE));
    log_int(line, "out", out ? max : -1);
    h->browsing = !h->browsing && !getenv("RECORDER_BROWSE_AT_ONCE"); /* asks once */
    if (h->browsing) {
        give_short("UID:User={?};*PWD:Password={?}", out, max, IS_WIDE, 1, out_length);
        DONE(SQL_NEED_DATA);
    }
    DONE(complete(h, finish_connect(line, h), out, max, out_length, IS_WIDE));
}

SQLRETURN SQL_API LETTER(SQLConnect)(SQLHDBC dbc, CHAR *dsn, SQLSMALLINT dsn_length, CHAR *user, SQLSMALLINT user_length,
                                     CHAR *password, SQLSMALLINT password_length) {
    CALL(dbc, dsn_length, user_length, password_length);
    log_string(line, "dsn", dsn, dsn_length, IS_WIDE);
    log_string(line, "user", user, user_length, IS_WIDE);
    log_string(line, "password", password, password_length, IS_WIDE);
    DONE(finish_connect(line, dbc));
}

SQLRETURN SQL_API LETTER(SQLNativeSql)(SQLHDBC dbc, CHAR *sql, SQLINTEGER length, CHAR *out, SQLINTEGER max, SQLINTEGER *out_length) {
    char text[4096] = "";
    CALL(dbc, length, max);
    log_text(line, "sql", get_text(sql, length, IS_WIDE, text, sizeof text));
    int whole;
    SQLRETURN code = give(text, out, max, IS_WIDE, 1, &whole);
    if (out_length) *out_length = whole;
    DONE(code);
}

SQLRETURN SQL_API LETTER(SQLGetInfo)(SQLHDBC dbc, SQLUSMALLINT info, SQLPOINTER value, SQLSMALLINT max, SQLSMALLINT *length) {
    ASK(dbc, info, max); /* keeps the records: iODBC asks this after each connect, before the application asks for them */
    if (info == SQL_DRIVER_HDESC && value) { /* of iODBC, with the application's descriptor; a driver can only answer something of its own */
        log_int(line, "asked", (long)*(SQLHANDLE *)value);
        *(SQLHANDLE *)value = dbc;
        DONE(SQL_SUCCESS);
    }
    const char *text = info == SQL_DRIVER_NAME ? own_name() : info == SQL_DRIVER_ODBC_VER ? "03.80" : info == SQL_DBMS_NAME ? "Recorder" : NULL;
    if (text) DONE(give_short(text, value, max, IS_WIDE, UNIT, length));
    int is_short = info == SQL_CURSOR_COMMIT_BEHAVIOR || info == SQL_CURSOR_ROLLBACK_BEHAVIOR; /* driver managers have just room for it */
    if (value) memset(value, 0, is_short ? sizeof(SQLUSMALLINT) : sizeof(SQLUINTEGER));
    if (length) *length = is_short ? sizeof(SQLUSMALLINT) : sizeof(SQLUINTEGER);
    DONE(SQL_SUCCESS);
}

#ifndef OLD
/* Answers 122 with the whole connection string, as the drivers that have it do, and 1256 with the caller's pointer. */
SQLRETURN SQL_API LETTER(SQLGetConnectAttr)(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER max, SQLINTEGER *length) {
    struct handle *h = dbc;
    CALL(h, attribute, max);
    if (listed("RECORDER_REFUSE_GET", attribute)) DONE(fail(h, "HYC00", "Optional feature not implemented", SQL_ERROR));
    switch (attribute) {
    case SQL_ATTR_CREDENTIALS: DONE(give(h->connection_string ? h->connection_string : "", value, max, IS_WIDE, UNIT, length));
    case SQL_ATTR_CURRENT_CATALOG: DONE(give("catalog", value, max, IS_WIDE, UNIT, length));
    case SQL_COPT_SS_ACCESS_TOKEN:
        *(SQLPOINTER *)value = get_pointer(h, attribute);
        if (length) *length = sizeof(SQLPOINTER);
        DONE(SQL_SUCCESS);
    case SQL_ATTR_CONNECTION_DEAD:
        *(SQLUINTEGER *)value = h->connected ? SQL_CD_FALSE : SQL_CD_TRUE;
        if (length) *length = sizeof(SQLUINTEGER);
        DONE(SQL_SUCCESS);
    default: DONE(get_attribute(h, attribute, value, length));
    }
}
#endif

#if ODBC_2 || IS_WIDE
SQLRETURN SQL_API LETTER(SQLSetConnectOption)(SQLHDBC dbc, SQLUSMALLINT option, SQLULEN value) {
    CALL(dbc, option, value);
    DONE(set_attribute(dbc, option, (SQLPOINTER)value));
}

SQLRETURN SQL_API LETTER(SQLGetConnectOption)(SQLHDBC dbc, SQLUSMALLINT option, SQLPOINTER value) {
    CALL(dbc, option);
    if (option == SQL_CURRENT_QUALIFIER) DONE(give("catalog", value, SQL_MAX_OPTION_STRING_LENGTH, IS_WIDE, 1, NULL));
    DONE(get_attribute(dbc, option, value, NULL));
}
#endif

#if ODBC_2
/* Destructive: the record is gone once it was read. */
SQLRETURN SQL_API LETTER(SQLError)(SQLHENV env, SQLHDBC dbc, SQLHSTMT statement, CHAR *state, SQLINTEGER *native, CHAR *text,
                                   SQLSMALLINT max, SQLSMALLINT *length) {
    struct handle *h = statement ? statement : dbc ? dbc : env;
    ASK(h, env, dbc, statement, max);
    SQLRETURN code = diag_rec(h, 1, state, native, text, max, length, IS_WIDE);
    forget(h);
    DONE(code);
}
#endif

#ifndef OLD
SQLRETURN SQL_API LETTER(SQLGetDiagRec)(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT number, CHAR *state, SQLINTEGER *native,
                                        CHAR *text, SQLSMALLINT max, SQLSMALLINT *length) {
    ASK(handle, kind, number, max);
    DONE(diag_rec(handle, number, state, native, text, max, length, IS_WIDE));
}

SQLRETURN SQL_API LETTER(SQLGetDiagField)(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER info,
                                          SQLSMALLINT max, SQLSMALLINT *length) {
    ASK(handle, kind, number, field, max);
    DONE(diag_field(handle, number, field, info, max, length, IS_WIDE));
}
#endif
