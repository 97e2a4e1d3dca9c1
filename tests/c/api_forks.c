/* A program that forks while it has handles, and while other threads make and free some. api_forks STRING OTHER-STRING */

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"

static volatile int is_over;

static int refuse(void *data, const tokenshim_request *request, tokenshim_answer *answer) {
    (void)data, (void)request, (void)answer;
    return TOKENSHIM_REFUSED;
}

static void *make_and_free(void *string) {
    while (!is_over) WORKS(tokenshim_free(token_of((const char *)string), failure));
    return NULL;
}

static void *look(void *token) {
    int64_t end = 0;
    while (!is_over) CHECK(tokenshim_token_expiry(*(tokenshim_handle *)token, &end, NULL) == TOKENSHIM_STATUS_OK);
    return NULL;
}

static void ended_well(pid_t child) {
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    if (status) fprintf(stderr, "the child's status is %x\n", (unsigned)status);
    CHECK(status == 0);
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    tokenshim_handle token = token_of(arguments[1]), provider = 0;
    WORKS(tokenshim_provider_register("forked", refuse, NULL, &provider, failure));
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        alarm(60);
        free(token_text(token));
        WORKS(tokenshim_token_forget(token, failure));
        WORKS(tokenshim_free(token, failure));
        COMES_TO(TOKENSHIM_STATUS_INVALID_HANDLE, tokenshim_free(token, failure));
        WORKS(tokenshim_free(provider, failure));
        WORKS(tokenshim_free(token_of(arguments[2]), failure)); /* which its parent never asked for */
        exit(0);
    }
    ended_well(child);
    free(token_text(token)); /* the parent's handles are as they were */
    WORKS(tokenshim_free(provider, failure));
    OK("a child has handles of its own");

    pthread_t threads[4];
    CHECK(!pthread_create(&threads[0], NULL, make_and_free, arguments[1]));
    for (int at = 1; at < 4; at++) CHECK(!pthread_create(&threads[at], NULL, look, &token));
    for (int round = 0; round < 30; round++) {
        child = fork();
        if (!child) {
            alarm(30);
            free(token_text(token));
            if (round % 10 == 0) WORKS(tokenshim_free(token_of(arguments[1]), failure));
            _exit(0);
        }
        ended_well(child);
    }
    is_over = 1;
    for (int at = 0; at < 4; at++) CHECK(!pthread_join(threads[at], NULL));
    WORKS(tokenshim_free(token, failure));
    OK("children that are forked while other threads are at work");
    return 0;
}
