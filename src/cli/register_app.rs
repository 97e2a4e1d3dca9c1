//! `tokenshim register-app`: an application of one's own in a Databricks account.

use super::arguments::RegisterApp;
use super::failure::Failure;
use super::say;
use std::fs::{File, OpenOptions, remove_file};
use std::io::{IsTerminal, Read, Write, stdin};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use tokenshim::credential::printed;
use tokenshim::oauth::registration::Registration;
use tokenshim::token::Secret;
use zeroize::Zeroizing;

/// More than any token has.
const TOKEN_MAX_BYTES: u64 = 1024 * 1024;

pub fn run(arguments: &RegisterApp) -> Result<(), Failure> {
    let RegisterApp { account, name, redirect_url, scope, accounts_host, public, secret_file, timeout } = arguments;
    let token = token()?;
    // Before the account is asked, which shows the secret this once.
    let secret_file = match secret_file {
        Some(file) if !public => Some((file.as_path(), create(file)?)),
        Some(_) => return Err(Failure::new("a --public application has no secret: leave --secret-file out.")),
        None if *public => None,
        None => {
            return Err(Failure::new("where is the secret to go? Name a new file with --secret-file, or add --public for an application without."));
        }
    };
    let registration = Registration {
        accounts_host: accounts_host.clone(),
        account: account.clone(),
        name: name.clone(),
        redirect_urls: redirect_url.clone(),
        confidential: !public,
        scopes: scope.clone(),
    };
    let registered = registration.register(&token, Duration::from_secs((*timeout).into())).inspect_err(|_| {
        if let Some((path, _)) = &secret_file {
            let _ = remove_file(path);
        }
    })?;
    say(&format!("integration id  {}\nclient id       {}\n", registered.integration_id, registered.client_id));
    match (secret_file, registered.client_secret) {
        (Some((path, file)), Some(secret)) => keep(&secret, path, file),
        (Some((path, _)), None) => {
            Err(Failure::new(format!("the account gave no secret: {} stays empty. Make one in the account console.", path.display())))
        }
        (None, _) => Ok(()),
    }
}

/// What stands on stdin: a token, or JSON with one, as the Databricks CLI prints it.
fn token() -> Result<Secret, Failure> {
    if stdin().is_terminal() {
        return Err(Failure::new(
            "the token of an account's administrator is read from standard input: send it there, such as by `databricks auth token … |`.",
        ));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(TOKEN_MAX_BYTES as usize + 1)); // it never grows, which would leave a copy
    let read = stdin().lock().take(TOKEN_MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("standard input cannot be read: {error}.")))?;
    let token =
        printed::token(&bytes, None).map_err(|problem| Failure::new(format!("what stands on standard input {problem}: it should be a token.")))?;
    Ok(token.text)
}

fn create(path: &Path) -> Result<File, Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| Failure::new(format!("{} cannot be made: {error}. Name a file that is not there yet.", path.display())))
}

fn keep(secret: &Secret, path: &Path, mut file: File) -> Result<(), Failure> {
    let written = file.write_all(secret.expose().as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        Failure::new(format!("the secret cannot be written to {}: {error}. Make another in the account console.", path.display()))
    })?;
    say(&format!("client secret   in {}, for TokenClientSecretFile\n", path.display()));
    Ok(())
}
