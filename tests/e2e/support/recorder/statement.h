/* Statements. What the SQL says decides what comes of it:

       select 3 …        three rows of one column, "1", "2" and "3"; other statements have no column, and touch one row
       … ? …             one parameter for each
       fail 42000 words  fails with this record
       info 01000 words  succeeds with this record
       wait …            waits until it is cancelled */

/* -- What both letters do */

static void prepare(struct handle *h, const char *sql) {
    h->rows = h->columns = 0;
    if (sscanf(sql, "select %d", &h->rows) >= 0 && !strncmp(sql, "select", 6)) h->columns = 1;
    h->parameters = 0;
    for (; *sql; sql++) h->parameters += *sql == '?';
}

static int is_cancelled(const struct handle *h) { return __atomic_load_n(&h->cancelled, __ATOMIC_ACQUIRE); }

static SQLRETURN execute(struct line *line, struct handle *h) {
    const char *sql = h->sql ? h->sql : "";
    h->row = 0;
    send_now(line);
    if (!strncmp(sql, "wait", 4) && wait_until(is_cancelled, h)) return fail(h, "HY008", "Operation canceled", SQL_ERROR);
    if (fail_as(h, getenv("RECORDER_EXEC_FAIL"), SQL_ERROR) == SQL_ERROR) return SQL_ERROR;
    if (!strncmp(sql, "fail ", 5)) return fail_as(h, sql + 5, SQL_ERROR);
    if (!strncmp(sql, "info ", 5)) return fail_as(h, sql + 5, SQL_SUCCESS_WITH_INFO);
    SQLLEN *length = h->parameters ? h->parameter.length : NULL;
    h->wants_data = length && (*length == SQL_DATA_AT_EXEC || *length <= SQL_LEN_DATA_AT_EXEC_OFFSET);
    return h->wants_data ? SQL_NEED_DATA : SQL_SUCCESS;
}

/* The tables of catalog functions have one row. */
static SQLRETURN catalog(struct handle *h) {
    prepare(h, "select 1");
    return SQL_SUCCESS;
}

static SQLRETURN give_cell(struct handle *h, SQLSMALLINT type, SQLPOINTER value, SQLLEN max, SQLLEN *length) {
    char text[12];
    int whole, wide = type == SQL_C_WCHAR;
    if (type == SQL_C_LONG || type == SQL_C_SLONG) {
        *(SQLINTEGER *)value = h->row;
        if (length) *length = sizeof(SQLINTEGER);
        return SQL_SUCCESS;
    }
    snprintf(text, sizeof text, "%d", h->row);
    SQLRETURN code = give(text, value, max, wide, wide ? sizeof(SQLWCHAR) : 1, &whole);
    if (length) *length = whole;
    return code;
}

static SQLRETURN next_row(struct handle *h, SQLULEN *count, SQLUSMALLINT *status) {
    int there = h->row < h->rows;
    h->row += there;
    if (count) *count = there;
    if (status) *status = there ? SQL_ROW_SUCCESS : SQL_ROW_NOROW;
    if (there && h->column.value) give_cell(h, h->column.type, h->column.value, h->column.max, h->column.length);
    return there ? SQL_SUCCESS : SQL_NO_DATA;
}

static void bind_parameter(struct handle *h, SQLUSMALLINT number, SQLPOINTER value, SQLLEN *length) {
    if (number == 1) h->parameter.value = value, h->parameter.length = length;
}

/* -- What ODBC has once */

