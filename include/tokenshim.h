/* tokenshim: access tokens for ODBC connections, for C99 and C++11. Link with -ltokenshim, before or behind -lodbc; pkg-config knows it
   as tokenshim. Programs to begin with are in examples/c.

   Each function returns a status, and fills the caller's tokenshim_failure, if there is one. Texts are NUL-terminated. What a function
   gives stays the library's and is named by a handle, or is written to memory of the caller's. Beside what each function says, any
   may come to TOKENSHIM_STATUS_INTERNAL.

   The soname is libtokenshim.so.0. As long as it stays, a program built with an older header runs with a newer library: functions, constants
   and fields keep their names, numbers and places, and further ones may come. So a program takes a status that it does not know for a failure.
   Structures that a program makes (tokenshim_failure, tokenshim_counters) keep their size, or say it in their first field
   (tokenshim_sign_in_options, tokenshim_app) and may grow at their end, so a program sets all of one to zero, then its size; those that
   tokenshim makes (tokenshim_request, tokenshim_answer) may grow at their end, so a program makes none of its own. A program built with a newer
   header needs a library that is as new. Nothing is exported but tokenshim_ names; those with tokenshim_driver_ are nobody's but the driver
   library's. */


#ifndef TOKENSHIM_H
#define TOKENSHIM_H

/* Made by cbindgen of the comments and functions in src/capi: change those, then run `make header`. */

#include <stddef.h>
#include <stdint.h>

/*
 Bytes of a failure's SQLSTATE, with its NUL.
 */
#define TOKENSHIM_SQLSTATE_BYTES 6

/*
 Bytes of a failure's message, with its NUL.
 */
#define TOKENSHIM_MESSAGE_BYTES 512

/*
 Of the flags of tokenshim_token_get: the person before this program may be asked to sign in, as after SQLDriverConnect with a
 DriverCompletion other than SQL_DRIVER_NOPROMPT. Without it nobody is, unless `TokenPrompt` says so.
 */
#define TOKENSHIM_MAY_ASK 1

/*
 An end that nobody knows.
 */
#define TOKENSHIM_EXPIRY_UNKNOWN -1

/*
 A connection attribute for SQLGetConnectAttr: when the token of an open connection ends, an int64_t with seconds since 1970 (UTC), or
 TOKENSHIM_EXPIRY_UNKNOWN where its provider did not say, or where the program set a token itself (attribute 122). BufferLength is that of
 an int64_t, 8; less is SQLSTATE HY090.

 It, and the next, are known of connections alone that tokenshim signed in: of any other the real driver is asked, which has no such
 attribute (HY092). They go through any driver manager and either of its entry points, and need this header only, not the library.
 */
#define TOKENSHIM_ATTR_TOKEN_EXPIRY 29811

/*
 A connection attribute for SQLSetConnectAttr: a newer token, now, for an open connection. Its value is a number, how many seconds that may
 take (SQL_IS_UINTEGER); 0 stands for the login timeout, if the program set one, else for `TokenTimeout`, and more than either does not count.

 All is as with tokenshim_connection_renew, but that failures are diagnostic records, with the states of a connect; HYC00 where this
 connection takes no other token; and the real driver's own where it refuses the token.
 */
#define TOKENSHIM_ATTR_RENEW_TOKEN 29812

/*
 Bytes that a provider's token may have, with its NUL.
 */
#define TOKENSHIM_TOKEN_BYTES 65536

/*
 Bytes of an answer's message, with its NUL.
 */
#define TOKENSHIM_MESSAGE_ROOM 256

/*
 Of a provider: the answer has a token.
 */
#define TOKENSHIM_GAVE_TOKEN 0

/*
 Of a provider: there is none for whoever asks; the connect fails with SQLSTATE 28000 and the answer's message.
 */
#define TOKENSHIM_REFUSED 1

/*
 Of a provider: there is none just now; the connect fails with SQLSTATE 08001 and the answer's message.
 */
#define TOKENSHIM_UNREACHABLE 2

