//! Writes docs/fleet.md: `make fleet`.

mod page;
mod simulation;

fn main() {
    print!("{}", page::page());
}
