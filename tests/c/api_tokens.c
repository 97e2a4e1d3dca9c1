/* What a program does with tokens of its own: api_tokens STRING DSN STRING-OF-A-DRIVER-WITH-ATTRIBUTE-1256
   Prints what it got, and what was counted meanwhile. */

#include <time.h>

#include "api.h"

static void expiry(tokenshim_handle token) {
    int64_t end = 0;
    WORKS(tokenshim_token_expiry(token, &end, failure));
    CHECK(end > time(NULL) + 3500 && end <= time(NULL) + 3600);
    OK("it ends within the hour");
}

static void connection_string(tokenshim_handle token) {
    size_t length = 0;
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_token_connection_string(token, NULL, 0, &length, failure));
    char *string = (char *)memory(length + 1);
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_token_connection_string(token, string, length, NULL, failure));
    CHECK(!*string);
    WORKS(tokenshim_token_connection_string(token, string, length + 1, NULL, failure));
    OK("%s", string);
    tokenshim_wipe(string, length);
    for (size_t at = 0; at < length; at++) CHECK(!string[at]);
    free(string);
}

/* Connects with the structure in memory of the program's own, which it wipes when the handle is gone. */
static void attribute(const char *string) {
    tokenshim_handle token = token_of(string);
    char *text = token_text(token);
    size_t length = 0, characters = strlen(text);
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_token_access_token(token, NULL, 0, &length, failure));
    CHECK(length == 4 + 2 * characters);
    unsigned char *structure = (unsigned char *)memory(length);
    WORKS(tokenshim_token_access_token(token, structure, length, &length, failure));
    CHECK(structure[0] == (2 * characters) % 256 && structure[1] == 2 * characters / 256 && !structure[2] && !structure[3]);
    for (size_t at = 0; at < characters; at++) CHECK(structure[4 + 2 * at] == (unsigned char)text[at] && !structure[5 + 2 * at]);
    free(text);
    WORKS(tokenshim_free(token, failure));
    SQLHENV env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLSetConnectAttr(dbc, 1256, structure, SQL_IS_POINTER));
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect('A', dbc, string, NULL, 0, NULL));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    free(structure);
    OK("connected with attribute 1256");
}

int main(int count, char **arguments) {
    CHECK(count == 4);
    tokenshim_counters before, after;
    tokenshim_handle again = 0;
    WORKS(tokenshim_counters_read(&before, failure));
    tokenshim_handle token = token_of(arguments[1]);
    char *text = token_text(token);
    OK("%s", text);
    expiry(token);
    connection_string(token);
    WORKS(tokenshim_token_get_for_dsn(arguments[2], 5, TOKENSHIM_MAY_ASK, &again, failure));
    char *same = token_text(again);
    OK("%s", same);
    connection_string(again);
    WORKS(tokenshim_token_forget(token, failure));
    WORKS(tokenshim_token_forget(token, failure));
    tokenshim_handle newer = token_of(arguments[1]);
    char *other = token_text(newer);
    OK("%s", other);
    WORKS(tokenshim_token_forget(again, failure)); /* a newer one has taken its place */
    tokenshim_handle last = token_of(arguments[1]);
    char *kept = token_text(last);
    OK("%s", kept);
    WORKS(tokenshim_counters_read(&after, failure));
    OK("%d requests, %d hits, %d renewals, %d failures", (int)(after.requests - before.requests), (int)(after.hits - before.hits),
       (int)(after.renewals - before.renewals), (int)(after.failures - before.failures));
    tokenshim_handle all[] = {token, again, newer, last};
    char *texts[] = {text, same, other, kept};
    for (int at = 0; at < 4; at++) {
        WORKS(tokenshim_free(all[at], failure));
        free(texts[at]);
    }
    attribute(arguments[3]);
    return 0;
}
