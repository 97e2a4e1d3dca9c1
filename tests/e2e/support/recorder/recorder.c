/* A small ODBC driver that writes down every call it gets, with its arguments: one line of JSON a call, in the file
   that RECORDER_LOG names. It stands in for drivers that cannot be had freely (under their file names, so
   that tokenshim knows their profile), and fails on purpose.

   Compiled in one of three shapes, -DANSI, -DWIDE or both, and with 4-byte SQLWCHARs by -DSQL_WCHART_CONVERT.
   With ANSI alone there is no SQLError (as in psqlodbca); WIDE alone has SQLSetConnectAttr too, and nothing
   else without W (as Microsoft's driver); both together have SQLError and SQLErrorW, and with -DSUFFIXED the names
   that end in A.

   Environment: RECORDER_FAIL="28000:message"       connects fail with this record
                RECORDER_INFO="01000:message"       connects succeed with this record
                RECORDER_EXEC_FAIL="08006:message"  statements fail with this record
                RECORDER_REFUSE="122,123"           these connection attributes are refused (HYC00)
                RECORDER_COMPLETION="UID=;"         what a connect adds to the string (default "PORT=443")
                RECORDER_CONNECT_SECONDS="2"        a connect takes that long */

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define SQL_COPT_SS_ACCESS_TOKEN 1256
#define SQL_ATTR_CREDENTIALS 122
#define ATTRIBUTES 32

struct handle {
    int kind;
    struct handle *parent;
    char state[6], message[SQL_MAX_MESSAGE_LENGTH]; /* the one diagnostic record, if state is not empty */
    struct { SQLINTEGER name; SQLPOINTER value; } attributes[ATTRIBUTES];
    int attribute_count;
    char connection_string[131072], credentials[16384]; /* there are tokens of 60 kB */
    int browsing, connected, rows_left;
    int descriptors[4];
};

/* -- Diagnostics */

static SQLRETURN fail(struct handle *h, const char *state, const char *message, SQLRETURN code) {
    snprintf(h->state, sizeof h->state, "%s", state);
    snprintf(h->message, sizeof h->message, "[Recorder]%s", message);
    return code;
}

static SQLRETURN fail_as(struct handle *h, const char *variable, SQLRETURN code) {
    const char *text = getenv(variable);
    char state[6] = "";
    if (!text || strlen(text) < 6) return SQL_SUCCESS;
    memcpy(state, text, 5);
    return fail(h, state, text + 6, code);
}

static void forget(struct handle *h) { h->state[0] = 0; }

/* Copies a text out as ODBC wants it: cut to the buffer, the whole length told. */
static SQLRETURN give(const char *text, void *out, int max, int wide, int *length) {
    int whole = put_text(text, out, max, wide);
    if (length) *length = whole;
    return out && whole >= max ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}

static SQLRETURN give_short(const char *text, void *out, int max, int wide, SQLSMALLINT *length) {
    int whole;
    SQLRETURN code = give(text, out, max, wide, &whole);
    if (length) *length = (SQLSMALLINT)whole;
    return code;
}

static SQLRETURN diag_rec(struct handle *h, int number, void *state, SQLINTEGER *native, void *text, int max,
                          SQLSMALLINT *length, int wide) {
    if (number != 1 || !h->state[0]) return SQL_NO_DATA;
    put_text(h->state, state, 6, wide);
    if (native) *native = 4711;
    return give_short(h->message, text, max, wide, length);
}

static SQLRETURN diag_field(struct handle *h, int number, int field, void *info, int max, SQLSMALLINT *length, int wide) {
    int unit = wide ? sizeof(SQLWCHAR) : 1, count = h->state[0] != 0;
    const char *text;
    if (number == 0 && field == SQL_DIAG_NUMBER) return *(SQLINTEGER *)info = count, SQL_SUCCESS;
    if (number == 0 && field == SQL_DIAG_RETURNCODE) return *(SQLRETURN *)info = count ? SQL_ERROR : SQL_SUCCESS, SQL_SUCCESS;
    if (number == 0) return SQL_ERROR;
    if (number != 1 || !count) return SQL_NO_DATA;
    switch (field) {
    case SQL_DIAG_NATIVE: return *(SQLINTEGER *)info = 4711, SQL_SUCCESS;
    case SQL_DIAG_SQLSTATE: text = h->state; break;
    case SQL_DIAG_MESSAGE_TEXT: text = h->message; break;
    case SQL_DIAG_CLASS_ORIGIN: case SQL_DIAG_SUBCLASS_ORIGIN: text = "ISO 9075"; break;
    default: text = "";
    }
    SQLRETURN code = give_short(text, info, max / unit, wide, length);
    if (length) *length *= unit; /* here ODBC counts bytes */
    return code;
}

