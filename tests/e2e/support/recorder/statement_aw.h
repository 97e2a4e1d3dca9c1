/* Statements, catalogs and descriptors: what has a text or an attribute, once for each letter. */

SQLRETURN SQL_API LETTER(SQLPrepare)(SQLHSTMT statement, CHAR *sql, SQLINTEGER length) {
    struct handle *h = statement;
    CALL(h, length);
    log_text(line, "sql", keep(&h->sql, sql, length, IS_WIDE));
    prepare(h, h->sql ? h->sql : "");
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API LETTER(SQLExecDirect)(SQLHSTMT statement, CHAR *sql, SQLINTEGER length) {
    struct handle *h = statement;
    CALL(h, length);
    log_text(line, "sql", keep(&h->sql, sql, length, IS_WIDE));
    prepare(h, h->sql ? h->sql : "");
    DONE(execute(line, h));
}

SQLRETURN SQL_API LETTER(SQLDescribeCol)(SQLHSTMT statement, SQLUSMALLINT column, CHAR *name, SQLSMALLINT max, SQLSMALLINT *length,
                                         SQLSMALLINT *type, SQLULEN *size, SQLSMALLINT *digits, SQLSMALLINT *nullable) {
    CALL(statement, column, max);
    if (type) *type = SQL_VARCHAR;
    if (size) *size = 10;
    if (digits) *digits = 0;
    if (nullable) *nullable = SQL_NULLABLE;
    DONE(give_short("number", name, max, IS_WIDE, 1, length));
}

/* `name##_length`, as it is in every catalog function. */
#define NAME(name) CHAR *name, SQLSMALLINT name##_length
#define LOG_NAME(name) log_string(line, #name, name, name##_length, IS_WIDE), log_int(line, #name "_length", name##_length);

#define CATALOG(function, PARAMETERS, LOG)                                 \
    SQLRETURN SQL_API LETTER(function) PARAMETERS {                        \
        CALL(statement);                                                   \
        LOG                                                                \
        DONE(catalog(statement));                                          \
    }
#define THREE NAME(catalog_), NAME(schema), NAME(table)
#define LOG_THREE LOG_NAME(catalog_) LOG_NAME(schema) LOG_NAME(table)
#define LOG_INT(name) log_int(line, #name, name);

CATALOG(SQLTables, (SQLHSTMT statement, THREE, NAME(kind)), LOG_THREE LOG_NAME(kind))
CATALOG(SQLColumns, (SQLHSTMT statement, THREE, NAME(column)), LOG_THREE LOG_NAME(column))
CATALOG(SQLPrimaryKeys, (SQLHSTMT statement, THREE), LOG_THREE)
CATALOG(SQLForeignKeys, (SQLHSTMT statement, THREE, NAME(to_catalog), NAME(to_schema), NAME(to_table)),
        LOG_THREE LOG_NAME(to_catalog) LOG_NAME(to_schema) LOG_NAME(to_table))
CATALOG(SQLStatistics, (SQLHSTMT statement, THREE, SQLUSMALLINT unique, SQLUSMALLINT accuracy), LOG_THREE LOG_INT(unique) LOG_INT(accuracy))
CATALOG(SQLSpecialColumns, (SQLHSTMT statement, SQLUSMALLINT kind, THREE, SQLUSMALLINT scope, SQLUSMALLINT nullable),
        LOG_INT(kind) LOG_THREE LOG_INT(scope) LOG_INT(nullable))
CATALOG(SQLProcedures, (SQLHSTMT statement, THREE), LOG_THREE)
CATALOG(SQLProcedureColumns, (SQLHSTMT statement, THREE, NAME(column)), LOG_THREE LOG_NAME(column))
CATALOG(SQLTablePrivileges, (SQLHSTMT statement, THREE), LOG_THREE)
CATALOG(SQLColumnPrivileges, (SQLHSTMT statement, THREE, NAME(column)), LOG_THREE LOG_NAME(column))
CATALOG(SQLGetTypeInfo, (SQLHSTMT statement, SQLSMALLINT type), LOG_INT(type))

SQLRETURN SQL_API LETTER(SQLSetCursorName)(SQLHSTMT statement, NAME(name)) {
    CALL(statement);
    LOG_NAME(name)
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API LETTER(SQLGetCursorName)(SQLHSTMT statement, CHAR *name, SQLSMALLINT max, SQLSMALLINT *length) {
    CALL(statement, max);
    DONE(give_short("cursor", name, max, IS_WIDE, 1, length));
}

#define COLUMN_ATTRIBUTE(function, Number)                                                                                         \
    SQLRETURN SQL_API LETTER(function)(SQLHSTMT statement, SQLUSMALLINT column, SQLUSMALLINT field, SQLPOINTER text,               \
                                       SQLSMALLINT max, SQLSMALLINT *length, Number *number) {                                     \
        CALL(statement, column, field, max);                                                                                       \
        if (field == SQL_DESC_NAME || field == SQL_COLUMN_NAME || field == SQL_DESC_LABEL)                                         \
            DONE(give_short("number", text, max, IS_WIDE, UNIT, length));                                                          \
        if (number) *number = 1;                                                                                                   \
        DONE(SQL_SUCCESS);                                                                                                         \
    }
#if ODBC_2
COLUMN_ATTRIBUTE(SQLColAttributes, SQLLEN)
#endif

#ifndef OLD
COLUMN_ATTRIBUTE(SQLColAttribute, SQLLEN)

SQLRETURN SQL_API LETTER(SQLSetStmtAttr)(SQLHSTMT statement, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
    CALL(statement, attribute, value, length);
    DONE(set_attribute(statement, attribute, value));
}

/* The driver managers ask each new statement for its four descriptors, and keep them. */
SQLRETURN SQL_API LETTER(SQLGetStmtAttr)(SQLHSTMT statement, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER max, SQLINTEGER *length) {
    struct handle *h = statement;
    CALL(h, attribute, max);
    if (attribute < SQL_ATTR_APP_ROW_DESC || attribute > SQL_ATTR_IMP_PARAM_DESC) DONE(get_attribute(h, attribute, value, length));
    *(SQLPOINTER *)value = h->descriptors[attribute - SQL_ATTR_APP_ROW_DESC];
    log_int(line, "out", *(long *)value);
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API LETTER(SQLSetDescField)(SQLHDESC descriptor, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value, SQLINTEGER length) {
    CALL(descriptor, number, field, value, length);
    DONE(set_attribute(descriptor, field, value));
}

SQLRETURN SQL_API LETTER(SQLGetDescField)(SQLHDESC descriptor, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value, SQLINTEGER max, SQLINTEGER *length) {
    CALL(descriptor, number, field, max);
    if (field == SQL_DESC_NAME) DONE(give("number", value, max, IS_WIDE, UNIT, length));
    if (value) *(SQLSMALLINT *)value = (SQLSMALLINT)(long)get_pointer(descriptor, field);
    if (length) *length = sizeof(SQLSMALLINT);
    DONE(SQL_SUCCESS);
}

SQLRETURN SQL_API LETTER(SQLGetDescRec)(SQLHDESC descriptor, SQLSMALLINT number, CHAR *name, SQLSMALLINT max, SQLSMALLINT *length, SQLSMALLINT *type,
                                        SQLSMALLINT *subtype, SQLLEN *size, SQLSMALLINT *precision, SQLSMALLINT *scale, SQLSMALLINT *nullable) {
    CALL(descriptor, number, max);
    *type = SQL_VARCHAR, *subtype = 0, *size = 10, *precision = 0, *scale = 0, *nullable = SQL_NULLABLE;
    DONE(give_short("number", name, max, IS_WIDE, 1, length));
}
#endif
