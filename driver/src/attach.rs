//! Finds the core library and, through it, the real driver: once, when the first name is looked up.
//!
//! This runs inside `dlsym`, under the loader's lock (and some of the driver manager's): it reads files and loads
//! libraries, but never asks the network, starts a thread or a child, or waits.

#![allow(clippy::result_large_err)] // a refusal is made once, and lies in this library itself

use crate::abi::{Attach, Binding, CORE_ENTRY, CORE_FILE, CORE_SONAME, Core};
use crate::names::Choices;
use core::ffi::{CStr, c_char, c_void};
use core::ptr;
use std::ffi::CString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The core's functions and what it keeps for this file.
#[derive(Clone, Copy)]
pub struct Attached {
    pub core: &'static Core,
    pub binding: *const Binding,
}

// SAFETY: the core hands out a binding that never changes, for use from any thread, as long as this library is loaded.
unsafe impl Send for Attached {}
// SAFETY: as above.
unsafe impl Sync for Attached {}

static STATE: OnceLock<Result<Attached, Refusal>> = OnceLock::new();

/// What a diagnostic record says, NUL-terminated. It lies in this library itself, and goes with it.
type Refusal = [u8; 512];

/// The loader runs this when the last who opened this file has closed it, and when the process ends. The driver managers
/// close drivers only where they are told to (`DontDLClose=0`, `UnloadSafe=1`); then the real driver goes with us, and
/// its destructors run when they would run without tokenshim.
#[used]
#[unsafe(link_section = ".fini_array")]
static UNLOAD: extern "C" fn() = unload;

extern "C" fn unload() {
    if let Some(Attached { core, binding }) = attached() {
        // SAFETY: `binding` came from this core, and is used no more: nobody has an address of this library's.
        unsafe { (core.detach)(binding) };
    }
}

/// What was answered for one name. unixODBC asks for every name at each connect, and looking one up anew takes the
/// loader as long as all the rest of the answer; where the real driver lacks it, much longer.
pub struct Answer(AtomicPtr<c_void>);

impl Answer {
    pub const fn unknown() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// NULL is an answer, too: it is kept as this address, which no function has.
    const fn null() -> *mut c_void {
        (&raw const STATE).cast_mut().cast()
    }

    fn get(&self) -> Option<*const c_void> {
        let kept = self.0.load(Ordering::Acquire);
        (!kept.is_null()).then_some(if kept == Self::null() { ptr::null() } else { kept })
    }

    fn keep(&self, address: *const c_void) -> *const c_void {
        self.0.store(if address.is_null() { Self::null() } else { address.cast_mut() }, Ordering::Release);
        address
    }
}

/// The address that `dlsym` answers for `name`: always the same one, since the real driver stays loaded as long as this library.
pub fn resolve(name: &'static CStr, choices: &Choices, answer: &Answer) -> *const c_void {
    answer.get().unwrap_or_else(|| answer.keep(look_up(name, choices)))
}

fn look_up(name: &'static CStr, choices: &Choices) -> *const c_void {
    match STATE.get_or_init(attach) {
        Ok(Attached { core, binding }) => {
            let mut hookable = false;
            let ask = if choices.hook.is_null() { ptr::null_mut() } else { &raw mut hookable };
            // SAFETY: `binding` came from this core; `name` is NUL-terminated; `ask` is NULL or writable.
            let real = unsafe { (core.lookup)(*binding, name.as_ptr(), ask) };
            if hookable && !real.is_null() { choices.hook } else { real }
        }
        Err(_) => choices.stub,
    }
}

/// For the hooks: they are handed out only after a successful attach.
pub fn attached() -> Option<Attached> {
    STATE.get().and_then(|state| state.as_ref().ok()).copied()
}

/// For the stubs: what the one diagnostic record says.
pub fn refusal() -> &'static CStr {
    match STATE.get() {
        Some(Err(why)) => CStr::from_bytes_until_nul(why).unwrap_or_default(),
        _ => c"[tokenshim] the real driver is not loaded.",
    }
}

