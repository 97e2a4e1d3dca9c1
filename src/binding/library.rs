//! The loader: opening libraries, looking names up, and asking which file an address belongs to.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// An open library, closed when dropped: nobody must have an address out of it by then.
pub struct Library(*mut c_void);

// SAFETY: the loader's handle may be used, and closed, from any thread.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

impl Library {
    /// Opens as the driver managers do: RTLD_LOCAL, and nothing that changes how the driver binds.
    ///
    /// # Errors
    /// The loader's own words.
    pub fn open(file: &Path, now: bool) -> Result<Self, String> {
        let path = CString::new(file.as_os_str().as_bytes()).map_err(|_| "the path holds a NUL".to_owned())?;
        let mode = libc::RTLD_LOCAL | if now { libc::RTLD_NOW } else { libc::RTLD_LAZY };
        // SAFETY: a NUL-terminated path. The real driver's constructors run here, just as they would if the driver
        // manager opened it.
        let library = unsafe { libc::dlopen(path.as_ptr(), mode) };
        if library.is_null() { Err(words()) } else { Ok(Self(library)) }
    }

    /// The address of `name`, as `dlsym` has it: a dependency's, where only that has the name. NULL where none has.
    pub fn symbol(&self, name: &CStr) -> *const c_void {
        // SAFETY: an open library and a NUL-terminated name.
        unsafe { libc::dlsym(self.0, name.as_ptr()) }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: a library that was opened once, and is closed once.
        unsafe { libc::dlclose(self.0) };
    }
}

/// The file that the code or data at `address` was loaded from.
#[allow(clippy::not_unsafe_ptr_arg_deref)] // dladdr only compares the address
pub fn file_of(address: *const c_void) -> Option<PathBuf> {
    // SAFETY: `Dl_info` is plain C data, for which zeros are a value.
    let mut info: libc::Dl_info = unsafe { core::mem::zeroed() };
    // SAFETY: dladdr takes any address and only writes to `info`.
    let known = unsafe { libc::dladdr(address, &mut info) } != 0;
    if !known || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: dladdr(3): a NUL-terminated path that lives as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes())))
}

/// The files of all libraries of this process.
pub fn loaded_files() -> Vec<PathBuf> {
    unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _size: usize, files: *mut c_void) -> c_int {
        // SAFETY: dl_iterate_phdr passes a valid info, and our own pointer back.
        let (name, files) = unsafe { ((*info).dlpi_name, &mut *files.cast::<Vec<PathBuf>>()) };
        if !name.is_null() {
            // SAFETY: NUL-terminated while the callback runs.
            let name = unsafe { CStr::from_ptr(name) };
            files.push(PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes())));
        }
        0
    }
    let mut files = Vec::new();
    // SAFETY: the callback gets back the very `Vec` it expects, and does not unwind but for want of memory.
    unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut files).cast()) };
    files
}

/// What the loader says of its last failure in this thread.
fn words() -> String {
    // SAFETY: dlerror returns NULL or NUL-terminated text that lives until this thread's next call of the loader.
    let words: *const c_char = unsafe { libc::dlerror() };
    if words.is_null() {
        return "nothing".into();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
}
