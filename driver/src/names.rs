//! The one table of names: every name that unixODBC, iODBC, or a program that opens a driver file by itself looks
//! up; which of them tokenshim hooks, and which get a stub where the real driver cannot be loaded.

use crate::{
    attach::{Answer, resolve},
    hook, stub,
};
use core::arch::global_asm;
use core::ffi::c_void;

/// What a name can be bound to besides the real driver's own function.
pub struct Choices {
    pub hook: *const c_void,
    pub stub: *const c_void,
}

macro_rules! names {
    ($($name:ident $($choice:ident)*;)*) => {$(
        /// The resolver behind this name. `extern "C"` without arguments: the loader passes none that matter.
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> *const c_void {
            #[allow(unused_mut)]
            let mut choices = Choices { hook: core::ptr::null(), stub: core::ptr::null() };
            $(choices.$choice = $choice::$name as *const c_void;)*
            // The name as C text: `stringify!` has no terminating NUL.
            const NAME: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(
                concat!(stringify!($name), "\0").as_bytes()
            ) { Ok(name) => name, Err(_) => unreachable!() };
            static ANSWER: Answer = Answer::unknown();
            resolve(NAME, &choices, &ANSWER)
        }
        // Makes the function above the *resolver* of the exported name (ELF gABI, STT_GNU_IFUNC).
        global_asm!(concat!(".type ", stringify!($name), ", @gnu_indirect_function"));
    )*};
}