/*
 Bytes of a key for tokenshim_sign_in_session_save.
 */
#define TOKENSHIM_SESSION_KEY_BYTES 32

/*
 For tokenshim_registered_text: by which the account knows the application.
 */
#define TOKENSHIM_INTEGRATION_ID 1

/*
 For tokenshim_registered_text: its client id.
 */
#define TOKENSHIM_CLIENT_ID 2

/*
 For tokenshim_registered_text: its secret.
 */
#define TOKENSHIM_CLIENT_SECRET 3

/*
 What a call came to. Further values may come with later versions.

 No call ends the process, or does anything with an address that it was not told of: what is wrong is a status.
 */
typedef enum {
  /*
   It did what it was asked for.
   */
  TOKENSHIM_STATUS_OK = 0,
  /*
   An argument is NULL or has a value that means nothing.
   */
  TOKENSHIM_STATUS_INVALID_ARGUMENT = 1,
  /*
   The handle is none, is freed, or is of another kind.
   */
  TOKENSHIM_STATUS_INVALID_HANDLE = 2,
  /*
   The room is too short. Nothing was written there, and the length says how much would be.
   */
  TOKENSHIM_STATUS_BUFFER_TOO_SHORT = 3,
  /*
   Nothing that is set asks for a token, or the connection string brings one of its own.
   */
  TOKENSHIM_STATUS_NO_TOKEN = 4,
  /*
   A setting is missing or means nothing; or an answer is no token.
   */
  TOKENSHIM_STATUS_SETTING = 5,
  /*
   The provider refused the sign-in; or the token may not be used as it is asked for, such as with a host that nobody vouches for.
   */
  TOKENSHIM_STATUS_REFUSED = 6,
  /*
   Somebody has to sign in, and could not be asked.
   */
  TOKENSHIM_STATUS_SIGN_IN_NEEDED = 7,
  /*
   The provider cannot be reached, or is out of order.
   */
  TOKENSHIM_STATUS_UNREACHABLE = 8,
  /*
   The time is over.
   */
  TOKENSHIM_STATUS_TIMEOUT = 9,
  /*
   There is no such data source, or its real driver is not told.
   */
  TOKENSHIM_STATUS_NO_DATA_SOURCE = 10,
  /*
   The name is taken by another provider of this process.
   */
  TOKENSHIM_STATUS_NAME_TAKEN = 11,
  /*
   A call of the function is still running: its data may not be freed yet.
   */
  TOKENSHIM_STATUS_STILL_RUNNING = 12,
  /*
   A defect of tokenshim's own.
   */
  TOKENSHIM_STATUS_INTERNAL = 13,
  /*
   The connection takes no other token while it is open, or there is no newer one yet.
   */
  TOKENSHIM_STATUS_NOT_RENEWABLE = 14,
  /*
   The real driver did not take the token.
   */
  TOKENSHIM_STATUS_DRIVER_REFUSED = 15,
  /*
   The sign-in was finished already, took too long, or the settings are no longer those with which it began: begin another.
   */
  TOKENSHIM_STATUS_SESSION_OVER = 16,
  /*
   What a browser brought back is not of this sign-in, which goes on.
   */
  TOKENSHIM_STATUS_WRONG_STATE = 17,
} tokenshim_status;

/*
 A number that stands for something of tokenshim's, until it is freed. 0 stands for nothing, and no number is ever used again.

 A handle may be used from any thread, from several at once. A child of fork has its parent's handles, as they were then: each of the
 two processes frees its own.
 */
typedef uint64_t tokenshim_handle;

/*
 How a call failed: memory of the caller's, which the call fills, and nothing else ever looks at.

 Each call writes it, also one that succeeds: then the state is "00000" and the message is empty. Where the caller passes NULL
 nothing is written. Messages hold no token and no secret.
 */
