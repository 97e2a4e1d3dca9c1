/* Preloaded into a process: writes each file that is opened as a library, and how, to the file that DLOPEN_LOG names. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

void *dlopen(const char *file, int mode) {
    void *(*real)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    FILE *log = fopen(getenv("DLOPEN_LOG"), "a");
    if (log && file) fprintf(log, "%x %s\n", mode, file);
    if (log) fclose(log);
    return real(file, mode);
}
