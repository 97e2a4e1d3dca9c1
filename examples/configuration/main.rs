//! Writes docs/configuration.md: `make configuration`.

mod page;

fn main() {
    print!("{}", page::page(include_str!("../../odbcinst.ini.example")));
}
