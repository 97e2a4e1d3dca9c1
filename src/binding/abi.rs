//! What passes between libtokenshim_driver.so and libtokenshim.so: one table of functions.
//!
//! The driver library includes this very file, so that the two cannot disagree. They may still come from two
//! installations (a copy of the driver library that an upgrade forgot), so the name of the one entry carries
//! a number: raise it whenever anything in this file changes.

use core::ffi::{CStr, c_char, c_void};

/// The name under which the core library is already loaded, or is looked for last.
pub const CORE_SONAME: &CStr = c"libtokenshim.so.0";
/// The core library's file name beside the driver library, or one folder up.
pub const CORE_FILE: &str = "libtokenshim.so";
/// The core library's one entry, an [`Attach`].
pub const CORE_ENTRY: &CStr = c"tokenshim_driver_attach_3";

/// An ODBC handle of the real driver, as the driver manager holds it.
pub type Handle = *mut c_void;
/// Text in whatever width the entry's letter and the driver manager say.
pub type TextPointer = *mut c_void;
/// SQLRETURN.
pub type Return = i16;

/// Which of a function's three names was called: `SQLConnect`, `SQLConnectA` or `SQLConnectW`.
///
/// Only ever made by the driver library from its own table, so it never holds another value.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    /// `SQLConnect`: bytes.
    Plain = 0,
    /// `SQLConnectA`: bytes.
    A = 1,
    /// `SQLConnectW`: SQLWCHAR.
    W = 2,
}

/// What the core keeps for one copy of the driver library, as long as that is loaded.
#[repr(C)]
pub struct Binding {
    _opaque: [u8; 0],
}

/// `CORE_ENTRY`: finds and loads the real driver of the copy of the driver library that is the file `file`.
///
/// Returns the binding and writes the core's functions to `core`; or returns NULL and writes to `why` (at most
/// `why_bytes`, NUL-terminated) what a diagnostic record should say. Call it once for each file that is loaded.
pub type Attach = unsafe extern "C" fn(file: *const c_char, core: *mut *const Core, why: *mut c_char, why_bytes: usize) -> *const Binding;

/// The table of hooks: each function's own arguments as ODBC has them, and the names it goes by.
///
/// `$do!` is called with what stands behind it, and all rows. Lengths of texts are in characters, or SQL_NTS.
macro_rules! for_each_hook {
    ($do:ident $($first:tt)*) => {
        $do! {
            $($first)*
            connect(dbc: Handle, dsn: TextPointer, dsn_len: i16, user: TextPointer, user_len: i16, password: TextPointer, password_len: i16):
                SQLConnect Plain, SQLConnectA A, SQLConnectW W;
            driver_connect(dbc: Handle, window: *mut c_void, text: TextPointer, text_len: i16, out: TextPointer, out_max: i16, out_len: *mut i16, completion: u16):
                SQLDriverConnect Plain, SQLDriverConnectA A, SQLDriverConnectW W;
            browse_connect(dbc: Handle, text: TextPointer, text_len: i16, out: TextPointer, out_max: i16, out_len: *mut i16):
                SQLBrowseConnect Plain, SQLBrowseConnectA A, SQLBrowseConnectW W;
            set_connect_attr(dbc: Handle, attribute: i32, value: *mut c_void, value_bytes: i32):
                SQLSetConnectAttr Plain, SQLSetConnectAttrA A, SQLSetConnectAttrW W;
            get_connect_attr(dbc: Handle, attribute: i32, value: *mut c_void, value_max_bytes: i32, value_bytes: *mut i32):
                SQLGetConnectAttr Plain, SQLGetConnectAttrA A, SQLGetConnectAttrW W;
            set_connect_option(dbc: Handle, option: u16, value: usize):
                SQLSetConnectOption Plain, SQLSetConnectOptionA A, SQLSetConnectOptionW W;
            get_connect_option(dbc: Handle, option: u16, value: *mut c_void):
                SQLGetConnectOption Plain, SQLGetConnectOptionA A, SQLGetConnectOptionW W;
            get_diag_rec(handle_type: i16, handle: Handle, record: i16, state: TextPointer, native: *mut i32, message: TextPointer, message_max: i16, message_len: *mut i16):
                SQLGetDiagRec Plain, SQLGetDiagRecA A, SQLGetDiagRecW W;
            get_diag_field(handle_type: i16, handle: Handle, record: i16, field: i16, value: *mut c_void, value_max_bytes: i16, value_bytes: *mut i16):
                SQLGetDiagField Plain, SQLGetDiagFieldA A, SQLGetDiagFieldW W;
            error(env: Handle, dbc: Handle, stmt: Handle, state: TextPointer, native: *mut i32, message: TextPointer, message_max: i16, message_len: *mut i16):
                SQLError Plain, SQLErrorA A, SQLErrorW W;
            disconnect(dbc: Handle):
                SQLDisconnect Plain;
            free_handle(handle_type: i16, handle: Handle):
                SQLFreeHandle Plain;
            free_connect(dbc: Handle):
                SQLFreeConnect Plain;
        }
    };
}

