/* Loading a driver and asking for one name, then what the process holds of each library: load FILE
   Tells nanoseconds, and kB in memory (resident, and private to this process) for each file of the two libraries. */

#include <dlfcn.h>

#include "pairs.h"

int main(int count, char **arguments) {
    CHECK(count == 2);
    long long begun = now_ns();
    void *library = dlopen(arguments[1], RTLD_LAZY | RTLD_LOCAL);
    CHECK(library && dlsym(library, "SQLAllocHandle"));
    OK("loaded %lld", now_ns() - begun);
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[1024], file[1024] = "";
    unsigned long from, to;
    long kb, resident = 0;
    CHECK(maps);
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %1000s", &from, &to, file) == 2) file[0] = 0;
        if (sscanf(line, "Rss: %ld", &kb) == 1) resident = kb;
        /* Not Private_Dirty: of a file that was written just now every page is that. */
        if (sscanf(line, "Anonymous: %ld", &kb) == 1 && strstr(file, "libtokenshim")) OK("%s %ld %ld", strrchr(file, '/') + 1, resident, kb);
    }
    fclose(maps);
    return 0;
}
