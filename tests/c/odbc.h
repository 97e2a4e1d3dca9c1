/* What the programs in this folder share: a check that says where it failed, texts in both letters, and connections.

   Each text that a program passes, and each buffer that it offers, is a block of the heap of exactly that size, so that
   valgrind and AddressSanitizer see whoever reads or writes beside it. */

#ifndef ODBC_H
#define ODBC_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#ifdef OPENED /* a driver manager, or a driver, that is opened when the program runs */
#include "opened.h"
#endif

#define CHECK(what) \
    do { \
        if (!(what)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
            exit(1); \
        } \
    } while (0)

/* As CHECK for a call that should succeed; else it says what the handle's first record says. */
#define SUCCEED(kind, handle, call) \
    do { \
        SQLRETURN code_ = (call); \
        if (!SQL_SUCCEEDED(code_)) { \
            fprintf(stderr, "%s:%d: %s: %d %s\n", __FILE__, __LINE__, #call, code_, first_record(kind, handle)); \
            exit(1); \
        } \
    } while (0)

#define OK(...) (printf("ok " __VA_ARGS__), putchar('\n'))

/* -- Texts */

static inline void *memory(size_t bytes) {
    void *block = calloc(bytes ? bytes : 1, 1); /* zero: iODBC reads what it should write, also where nothing was written */
    CHECK(block);
    return block;
}

/* A text as functions of this letter want it: freed by the caller. */
static inline void *text(char letter, const char *ascii) {
    size_t count = strlen(ascii) + 1, unit = letter == 'W' ? sizeof(SQLWCHAR) : 1;
    unsigned char *units = memory(count * unit);
    for (size_t i = 0; i < count; i++) {
        if (letter == 'W') ((SQLWCHAR *)(void *)units)[i] = (unsigned char)ascii[i];
        else units[i] = (unsigned char)ascii[i];
    }
    return units;
}

/* What stands in such a text, cut to `size`. */
static inline const char *narrow(char letter, const void *units, char *out, size_t size) {
    size_t at = 0;
    for (; at + 1 < size; at++) {
        unsigned c = letter == 'W' ? (unsigned)((const SQLWCHAR *)units)[at] : ((const unsigned char *)units)[at];
        if (!c) break;
        out[at] = (char)c;
    }
    out[at] = 0;
    return out;
}

/* -- The few functions that have two letters */

static inline SQLRETURN driver_connect(char letter, SQLHDBC dbc, const char *string, void *out, SQLSMALLINT max, SQLSMALLINT *length) {
    void *in = text(letter, string);
    SQLRETURN code = letter == 'W' ? SQLDriverConnectW(dbc, NULL, in, SQL_NTS, out, max, length, SQL_DRIVER_NOPROMPT)
                                   : SQLDriverConnect(dbc, NULL, in, SQL_NTS, out, max, length, SQL_DRIVER_NOPROMPT);
    free(in);
    return code;
}

static inline SQLRETURN browse_connect(char letter, SQLHDBC dbc, const char *string, void *out, SQLSMALLINT max, SQLSMALLINT *length) {
    void *in = text(letter, string);
    SQLRETURN code = letter == 'W' ? SQLBrowseConnectW(dbc, in, SQL_NTS, out, max, length)
                                   : SQLBrowseConnect(dbc, in, SQL_NTS, out, max, length);
    free(in);
    return code;
}

static inline SQLRETURN connect_by_name(char letter, SQLHDBC dbc, const char *dsn, const char *user, const char *password) {
    void *names[3] = {text(letter, dsn), user ? text(letter, user) : NULL, password ? text(letter, password) : NULL};
    SQLRETURN code = letter == 'W' ? SQLConnectW(dbc, names[0], SQL_NTS, names[1], SQL_NTS, names[2], SQL_NTS)
                                   : SQLConnect(dbc, names[0], SQL_NTS, names[1], SQL_NTS, names[2], SQL_NTS);
    for (int i = 0; i < 3; i++) free(names[i]);
    return code;
}

static inline SQLRETURN execute(char letter, SQLHSTMT statement, const char *sql) {
    void *in = text(letter, sql);
    SQLRETURN code = letter == 'W' ? SQLExecDirectW(statement, in, SQL_NTS) : SQLExecDirect(statement, in, SQL_NTS);
    free(in);
    return code;
}

static inline SQLRETURN diag_rec(char letter, SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT number, void *state, SQLINTEGER *native,
                                 void *message, SQLSMALLINT max, SQLSMALLINT *length) {
    return letter == 'W' ? SQLGetDiagRecW(kind, handle, number, state, native, message, max, length)
                         : SQLGetDiagRec(kind, handle, number, state, native, message, max, length);
}

static inline const char *first_record(SQLSMALLINT kind, SQLHANDLE handle) {
    static char record[700];
    SQLCHAR state[6] = "", message[600] = "";
    SQLGetDiagRec(kind, handle, 1, state, NULL, message, sizeof message, NULL);
    snprintf(record, sizeof record, "%s %s", (char *)state, (char *)message);
    return record;
}

/* -- Handles */

static inline SQLHANDLE handle(SQLSMALLINT kind, SQLHANDLE parent) {
    SQLHANDLE made = NULL;
    CHECK(SQLAllocHandle(kind, parent, &made) == SQL_SUCCESS && made);
    return made;
}

static inline SQLHENV environment(void) {
    SQLHENV env = handle(SQL_HANDLE_ENV, NULL);
    CHECK(SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0) == SQL_SUCCESS);
    return env;
}

/* Runs `select 1` on a connection: it is alive. */
static inline void query_one(char letter, SQLHDBC dbc) {
    SQLHSTMT statement = handle(SQL_HANDLE_STMT, dbc);
    SQLCHAR one[8] = "";
    SUCCEED(SQL_HANDLE_STMT, statement, execute(letter, statement, "select 1"));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLFetch(statement));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLGetData(statement, 1, SQL_C_CHAR, one, sizeof one, NULL));
    CHECK(!strcmp((char *)one, "1"));
    SUCCEED(SQL_HANDLE_STMT, statement, SQLFreeHandle(SQL_HANDLE_STMT, statement));
}

#endif
