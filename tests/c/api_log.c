/* A program that hears what goes wrong beside calls that succeed. api_log STRING OTHER-STRING, which it does not hear of */

#include <pthread.h>

#include "api.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void hear(void *data, const char *line) {
    pthread_mutex_lock(&lock);
    ++*(int *)data;
    OK("%s", line);
    pthread_mutex_unlock(&lock);
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    int heard = 0;
    tokenshim_handle listener = 0;
    WORKS(tokenshim_log_register(hear, &heard, &listener, failure));
    WORKS(tokenshim_free(token_of(arguments[1]), failure));
    WORKS(tokenshim_free(listener, failure));
    int before = heard;
    tokenshim_handle token = token_of(arguments[2]);
    WORKS(tokenshim_free(token, failure));
    CHECK(heard == before);
    OK("%d", heard);
    return 0;
}
