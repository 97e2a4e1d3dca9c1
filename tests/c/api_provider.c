/* A program whose own function gives the tokens. api_provider STRING, whose settings name the provider `program`, and a TokenTimeout of a few seconds. */

#include <pthread.h>

#include "api.h"

static enum { GIVES, HANGS, REFUSES, IS_AWAY, RAMBLES, OVERFLOWS } mood;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static int calls, let_go, ended;
static char last[256], replaced[64];

static int provide(void *data, const tokenshim_request *request, tokenshim_answer *answer) {
    CHECK(data == &calls && answer->token_room == TOKENSHIM_TOKEN_BYTES && !*answer->token && !*answer->message);
    tokenshim_counters counters;
    WORKS(tokenshim_counters_read(&counters, failure)); /* it may call tokenshim: no lock is held */
    pthread_mutex_lock(&lock);
    calls++;
    snprintf(last, sizeof last, "%s for %s, at most %s", request->name, request->scope ? request->scope : "nothing",
             request->timeout_ms <= 10000 ? "seconds" : "long");
    snprintf(replaced, sizeof replaced, "%s", request->instead_of ? request->instead_of : "none");
    while (mood == HANGS && !let_go) pthread_cond_wait(&news, &lock);
    pthread_mutex_unlock(&lock);
    if (mood == OVERFLOWS) {
        memset(answer->token, 'x', answer->token_room);
        memset(answer->message, 'x', sizeof answer->message);
        return TOKENSHIM_GAVE_TOKEN;
    }
    snprintf(answer->token, answer->token_room, "token-%d", calls);
    answer->expires_in_seconds = 3600;
    snprintf(answer->message, sizeof answer->message, "%s", "not today");
    pthread_mutex_lock(&lock);
    ended++;
    pthread_mutex_unlock(&lock);
    return mood == REFUSES ? TOKENSHIM_REFUSED : mood == IS_AWAY ? TOKENSHIM_UNREACHABLE : mood == RAMBLES ? 99 : TOKENSHIM_GAVE_TOKEN;
}

static void fails(const char *string, int how, tokenshim_status expected) {
    tokenshim_handle token = 0;
    tokenshim_failure failure;
    mood = how;
    CHECK(tokenshim_token_get(string, 0, 0, &token, &failure) == expected && !token);
    OK("%s %s", failure.sqlstate, failure.message);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    const char *string = arguments[1];
    tokenshim_handle provider = 0, token = 0;
    COMES_TO(TOKENSHIM_STATUS_SETTING, tokenshim_token_get(string, 0, 0, &token, failure)); /* before it is registered */
    WORKS(tokenshim_provider_register("program", provide, &calls, &provider, failure));
    fails(string, REFUSES, TOKENSHIM_STATUS_REFUSED);
    fails(string, IS_AWAY, TOKENSHIM_STATUS_UNREACHABLE);
    fails(string, RAMBLES, TOKENSHIM_STATUS_SETTING);
    fails(string, OVERFLOWS, TOKENSHIM_STATUS_SETTING);

    mood = GIVES;
    token = token_of(string);
    char *text = token_text(token);
    OK("%s; it was asked as %s", text, last);
    free(text);
    SQLHENV env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    int before = calls;
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect('A', dbc, string, NULL, 0, NULL));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    CHECK(calls == before);
    OK("a connect through the driver manager has the same token");
    char refused[128];
    snprintf(refused, sizeof refused, "%s;Fail=28000:no", string);
    CHECK(!strcmp(replaced, "none") && driver_connect('A', dbc, refused, NULL, 0, NULL) == SQL_ERROR);
    OK("a server refused %s: the program knows which", replaced);
    tokenshim_handle newer = token_of(string);
    WORKS(tokenshim_token_forget(newer, failure));
    WORKS(tokenshim_free(newer, failure));
    WORKS(tokenshim_token_forget(token, failure));
    WORKS(tokenshim_free(token, failure));

    fails(string, HANGS, TOKENSHIM_STATUS_TIMEOUT);
    CHECK(driver_connect('A', dbc, string, NULL, 0, NULL) == SQL_ERROR);
    CHECK(!strncmp(first_record(SQL_HANDLE_DBC, dbc), "HYT00", 5));
    OK("a connect does not wait for it, either");
    COMES_TO(TOKENSHIM_STATUS_STILL_RUNNING, tokenshim_free(provider, failure));
    COMES_TO(TOKENSHIM_STATUS_SETTING, tokenshim_token_get(string, 0, 0, &token, failure)); /* it is asked no more */
    pthread_mutex_lock(&lock);
    let_go = 1;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
    tokenshim_status status;
    while ((status = tokenshim_free(provider, NULL)) == TOKENSHIM_STATUS_STILL_RUNNING) sched_yield();
    CHECK(status == TOKENSHIM_STATUS_OK && ended == calls - 1); /* but for the one that overflowed */
    COMES_TO(TOKENSHIM_STATUS_INVALID_HANDLE, tokenshim_free(provider, failure));
    OK("its data is free once its last call has come back");
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
    return 0;
}