SQLRETURN SQL_API SQLFreeStmt(SQLHSTMT statement, SQLUSMALLINT option) {
    struct handle *h = statement;
    CALL(h, option);
    if (option == SQL_UNBIND) memset(&h->column, 0, sizeof h->column);
    if (option == SQL_RESET_PARAMS) memset(&h->parameter, 0, sizeof h->parameter);
    if (option == SQL_DROP) free_handle(h);
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API SQLExecute(SQLHSTMT statement) {
    CALL(statement);
    DONE(execute(line, statement));
}

SQLRETURN SQL_API SQLFetch(SQLHSTMT statement) {
    CALL(statement);
    DONE(next_row(statement, NULL, NULL));
}

SQLRETURN SQL_API SQLExtendedFetch(SQLHSTMT statement, SQLUSMALLINT orientation, SQLLEN offset, SQLULEN *count, SQLUSMALLINT *status) {
    CALL(statement, orientation, offset);
    DONE(next_row(statement, count, status));
}

SQLRETURN SQL_API SQLGetData(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, SQLPOINTER value, SQLLEN max, SQLLEN *length) {
    CALL(statement, column, type, max);
    DONE(give_cell(statement, type, value, max, length));
}

SQLRETURN SQL_API SQLBindCol(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, SQLPOINTER value, SQLLEN max, SQLLEN *length) {
    struct handle *h = statement;
    CALL(h, column, type, value, max, length);
    if (column == 1) h->column.type = type, h->column.value = value, h->column.max = max, h->column.length = length;
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API SQLBindParameter(SQLHSTMT statement, SQLUSMALLINT number, SQLSMALLINT direction, SQLSMALLINT type, SQLSMALLINT sql_type,
                                   SQLULEN size, SQLSMALLINT digits, SQLPOINTER value, SQLLEN max, SQLLEN *length) {
    CALL(statement, number, direction, type, sql_type, size, digits, value, max, length);
    bind_parameter(statement, number, value, length);
    DONE(SQL_SUCCESS);
}

#define BIND(name)                                                                                                              \
    SQLRETURN SQL_API name(SQLHSTMT statement, SQLUSMALLINT number, SQLSMALLINT type, SQLSMALLINT sql_type, SQLULEN size,       \
                           SQLSMALLINT digits, SQLPOINTER value, SQLLEN *length) {                                              \
        CALL(statement, number, type, sql_type, size, digits, value, length);                                                   \
        bind_parameter(statement, number, value, length);                                                                       \
        DONE(SQL_SUCCESS);                                                                                                      \
    }
BIND(SQLSetParam)
#ifndef OLD
BIND(SQLBindParam)
#endif

SQLRETURN SQL_API SQLParamData(SQLHSTMT statement, SQLPOINTER *value) {
    struct handle *h = statement;
    CALL(h);
    if (!h->wants_data) DONE(SQL_SUCCESS);
    h->wants_data = 0;
    *value = h->parameter.value;
    DONE(SQL_NEED_DATA);
}

SQLRETURN SQL_API SQLPutData(SQLHSTMT statement, SQLPOINTER value, SQLLEN length) {
    CALL(statement, value, length);
    if (length > 0) log_hex(line, "bytes", value, (size_t)length);
    DONE(SQL_SUCCESS);
}

/* Comes from another thread, so it leaves the records alone. */
SQLRETURN SQL_API SQLCancel(SQLHSTMT statement) {
    ASK(statement);
    __atomic_store_n(&((struct handle *)statement)->cancelled, 1, __ATOMIC_RELEASE);
    DONE(SQL_SUCCESS);
}

/* Functions whose answer is a number that the statement knows. */
#define COUNT(name, type, expression)                                  \
    SQLRETURN SQL_API name(SQLHSTMT statement, type *count) {          \
        struct handle *h = statement;                                  \
        CALL(h);                                                       \
        if (count) *count = (type)(expression);                        \
        DONE(SQL_SUCCESS);                                             \
    }
COUNT(SQLNumResultCols, SQLSMALLINT, h->columns)
COUNT(SQLNumParams, SQLSMALLINT, h->parameters)
COUNT(SQLRowCount, SQLLEN, h->columns ? -1 : 1)

SQLRETURN SQL_API SQLDescribeParam(SQLHSTMT statement, SQLUSMALLINT number, SQLSMALLINT *type, SQLULEN *size, SQLSMALLINT *digits, SQLSMALLINT *nullable) {
    CALL(statement, number);
    *type = SQL_VARCHAR, *size = 10, *digits = 0, *nullable = SQL_NULLABLE;
    DONE(SQL_SUCCESS);
}

/* Functions that are noted, and succeed. */
#define NOTED(name, PARAMETERS, ...)          \
    SQLRETURN SQL_API name PARAMETERS {       \
        CALL(statement, ##__VA_ARGS__);       \
        DONE(SQL_SUCCESS);                    \
    }
NOTED(SQLSetPos, (SQLHSTMT statement, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT lock), row, operation, lock)
NOTED(SQLSetScrollOptions, (SQLHSTMT statement, SQLUSMALLINT concurrency, SQLLEN keyset, SQLUSMALLINT rowset), concurrency, keyset, rowset)
NOTED(SQLParamOptions, (SQLHSTMT statement, SQLULEN rows, SQLULEN *row), rows, row)

SQLRETURN SQL_API SQLMoreResults(SQLHSTMT statement) {
    CALL(statement);
    DONE(SQL_NO_DATA);
}

#ifndef OLD
NOTED(SQLCloseCursor, (SQLHSTMT statement))
NOTED(SQLBulkOperations, (SQLHSTMT statement, SQLSMALLINT operation), operation)
NOTED(SQLCopyDesc, (SQLHDESC statement, SQLHDESC to), to)
NOTED(SQLSetDescRec, (SQLHDESC statement, SQLSMALLINT number, SQLSMALLINT type, SQLSMALLINT subtype, SQLLEN size, SQLSMALLINT precision,
                      SQLSMALLINT scale, SQLPOINTER data, SQLLEN *length, SQLLEN *indicator),
      number, type, subtype, size, precision, scale, data, length, indicator)

SQLRETURN SQL_API SQLFetchScroll(SQLHSTMT statement, SQLSMALLINT orientation, SQLLEN offset) {
    CALL(statement, orientation, offset);
    DONE(next_row(statement, get_pointer(statement, SQL_ATTR_ROWS_FETCHED_PTR), get_pointer(statement, SQL_ATTR_ROW_STATUS_PTR)));
}
#endif

#if ODBC_2
SQLRETURN SQL_API SQLSetStmtOption(SQLHSTMT statement, SQLUSMALLINT option, SQLULEN value) {
    CALL(statement, option, value);
    DONE(set_attribute(statement, option, (SQLPOINTER)value));
}

SQLRETURN SQL_API SQLGetStmtOption(SQLHSTMT statement, SQLUSMALLINT option, SQLPOINTER value) {
    CALL(statement, option);
    DONE(get_attribute(statement, option, value, NULL));
}
#endif
