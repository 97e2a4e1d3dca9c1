//! The core library's soname, by which the driver library finds it once it is loaded, and that it stays loaded; and
//! include/tokenshim.h, which cbindgen makes of src/capi: where the one that is there differs, the build fails.

use std::path::Path;
use std::{env, fs};

const HEADER: &str = "include/tokenshim.h";
/// In the order of the header. Others have nothing that a C program knows.
const SOURCES: &[&str] = &["status", "handles", "token", "provider", "log", "counters"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libtokenshim.so.0");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    if let Err(problem) = check_header() {
        println!("cargo::error={problem}");
    }
}

fn check_header() -> Result<(), String> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(|_| "cargo did not say where the sources are")?;
    let root = Path::new(&root);
    for file in ["cbindgen.toml", HEADER, "src/capi"] {
        println!("cargo::rerun-if-changed={file}");
    }
    println!("cargo::rerun-if-env-changed=TOKENSHIM_WRITE_HEADER");
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = SOURCES.iter().fold(builder, |builder, source| builder.with_src(root.join(format!("src/capi/{source}.rs"))));
    let mut made = Vec::new();
    builder.generate().map_err(|error| format!("cbindgen: {error}"))?.write(&mut made);
    let header = root.join(HEADER);
    if fs::read(&header).is_ok_and(|there| there == made) {
        return Ok(());
    }
    if env::var_os("TOKENSHIM_WRITE_HEADER").is_none() {
        return Err(format!("{HEADER} is not what src/capi says: run `make header`, and look at what has changed"));
    }
    fs::write(&header, made).map_err(|error| format!("{HEADER} cannot be written: {error}"))
}
