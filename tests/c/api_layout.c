/* What include/tokenshim.h promises of sizes, places and numbers for as long as the soname stays: a compiler refuses this where they change. For
   machines with addresses of 64 bits. */

#include <stddef.h>

#include <tokenshim.h>

#define STAYS(what) typedef char NAMED(stays_, __LINE__)[(what) ? 1 : -1]
#define NAMED(a, b) NAMED_(a, b)
#define NAMED_(a, b) a##b

STAYS(sizeof(tokenshim_handle) == 8 && sizeof(tokenshim_status) == 4);
STAYS(sizeof(tokenshim_failure) == 518 && offsetof(tokenshim_failure, message) == 6);
STAYS(sizeof(tokenshim_counters) == 32 && offsetof(tokenshim_counters, failures) == 24);
STAYS(offsetof(tokenshim_request, user) == 32 && offsetof(tokenshim_request, timeout_ms) == 40 && offsetof(tokenshim_request, may_ask) == 44);
STAYS(offsetof(tokenshim_request, instead_of) == 48);
STAYS(offsetof(tokenshim_answer, token_room) == 8 && offsetof(tokenshim_answer, expires_in_seconds) == 16 && offsetof(tokenshim_answer, message) == 24);
STAYS(sizeof((tokenshim_answer *)0)->message == 256 && TOKENSHIM_TOKEN_BYTES == 65536);
STAYS(TOKENSHIM_GAVE_TOKEN == 0 && TOKENSHIM_REFUSED == 1 && TOKENSHIM_UNREACHABLE == 2 && TOKENSHIM_MAY_ASK == 1 && TOKENSHIM_EXPIRY_UNKNOWN == -1);
STAYS(TOKENSHIM_ATTR_TOKEN_EXPIRY == 0x7473 && TOKENSHIM_ATTR_RENEW_TOKEN == 0x7474);
STAYS(TOKENSHIM_STATUS_OK == 0 && TOKENSHIM_STATUS_INVALID_ARGUMENT == 1 && TOKENSHIM_STATUS_INVALID_HANDLE == 2);
STAYS(TOKENSHIM_STATUS_BUFFER_TOO_SHORT == 3 && TOKENSHIM_STATUS_NO_TOKEN == 4 && TOKENSHIM_STATUS_SETTING == 5 && TOKENSHIM_STATUS_REFUSED == 6);
STAYS(TOKENSHIM_STATUS_SIGN_IN_NEEDED == 7 && TOKENSHIM_STATUS_UNREACHABLE == 8 && TOKENSHIM_STATUS_TIMEOUT == 9);
STAYS(TOKENSHIM_STATUS_NO_DATA_SOURCE == 10 && TOKENSHIM_STATUS_NAME_TAKEN == 11 && TOKENSHIM_STATUS_STILL_RUNNING == 12);
STAYS(TOKENSHIM_STATUS_INTERNAL == 13 && TOKENSHIM_STATUS_NOT_RENEWABLE == 14 && TOKENSHIM_STATUS_DRIVER_REFUSED == 15);
STAYS(TOKENSHIM_STATUS_SESSION_OVER == 16 && TOKENSHIM_STATUS_WRONG_STATE == 17 && TOKENSHIM_SESSION_KEY_BYTES == 32);
STAYS(offsetof(tokenshim_sign_in_options, size) == 0 && offsetof(tokenshim_sign_in_options, client_secret) == 24);
STAYS(offsetof(tokenshim_sign_in_options, scope) == 40 && offsetof(tokenshim_sign_in_options, life_seconds) == 48);
STAYS(offsetof(tokenshim_sign_in_options, timeout_seconds) == 52 && offsetof(tokenshim_app, size) == 0 && offsetof(tokenshim_app, name) == 24);
STAYS(offsetof(tokenshim_app, redirect_count) == 40 && offsetof(tokenshim_app, scope_count) == 56);
STAYS(offsetof(tokenshim_app, confidential) == 64 && offsetof(tokenshim_app, timeout_seconds) == 68);
STAYS(TOKENSHIM_INTEGRATION_ID == 1 && TOKENSHIM_CLIENT_ID == 2 && TOKENSHIM_CLIENT_SECRET == 3);

int main(void) {
    return 0;
}
