//! A driver manager, called as a program calls it: for the command alone, in a child of its own, whose only use of a driver manager this
//! is. What tokenshim does inside of programs never calls one.

use super::library::Library;
use core::ffi::{CStr, c_char, c_void};
use core::ptr;
use std::ffi::CString;
use std::path::Path;

type Handle = *mut c_void;
type Return = i16;

// ODBC's own numbers (sql.h, sqlext.h).
const HANDLE_ENV: i16 = 1;
const HANDLE_DBC: i16 = 2;
const ATTR_ODBC_VERSION: i32 = 200;
const OV_ODBC3: usize = 3;
const ATTR_LOGIN_TIMEOUT: i32 = 103;
const IS_UINTEGER: i32 = -5;
const DRIVER_NOPROMPT: u16 = 0;
const DBMS_NAME: u16 = 17;
const DBMS_VERSION: u16 = 18;
const NTS: i16 = -3;
/// More records than a driver has for one connect.
const RECORDS_MAX: i16 = 16;
const MESSAGE_BYTES: usize = 1024;
const INFO_BYTES: usize = 256;
/// Drivers write more than they say, rather than none at all.
const OUT_BYTES: usize = 16 * 1024;

/// What a connect came to.
pub struct Connect {
    /// It is a connection.
    pub succeeded: bool,
    /// The diagnostic records: SQLSTATE and message, as they are.
    pub records: Vec<(String, String)>,
    /// The server's own name and version.
    pub server: Option<String>,
}

struct Functions {
    alloc: unsafe extern "C" fn(i16, Handle, *mut Handle) -> Return,
    set_env: unsafe extern "C" fn(Handle, i32, *mut c_void, i32) -> Return,
    set_connect: unsafe extern "C" fn(Handle, i32, *mut c_void, i32) -> Return,
    driver_connect: unsafe extern "C" fn(Handle, *mut c_void, *const c_char, i16, *mut c_char, i16, *mut i16, u16) -> Return,
    diag: unsafe extern "C" fn(i16, Handle, i16, *mut c_char, *mut i32, *mut c_char, i16, *mut i16) -> Return,
    info: unsafe extern "C" fn(Handle, u16, *mut c_void, i16, *mut i16) -> Return,
    disconnect: unsafe extern "C" fn(Handle) -> Return,
    free: unsafe extern "C" fn(i16, Handle) -> Return,
}

/// Opens this driver manager, connects by SQLDriverConnect without a prompt, asks who the server is, and disconnects. It may wait for as
/// long as the driver does, which knows the login timeout.
///
/// # Errors
/// The driver manager cannot be opened, or is none.
pub fn connect(driver_manager: &str, string: &str, login_timeout_seconds: usize) -> Result<Connect, String> {
    let library = Library::open(Path::new(driver_manager), false)?;
    // SAFETY: ODBC gives the functions of these names these arguments.
    let functions = unsafe { functions(&library) }.ok_or_else(|| format!("{driver_manager} lacks functions of ODBC 3"))?;
    let string = CString::new(string).map_err(|_| "the connection string holds a NUL".to_owned())?;
    // SAFETY: the functions of the library that is open, on handles that they gave, in ODBC's order; all memory outlives each call.
    let connect = unsafe { functions.connect(&string, login_timeout_seconds) };
    // Drivers may have threads of their own by now.
    core::mem::forget(library);
    Ok(connect)
}

/// # Safety
/// `library` is a driver manager's.
unsafe fn functions(library: &Library) -> Option<Functions> {
    macro_rules! get {
        ($name:literal) => {{
            let address = library.symbol($name);
            // SAFETY: a function's address that is not NULL; the caller says that it has this type.
            (!address.is_null()).then(|| unsafe { core::mem::transmute(address) })?
        }};
    }
    Some(Functions {
        alloc: get!(c"SQLAllocHandle"),
        set_env: get!(c"SQLSetEnvAttr"),
        set_connect: get!(c"SQLSetConnectAttr"),
        driver_connect: get!(c"SQLDriverConnect"),
        diag: get!(c"SQLGetDiagRec"),
        info: get!(c"SQLGetInfo"),
        disconnect: get!(c"SQLDisconnect"),
        free: get!(c"SQLFreeHandle"),
    })
}

fn succeeded(code: Return) -> bool {
    code == 0 || code == 1
}

impl Functions {
    /// # Safety
    /// These are a driver manager's functions, which nobody else in this process calls.
    unsafe fn connect(&self, string: &CStr, login_timeout_seconds: usize) -> Connect {
        let (mut env, mut dbc): (Handle, Handle) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: handles that the calls before it gave, memory of this function's own, NUL-terminated texts.
        unsafe {
            (self.alloc)(HANDLE_ENV, ptr::null_mut(), &mut env);
            (self.set_env)(env, ATTR_ODBC_VERSION, OV_ODBC3 as *mut c_void, 0);
            (self.alloc)(HANDLE_DBC, env, &mut dbc);
            (self.set_connect)(dbc, ATTR_LOGIN_TIMEOUT, login_timeout_seconds as *mut c_void, IS_UINTEGER);
            let (mut out, mut length) = (vec![0; OUT_BYTES], 0);
            let code =
                (self.driver_connect)(dbc, ptr::null_mut(), string.as_ptr(), NTS, out.as_mut_ptr(), OUT_BYTES as i16, &mut length, DRIVER_NOPROMPT);
            let succeeded = succeeded(code);
            let records = self.records(dbc);
            let server = succeeded.then(|| [DBMS_NAME, DBMS_VERSION].map(|kind| self.text(dbc, kind)).join(" ").trim().to_owned());
            if succeeded {
                (self.disconnect)(dbc);
            }
            (self.free)(HANDLE_DBC, dbc);
            (self.free)(HANDLE_ENV, env);
            Connect { succeeded, records, server: server.filter(|server| !server.is_empty()) }
        }
    }

    /// # Safety
    /// `dbc` is a connection handle of theirs.
    unsafe fn records(&self, dbc: Handle) -> Vec<(String, String)> {
        let mut records = Vec::new();
        for number in 1..=RECORDS_MAX {
            let (mut state, mut native, mut message, mut length) = ([0; 6], 0, vec![0; MESSAGE_BYTES], 0);
            // SAFETY: as the caller promised; the memory is as long as is said.
            let code = unsafe {
                (self.diag)(HANDLE_DBC, dbc, number, state.as_mut_ptr(), &mut native, message.as_mut_ptr(), MESSAGE_BYTES as i16, &mut length)
            };
            if !succeeded(code) {
                break;
            }
            records.push((text(&state), text(&message)));
        }
        records
    }

    /// # Safety
    /// `dbc` is an open connection of theirs.
    unsafe fn text(&self, dbc: Handle, kind: u16) -> String {
        let (mut value, mut length) = (vec![0 as c_char; INFO_BYTES], 0);
        // SAFETY: as the caller promised; the memory is as long as is said.
        let code = unsafe { (self.info)(dbc, kind, value.as_mut_ptr().cast(), INFO_BYTES as i16, &mut length) };
        if succeeded(code) { text(&value) } else { String::new() }
    }
}

/// What stands before the NUL.
fn text(text: &[c_char]) -> String {
    let bytes: Vec<u8> = text.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