// A stub is offered under plain names only: then both driver managers take the driver for an ANSI one and do the
// wide conversion themselves.
names! {
    SQLAllocConnect;
    SQLAllocEnv;
    SQLAllocHandle hook stub;
    SQLAllocStmt hook;
    SQLAllocHandleStd;
    SQLBindCol;
    SQLBindParam;
    SQLBindParameter;
    SQLBrowseConnect hook stub;
    SQLBrowseConnectA hook;
    SQLBrowseConnectW hook;
    SQLBulkOperations;
    SQLCancel;
    SQLCloseCursor;
    SQLColAttribute;
    SQLColAttributeA;
    SQLColAttributeW;
    SQLColAttributes;
    SQLColAttributesA;
    SQLColAttributesW;
    SQLColumnPrivileges hook;
    SQLColumnPrivilegesA hook;
    SQLColumnPrivilegesW hook;
    SQLColumns hook;
    SQLColumnsA hook;
    SQLColumnsW hook;
    SQLConnect hook stub;
    SQLConnectA hook;
    SQLConnectW hook;
    SQLCopyDesc;
    SQLDataSources;
    SQLDataSourcesA;
    SQLDataSourcesW;
    SQLDescribeCol;
    SQLDescribeColA;
    SQLDescribeColW;
    SQLDescribeParam;
    SQLDisconnect hook stub;
    SQLDriverConnect hook stub;
    SQLDriverConnectA hook;
    SQLDriverConnectW hook;
    SQLDrivers;
    SQLDriversA;
    SQLDriversW;
    SQLEndTran;
    SQLError hook;
    SQLErrorA hook;
    SQLErrorW hook;
    SQLExecDirect hook;
    SQLExecDirectA hook;
    SQLExecDirectW hook;
    SQLExecute hook;
    SQLExtendedFetch;
    SQLFetch;
    SQLFetchScroll;
    SQLForeignKeys hook;
    SQLForeignKeysA hook;
    SQLForeignKeysW hook;
    SQLFreeEnv;
    SQLFreeHandle hook stub;
    SQLFreeStmt hook;
    SQLFreeConnect hook;
    SQLGetConnectAttr hook;
    SQLGetConnectAttrA hook;
    SQLGetConnectAttrW hook;
    SQLGetConnectOption hook;
    SQLGetConnectOptionA hook;
    SQLGetConnectOptionW hook;
    SQLGetCursorName;
    SQLGetCursorNameA;
    SQLGetCursorNameW;
    SQLGetData;
    SQLGetDescField;
    SQLGetDescFieldA;
    SQLGetDescFieldW;
    SQLGetDescRec;
    SQLGetDescRecA;
    SQLGetDescRecW;
    SQLGetDiagField hook stub;
    SQLGetDiagFieldA hook;
    SQLGetDiagFieldW hook;
    SQLGetEnvAttr stub;
    SQLGetFunctions;
    SQLGetInfo;
    SQLGetInfoA;
    SQLGetInfoW;
    SQLGetStmtAttr;
    SQLGetStmtAttrA;
    SQLGetStmtAttrW;
    SQLGetStmtOption;
    SQLGetStmtOptionA;
    SQLGetTypeInfo hook;
    SQLGetTypeInfoA hook;
    SQLGetTypeInfoW hook;
    SQLMoreResults;
    SQLNativeSql;
    SQLNativeSqlA;
    SQLNativeSqlW;
    SQLNumParams;
    SQLNumResultCols;
    SQLParamData;
    SQLParamOptions;
    SQLPrepare hook;
    SQLPrepareA hook;
    SQLPrepareW hook;
    SQLPrimaryKeys hook;
    SQLPrimaryKeysA hook;
    SQLPrimaryKeysW hook;
    SQLProcedureColumns hook;
    SQLProcedureColumnsA hook;
    SQLProcedureColumnsW hook;
    SQLProcedures hook;
    SQLProceduresA hook;
    SQLProceduresW hook;
    SQLPutData;
    SQLRowCount;
    SQLSetConnectAttr hook stub;
    SQLSetConnectAttrA hook;
    SQLSetConnectAttrW hook;
    SQLSetConnectOption hook;
    SQLSetConnectOptionA hook;
    SQLSetConnectOptionW hook;
    SQLSetCursorName;
    SQLSetCursorNameA;
    SQLSetCursorNameW;
    SQLSetDescField;
    SQLSetDescFieldA;
    SQLSetDescFieldW;
    SQLSetDescRec;
    SQLSetEnvAttr stub;
    SQLSetParam;
    SQLSetPos;
    SQLSetScrollOptions;
    SQLSetStmtAttr;
    SQLSetStmtAttrA;
    SQLSetStmtAttrW;
    SQLSetStmtOption;
    SQLSetStmtOptionA;
    SQLSpecialColumns hook;
    SQLSpecialColumnsA hook;
    SQLSpecialColumnsW hook;
    SQLStatistics hook;
    SQLStatisticsA hook;
    SQLStatisticsW hook;
    SQLTablePrivileges hook;
    SQLTablePrivilegesA hook;
    SQLTablePrivilegesW hook;
    SQLTables hook;
    SQLTablesA hook;
    SQLTablesW hook;
    SQLTransact;
    SQLGetDiagRec hook stub;
    SQLGetDiagRecA hook;
    SQLGetDiagRecW hook;
    SQLCancelHandle;
    // unixODBC calls these two on every load and unload of a driver that has them.
    SQLDriverLoad;
    SQLDriverUnload;
    // The installer library looks these up in the file of `Setup=`, which some drivers share with `Driver=`.
    ConfigDSN;
    ConfigDSNW;
    ConfigDriver;
    ConfigDriverW;
    ODBCINSTGetProperties;
    // Bulk copy of Microsoft's driver: programs look these up in the driver file themselves.
    bcp_batch;
    bcp_bind;
    bcp_colfmt;
    bcp_collen;
    bcp_colptr;
    bcp_columns;
    bcp_control;
    bcp_done;
    bcp_exec;
    bcp_getcolfmt;
    bcp_gettypenameA;
    bcp_gettypenameW;
    bcp_initA;
    bcp_initW;
    bcp_moretext;
    bcp_readfmtA;
    bcp_readfmtW;
    bcp_sendrow;
    bcp_sendtdsdata;
    bcp_setbulkmode;
    bcp_setcolfmt;
    bcp_writefmtA;
    bcp_writefmtW;
}
