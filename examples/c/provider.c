/* Gives connections through tokenshim their token:  provider 'DSN=sales' TOKEN
   The driver's section has TokenSource=callback and TokenCallback=my-provider.
   cc -std=c99 provider.c $(pkg-config --cflags --libs tokenshim) -lodbc */

#include <stdio.h>

#include <sql.h>
#include <sqlext.h>
#include <tokenshim.h>

/* Called on a thread of tokenshim's while a connect waits. A program would ask whoever gives it tokens. */
static int provide(void *data, const tokenshim_request *request, tokenshim_answer *answer) {
    const char *token = (const char *)data;
    if (!*token) {
        snprintf(answer->message, sizeof answer->message, "no token for %s", request->user ? request->user : "anybody");
        return TOKENSHIM_REFUSED;
    }
    snprintf(answer->token, answer->token_room, "%s", token);
    answer->expires_in_seconds = 3600;
    return TOKENSHIM_GAVE_TOKEN;
}

int main(int count, char **arguments) {
    SQLHENV environment;
    SQLHDBC connection;
    SQLCHAR state[6] = "", message[SQL_MAX_MESSAGE_LENGTH] = "";
    tokenshim_failure failure;
    tokenshim_handle provider;

    if (count != 3) return fputs("usage: provider CONNECTION-STRING TOKEN\n", stderr), 2;
    if (tokenshim_provider_register("my-provider", provide, arguments[2], &provider, &failure) != TOKENSHIM_STATUS_OK)
        return fprintf(stderr, "%s %s\n", failure.sqlstate, failure.message), 1;

    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    SQLRETURN code = SQLDriverConnect(connection, NULL, (SQLCHAR *)arguments[1], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
    if (!SQL_SUCCEEDED(code)) {
        SQLGetDiagRec(SQL_HANDLE_DBC, connection, 1, state, NULL, message, sizeof message, NULL);
        return fprintf(stderr, "%s %s\n", (char *)state, (char *)message), 1;
    }
    puts("connected");

    SQLDisconnect(connection);
    SQLFreeHandle(SQL_HANDLE_DBC, connection);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
    return tokenshim_free(provider, &failure) == TOKENSHIM_STATUS_OK ? 0 : 1;
}