typedef struct {
  /*
   The SQLSTATE that a connect would have had, NUL-terminated.
   */
  char sqlstate[TOKENSHIM_SQLSTATE_BYTES];
  /*
   Who said no, where the setting stands, and what to change: one line of UTF-8, NUL-terminated.
   */
  char message[TOKENSHIM_MESSAGE_BYTES];
} tokenshim_failure;

/*
 What a provider is asked. It and its texts are tokenshim's, and are there until the function returns. Texts are NUL-terminated, and NULL
 where nothing is set.
 */
typedef struct {
  /*
   `TokenCallback`: the name under which it is registered.
   */
  const char *name;
  /*
   `TokenScope`, else what the driver's service wants.
   */
  const char *scope;
  /*
   `TokenTenant`.
   */
  const char *tenant;
  /*
   `TokenClientId`.
   */
  const char *client_id;
  /*
   `TokenUser`.
   */
  const char *user;
  /*
   After so long nobody waits for the answer any more.
   */
  uint32_t timeout_ms;
  /*
   1 where the person before this program may be asked to sign in, else 0.
   */
  uint32_t may_ask;
  /*
   The token that the new one is to replace, since a server refused it or it is old; NULL where there is none. A program that keeps tokens
   itself must not answer with this one.
   */
  const char *instead_of;
} tokenshim_request;

/*
 What a provider answers: it and its room are tokenshim's, and are there until the function returns. All of it is zero at first, and wiped
 afterwards.
 */
typedef struct {
  /*
   Room for the token, of `token_room` bytes: printable ASCII, NUL-terminated.
   */
  char *token;
  /*
   TOKENSHIM_TOKEN_BYTES.
   */
  size_t token_room;
  /*
   For how many seconds the token is good from now on; 0 where that is not known.
   */
  int64_t expires_in_seconds;
  /*
   Why there is none: NUL-terminated, in UTF-8, without any secret. It stands in the message of the connect that fails.
   */
  char message[TOKENSHIM_MESSAGE_ROOM];
} tokenshim_answer;

/*
 A function that gives tokens. It returns TOKENSHIM_GAVE_TOKEN, TOKENSHIM_REFUSED or TOKENSHIM_UNREACHABLE; anything else is no answer.

 It is called on a thread of tokenshim's that takes no signals, perhaps on several at once, with no lock of tokenshim's held, while a connect or a
 call waits for it; and when a token that it gave is half over. So it must be safe to call from any thread, and must not wait for one that
 connects. Nobody waits beyond `timeout_ms`: it may come back later, but then what it answers is dropped. It must not throw, and must not
 end its thread. It may call functions of tokenshim's, but not ask for a token of its own.
 */
typedef int (*tokenshim_provider_function)(void *data, const tokenshim_request *request, tokenshim_answer *answer);

/*
 A function that hears a line: one line of UTF-8, NUL-terminated, tokenshim's own, and there until the function returns. It holds no token
 and no secret.

 It is called on whichever thread something went wrong, perhaps on several at once. It should return soon, and must not throw, end its thread,
 or ask for a token.
 */
typedef void (*tokenshim_log_function)(void *data, const char *line);

/*
 Numbers that only grow, since the process began; those of connections and of calls together. A child of fork goes on from its parent's.
 */
typedef struct {
  /*
   How often somebody who waits for it asked for a token: a connect, or a call.
   */
  uint64_t requests;
  /*
   How many of them got one that was kept, in memory or in a file.
   */
  uint64_t hits;
  /*
   How often a new token was fetched while the old one served.
   */
  uint64_t renewals;
  /*
   How many requests and renewals came to nothing.
   */
  uint64_t failures;
} tokenshim_counters;

/*
 What may be said of a sign-in beside the connection string: all zero at first, but for `size`. Texts are NUL-terminated, in UTF-8, are copied, and
 NULL where the settings count.

 What is said here counts before the settings, the user's before `TokenUser` as well. A connect has only its settings and its string, and finds the
 sign-in only where they come to the same client, provider, scope and user: where a program overrides them, it must put the same into the section.
 */