/* -- Attributes */

static SQLPOINTER *attribute(struct handle *h, SQLINTEGER name, int make) {
    for (int i = 0; i < h->attribute_count; i++)
        if (h->attributes[i].name == name) return &h->attributes[i].value;
    if (!make || h->attribute_count == ATTRIBUTES) return NULL;
    h->attributes[h->attribute_count].name = name;
    return &h->attributes[h->attribute_count++].value;
}

static int refused(SQLINTEGER name) {
    char list[256], wanted[16];
    snprintf(list, sizeof list, ",%s,", getenv("RECORDER_REFUSE") ? getenv("RECORDER_REFUSE") : "");
    snprintf(wanted, sizeof wanted, ",%d,", (int)name);
    return strstr(list, wanted) != NULL;
}

static SQLRETURN set_connect_attr(const char *call, struct handle *h, SQLINTEGER name, SQLPOINTER value, SQLINTEGER length, int wide) {
    struct line *line = begin(call, h);
    forget(h);
    log_int(line, "attribute", name);
    log_int(line, "length", length);
    if (name == SQL_ATTR_CREDENTIALS) {
        int unit = wide ? sizeof(SQLWCHAR) : 1;
        get_text(value, length < 0 ? length : length / unit, wide, h->credentials, sizeof h->credentials);
        log_text(line, "string", h->credentials);
    } else {
        log_int(line, "value", (long)value);
    }
    end(line);
    if (refused(name)) return fail(h, "HYC00", "Optional feature not implemented", SQL_ERROR);
    SQLPOINTER *slot = attribute(h, name, 1);
    if (slot) *slot = value;
    return SQL_SUCCESS;
}

/* Answers 122 with the whole connection string, as the drivers that have it do, and 1256 with the caller's pointer. */
static SQLRETURN get_connect_attr(const char *call, struct handle *h, SQLINTEGER name, SQLPOINTER value, SQLINTEGER max,
                                  SQLINTEGER *length, int wide) {
    struct line *line = begin(call, h);
    forget(h);
    log_int(line, "attribute", name);
    end(line);
    SQLPOINTER *slot = attribute(h, name, 0);
    if (name == SQL_ATTR_CREDENTIALS) {
        int unit = wide ? sizeof(SQLWCHAR) : 1, whole;
        SQLRETURN code = give(h->connection_string, value, max / unit, wide, &whole);
        if (length) *length = whole * unit;
        return code;
    }
    if (name == SQL_COPT_SS_ACCESS_TOKEN) *(SQLPOINTER *)value = slot ? *slot : NULL;
    else if (name == SQL_ATTR_CONNECTION_DEAD) *(SQLUINTEGER *)value = h->connected ? SQL_CD_FALSE : SQL_CD_TRUE;
    else *(SQLUINTEGER *)value = slot ? (SQLUINTEGER)(unsigned long)*slot : 0;
    if (length) *length = name == SQL_COPT_SS_ACCESS_TOKEN ? sizeof(SQLPOINTER) : sizeof(SQLUINTEGER);
    return SQL_SUCCESS;
}

/* -- Connecting */

/* The ACCESSTOKEN structure is read through the stored pointer, as Microsoft's driver reads it: when it connects, and
   again whenever it must connect anew. */
static void log_access_token(struct line *line, struct handle *h) {
    SQLPOINTER *token = attribute(h, SQL_COPT_SS_ACCESS_TOKEN, 0);
    if (token && *token) log_hex(line, "access_token", *token, 4 + *(unsigned *)*token);
}

static SQLRETURN finish_connect(struct line *line, struct handle *h) {
    log_access_token(line, h);
    end(line);
    forget(h);
    if (getenv("RECORDER_CONNECT_SECONDS")) usleep((useconds_t)(1e6 * atof(getenv("RECORDER_CONNECT_SECONDS"))));
    if (fail_as(h, "RECORDER_FAIL", SQL_ERROR) == SQL_ERROR) return SQL_ERROR;
    h->connected = 1;
    return fail_as(h, "RECORDER_INFO", SQL_SUCCESS_WITH_INFO);
}

