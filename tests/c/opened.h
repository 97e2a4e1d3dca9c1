/* The functions of ODBC out of the library $ODBC_LIBRARY, opened as the program starts, as run times of scripting
   languages do it. It may be a driver, too: what it lacks is NULL. */

#include <dlfcn.h>

#define FUNCTIONS(each) \
    each(SQLAllocHandle) each(SQLBindCol) each(SQLBindParameter) each(SQLBrowseConnect) each(SQLBrowseConnectW) each(SQLCancel) \
    each(SQLConnect) each(SQLConnectW) each(SQLDisconnect) each(SQLDriverConnect) each(SQLDriverConnectW) each(SQLEndTran) \
    each(SQLError) each(SQLErrorW) each(SQLExecDirect) each(SQLExecDirectW) each(SQLExecute) each(SQLFetch) each(SQLFreeHandle) \
    each(SQLFreeStmt) each(SQLGetConnectAttr) each(SQLGetConnectAttrW) each(SQLGetData) each(SQLGetDiagField) \
    each(SQLGetDiagFieldW) each(SQLGetDiagRec) each(SQLGetDiagRecW) each(SQLGetInfo) each(SQLPrepare) each(SQLSetConnectAttr) \
    each(SQLSetEnvAttr) each(SQLTables)

#define DECLARE(name) static __typeof__(&name) opened_##name;
FUNCTIONS(DECLARE)

static void __attribute__((constructor)) open_library(void) {
    void *library = dlopen(getenv("ODBC_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
#define FIND(name) *(void **)&opened_##name = dlsym(library, #name);
    FUNCTIONS(FIND)
}

#define SQLAllocHandle opened_SQLAllocHandle
#define SQLBindCol opened_SQLBindCol
#define SQLBindParameter opened_SQLBindParameter
#define SQLBrowseConnect opened_SQLBrowseConnect
#define SQLBrowseConnectW opened_SQLBrowseConnectW
#define SQLCancel opened_SQLCancel
#define SQLConnect opened_SQLConnect
#define SQLConnectW opened_SQLConnectW
#define SQLDisconnect opened_SQLDisconnect
#define SQLDriverConnect opened_SQLDriverConnect
#define SQLDriverConnectW opened_SQLDriverConnectW
#define SQLEndTran opened_SQLEndTran
#define SQLError opened_SQLError
#define SQLErrorW opened_SQLErrorW
#define SQLExecDirect opened_SQLExecDirect
#define SQLExecDirectW opened_SQLExecDirectW
#define SQLExecute opened_SQLExecute
#define SQLFetch opened_SQLFetch
#define SQLFreeHandle opened_SQLFreeHandle
#define SQLFreeStmt opened_SQLFreeStmt
#define SQLGetConnectAttr opened_SQLGetConnectAttr
#define SQLGetConnectAttrW opened_SQLGetConnectAttrW
#define SQLGetData opened_SQLGetData
#define SQLGetDiagField opened_SQLGetDiagField
#define SQLGetDiagFieldW opened_SQLGetDiagFieldW
#define SQLGetDiagRec opened_SQLGetDiagRec
#define SQLGetDiagRecW opened_SQLGetDiagRecW
#define SQLGetInfo opened_SQLGetInfo
#define SQLPrepare opened_SQLPrepare
#define SQLSetConnectAttr opened_SQLSetConnectAttr
#define SQLSetEnvAttr opened_SQLSetEnvAttr
#define SQLTables opened_SQLTables