typedef struct {
  /*
   sizeof(tokenshim_sign_in_options).
   */
  size_t size;
  /*
   Whose sign-in it is, as connections name it in `TokenUser`. A program with many tenants and users has a text for each; it is shown to the
   provider as a hint of whom to ask.
   */
  const char *user;
  /*
   The client's id, in place of `TokenClientId`; then no secret of the settings counts.
   */
  const char *client_id;
  /*
   The client's secret, where it is confidential.
   */
  const char *client_secret;
  /*
   The provider's discovery URL, in place of `TokenDiscovery` and `TokenEndpoint`.
   */
  const char *discovery;
  /*
   Scopes, with spaces between them, in place of `TokenScope`. offline_access is added.
   */
  const char *scope;
  /*
   How long the person may take; 0 stands for 600 s, and more than 3600 s does not count.
   */
  uint32_t life_seconds;
  /*
   How long a call may wait for the provider; 0 stands for 30 s.
   */
  uint32_t timeout_seconds;
} tokenshim_sign_in_options;

/*
 An application to register: texts are NUL-terminated, in UTF-8.
 */
typedef struct {
  /*
   sizeof(tokenshim_app).
   */
  size_t size;
  /*
   accounts.cloud.databricks.com, accounts.azuredatabricks.net or accounts.gcp.databricks.com; for tests a URL of http on loopback.
   */
  const char *accounts_host;
  /*
   The account's id.
   */
  const char *account_id;
  /*
   The application's name.
   */
  const char *name;
  /*
   Where browsers may come back to: `redirect_count` URLs.
   */
  const char *const *redirect_urls;
  /*
   How many.
   */
  size_t redirect_count;
  /*
   What it may ask for: `scope_count` scopes. None stand for sql and offline_access.
   */
  const char *const *scopes;
  /*
   How many.
   */
  size_t scope_count;
  /*
   1 where it shall get a secret, which it must be able to keep; else 0.
   */
  int confidential;
  /*
   How long the call may wait; 0 stands for 30 s.
   */
  uint32_t timeout_seconds;
} tokenshim_app;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Gets a token for a connection string, as a connect with it would: the same settings count, the same rules say whether it may have one,
 and it comes from the same memory, in which connections and calls share it. So most calls return at once; else the provider is asked.

 `connection_string` has `DSN=…` or `DRIVER=…`, and is NUL-terminated, in UTF-8. Settings are read where the driver manager of this process
 reads them: by iODBC's rules where only iODBC is loaded, else by unixODBC's. The real driver is the section's `RealDriver`, or its
 `Driver` where the driver manager loads that directly. It need not be installed.

 `timeout_seconds` is how long that may take; 0 stands for `TokenTimeout`, and more than that does not count.
 `flags` are 0 or TOKENSHIM_MAY_ASK.

 On success `*token` is a handle, which the caller frees with tokenshim_free; else it is 0. Its token does not change: call again for
 a newer one, which is fetched from half of the old one's life on, meanwhile the old one serves.

 Fails with TOKENSHIM_STATUS_NO_DATA_SOURCE or TOKENSHIM_STATUS_NO_TOKEN where there is nothing to ask; TOKENSHIM_STATUS_SETTING, TOKENSHIM_STATUS_REFUSED,
 TOKENSHIM_STATUS_SIGN_IN_NEEDED, TOKENSHIM_STATUS_UNREACHABLE or TOKENSHIM_STATUS_TIMEOUT, with the message of a connect; TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It may wait, and calls no function of the program's but its providers and log listeners. `failure` may be NULL.
 */
tokenshim_status tokenshim_token_get(const char *connection_string,
                                     uint32_t timeout_seconds,
                                     uint32_t flags,
                                     tokenshim_handle *token,
                                     tokenshim_failure *failure);

