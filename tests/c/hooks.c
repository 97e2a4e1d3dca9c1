/* Calls the functions before which tokenshim stands, of a driver without a driver manager: hooks STRING */

#include "counted.h"

int main(int count, char **arguments) {
    CHECK(count == 2);
    SQLHENV env = environment();
    SQLHDBC dbc = handle(SQL_HANDLE_DBC, env), other = NULL;
    SUCCEED(SQL_HANDLE_DBC, dbc, SQLDriverConnect(dbc, NULL, TEXT(arguments[1]), NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    SQLHSTMT statement = handle(SQL_HANDLE_STMT, dbc), another = NULL;
    SQLCHAR state[6], message[100];
    SQLINTEGER native, number, length;
    SQLSMALLINT small;

    COUNT("SQLGetDiagRec, a connection", (void)0, SQLGetDiagRec(SQL_HANDLE_DBC, dbc, 1, state, &native, message, sizeof message, &small));
    COUNT("SQLGetDiagRec, a statement", (void)0,
          SQLGetDiagRec(SQL_HANDLE_STMT, statement, 1, state, &native, message, sizeof message, &small));
    COUNT("SQLGetDiagField, a connection", (void)0, SQLGetDiagField(SQL_HANDLE_DBC, dbc, 0, SQL_DIAG_NUMBER, &number, 0, &small));
    COUNT("SQLGetDiagField, a statement", (void)0, SQLGetDiagField(SQL_HANDLE_STMT, statement, 0, SQL_DIAG_NUMBER, &number, 0, &small));
    COUNT("SQLError, a connection", (void)0, SQLError(env, dbc, NULL, state, &native, message, sizeof message, &small));
    COUNT("SQLError, a statement", (void)0, SQLError(env, dbc, statement, state, &native, message, sizeof message, &small));
    COUNT("SQLFreeHandle, a statement", another = handle(SQL_HANDLE_STMT, dbc), SQLFreeHandle(SQL_HANDLE_STMT, another));
    COUNT("SQLFreeHandle, a connection", other = handle(SQL_HANDLE_DBC, env), SQLFreeHandle(SQL_HANDLE_DBC, other));
    COUNT("SQLGetConnectAttr", (void)0, SQLGetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, &number, sizeof number, &length));
    COUNT("SQLSetConnectAttr", (void)0, SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0));
    COUNT("SQLDisconnect", other = handle(SQL_HANDLE_DBC, env); SQLDriverConnect(other, NULL, TEXT(arguments[1]), NULL, 0, NULL, 0),
          SQLDisconnect(other));
    return 0;
}
