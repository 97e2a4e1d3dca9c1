//! Writes docs/command.md, and in share/ the man pages and the shells' completions of the command: `make manual`.

mod pages;

fn main() -> std::io::Result<()> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (place, text) in pages::pages() {
        let file = root.join(place);
        file.parent().map(std::fs::create_dir_all).transpose()?;
        std::fs::write(file, text)?;
    }
    Ok(())
}
