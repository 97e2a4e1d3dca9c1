/* Prints a token for a connection string, and on stderr when it ends:  get_token 'DSN=sales'
   cc -std=c99 get_token.c $(pkg-config --cflags --libs tokenshim) */

#include <stdio.h>
#include <stdlib.h>

#include <tokenshim.h>

static int failed(const tokenshim_failure *failure) {
    fprintf(stderr, "%s %s\n", failure->sqlstate, failure->message);
    return 1;
}

int main(int count, char **arguments) {
    tokenshim_failure failure;
    tokenshim_handle token;
    size_t length;
    int64_t expiry;

    if (count != 2) return fputs("usage: get_token CONNECTION-STRING\n", stderr), 2;
    if (tokenshim_token_get(arguments[1], 0, TOKENSHIM_MAY_ASK, &token, &failure) != TOKENSHIM_STATUS_OK) return failed(&failure);

    /* Without room a call tells the length. */
    if (tokenshim_token_text(token, NULL, 0, &length, &failure) != TOKENSHIM_STATUS_BUFFER_TOO_SHORT) return failed(&failure);
    char *text = (char *)malloc(length + 1);
    if (!text || tokenshim_token_text(token, text, length + 1, NULL, &failure) != TOKENSHIM_STATUS_OK) return failed(&failure);
    puts(text);
    tokenshim_wipe(text, length);
    free(text);

    if (tokenshim_token_expiry(token, &expiry, &failure) != TOKENSHIM_STATUS_OK) return failed(&failure);
    if (expiry != TOKENSHIM_EXPIRY_UNKNOWN) fprintf(stderr, "it ends at %lld s since 1970\n", (long long)expiry);
    return tokenshim_free(token, &failure) == TOKENSHIM_STATUS_OK ? 0 : failed(&failure);
}
