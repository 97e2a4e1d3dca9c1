/* What stands behind a handle, and its one diagnostic record. */

#define SQL_COPT_SS_ACCESS_TOKEN 1256
#define SQL_ATTR_CREDENTIALS 122
#define SQL_ATTR_REFRESH_CONNECTION 123
#define ATTRIBUTES 64

struct handle {
    int kind;
    struct handle *parent;
    char state[6], message[SQL_MAX_MESSAGE_LENGTH]; /* the one diagnostic record, if state is not empty */
    struct { SQLINTEGER name; SQLPOINTER value; } attributes[ATTRIBUTES];
    int attribute_count;
    /* a connection's */
    char *connection_string, *credentials;
    int browsing, connected, refreshes;
    /* a statement's */
    char *sql;
    int columns, rows, row, parameters;
    struct handle *descriptors[4];
    struct { SQLSMALLINT type; SQLPOINTER value; SQLLEN max, *length; } column, parameter;
    int wants_data, cancelled;
};

/* With RECORDER_REUSE, what was freed last is the next one that is made. */
static struct handle *freed;

static struct handle *new_handle(int kind, struct handle *parent) {
    struct handle *h = freed ? freed : malloc(sizeof *h);
    if (h == freed) freed = h->parent;
    memset(h, 0, sizeof *h);
    h->kind = kind;
    h->parent = parent;
    for (int i = 0; kind == SQL_HANDLE_STMT && i < 4; i++) h->descriptors[i] = new_handle(SQL_HANDLE_DESC, h);
    return h;
}

static void free_handle(struct handle *h) {
    for (int i = 0; i < 4; i++)
        if (h->descriptors[i]) free_handle(h->descriptors[i]);
    free(h->connection_string);
    free(h->credentials);
    free(h->sql);
    if (getenv("RECORDER_REUSE")) h->parent = freed, freed = h;
    else free(h);
}

/* Keeps a copy of a text argument. */
static char *keep(char **slot, const void *text, int length, int wide) {
    static __thread char read[131072]; /* there are tokens of 60 kB */
    free(*slot);
    return *slot = get_text(text, length, wide, read, sizeof read) ? strdup(read) : NULL;
}

/* -- Diagnostics */

static void forget(struct handle *h) {
    if (h) h->state[0] = 0;
}

static SQLRETURN fail(struct handle *h, const char *state, const char *message, SQLRETURN code) {
    snprintf(h->state, sizeof h->state, "%s", state);
    snprintf(h->message, sizeof h->message, "[Recorder]%s", message);
    return code;
}

/* `text` is a SQLSTATE, one character, and a message. */
static SQLRETURN fail_as(struct handle *h, const char *text, SQLRETURN code) {
    char state[6] = "";
    if (!text || strlen(text) < 6) return SQL_SUCCESS;
    memcpy(state, text, 5);
    return fail(h, state, text + 6, code);
}

static SQLRETURN diag_rec(struct handle *h, int number, void *state, SQLINTEGER *native, void *text, int max,
                          SQLSMALLINT *length, int wide) {
    if (number != 1 || !h || !h->state[0]) return SQL_NO_DATA;
    put_text(h->state, state, 6, wide);
    if (native) *native = 4711;
    return give_short(h->message, text, max, wide, 1, length);
}

static SQLRETURN diag_field(struct handle *h, int number, int field, void *info, int max, SQLSMALLINT *length, int wide) {
    int count = h->state[0] != 0;
    const char *text;
    if (number == 0 && field == SQL_DIAG_NUMBER) return *(SQLINTEGER *)info = count, SQL_SUCCESS;
    if (number == 0 && field == SQL_DIAG_RETURNCODE) return *(SQLRETURN *)info = count ? SQL_ERROR : SQL_SUCCESS, SQL_SUCCESS;
    if (number == 0) return SQL_ERROR;
    if (number != 1 || !count) return SQL_NO_DATA;
    switch (field) {
    case SQL_DIAG_NATIVE: return *(SQLINTEGER *)info = 4711, SQL_SUCCESS;
    case SQL_DIAG_SQLSTATE: text = h->state; break;
    case SQL_DIAG_MESSAGE_TEXT: text = h->message; break;
    case SQL_DIAG_CLASS_ORIGIN: case SQL_DIAG_SUBCLASS_ORIGIN: text = "ISO 9075"; break;
    default: text = "";
    }
    return give_short(text, info, max, wide, wide ? sizeof(SQLWCHAR) : 1, length); /* here ODBC counts bytes */
}

/* -- Attributes */

static SQLPOINTER *attribute(struct handle *h, SQLINTEGER name, int make) {
    for (int i = 0; i < h->attribute_count; i++)
        if (h->attributes[i].name == name) return &h->attributes[i].value;
    if (!make || h->attribute_count == ATTRIBUTES) return NULL;
    h->attributes[h->attribute_count].name = name;
    return &h->attributes[h->attribute_count++].value;
}

/* Whether the list in the environment variable has this number. */
static int listed(const char *variable, SQLINTEGER name) {
    char list[256], wanted[16];
    snprintf(list, sizeof list, ",%s,", getenv(variable) ? getenv(variable) : "");
    snprintf(wanted, sizeof wanted, ",%d,", (int)name);
    return strstr(list, wanted) != NULL;
}

static SQLRETURN set_attribute(struct handle *h, SQLINTEGER name, SQLPOINTER value) {
    const char *state = getenv("RECORDER_REFUSE_STATE");
    if (listed("RECORDER_REFUSE", name)) return fail(h, state ? state : "HYC00", "Optional feature not implemented", SQL_ERROR);
    SQLPOINTER *slot = attribute(h, name, 1);
    if (slot) *slot = value;
    return SQL_SUCCESS;
}

static SQLPOINTER get_pointer(struct handle *h, SQLINTEGER name) {
    SQLPOINTER *slot = attribute(h, name, 0);
    return slot ? *slot : NULL;
}

/* Waits for something that another thread or the test does; at most 30 s, so that a test that fails comes to its end. */
static int wait_until(int (*happened)(const struct handle *), const struct handle *h) {
    for (int i = 0; i < 15000; i++, usleep(2000))
        if (happened(h)) return 1;
    return 0;
}

/* The name of this library's file. */
static const char *own_name(void) {
    Dl_info info;
    return dladdr((void *)own_name, &info) && info.dli_fname ? basename(info.dli_fname) : "recorder";
}

/* What was set, as 32 bits; 0 where nothing was. */
static SQLRETURN get_attribute(struct handle *h, SQLINTEGER name, SQLPOINTER value, SQLINTEGER *length) {
    if (value) *(SQLUINTEGER *)value = (SQLUINTEGER)(unsigned long)get_pointer(h, name);
    if (length) *length = sizeof(SQLUINTEGER);
    return SQL_SUCCESS;
}
