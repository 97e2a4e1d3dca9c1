/* A driver that says who was reached, NAME, and refuses: for tests/driver_manager.rs. */
#include <stdlib.h>

typedef void *handle;

short SQLAllocHandle(short kind, handle parent, handle *out) { (void)kind, (void)parent; *out = malloc(8); return 0; }
short SQLFreeHandle(short kind, handle dead) { (void)kind; free(dead); return 0; }
short SQLSetEnvAttr(handle env, int name, handle value, int bytes) { (void)env, (void)name, (void)value, (void)bytes; return 0; }
short SQLSetConnectAttr(handle dbc, int name, handle value, int bytes) { (void)dbc, (void)name, (void)value, (void)bytes; return 0; }
short SQLGetDiagRec(short kind, handle of, short number, char *state, int *native, char *text, short room, short *length) {
    (void)kind, (void)of, (void)number, (void)state, (void)native, (void)text, (void)room, (void)length;
    return 100;
}
short SQLDriverConnect(handle dbc, handle window, char *in, short length, char *out, short room, short *written, unsigned short completion) {
    (void)dbc, (void)window, (void)in, (void)length, (void)out, (void)room, (void)written, (void)completion;
    setenv("REACHED", NAME, 1);
    return -1;
}
