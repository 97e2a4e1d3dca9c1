/* What a driver manager makes of connection strings and of ini files, for tests/driver_manager.rs. Each line of stdin is a question in
   hexadecimal words, each line of stdout its answer:

       s STRING              the driver that SQLDriverConnect reaches: A, B, or - for none
       i FILE SECTION KEY    SQLGetPrivateProfileString's value in hexadecimal, or - where there is none */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 65536

typedef short (*alloc_handle)(short, void *, void **);
typedef short (*free_handle)(short, void *);
typedef short (*set_env)(void *, int, void *, int);
typedef short (*driver_connect)(void *, void *, char *, short, char *, short, short *, unsigned short);
typedef int (*profile)(const char *, const char *, const char *, char *, int, const char *);

static char words[4][MOST];

static int unhex(char *text, char *out) {
    size_t length = strlen(text) / 2;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        sscanf(text + 2 * i, "%2x", &byte);
        out[i] = (char)byte;
    }
    out[length] = 0;
    return (int)length;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    void *manager = dlopen(arguments[1], RTLD_NOW), *installer = dlopen(arguments[2], RTLD_NOW);
    if (!manager || !installer) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    alloc_handle alloc = (alloc_handle)dlsym(manager, "SQLAllocHandle");
    free_handle release = (free_handle)dlsym(manager, "SQLFreeHandle");
    set_env version = (set_env)dlsym(manager, "SQLSetEnvAttr");
    driver_connect connect = (driver_connect)dlsym(manager, "SQLDriverConnect");
    profile read_profile = (profile)dlsym(installer, "SQLGetPrivateProfileString");
    void *env = NULL, *dbc;
    alloc(1, NULL, &env);
    version(env, 200, (void *)3, 0);

    static char line[8 * MOST], value[MOST];
    while (fgets(line, sizeof line, stdin)) {
        int found = 0;
        for (char *word = strtok(line + 1, " \n"); word && found < 4; word = strtok(NULL, " \n")) unhex(strcmp(word, "-") ? word : "", words[found++]);
        if (line[0] == 's') {
            setenv("REACHED", "-", 1);
            alloc(2, env, &dbc);
            connect(dbc, NULL, words[0], -3, NULL, 0, NULL, 0);
            release(2, dbc);
            puts(getenv("REACHED"));
        } else {
            int length = read_profile(words[1], words[2], "", value, sizeof value, words[0]);
            for (int i = 0; i < length && value[i]; i++) printf("%02x", (unsigned char)value[i]);
            puts(length > 0 && value[0] ? "" : "-");
        }
        fflush(stdout);
    }
    return 0;
}
