/* People who sign in on a program's own pages.
   api_partner begin STRING REDIRECT USER     prints the URL, the state and the saved session
   api_partner finish SAVED QUERY             finishes in another process: prints the token
   api_partner users STRING REDIRECT COUNT    many threads, each with a user of its own
   api_partner out STRING USER                signs out
   api_partner misuse STRING REDIRECT         what no program should do; and a fork between the two ends
   api_partner stories STRING REDIRECT COUNT  both */

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"

#define NONE TOKENSHIM_STATUS_INVALID_ARGUMENT
#define GONE TOKENSHIM_STATUS_INVALID_HANDLE
#define SHORT TOKENSHIM_STATUS_BUFFER_TOO_SHORT

static const unsigned char KEY[TOKENSHIM_SESSION_KEY_BYTES] = {7};
static const char *string_, *redirect_;

static tokenshim_sign_in_options of_user(const char *user) {
    tokenshim_sign_in_options options = {sizeof options, user, NULL, NULL, NULL, NULL, 0, 0};
    return options;
}

static tokenshim_handle begin(const char *user) {
    tokenshim_sign_in_options options = of_user(user);
    tokenshim_handle session = 0;
    WORKS(tokenshim_sign_in_begin(string_, redirect_, &options, &session, failure));
    CHECK(session != 0);
    return session;
}

typedef tokenshim_status (*text_function)(tokenshim_handle, char *, size_t, size_t *, tokenshim_failure *);

static char *text_of(text_function function, tokenshim_handle handle) {
    size_t length = 0;
    COMES_TO(SHORT, function(handle, NULL, 0, &length, failure));
    char *text = (char *)memory(length + 1);
    COMES_TO(SHORT, function(handle, text, length, NULL, failure));
    WORKS(function(handle, text, length + 1, NULL, failure));
    CHECK(strlen(text) == length);
    return text;
}

static char *saved(tokenshim_handle session) {
    size_t length = 0;
    COMES_TO(SHORT, tokenshim_sign_in_session_save(session, KEY, sizeof KEY, NULL, 0, &length, failure));
    char *text = (char *)memory(length + 1);
    WORKS(tokenshim_sign_in_session_save(session, KEY, sizeof KEY, text, length + 1, NULL, failure));
    return text;
}

static tokenshim_handle loaded(const char *text) {
    tokenshim_handle session = 0;
    WORKS(tokenshim_sign_in_session_load(text, KEY, sizeof KEY, &session, failure));
    return session;
}

/* A browser that does as it is told, of a provider that asks nobody: the query with which it comes back. */
static char *browse(const char *url) {
    static const char host[] = "http://127.0.0.1:";
    CHECK(!strncmp(url, host, strlen(host)));
    char *path = NULL;
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)strtol(url + strlen(host), &path, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int to = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(to >= 0 && !connect(to, (struct sockaddr *)&address, sizeof address));
    char *text = (char *)memory(strlen(path) + 100), answer[8192];
    int length = snprintf(text, strlen(path) + 100, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    CHECK(send(to, text, (size_t)length, 0) == length);
    free(text);
    size_t got = 0;
    answer[0] = 0;
    while (!strstr(answer, "\r\n\r\n")) {
        ssize_t more = recv(to, answer + got, sizeof answer - 1 - got, 0);
        CHECK(more > 0);
        answer[got += (size_t)more] = 0;
    }
    close(to);
    char *location = strstr(answer, "ocation: ");
    CHECK(location && (location = strchr(location, '?')));
    location[strcspn(location, "\r")] = 0;
    return strdup(location + 1);
}

static char *query_for(tokenshim_handle session) {
    char *url = text_of(tokenshim_sign_in_url, session), *query = browse(url);
    free(url);
    return query;
}

static tokenshim_handle finished(tokenshim_handle session, const char *query) {
    tokenshim_handle token = 0;
    WORKS(tokenshim_sign_in_finish(session, query, 20, &token, failure));
    return token;
}

static void freed(tokenshim_handle handle) { WORKS(tokenshim_free(handle, failure)); }

/* Through the driver manager of this process. */
static void connects(const char *string, int number) {
    char named[500];
    snprintf(named, sizeof named, "%s;UID=user-%d", string, number);
    SQLHENV env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env);
    SUCCEED(SQL_HANDLE_DBC, dbc, driver_connect('A', dbc, named, NULL, 0, NULL));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDisconnect(dbc));
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLFreeHandle(SQL_HANDLE_DBC, dbc));
    SUCCEED(SQL_HANDLE_ENV, env, SQLFreeHandle(SQL_HANDLE_ENV, env));
}

