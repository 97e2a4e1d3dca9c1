/* What no program should do, and what it gets for that: a status. api_misuse STRING STRING-WITHOUT-TOKEN */

#include <pthread.h>

#include "api.h"

#define NONE TOKENSHIM_STATUS_INVALID_ARGUMENT
#define GONE TOKENSHIM_STATUS_INVALID_HANDLE

static int give_nothing(void *data, const tokenshim_request *request, tokenshim_answer *answer) {
    (void)data, (void)request, (void)answer;
    return TOKENSHIM_REFUSED;
}

static void hear_nothing(void *data, const char *line) {
    (void)data, (void)line;
}

static void null_pointers(const char *string) {
    tokenshim_handle token = 77;
    COMES_TO(NONE, tokenshim_token_get(NULL, 0, 0, &token, failure));
    CHECK(token == 0);
    COMES_TO(NONE, tokenshim_token_get(string, 0, 0, NULL, failure));
    COMES_TO(NONE, tokenshim_token_get(string, 0, 0x80, &token, failure));
    COMES_TO(NONE, tokenshim_token_get_for_dsn(NULL, 0, 0, &token, failure));
    COMES_TO(NONE, tokenshim_provider_register(NULL, give_nothing, NULL, &token, failure));
    COMES_TO(NONE, tokenshim_provider_register("", give_nothing, NULL, &token, failure));
    COMES_TO(NONE, tokenshim_provider_register("\xff", give_nothing, NULL, &token, failure));
    COMES_TO(NONE, tokenshim_provider_register("x", NULL, NULL, &token, failure));
    COMES_TO(NONE, tokenshim_provider_register("x", give_nothing, NULL, NULL, failure));
    COMES_TO(NONE, tokenshim_log_register(NULL, NULL, &token, failure));
    COMES_TO(NONE, tokenshim_log_register(hear_nothing, NULL, NULL, failure));
    COMES_TO(NONE, tokenshim_counters_read(NULL, failure));
    CHECK(tokenshim_token_get(NULL, 0, 0, &token, NULL) == NONE);
    CHECK(tokenshim_counters_read(NULL, NULL) == NONE && tokenshim_free(0, NULL) == GONE);
    tokenshim_wipe(NULL, 9);
    tokenshim_wipe(&token, 0);
    OK("NULL");
}

static void lengths(const char *string) {
    tokenshim_handle token = token_of(string);
    size_t length = 0;
    char *text = token_text(token), *room = (char *)memory(strlen(text));
    memset(room, '-', strlen(text));
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_token_text(token, room, strlen(text), &length, failure));
    CHECK(length == strlen(text) && room[0] == '-' && room[length - 1] == '-');
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_token_text(token, room, 0, NULL, failure));
    COMES_TO(NONE, tokenshim_token_text(token, NULL, 10, &length, failure));
    COMES_TO(NONE, tokenshim_token_text(token, room, (size_t)-1, &length, failure));
    COMES_TO(NONE, tokenshim_token_connection_string(token, room, (size_t)-3 /* SQL_NTS */, &length, failure));
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_token_access_token(token, room, strlen(text), &length, failure));
    CHECK(length == 4 + 2 * strlen(text));
    COMES_TO(NONE, tokenshim_token_expiry(token, NULL, failure));
    free(room);
    free(text);
    WORKS(tokenshim_free(token, failure));
    OK("short buffers and wrong lengths");
}

static void handles(const char *string) {
    tokenshim_handle token = token_of(string), provider = 0, listener = 0, second = 0;
    int64_t end = 0;
    WORKS(tokenshim_provider_register("misused", give_nothing, NULL, &provider, failure));
    COMES_TO(TOKENSHIM_STATUS_NAME_TAKEN, tokenshim_provider_register("misused", give_nothing, NULL, &second, failure));
    WORKS(tokenshim_log_register(hear_nothing, NULL, &listener, failure));
    tokenshim_handle others[] = {0, 1, (tokenshim_handle)-1, (tokenshim_handle)(uintptr_t)string, provider, listener, token ^ 1, token + ((tokenshim_handle)1 << 32)};
    for (size_t at = 0; at < sizeof others / sizeof *others; at++) {
        if (others[at] == provider || others[at] == listener || at < 6) {
            char text[4];
            COMES_TO(GONE, tokenshim_token_text(others[at], text, sizeof text, NULL, failure));
            COMES_TO(GONE, tokenshim_token_access_token(others[at], text, sizeof text, NULL, failure));
            COMES_TO(GONE, tokenshim_token_connection_string(others[at], text, sizeof text, NULL, failure));
            COMES_TO(GONE, tokenshim_token_expiry(others[at], &end, failure));
            COMES_TO(GONE, tokenshim_token_forget(others[at], failure));
        }
        if (others[at] != provider && others[at] != listener && at != 6) COMES_TO(GONE, tokenshim_free(others[at], failure));
    }
    tokenshim_handle all[] = {token, provider, listener};
    for (int at = 0; at < 3; at++) WORKS(tokenshim_free(all[at], failure));
    for (int at = 0; at < 3; at++) COMES_TO(GONE, tokenshim_free(all[at], failure));
    COMES_TO(GONE, tokenshim_token_expiry(token, &end, failure));
    WORKS(tokenshim_provider_register("misused", give_nothing, NULL, &provider, failure)); /* the name is free again */
    WORKS(tokenshim_free(provider, failure));
    OK("handles that stand for nothing");
}