/// As [`for_each_hook`], the functions of statements: hooks of those real drivers only whose open connections take new tokens.
/// Every other driver's are its own.
macro_rules! for_each_statement_hook {
    ($do:ident $($first:tt)*) => {
        $do! {
            $($first)*
            execute(stmt: Handle):
                SQLExecute Plain;
            exec_direct(stmt: Handle, sql: TextPointer, sql_len: i32):
                SQLExecDirect Plain, SQLExecDirectA A, SQLExecDirectW W;
            prepare(stmt: Handle, sql: TextPointer, sql_len: i32):
                SQLPrepare Plain, SQLPrepareA A, SQLPrepareW W;
            tables(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, table: TextPointer, table_len: i16, kind: TextPointer, kind_len: i16):
                SQLTables Plain, SQLTablesA A, SQLTablesW W;
            columns(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, table: TextPointer, table_len: i16, column: TextPointer, column_len: i16):
                SQLColumns Plain, SQLColumnsA A, SQLColumnsW W;
            special_columns(stmt: Handle, kind: u16, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, table: TextPointer, table_len: i16, scope: u16, nullable: u16):
                SQLSpecialColumns Plain, SQLSpecialColumnsA A, SQLSpecialColumnsW W;
            statistics(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, table: TextPointer, table_len: i16, unique: u16, reserved: u16):
                SQLStatistics Plain, SQLStatisticsA A, SQLStatisticsW W;
            primary_keys(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, table: TextPointer, table_len: i16):
                SQLPrimaryKeys Plain, SQLPrimaryKeysA A, SQLPrimaryKeysW W;
            foreign_keys(stmt: Handle, pk_catalog: TextPointer, pk_catalog_len: i16, pk_schema: TextPointer, pk_schema_len: i16, pk_table: TextPointer, pk_table_len: i16,
                         fk_catalog: TextPointer, fk_catalog_len: i16, fk_schema: TextPointer, fk_schema_len: i16, fk_table: TextPointer, fk_table_len: i16):
                SQLForeignKeys Plain, SQLForeignKeysA A, SQLForeignKeysW W;
            procedures(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, procedure: TextPointer, procedure_len: i16):
                SQLProcedures Plain, SQLProceduresA A, SQLProceduresW W;
            procedure_columns(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, procedure: TextPointer, procedure_len: i16, column: TextPointer, column_len: i16):
                SQLProcedureColumns Plain, SQLProcedureColumnsA A, SQLProcedureColumnsW W;
            table_privileges(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, table: TextPointer, table_len: i16):
                SQLTablePrivileges Plain, SQLTablePrivilegesA A, SQLTablePrivilegesW W;
            column_privileges(stmt: Handle, catalog: TextPointer, catalog_len: i16, schema: TextPointer, schema_len: i16, table: TextPointer, table_len: i16, column: TextPointer, column_len: i16):
                SQLColumnPrivileges Plain, SQLColumnPrivilegesA A, SQLColumnPrivilegesW W;
            get_type_info(stmt: Handle, kind: i16):
                SQLGetTypeInfo Plain, SQLGetTypeInfoA A, SQLGetTypeInfoW W;
        }
    };
}

/// As [`for_each_statement_hook`], where statements come and go.
macro_rules! for_each_statement_life_hook {
    ($do:ident $($first:tt)*) => {
        $do! {
            $($first)*
            alloc_handle(handle_type: i16, parent: Handle, handle: *mut Handle):
                SQLAllocHandle Plain;
            alloc_stmt(dbc: Handle, stmt: *mut Handle):
                SQLAllocStmt Plain;
            free_stmt(stmt: Handle, option: u16):
                SQLFreeStmt Plain;
        }
    };
}

macro_rules! hook_struct {
    ($(#[$doc:meta])* $struct:ident $($function:ident($($arg:ident: $type:ty),* $(,)?): $($name:ident $letter:ident),*;)*) => {
        $(#[$doc])*
        #[repr(C)]
        pub struct $struct {
            $(
                /// One hook.
                pub $function: unsafe extern "C" fn(
                    binding: *const Binding,
                    letter: Letter,
                    $($arg: $type),*
                ) -> Return,
            )*
        }
    };
}
for_each_hook!(hook_struct /** The hooks of connections. */ Hooks);
for_each_statement_hook!(hook_struct /** The hooks of statements. */ StatementHooks);
for_each_statement_life_hook!(hook_struct /** The hooks where statements come and go. */ StatementLifeHooks);

/// The core's functions: the hooks get the binding and the letter before the ODBC function's own arguments.
#[repr(C)]
pub struct Core {
    /// The real driver's function `name`, or NULL. Where `hookable` is not NULL, it is told whether a
    /// hook may stand before that function: not where it belongs to a driver manager, or is none of this driver's hooks.
    pub lookup: unsafe extern "C" fn(binding: *const Binding, name: *const c_char, hookable: *mut bool) -> *const c_void,
    /// The driver library is being unloaded: closes the real driver too, and frees the binding.
    pub detach: unsafe extern "C" fn(binding: *const Binding),
    /// Of connections.
    pub hooks: Hooks,
    /// Of statements.
    pub statements: StatementHooks,
    /// Of statements as well.
    pub statement_lives: StatementLifeHooks,
}
