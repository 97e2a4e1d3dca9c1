/* Registers an application: api_register HOST ACCOUNT BEARER CONFIDENTIAL
   Prints what it became, or the failure. */

#include "api.h"

static char *told(tokenshim_handle registered, uint32_t which) {
    size_t length = 0;
    COMES_TO(TOKENSHIM_STATUS_BUFFER_TOO_SHORT, tokenshim_registered_text(registered, which, NULL, 0, &length, failure));
    char *text = (char *)memory(length + 1);
    WORKS(tokenshim_registered_text(registered, which, text, length + 1, NULL, failure));
    return text;
}

int main(int count, char **arguments) {
    CHECK(count == 5);
    const char *urls[] = {"https://example-partner.com/redirecturl1", "https://example-partner.com/redirecturl2"};
    tokenshim_app app = {sizeof app, arguments[1], arguments[2], "example-partner", urls, 2, NULL, 0, atoi(arguments[4]), 5};
    tokenshim_handle registered = 7;
    tokenshim_failure failed;
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_register_app(NULL, "x", &registered, failure));
    CHECK(!registered);
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_register_app(&app, NULL, &registered, failure));
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_register_app(&app, arguments[3], NULL, failure));
    tokenshim_app wrong = app;
    wrong.redirect_count = (size_t)-1;
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_register_app(&wrong, arguments[3], &registered, failure));
    wrong = app, wrong.size = 8;
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_register_app(&wrong, arguments[3], &registered, failure));
    wrong = app, wrong.redirect_urls = NULL;
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_register_app(&wrong, arguments[3], &registered, failure));
    wrong = app, wrong.accounts_host = "evil.example";
    COMES_TO(TOKENSHIM_STATUS_SETTING, tokenshim_register_app(&wrong, arguments[3], &registered, failure));
    if (tokenshim_register_app(&app, arguments[3], &registered, &failed)) {
        CHECK(!registered);
        OK("%s %s", failed.sqlstate, failed.message);
        return 0;
    }
    char *integration = told(registered, TOKENSHIM_INTEGRATION_ID), *client = told(registered, TOKENSHIM_CLIENT_ID),
         *secret = told(registered, TOKENSHIM_CLIENT_SECRET);
    COMES_TO(TOKENSHIM_STATUS_INVALID_ARGUMENT, tokenshim_registered_text(registered, 9, NULL, 0, NULL, failure));
    COMES_TO(TOKENSHIM_STATUS_INVALID_HANDLE, tokenshim_token_text(registered, NULL, 0, NULL, failure));
    WORKS(tokenshim_free(registered, failure));
    COMES_TO(TOKENSHIM_STATUS_INVALID_HANDLE, tokenshim_registered_text(registered, 1, NULL, 0, NULL, failure));
    OK("%s, %s, %s", integration, client, *secret ? secret : "no secret");
    free(integration), free(client), free(secret);
    return 0;
}
