//! `tokenshim token`: the token that a connect would get.

use super::arguments::Token;
use super::data_source::{read, until};
use super::failure::Failure;
use super::{registry, say};
use std::io::{IsTerminal, Write, stdout};
use tokenshim::sign_in::{Application, sign_in};

pub fn run(arguments: &Token) -> Result<(), Failure> {
    let Token { source, expiry, show } = arguments;
    if !expiry && !show && stdout().is_terminal() {
        return Err(Failure::new("a token would stay to be seen on this terminal: send the output elsewhere, or add --show (or --expiry)."));
    }
    let data_source = read(&source.name, &registry(source.manager.driver_manager))?;
    // Nobody is asked: `tokenshim login` does that.
    let got = sign_in(&data_source.settings, &data_source.real_driver, &Application::default())?.ok_or_else(|| data_source.no_token())?;
    if *expiry {
        say(&format!("{}\n", until(&got.token)));
        return Ok(());
    }
    // Past `say`, whose text nobody wipes.
    let mut stdout = stdout().lock();
    let written = stdout.write_all(got.token.text.expose().as_bytes()).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::new(format!("the token cannot be written: {error}.")))
}