/*
 As tokenshim_token_get, for the name of a data source: that of SQLConnect.

 `dsn` is NUL-terminated, in UTF-8, and all of it is the name, whatever is in it. The rest is as with tokenshim_token_get, also what the
 caller frees.

 Fails as that does. Any thread may call it. It may wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_token_get_for_dsn(const char *dsn,
                                             uint32_t timeout_seconds,
                                             uint32_t flags,
                                             tokenshim_handle *token,
                                             tokenshim_failure *failure);

/*
 The token itself, as a text.

 `text` is memory of the caller's with room for `room` bytes. It gets the token and a NUL, or, where they do not fit, nothing:
 then the status is TOKENSHIM_STATUS_BUFFER_TOO_SHORT. `*length`, if `length` is not NULL, is the bytes of the token without the NUL, in
 either case; so a `text` that is NULL with a `room` of 0 asks for the length. The caller wipes what it got with tokenshim_wipe.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_token_text(tokenshim_handle token,
                                      char *text,
                                      size_t room,
                                      size_t *length,
                                      tokenshim_failure *failure);

/*
 The bytes for connection attribute 1256, SQL_COPT_SS_ACCESS_TOKEN, of Microsoft's driver: its ACCESSTOKEN structure.

 `bytes`, `room` and `length` are as those of tokenshim_token_text, without a NUL. `bytes` should begin at a multiple of four.
 The driver keeps the address that it is given and reads there whenever it signs in: the memory must stay until the connection's handle is
 freed.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_token_access_token(tokenshim_handle token,
                                              void *bytes,
                                              size_t room,
                                              size_t *length,
                                              tokenshim_failure *failure);

/*
 The connection string that the token was got with (`DSN=…` for a name), as the real driver would get it: with the token in it, and without
 tokenshim's own keywords and those that may not stand beside a token. Of a driver that takes its token as attribute 1256 the string has
 no token.

 It is for a connect to the real driver itself. Through tokenshim a program connects with its own string, and needs none of this.

 `text`, `room` and `length` are as those of tokenshim_token_text. The caller wipes what it got with tokenshim_wipe; what tokenshim keeps is
 wiped once the handle is freed.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_token_connection_string(tokenshim_handle token,
                                                   char *text,
                                                   size_t room,
                                                   size_t *length,
                                                   tokenshim_failure *failure);

/*
 When the token ends: `*unix_seconds` is in seconds since 1970 (UTC), or TOKENSHIM_EXPIRY_UNKNOWN where its provider did not say.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_token_expiry(tokenshim_handle token,
                                        int64_t *unix_seconds,
                                        tokenshim_failure *failure);

/*
 Forgets the token: it is dropped from memory and from the files of `TokenCache=file`, so that whoever asks next gets another. A newer one that
 took its place stays, and so does a sign-in by which further tokens come. For a token that a server refused.

 The handle stays, and is freed as ever. Open connections keep what they have.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE.

 Any thread may call it. It waits for nobody. `failure` may be NULL.
 */
tokenshim_status tokenshim_token_forget(tokenshim_handle token,
                                        tokenshim_failure *failure);

/*
 Frees a handle of whichever kind. What it stood for is wiped where it was secret.

 That of a provider or of a log listener unregisters it: no call of its function begins from now on. Where one is still running the status is
 TOKENSHIM_STATUS_STILL_RUNNING, and the handle is not freed: free it again later, and let its data live until then.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, also where it was freed already, or TOKENSHIM_STATUS_STILL_RUNNING.

 Any thread may call it, also a function that it is about. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_free(tokenshim_handle handle,
                                tokenshim_failure *failure);

/*
 Overwrites memory of the caller's with zeros, in a way that no compiler leaves out. NULL, or 0 bytes, is nothing to do.

 Never fails. Any thread may call it.
 */
void tokenshim_wipe(void *memory, size_t bytes);

