/* A partner's web page: http://127.0.0.1:8020/ sends the browser off to sign in, and says how that went when it comes back.
   partner 'DSN=sales' ann 8020;  cc -std=c99 partner.c $(pkg-config --cflags --libs tokenshim)
   The redirect URI http://127.0.0.1:8020/back must be registered for the client; beyond this machine it is https. One user, for short. */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tokenshim.h>

static void answer(int browser, const char *status, const char *header, const char *text) {
    char page[8192];
    int length = snprintf(page, sizeof page, "HTTP/1.1 %s\r\n%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
                          "Connection: close\r\n\r\n%s\n", status, header, (int)strlen(text) + 1, text);
    if (length > 0 && send(browser, page, (size_t)length, MSG_NOSIGNAL) < 0) perror("send");
}

int main(int count, char **arguments) {
    tokenshim_failure failure;
    tokenshim_handle session = 0, token = 0;
    tokenshim_sign_in_options options;
    struct sockaddr_in address;
    char request[8192], path[4096], url[4096], redirect[80], header[4300], state[64] = "", cookie[80];
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

    if (count != 4) return fputs("usage: partner CONNECTION-STRING USER PORT\n", stderr), 2;
    snprintf(redirect, sizeof redirect, "http://127.0.0.1:%d/back", atoi(arguments[3]));
    memset(&options, 0, sizeof options), memset(&address, 0, sizeof address);
    options.size = sizeof options, options.user = arguments[2];
    address.sin_family = AF_INET, address.sin_port = htons((uint16_t)atoi(arguments[3])), address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) return perror("listen"), 1;
    printf("open http://127.0.0.1:%d/\n", atoi(arguments[3])), fflush(stdout);
    while (!token) {
        int browser = accept(listener, NULL, NULL);
        ssize_t bytes = browser < 0 ? 0 : recv(browser, request, sizeof request - 1, 0);
        request[bytes > 0 ? bytes : 0] = 0;
        if (sscanf(request, "GET %4095s", path) != 1) strcpy(path, "-");
        if (!strcmp(path, "/")) { /* begins; the cookie ties the sign-in to this browser */
            tokenshim_free(session, NULL);
            int failed = tokenshim_sign_in_begin(arguments[1], redirect, &options, &session, &failure) ||
                         tokenshim_sign_in_url(session, url, sizeof url, NULL, &failure) ||
                         tokenshim_sign_in_state(session, state, sizeof state, NULL, &failure);
            if (!failed) snprintf(header, sizeof header, "Location: %s\r\nSet-Cookie: state=%s; HttpOnly; SameSite=Lax", url, state);
            answer(browser, failed ? "500 Failed" : "302 Found", failed ? "X: -" : header, failed ? failure.message : "Sign in.");
        } else if (!strncmp(path, "/back?", 6)) { /* finishes */
            char *sent = strstr(request, "ookie: ");
            snprintf(cookie, sizeof cookie, "state=%s", state);
            if (!session || !sent || !strstr(sent, cookie)) answer(browser, "400 Wrong", "X: -", "This browser began no sign-in.");
            else if (tokenshim_sign_in_finish(session, path + 6, 0, &token, &failure)) answer(browser, "403 Failed", "X: -", failure.message);
            else answer(browser, "200 OK", "Referrer-Policy: no-referrer", "You are signed in.");
        } else answer(browser, "404 None", "X: -", "Nothing is here.");
        close(browser);
    }
    printf("%s is signed in: connect with %s;TokenUser=%s\n", arguments[2], arguments[1], arguments[2]);
    return tokenshim_free(session, NULL) || tokenshim_free(token, NULL);
}
