//! The core library's soname, by which the driver library finds it once it is loaded, and that it stays loaded.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libtokenshim.so.0");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
