//! The core library's soname, by which the driver library finds it once it is loaded, and that it stays loaded; and
//! include/tokenshim.h, which cbindgen makes of src/capi, with docs/c-api.md: where what is there differs, the build fails.

#[path = "build/page.rs"]
mod page;

use std::path::Path;
use std::{env, fs};

const HEADER: &str = "include/tokenshim.h";
const PAGE: &str = "docs/c-api.md";
/// In the order of the header. Others have nothing that a C program knows.
const SOURCES: &[&str] = &["status", "handles", "token", "connection", "provider", "log", "counters", "partner", "partner_ends", "registration"];

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
    for file in ["build", "cbindgen.toml", HEADER, PAGE, "src/capi"] {
        println!("cargo::rerun-if-changed={file}");
    }
    println!("cargo::rerun-if-env-changed=TOKENSHIM_WRITE_HEADER");
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = SOURCES.iter().fold(builder, |builder, source| builder.with_src(root.join(format!("src/capi/{source}.rs"))));
    let mut header = Vec::new();
    builder.generate().map_err(|error| format!("cbindgen: {error}"))?.write(&mut header);
    let page = page::page(&String::from_utf8_lossy(&header));
    for (name, made) in [(HEADER, header), (PAGE, page.into_bytes())] {
        let file = root.join(name);
        if fs::read(&file).is_ok_and(|there| there == made) {
            continue;
        }
        if env::var_os("TOKENSHIM_WRITE_HEADER").is_none() {
            return Err(format!("{name} is not what src/capi says: run `make header`, and look at what has changed"));
        }
        fs::write(&file, made).map_err(|error| format!("{name} cannot be written: {error}"))?;
    }
    Ok(())
}