static void strings(const char *without) {
    tokenshim_handle token = 0;
    const char *nowhere[] = {"", ";;;", "=", "DSN=", "DSN=nobody", "UID=u"};
    for (size_t at = 0; at < sizeof nowhere / sizeof *nowhere; at++)
        COMES_TO(TOKENSHIM_STATUS_NO_DATA_SOURCE, tokenshim_token_get(nowhere[at], 0, 0, &token, failure));
    COMES_TO(TOKENSHIM_STATUS_NO_TOKEN, tokenshim_token_get(without, 0, 0, &token, failure));
    char *open = (char *)memory(100000);
    memset(open, 'x', 99999);
    memcpy(open, "DSN={", 5);
    COMES_TO(TOKENSHIM_STATUS_NO_DATA_SOURCE, tokenshim_token_get(open, 0, 0, &token, failure));
    free(open);
    OK("strings that lead nowhere");
}

/* Whatever a string is: a status, and a failure that is whole. The numbers are the same each time. */
static void any_string(void) {
    static const char *pieces[] = {"DSN=plain", "DRIVER=Engine;", "DRIVER=", "TokenSource=", "TokenUser=", ";", "{", "}", "=", " ", "x", "\xff", "\n", "PWD"};
    unsigned number = 1;
    int good = 0;
    for (int round = 0; round < 300; round++) {
        char *string = (char *)memory(400);
        for (int piece = 0; piece < 12; piece++) {
            number = number * 1103515245u + 12345u;
            strcat(string, pieces[number / 65536 % (sizeof pieces / sizeof *pieces)]);
        }
        tokenshim_failure failure;
        tokenshim_handle token = 0;
        tokenshim_status status = tokenshim_token_get(string, 0, 0, &token, &failure);
        is_filled(status, &failure);
        CHECK((status == TOKENSHIM_STATUS_OK) == (token != 0) && status != TOKENSHIM_STATUS_INTERNAL);
        if (token) good++, tokenshim_free(token, NULL);
        free(string);
    }
    OK("any string; of some %s", good ? "comes a token" : "comes no token");
}

/* -- Many threads use, and free, the same handles. */

static tokenshim_handle shared[16];
static int freed;

static void *use(void *string) {
    for (int at = 0; at < 16; at++) {
        char text[512];
        int64_t end = 0;
        tokenshim_handle own = token_of((const char *)string);
        tokenshim_status read = tokenshim_token_text(shared[at], text, sizeof text, NULL, NULL);
        CHECK(read == TOKENSHIM_STATUS_OK || read == GONE);
        if (tokenshim_free(shared[at], NULL) == TOKENSHIM_STATUS_OK) __sync_fetch_and_add(&freed, 1);
        WORKS(tokenshim_token_expiry(own, &end, failure));
        WORKS(tokenshim_free(own, failure));
    }
    return NULL;
}

static void many_threads(char *string) {
    pthread_t threads[8];
    for (int at = 0; at < 16; at++) shared[at] = token_of(string);
    for (int at = 0; at < 8; at++) CHECK(!pthread_create(&threads[at], NULL, use, string));
    for (int at = 0; at < 8; at++) CHECK(!pthread_join(threads[at], NULL));
    CHECK(freed == 16);
    OK("many threads");
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    null_pointers(arguments[1]);
    lengths(arguments[1]);
    handles(arguments[1]);
    strings(arguments[2]);
    any_string();
    many_threads(arguments[1]);
    return 0;
}
