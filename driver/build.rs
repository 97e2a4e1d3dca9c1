//! The driver library stays loaded: the driver manager keeps addresses of its hooks, and threads may be inside one.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../src/binding/abi.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
