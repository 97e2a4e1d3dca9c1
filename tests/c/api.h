/* What the programs that use tokenshim's own functions share. */

#ifndef API_H
#define API_H

#include <stdint.h>

#include "odbc.h"

#include <tokenshim.h>

/* A call that comes to this status. Its failure is a block of the heap that held something else before. */
#define COMES_TO(expected, ...) \
    do { \
        tokenshim_failure *failure = (tokenshim_failure *)memory(sizeof *failure); \
        memset(failure, 'x', sizeof *failure); \
        tokenshim_status status_ = (__VA_ARGS__); \
        failure->sqlstate[5] = failure->message[511] = 0; \
        if (status_ != (expected)) { \
            fprintf(stderr, "%s:%d: %s: %d %s %s\n", __FILE__, __LINE__, #__VA_ARGS__, status_, failure->sqlstate, failure->message); \
            exit(1); \
        } \
        is_filled(status_, failure); \
        free(failure); \
    } while (0)

#define WORKS(...) COMES_TO(TOKENSHIM_STATUS_OK, __VA_ARGS__)

/* A failure is whole: a state of five characters, and a message where there is one to be had. */
static inline void is_filled(tokenshim_status status, const tokenshim_failure *failure) {
    CHECK(strlen(failure->sqlstate) == 5 && failure->sqlstate[0] != 'x');
    CHECK((status == TOKENSHIM_STATUS_OK) == !strcmp(failure->sqlstate, "00000"));
    CHECK((status == TOKENSHIM_STATUS_OK) == !*failure->message);
    CHECK(status == TOKENSHIM_STATUS_OK || !strncmp(failure->message, "[tokenshim] ", 12));
}

/* The token's text, in room that is just as long; freed by the caller. */
static inline char *token_text(tokenshim_handle token) {
    size_t length = 0, again = 0;
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_token_text(token, NULL, 0, &length, failure));
    CHECK(length > 0);
    char *text = (char *)memory(length + 1);
    WORKS(tokenshim_token_text(token, text, length + 1, &again, failure));
    CHECK(again == length && strlen(text) == length);
    return text;
}

static inline tokenshim_handle token_of(const char *string) {
    tokenshim_handle token = 0;
    WORKS(tokenshim_token_get(string, 0, 0, &token, failure));
    CHECK(token != 0);
    return token;
}

#endif
