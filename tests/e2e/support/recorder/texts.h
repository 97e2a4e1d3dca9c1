/* Texts in and out: SQLWCHARs or bytes there, UTF-8 here. */

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

/* Copies a text out as ODBC wants it: cut to the buffer, the whole length told. `unit`: what `max` and the length are counted in,
   1 for characters, else the bytes of a character. */
static SQLRETURN give(const char *text, void *out, long max, int wide, int unit, int *length) {
    int whole = put_text(text, out, (int)(max / unit), wide);
    if (length) *length = whole * unit;
    return out && whole >= max / unit ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}

static SQLRETURN give_short(const char *text, void *out, int max, int wide, int unit, SQLSMALLINT *length) {
    int whole;
    SQLRETURN code = give(text, out, max, wide, unit, &whole);
    if (length) *length = (SQLSMALLINT)whole;
    return code;
}