/*
 When the token of an open connection ends: `*unix_seconds` is in seconds since 1970 (UTC), or TOKENSHIM_EXPIRY_UNKNOWN, as with
 TOKENSHIM_ATTR_TOKEN_EXPIRY.

 `driver_hdbc` is the real driver's handle of the connection, not the driver manager's, which tokenshim never sees. A program gets it by
 `SQLGetInfo(hdbc, SQL_DRIVER_HDBC, &driver_hdbc, sizeof driver_hdbc, NULL)`. It is looked up, and nothing is read or written there.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE where that is no open connection that tokenshim signed in, or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_connection_expiry(void *driver_hdbc,
                                             int64_t *unix_seconds,
                                             tokenshim_failure *failure);

/*
 Gets a newer token for an open connection, and gives it to the real driver, as happens by itself at half of a token's life: Databricks' driver
 and those with `TokenLive=yes` have it at once, also while a statement is being executed there; Microsoft's uses it when it
 signs in again after an idle connection broke. For a token that a server refused, or that was given other rights.

 `driver_hdbc` is as with tokenshim_connection_expiry. `timeout_seconds` is how long getting the token may take; 0 stands for the login
 timeout, if the program set one, else for `TokenTimeout`, and more than either does not count.

 Where it fails the connection keeps the token that it has. Other connections with that one get the newer one when its turn comes.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE where that is no open connection that tokenshim signed in; TOKENSHIM_STATUS_NOT_RENEWABLE where
 it takes no other token, or there is no newer one yet; TOKENSHIM_STATUS_DRIVER_REFUSED where the real driver did not take it;
 TOKENSHIM_STATUS_SETTING, TOKENSHIM_STATUS_REFUSED, TOKENSHIM_STATUS_SIGN_IN_NEEDED, TOKENSHIM_STATUS_UNREACHABLE or TOKENSHIM_STATUS_TIMEOUT as a connect.

 Any thread may call it, also while another uses the connection, which must stay open meanwhile as far as the program is concerned: a
 disconnect waits for it. It may wait, holds no lock of the driver manager's, and calls no function of the program's but its providers and log
 listeners. `failure` may be NULL.
 */
tokenshim_status tokenshim_connection_renew(void *driver_hdbc,
                                            uint32_t timeout_seconds,
                                            tokenshim_failure *failure);

/*
 Registers a function that gives tokens, under a name: from now on connections and calls with `TokenSource=callback` and
 `TokenCallback=name` ask it, whichever driver manager made them in this process. Its tokens are kept in memory as all others are, never in files.

 `name` is NUL-terminated, in UTF-8, and is copied; it is compared as it is written. `data` is passed to `provide`, and may be NULL.

 On success `*provider` is a handle; tokenshim_free unregisters the function. It stays registered for as long as the process where the
 handle is never freed. A child of fork has its parent's providers.

 Fails with TOKENSHIM_STATUS_NAME_TAKEN, or TOKENSHIM_STATUS_INVALID_ARGUMENT also where the name is empty or no UTF-8.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_provider_register(const char *name,
                                             tokenshim_provider_function provide,
                                             void *data,
                                             tokenshim_handle *provider,
                                             tokenshim_failure *failure);

/*
 Registers a function that hears of what goes wrong, in a connect that is refused and beside one that succeeds all the same, also where `TokenLog`
 is not set; where `TokenLogLevel` is set, it hears as much as that says (docs/logs.md). It hears, too, what somebody who has to sign in is told on
 stderr: `To sign in to …`, with the address of a page, and perhaps a code to type there.

 `data` is passed to `hear`, and may be NULL. On success `*listener` is a handle; tokenshim_free unregisters the function.

 Fails with TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_log_register(tokenshim_log_function hear,
                                        void *data,
                                        tokenshim_handle *listener,
                                        tokenshim_failure *failure);

/*
 Reads what was counted up to now. The four are read one after the other, while others may add to them.

 `counters` is memory of the caller's. Fails with TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_counters_read(tokenshim_counters *counters, tokenshim_failure *failure);

/*
 Begins a sign-in of a person's whose browser is anywhere: the program sends the browser to tokenshim_sign_in_url, the provider sends it
 back to `redirect_uri`, and there the program finishes it with tokenshim_sign_in_finish. Nobody else is asked, and no browser is opened.

 `connection_string` has `DSN=…` or `DRIVER=…`, as for tokenshim_token_get, and is that of the connects to come: its settings say who the
 provider and the client are. They have `TokenSource=authorization-code`. `TokenUser=…` stands in it, or `user` in `options`: without either
 all users would be one, and the status is TOKENSHIM_STATUS_SETTING.
 `redirect_uri` is the program's own, as it is registered for the client, to the letter: https, or http on loopback.
 `options` may be NULL.

 On success `*session` is a handle, which the caller frees with tokenshim_free, finished or not; else it is 0. Before the browser is sent off the
 program must tie the session to it, such as by tokenshim_sign_in_state or the saved session in a cookie that is Secure, HttpOnly and
 SameSite=Lax: else somebody could have another's browser finish his own sign-in.

 Fails as tokenshim_token_get does before it asks for a token: with TOKENSHIM_STATUS_NO_DATA_SOURCE, TOKENSHIM_STATUS_NO_TOKEN, TOKENSHIM_STATUS_SETTING,
 TOKENSHIM_STATUS_REFUSED, TOKENSHIM_STATUS_UNREACHABLE, TOKENSHIM_STATUS_TIMEOUT or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It waits for the provider, who may be asked where people sign in, and holds no other call up. `failure` may be NULL.
 */