static void *user(void *number) {
    char name[40];
    snprintf(name, sizeof name, "tenant;%d/ann", *(int *)number);
    tokenshim_handle session = begin(name), again = 0;
    char *query = query_for(session);
    tokenshim_handle token = finished(session, query);
    char *text = token_text(token), string[400];
    snprintf(string, sizeof string, "%s;TokenUser={%s}", string_, name);
    WORKS(tokenshim_token_get(string, 0, 0, &again, failure));
    char *same = token_text(again);
    CHECK(!strcmp(text, same));
    freed(session), freed(token), freed(again);
    free(query), free(same);
    connects(string, *(int *)number);
    tokenshim_sign_in_options options = of_user(name);
    int was_signed_in = 0;
    WORKS(tokenshim_sign_out(string_, &options, &was_signed_in, failure));
    CHECK(was_signed_in == 1);
    COMES_TO(TOKENSHIM_STATUS_SIGN_IN_NEEDED, tokenshim_token_get(string, 0, 0, &again, failure));
    return text;
}

static void users(int count) {
    pthread_t threads[64];
    int numbers[64];
    char *texts[64];
    CHECK(count <= 64);
    for (int at = 0; at < count; at++) {
        numbers[at] = at;
        CHECK(!pthread_create(&threads[at], NULL, user, &numbers[at]));
    }
    for (int at = 0; at < count; at++) CHECK(!pthread_join(threads[at], (void **)&texts[at]));
    for (int at = 0; at < count; at++)
        for (int other = 0; other < at; other++) CHECK(strcmp(texts[at], texts[other]));
    for (int at = 0; at < count; at++) {
        OK("user-%d %s", at, texts[at]);
        free(texts[at]);
    }
    OK("%d users have tokens of their own", count);
}

