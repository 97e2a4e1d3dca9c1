/* The lines of the log: one of JSON for each call, written by one write(2) to a file opened for appending, so that threads
   and processes may share it. A function of ODBC's begins with CALL and ends with DONE:

       SQLRETURN SQL_API SQLSetPos(SQLHSTMT statement, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT lock) {
           CALL(statement, row, operation, lock);
           DONE(SQL_SUCCESS);
       }

   Every argument is written as a number, also a pointer; who reads the log knows which numbers are handles. */

struct line {
    FILE *stream;
    char *text;
    size_t size;
    int is_sent;
};

static struct line *line_of(const char *call, const void *handle) {
    struct line *line = calloc(1, sizeof *line);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    line->stream = open_memstream(&line->text, &line->size);
    fprintf(line->stream, "{\"call\":\"%s\",\"handle\":%lu,\"thread\":%d,\"at\":%ld.%06ld", call, (unsigned long)handle, gettid(),
            (long)now.tv_sec, now.tv_nsec / 1000);
    return line;
}

static void send_off(FILE *stream, char **text, size_t *size) {
    fputs("}\n", stream);
    fclose(stream);
    int file = getenv("RECORDER_LOG") ? open(getenv("RECORDER_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file >= 0 && write(file, *text, *size) < 0) perror("RECORDER_LOG");
    if (file >= 0) close(file);
    free(*text);
}

/* Writes the line before the call is done, for one that may take its time. */
static void send_now(struct line *line) {
    send_off(line->stream, &line->text, &line->size);
    line->is_sent = 1;
}

/* Writes what the call returns, and the line itself if it is not there yet. Keeps errno: a caller may look at it. */
static SQLRETURN done(struct line *line, SQLRETURN code) {
    int before = errno;
    if (line->is_sent) {
        line->stream = open_memstream(&line->text, &line->size);
        fprintf(line->stream, "{\"thread\":%d", gettid());
    }
    fprintf(line->stream, ",\"code\":%d", code);
    send_off(line->stream, &line->text, &line->size);
    free(line);
    errno = before;
    return code;
}

static void log_int(struct line *line, const char *name, long value) { fprintf(line->stream, ",\"%s\":%ld", name, value); }

/* `names` is "a, b, c", as the preprocessor writes the arguments of a macro. */
static void log_ints(struct line *line, const char *names, const long *values) {
    for (; *names; values++) {
        int length = (int)strcspn(names, ",");
        fprintf(line->stream, ",\"%.*s\":%ld", length, names, *values);
        names += length + strspn(names + length, ", ");
    }
}

static void log_text(struct line *line, const char *name, const char *text) {
    fprintf(line->stream, text ? ",\"%s\":\"" : ",\"%s\":null", name);
    if (!text) return;
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fprintf(line->stream, "\\%c", *text);
        else if ((unsigned char)*text < 0x20) fprintf(line->stream, "\\u%04x", *text);
        else fputc(*text, line->stream);
    }
    fputc('"', line->stream);
}

static void log_hex(struct line *line, const char *name, const void *bytes, size_t count) {
    fprintf(line->stream, ",\"%s\":\"", name);
    for (size_t i = 0; i < count; i++) fprintf(line->stream, "%02x", ((const unsigned char *)bytes)[i]);
    fputc('"', line->stream);
}

static void log_string(struct line *line, const char *name, const void *text, int length, int wide) {
    static __thread char read[1 << 17]; /* room for the longest token of the tests */
    log_text(line, name, get_text(text, length, wide, read, sizeof read));
}

/* What an attribute's value points to, where it surely is an address. unixODBC passes integers with their size as length. */
static void log_pointed_to(struct line *line, SQLPOINTER value, SQLINTEGER length, int wide) {
    if ((unsigned long)value < 1ul << 32) return;
    if (length > 0) log_hex(line, "bytes", value, (size_t)length);
    else if (length == SQL_NTS) log_string(line, "text", value, length, wide);
}

#define LONGS_1(a) (long)(a)
#define LONGS_2(a, ...) (long)(a), LONGS_1(__VA_ARGS__)
#define LONGS_3(a, ...) (long)(a), LONGS_2(__VA_ARGS__)
#define LONGS_4(a, ...) (long)(a), LONGS_3(__VA_ARGS__)
#define LONGS_5(a, ...) (long)(a), LONGS_4(__VA_ARGS__)
#define LONGS_6(a, ...) (long)(a), LONGS_5(__VA_ARGS__)
#define LONGS_7(a, ...) (long)(a), LONGS_6(__VA_ARGS__)
#define LONGS_8(a, ...) (long)(a), LONGS_7(__VA_ARGS__)
#define LONGS_9(a, ...) (long)(a), LONGS_8(__VA_ARGS__)
#define LONGS_10(a, ...) (long)(a), LONGS_9(__VA_ARGS__)
#define ELEVENTH(a, b, c, d, e, f, g, h, i, j, which, ...) which
#define LONGS(...) \
    ELEVENTH(__VA_ARGS__, LONGS_10, LONGS_9, LONGS_8, LONGS_7, LONGS_6, LONGS_5, LONGS_4, LONGS_3, LONGS_2, LONGS_1)(__VA_ARGS__)

#define ARGUMENTS(...) log_ints(line, #__VA_ARGS__, (const long[]){LONGS(__VA_ARGS__)})
#define ASK(handle, ...)                               \
    struct line *line = line_of(__func__, handle);     \
    __VA_OPT__(ARGUMENTS(__VA_ARGS__);)
/* Every call but those that ask for the diagnostics of the last one drops them. */
#define CALL(of, ...)                                  \
    ASK(of __VA_OPT__(, ) __VA_ARGS__)                 \
    forget(of);
#define DONE(code) return done(line, code)