tokenshim_status tokenshim_sign_in_begin(const char *connection_string,
                                         const char *redirect_uri,
                                         const tokenshim_sign_in_options *options,
                                         tokenshim_handle *session,
                                         tokenshim_failure *failure);

/*
 Where to send the browser.

 `text`, `room` and `length` are as those of tokenshim_token_text.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_sign_in_url(tokenshim_handle session,
                                       char *text,
                                       size_t room,
                                       size_t *length,
                                       tokenshim_failure *failure);

/*
 The state, which the browser brings back in the query: by it a program finds the session that a query is for.

 `text`, `room` and `length` are as those of tokenshim_token_text.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_sign_in_state(tokenshim_handle session,
                                         char *text,
                                         size_t room,
                                         size_t *length,
                                         tokenshim_failure *failure);

/*
 Writes a session as a text, with which another process, or another machine with the same settings, may finish it. The text is encrypted and
 signed with `key` (ChaCha20-Poly1305): whoever has not the key learns nothing of it and can change nothing in it, such as whose sign-in it is. So
 it may be kept in a database, or in a cookie. Its letters are those of base64url.

 `key` has TOKENSHIM_SESSION_KEY_BYTES random bytes, the same for all processes that finish each other's sign-ins. The caller keeps it
 secret, and sees to it that `key_bytes` is true.
 `text`, `room` and `length` are as those of tokenshim_token_text. Each call writes another text, of the same length.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT, TOKENSHIM_STATUS_SETTING or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_sign_in_session_save(tokenshim_handle session,
                                                const void *key,
                                                size_t key_bytes,
                                                char *text,
                                                size_t room,
                                                size_t *length,
                                                tokenshim_failure *failure);

/*
 The session that was saved as `text`, with the same key.

 On success `*session` is a handle, as that of tokenshim_sign_in_begin; else it is 0.

 Fails with TOKENSHIM_STATUS_WRONG_STATE where the text was saved with another key, was changed, or is none; TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_sign_in_session_load(const char *text,
                                                const void *key,
                                                size_t key_bytes,
                                                tokenshim_handle *session,
                                                tokenshim_failure *failure);

/*
 Finishes a sign-in with what the browser brought back: checks its state, and who gave it (RFC 9207), and exchanges its code for a token, with the
 proof that only who began it has (RFC 7636).

 From now on connects and tokenshim_token_get with the same connection string and `TokenUser` have this token and, where the provider
 gave a refresh token, those that follow it: it is kept where `TokenCache` says, by provider, client and user, in place of the one before.

 `query` is what stood behind the `?` of the URL that the browser asked for, as it came, or the form that it POSTed. NUL-terminated.
 `timeout_seconds` is how long that may take; 0 stands for 30 s.

 On success `*token` is a handle as that of tokenshim_token_get; else it is 0. The session is used up by an answer with its state, whatever
 comes of it, in this process; across processes its code is good once. Its handle stays, and is freed as ever.

 Fails with TOKENSHIM_STATUS_WRONG_STATE, where the session goes on; TOKENSHIM_STATUS_SESSION_OVER; TOKENSHIM_STATUS_REFUSED, also where the person said no;
 TOKENSHIM_STATUS_SETTING, TOKENSHIM_STATUS_NO_TOKEN, TOKENSHIM_STATUS_NO_DATA_SOURCE, TOKENSHIM_STATUS_UNREACHABLE, TOKENSHIM_STATUS_TIMEOUT,
 TOKENSHIM_STATUS_INVALID_HANDLE or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It waits for the provider, and holds no sign-in of another user's up. `failure` may be NULL.
 */
