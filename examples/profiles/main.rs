//! Writes docs/profiles.md: `make profiles`.

mod page;

fn main() {
    print!("{}", page::page());
}