fn attach() -> Result<Attached, Refusal> {
    let file = own_file().ok_or_else(|| refuse("the loader does not know which file libtokenshim_driver.so came from."))?;
    let entry = core_entry(&file)?;
    let c_file = CString::new(file.into_os_string().into_vec()).map_err(|_| refuse("the driver file's path holds a NUL."))?;
    let mut core: *const Core = ptr::null();
    let mut why: Refusal = [0; _];
    // SAFETY: as `Attach` asks: a NUL-terminated path, a writable pointer, a buffer with its size.
    let binding = unsafe { entry(c_file.as_ptr(), &mut core, why.as_mut_ptr().cast(), why.len()) };
    // SAFETY: with a binding, the core wrote the address of its static table.
    match unsafe { core.as_ref() } {
        Some(core) if !binding.is_null() => Ok(Attached { core, binding }),
        _ => Err(why),
    }
}

/// The path under which the loader knows this library.
fn own_file() -> Option<PathBuf> {
    // SAFETY: `Dl_info` is plain C data, for which zeros are a value.
    let mut info: libc::Dl_info = unsafe { core::mem::zeroed() };
    // SAFETY: any address may be asked about; this one lies in this library.
    let known = unsafe { libc::dladdr((&raw const STATE).cast(), &mut info) } != 0;
    if !known || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: dladdr(3): a NUL-terminated path that lives as long as the library.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes())))
}

/// The core: the one that is loaded already, else beside this file, one folder up, or by name.
fn core_entry(file: &Path) -> Result<Attach, Refusal> {
    let core = match open(CORE_SONAME, libc::RTLD_NOLOAD) {
        Some(core) => core,
        None => load_core(file)?,
    };
    // SAFETY: an open library and a NUL-terminated name.
    let entry = unsafe { libc::dlsym(core, CORE_ENTRY.as_ptr()) };
    if entry.is_null() {
        return Err(refuse(&format!(
            "{} and the {CORE_FILE} that is loaded are of different versions. Reinstall tokenshim, and make the driver library's copies anew.",
            file.display(),
        )));
    }
    // SAFETY: the entry's name carries the number of the very file in which `Attach` stands.
    Ok(unsafe { core::mem::transmute::<*mut c_void, Attach>(entry) })
}

/// A link to this file may stand in another folder than the core, which then stands beside the file itself.
fn load_core(file: &Path) -> Result<*mut c_void, Refusal> {
    let itself = file.canonicalize();
    let folders = [Some(file), itself.as_deref().ok()].into_iter().flatten().map(|file| file.parent().unwrap_or(Path::new("")));
    let beside = folders.flat_map(|folder| [folder.join(CORE_FILE), folder.join("..").join(CORE_FILE)]).filter(|path| path.exists());
    let mut words = None;
    for path in beside.filter_map(|path| CString::new(path.as_os_str().as_bytes()).ok()).chain([CORE_SONAME.to_owned()]) {
        match open(&path, 0) {
            Some(core) => return Ok(core),
            // Of a file that is there it says more than of a name that is not.
            None => words = words.or_else(|| Some(loader_words())),
        }
    }
    Err(refuse(&format!(
        "cannot load {CORE_FILE}, which belongs beside {} or one folder up. Put it there, or reinstall tokenshim. The loader says: {}",
        file.display(),
        words.unwrap_or_default(),
    )))
}

/// As the driver managers open drivers: nothing of the core becomes visible to anybody else.
fn open(path: &CStr, more_flags: i32) -> Option<*mut c_void> {
    // SAFETY: a NUL-terminated path; the core's constructors do nothing.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL | more_flags) };
    (!library.is_null()).then_some(library)
}

fn loader_words() -> String {
    // SAFETY: dlerror returns NULL or NUL-terminated text that lives until this thread's next dl call.
    let words: *const c_char = unsafe { libc::dlerror() };
    if words.is_null() {
        return "nothing".into();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
}

/// A record's text: it fits with its NUL.
fn refuse(text: &str) -> Refusal {
    let mut refusal: Refusal = [0; _];
    let text = format!("[tokenshim] {text}").replace('\0', "");
    let fit = text.floor_char_boundary(refusal.len() - 1);
    refusal[..fit].copy_from_slice(&text.as_bytes()[..fit]);
    refusal
}