tokenshim_status tokenshim_sign_in_finish(tokenshim_handle session,
                                          const char *query,
                                          uint32_t timeout_seconds,
                                          tokenshim_handle *token,
                                          tokenshim_failure *failure);

/*
 Signs a user out: forgets the refresh token that is kept for this user, client and provider, in memory and in files, and the token of these
 settings, and revokes the refresh token where the provider's discovery tells where (RFC 7009). Whether the provider heard of it changes nothing
 here; `TokenLog` has a line. No token comes of it any more; one that was given before, with another scope or to another process, is good until its end.

 `connection_string` and `options` are as those of tokenshim_sign_in_begin. `*was_signed_in`, if `was_signed_in` is not NULL, is 1 where somebody was,
 else 0. Open connections keep what they have.

 Fails as tokenshim_sign_in_begin does.

 Any thread may call it. It waits for whoever uses the refresh token just now, and for the provider. `failure` may be NULL.
 */
tokenshim_status tokenshim_sign_out(const char *connection_string,
                                    const tokenshim_sign_in_options *options,
                                    int *was_signed_in,
                                    tokenshim_failure *failure);

/*
 Registers an application in a Databricks account, as one that people sign in through: POST
 /api/2.0/accounts/{account}/oauth2/custom-app-integrations.

 `bearer` is a token of an admin of the account, as tokenshim_token_text gives one, NUL-terminated. It is sent to the accounts host alone.

 On success `*registered` is a handle, which the caller frees with tokenshim_free; else it is 0. The account shows the secret this once: it is in the
 handle, and wiped with it.

 Fails with TOKENSHIM_STATUS_REFUSED, TOKENSHIM_STATUS_UNREACHABLE or TOKENSHIM_STATUS_TIMEOUT (whoever gets one of the last two looks in the account
 before he tries again), TOKENSHIM_STATUS_SETTING where something of `app` is none or the answer is, or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It waits for the account. `failure` may be NULL.
 */
tokenshim_status tokenshim_register_app(const tokenshim_app *app,
                                        const char *bearer,
                                        tokenshim_handle *registered,
                                        tokenshim_failure *failure);

/*
 One text of what was registered.

 `which` is TOKENSHIM_INTEGRATION_ID, TOKENSHIM_CLIENT_ID or TOKENSHIM_CLIENT_SECRET; the last is empty where there is none.
 `text`, `room` and `length` are as those of tokenshim_token_text. The caller wipes the secret with tokenshim_wipe.

 Fails with TOKENSHIM_STATUS_INVALID_HANDLE, TOKENSHIM_STATUS_BUFFER_TOO_SHORT or TOKENSHIM_STATUS_INVALID_ARGUMENT.

 Any thread may call it. It does not wait. `failure` may be NULL.
 */
tokenshim_status tokenshim_registered_text(tokenshim_handle registered,
                                           uint32_t which,
                                           char *text,
                                           size_t room,
                                           size_t *length,
                                           tokenshim_failure *failure);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TOKENSHIM_H */
