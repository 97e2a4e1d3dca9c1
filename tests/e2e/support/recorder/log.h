/* Texts in and out, and the lines of the log. A line is written by one write(2) to a file opened for appending, so
   that threads and processes may share it. */

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Reads a text argument (SQL_NTS or counted in its own characters) as UTF-8; NULL for a NULL pointer. */
static char *get_text(const void *text, int length, int wide, char *out, size_t size) {
    size_t at = 0;
    if (!text) return NULL;
    if (size) out[0] = 0;
    for (int i = 0; length < 0 || i < length; i++) {
        unsigned c = wide ? (unsigned)((const SQLWCHAR *)text)[i] : ((const unsigned char *)text)[i];
        if (length < 0 && !c) break;
        if (at + 5 > size) break;
        if (!wide || c < 0x80) {
            out[at++] = (char)c;
            continue;
        }
        if (c >= 0xd800 && c < 0xdc00) c = 0x10000 + ((c - 0xd800) << 10) + ((unsigned)((const SQLWCHAR *)text)[++i] - 0xdc00);
        if (c < 0x800) out[at++] = (char)(0xc0 | c >> 6);
        else if (c < 0x10000) out[at++] = (char)(0xe0 | c >> 12), out[at++] = (char)(0x80 | (c >> 6 & 0x3f));
        else out[at++] = (char)(0xf0 | c >> 18), out[at++] = (char)(0x80 | (c >> 12 & 0x3f)), out[at++] = (char)(0x80 | (c >> 6 & 0x3f));
        out[at++] = (char)(0x80 | (c & 0x3f));
    }
    out[at] = 0;
    return out;
}

/* Writes UTF-8 into an out buffer of `max` characters, always ended by NUL; the number of characters of the whole. */
static int put_text(const char *text, void *out, int max, int wide) {
    int whole = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        unsigned c = *p;
        if (wide && c >= 0xc0) {
            int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
            for (c &= 0x3fu >> more; more--;) c = c << 6 | (*++p & 0x3f);
        }
        if (wide && c > 0xffff && sizeof(SQLWCHAR) == 2) {
            if (out && whole < max - 1) ((SQLWCHAR *)out)[whole] = (SQLWCHAR)(0xd800 + ((c - 0x10000) >> 10));
            whole++;
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        if (out && whole < max - 1) {
            if (wide) ((SQLWCHAR *)out)[whole] = (SQLWCHAR)c;
            else ((char *)out)[whole] = (char)c;
        }
        whole++;
    }
    int last = whole < max ? whole : max - 1;
    if (out && max > 0) {
        if (wide) ((SQLWCHAR *)out)[last] = 0;
        else ((char *)out)[last] = 0;
    }
    return whole;
}

struct line {
    FILE *stream;
    char *text;
    size_t size;
};

static struct line *begin(const char *call, const void *handle) {
    struct line *line = calloc(1, sizeof *line);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    line->stream = open_memstream(&line->text, &line->size);
    fprintf(line->stream, "{\"call\":\"%s\",\"handle\":%lu,\"thread\":%lu,\"at\":%ld.%06ld", call, (unsigned long)handle,
            (unsigned long)pthread_self(), (long)now.tv_sec, now.tv_nsec / 1000);
    return line;
}

static void end(struct line *line) {
    fputs("}\n", line->stream);
    fclose(line->stream);
    int file = getenv("RECORDER_LOG") ? open(getenv("RECORDER_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file >= 0 && write(file, line->text, line->size) < 0) perror("RECORDER_LOG");
    if (file >= 0) close(file);
    free(line->text);
    free(line);
}

static void log_int(struct line *line, const char *name, long value) { fprintf(line->stream, ",\"%s\":%ld", name, value); }

static void log_text(struct line *line, const char *name, const char *text) {
    fprintf(line->stream, ",\"%s\":\"", name);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fprintf(line->stream, "\\%c", *text);
        else if ((unsigned char)*text < 0x20) fprintf(line->stream, "\\u%04x", *text);
        else fputc(*text, line->stream);
    }
    fputc('"', line->stream);
}

static void log_text_or_null(struct line *line, const char *name, const char *text) {
    if (text) log_text(line, name, text);
    else fprintf(line->stream, ",\"%s\":null", name);
}

static void log_hex(struct line *line, const char *name, const void *bytes, size_t count) {
    fprintf(line->stream, ",\"%s\":\"", name);
    for (size_t i = 0; i < count; i++) fprintf(line->stream, "%02x", ((const unsigned char *)bytes)[i]);
    fputc('"', line->stream);
}

static void note(const char *call, const void *handle) {
    struct line *line = begin(call, handle);
    end(line);
}
