/* A driver that keeps nothing of what it is given. It only looks whether the token has come, as a password or in the
   ACCESSTOKEN structure, of which it has the address alone: $FORGETFUL_TOKEN is the token in hex, each byte xor MASK, so
   that the token itself stands nowhere else in the process. */

#include <sql.h>
#include <sqlext.h>
#include <stdlib.h>
#include <string.h>

enum { ACCESS_TOKEN = 1256, MASK = 0x55 };

struct handle {
    const unsigned char *access_token;
};

/* Whether the token stands here, each byte of it `step` behind the last, and nothing right behind it but `end`. */
static int is_token(const unsigned char *given, size_t step, int end) {
    const char *masked = getenv("FORGETFUL_TOKEN");
    for (; masked[0] && masked[1]; masked += 2, given += step) {
        char digits[] = {masked[0], masked[1], 0};
        if ((*given ^ MASK) != (unsigned char)strtoul(digits, NULL, 16)) return 0;
    }
    return end < 0 || *given == end;
}

static SQLRETURN connect(const struct handle *h, const unsigned char *password, int end) {
    if (h->access_token) return is_token(h->access_token + 4, 2, -1) ? SQL_SUCCESS : SQL_ERROR;
    return password && is_token(password, 1, end) ? SQL_SUCCESS : SQL_ERROR;
}

SQLRETURN SQL_API SQLAllocHandle(SQLSMALLINT kind, SQLHANDLE parent, SQLHANDLE *out) {
    (void)kind, (void)parent;
    return (*out = calloc(1, sizeof(struct handle))) ? SQL_SUCCESS : SQL_ERROR;
}

SQLRETURN SQL_API SQLFreeHandle(SQLSMALLINT kind, SQLHANDLE handle) {
    (void)kind;
    free(handle);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLSetEnvAttr(SQLHENV env, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
    (void)env, (void)attribute, (void)value, (void)length;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLSetConnectAttr(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
    (void)length;
    if (attribute == ACCESS_TOKEN) ((struct handle *)dbc)->access_token = value;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLDriverConnect(SQLHDBC dbc, SQLHWND window, SQLCHAR *string, SQLSMALLINT length, SQLCHAR *out, SQLSMALLINT max,
                                   SQLSMALLINT *out_length, SQLUSMALLINT completion) {
    (void)window, (void)length, (void)completion;
    const char *password = strstr((char *)string, "PWD={");
    if (out && max > 0) *out = 0;
    if (out_length) *out_length = 0;
    return connect(dbc, password ? (unsigned char *)password + 5 : NULL, '}');
}

SQLRETURN SQL_API SQLConnect(SQLHDBC dbc, SQLCHAR *dsn, SQLSMALLINT dsn_length, SQLCHAR *user, SQLSMALLINT user_length,
                             SQLCHAR *password, SQLSMALLINT password_length) {
    (void)dsn, (void)dsn_length, (void)user, (void)user_length, (void)password_length;
    return connect(dbc, password, 0);
}

SQLRETURN SQL_API SQLDisconnect(SQLHDBC dbc) {
    (void)dbc;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLGetDiagRec(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT record, SQLCHAR *state, SQLINTEGER *native,
                                SQLCHAR *message, SQLSMALLINT max, SQLSMALLINT *length) {
    (void)kind, (void)handle, (void)native, (void)message, (void)max, (void)length;
    if (state && record == 1) strcpy((char *)state, "28000");
    return record == 1 ? SQL_SUCCESS : SQL_NO_DATA;
}