static void misuse(void) {
    tokenshim_handle session = 7, token = 7;
    tokenshim_sign_in_options options = of_user("ann");
    options.size--;
    COMES_TO(NONE, tokenshim_sign_in_begin(string_, redirect_, &options, &session, failure));
    CHECK(session == 0);
    options = of_user("");
    COMES_TO(NONE, tokenshim_sign_in_begin(string_, redirect_, &options, &session, failure));
    options = of_user("\xff");
    COMES_TO(NONE, tokenshim_sign_in_begin(string_, redirect_, &options, &session, failure));
    COMES_TO(NONE, tokenshim_sign_in_begin(NULL, redirect_, NULL, &session, failure));
    COMES_TO(NONE, tokenshim_sign_in_begin(string_, NULL, NULL, &session, failure));
    COMES_TO(NONE, tokenshim_sign_in_begin(string_, redirect_, NULL, NULL, failure));
    COMES_TO(TOKENSHIM_STATUS_SETTING, tokenshim_sign_in_begin(string_, redirect_, NULL, &session, failure)); /* of nobody */
    options = of_user("ann");
    COMES_TO(TOKENSHIM_STATUS_SETTING, tokenshim_sign_in_begin(string_, "http://app.example/back", &options, &session, failure));
    COMES_TO(TOKENSHIM_STATUS_NO_DATA_SOURCE, tokenshim_sign_in_begin("DSN=nobody", redirect_, NULL, &session, failure));
    COMES_TO(GONE, tokenshim_sign_in_finish(0, "state=x", 0, &token, failure));
    COMES_TO(GONE, tokenshim_sign_in_url(1, NULL, 0, NULL, failure));

    session = begin("ann");
    char *query = query_for(session), *text = saved(session), wrong[200];
    COMES_TO(NONE, tokenshim_sign_in_finish(session, NULL, 0, &token, failure));
    COMES_TO(NONE, tokenshim_sign_in_finish(session, query, 0, NULL, failure));
    COMES_TO(NONE, tokenshim_sign_in_session_save(session, KEY, 31, NULL, 0, NULL, failure));
    COMES_TO(NONE, tokenshim_sign_in_session_save(session, NULL, 32, NULL, 0, NULL, failure));
    COMES_TO(NONE, tokenshim_sign_in_session_load(NULL, KEY, 32, &token, failure));
    COMES_TO(TOKENSHIM_STATUS_WRONG_STATE, tokenshim_sign_in_session_load("AAAA", KEY, 32, &token, failure));
    const unsigned char other_key[32] = {8};
    COMES_TO(TOKENSHIM_STATUS_WRONG_STATE, tokenshim_sign_in_session_load(text, other_key, 32, &token, failure));
    text[40] = text[40] == 'A' ? 'B' : 'A';
    COMES_TO(TOKENSHIM_STATUS_WRONG_STATE, tokenshim_sign_in_session_load(text, KEY, 32, &token, failure));
    free(text);
    OK("sessions that somebody made or changed");

    snprintf(wrong, sizeof wrong, "%.60s&state=%s", query, "AAAA");
    COMES_TO(TOKENSHIM_STATUS_WRONG_STATE, tokenshim_sign_in_finish(session, wrong, 0, &token, failure));
    COMES_TO(TOKENSHIM_STATUS_WRONG_STATE, tokenshim_sign_in_finish(session, "code=x", 0, &token, failure));
    COMES_TO(TOKENSHIM_STATUS_WRONG_STATE, tokenshim_sign_in_finish(session, "code=x&state=AAAA", 0, &token, failure));
    text = saved(session);
    pid_t child = fork();
    if (!child) {
        freed(finished(session, query));
        COMES_TO(TOKENSHIM_STATUS_SESSION_OVER, tokenshim_sign_in_finish(session, query, 0, &token, failure));
        _exit(0);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    /* This process has not used it up; but the provider takes a code once. */
    COMES_TO(TOKENSHIM_STATUS_REFUSED, tokenshim_sign_in_finish(session, query, 0, &token, failure));
    CHECK(token == 0);
    tokenshim_handle again = loaded(text);
    COMES_TO(TOKENSHIM_STATUS_SESSION_OVER, tokenshim_sign_in_finish(again, query, 0, &token, failure));
    freed(again), freed(session);
    COMES_TO(GONE, tokenshim_sign_in_finish(session, query, 0, &token, failure));
    free(text), free(query);
    OK("wrong states, a child that finishes, and a session that is used twice");

    session = begin("bob");
    query = query_for(session);
    token = finished(session, query);
    COMES_TO(GONE, tokenshim_sign_in_url(token, NULL, 0, NULL, failure));
    COMES_TO(GONE, tokenshim_token_text(session, NULL, 0, NULL, failure));
    freed(token), freed(session);
    free(query);
    OK("handles of another kind");
}

int main(int count, char **arguments) {
    CHECK(count >= 4);
    const char *what = arguments[1];
    string_ = arguments[2], redirect_ = arguments[3];
    if (!strcmp(what, "begin")) {
        tokenshim_handle session = begin(arguments[4]);
        char *url = text_of(tokenshim_sign_in_url, session), *state = text_of(tokenshim_sign_in_state, session), *text = saved(session);
        OK("%s", url), OK("%s", state), OK("%s", text);
        freed(session);
        free(url), free(state), free(text);
    } else if (!strcmp(what, "finish")) {
        tokenshim_handle session = loaded(arguments[2]), token = finished(session, arguments[3]);
        char *text = token_text(token);
        OK("%s", text);
        free(text);
        freed(token), freed(session);
    } else if (!strcmp(what, "out")) {
        tokenshim_sign_in_options options = of_user(arguments[3]);
        int first = -1, second = -1;
        tokenshim_handle token = 0;
        char string[400];
        WORKS(tokenshim_sign_out(string_, &options, &first, failure));
        WORKS(tokenshim_sign_out(string_, &options, &second, failure));
        snprintf(string, sizeof string, "%s;TokenUser={%s}", string_, arguments[3]);
        COMES_TO(TOKENSHIM_STATUS_SIGN_IN_NEEDED, tokenshim_token_get(string, 0, 0, &token, failure));
        OK("%d, then %d", first, second);
    } else if (!strcmp(what, "users")) {
        users(atoi(arguments[4]));
    } else {
        misuse();
        if (!strcmp(what, "stories")) users(atoi(arguments[4]));
    }
    return 0;
}