static SQLRETURN connect_by_string(const char *call, struct handle *h, const void *in, SQLSMALLINT length, void *out,
                                   SQLSMALLINT max, SQLSMALLINT *out_length, int completion, int wide) {
    struct line *line = begin(call, h);
    char completed[sizeof h->connection_string + 256];
    log_int(line, "length", length);
    log_text_or_null(line, "string", in && get_text(in, length, wide, h->connection_string, sizeof h->connection_string)
                                          ? h->connection_string : NULL);
    log_int(line, "out", out ? max : -1);
    if (completion < 0) { /* SQLBrowseConnect asks once more */
        if (!h->browsing) {
            end(line);
            h->browsing = 1;
            give_short("UID:User={?};*PWD:Password={?}", out, max, wide, out_length);
            return SQL_NEED_DATA;
        }
        h->browsing = 0;
    } else {
        log_int(line, "completion", completion);
    }
    SQLRETURN code = finish_connect(line, h);
    if (!SQL_SUCCEEDED(code)) return code;
    const char *completion_text = getenv("RECORDER_COMPLETION");
    snprintf(completed, sizeof completed, "%s;%s", h->connection_string, completion_text ? completion_text : "PORT=443");
    if (give_short(completed, out, max, wide, out_length) == SQL_SUCCESS_WITH_INFO && !h->state[0])
        return fail(h, "01004", "String data, right truncated", SQL_SUCCESS_WITH_INFO);
    return code;
}

static SQLRETURN connect_by_name(const char *call, struct handle *h, const void *dsn, int dsn_length, const void *user,
                                 int user_length, const void *password, int password_length, int wide) {
    struct line *line = begin(call, h);
    char text[4096];
    log_text_or_null(line, "dsn", get_text(dsn, dsn_length, wide, text, sizeof text));
    log_text_or_null(line, "user", get_text(user, user_length, wide, text, sizeof text));
    log_text_or_null(line, "password", get_text(password, password_length, wide, text, sizeof text));
    log_int(line, "dsn_length", dsn_length);
    log_int(line, "user_length", user_length);
    log_int(line, "password_length", password_length);
    return finish_connect(line, h);
}

/* -- Statements: every query has one row with one column, "1" */

static SQLRETURN exec_direct(const char *call, struct handle *h, const void *sql, SQLINTEGER length, int wide) {
    struct line *line = begin(call, h);
    char text[4096];
    log_text_or_null(line, "sql", get_text(sql, length, wide, text, sizeof text));
    end(line);
    forget(h);
    h->rows_left = 1;
    return fail_as(h, "RECORDER_EXEC_FAIL", SQL_ERROR);
}

static SQLRETURN get_info(const char *call, struct handle *h, SQLUSMALLINT info, SQLPOINTER value, SQLSMALLINT max,
                          SQLSMALLINT *length, int wide) {
    struct line *line = begin(call, h);
    log_int(line, "info", info);
    end(line);
    const char *text = info == SQL_DRIVER_ODBC_VER ? "03.80" : info == SQL_DRIVER_NAME ? "recorder" : info == SQL_DBMS_NAME ? "Recorder" : NULL;
    int unit = wide ? sizeof(SQLWCHAR) : 1;
    if (text) {
        SQLRETURN code = give_short(text, value, max / unit, wide, length);
        if (length) *length *= unit;
        return code;
    }
    if (value) *(SQLUINTEGER *)value = 0;
    if (length) *length = sizeof(SQLUINTEGER);
    return SQL_SUCCESS;
}

#include "entry_points.h"

#ifdef SUFFIXED
#define WITH_A(name) __typeof__(name) name##A __attribute__((alias(#name)));
WITH_A(SQLConnect)
WITH_A(SQLDriverConnect)
WITH_A(SQLBrowseConnect)
WITH_A(SQLSetConnectAttr)
WITH_A(SQLGetConnectAttr)
WITH_A(SQLGetDiagRec)
WITH_A(SQLGetDiagField)
WITH_A(SQLError)
#endif
