//! Reads tokens, keys and times from files and options.

use std::path::Path;

use crate::input::{self, InputError};
use firewarden::{
    auth::{KeySet, Keys, ServiceAccount, Signer},
    value::Timestamp,
};

/// Reads a token, without the line feed.
pub(super) fn token(file: &Path) -> Result<String, InputError> {
    Ok(input::text(file)?.trim().to_owned())
}

/// Reads public keys: JSON as published, or PEM with a key id.
pub(super) fn keys(file: &Path, id: Option<&str>) -> Result<std::sync::Arc<Keys>, InputError> {
    let text = input::text(file)?;
    let set = if text.trim_start().starts_with(['{', '[']) {
        KeySet::parse(&text)
    } else {
        KeySet::from_pem(id.unwrap_or_default(), &text)
    };
    set.map(Keys::new).map_err(|error| wrong(file, &error))
}

/// Reads a private key in PEM.
pub(super) fn signer(file: &Path) -> Result<Signer, InputError> {
    Signer::from_pem(&input::text(file)?).map_err(|error| wrong(file, &error))
}

/// Reads a service account: its key file, or its private key and its address.
pub(super) fn account(file: &Path, email: Option<&str>) -> Result<ServiceAccount, InputError> {
    let text = input::text(file)?;
    if text.trim_start().starts_with('{') {
        let account = ServiceAccount::from_json(&text).map_err(|error| wrong(file, &error))?;
        return match email.filter(|email| *email != account.email()) {
            None => Ok(account),
            Some(email) => {
                Err(InputError(format!("{}: the key is {}'s, not {email}'s", input::name(file), account.email())))
            }
        };
    }
    match email {
        None => {
            let name = input::name(file);
            Err(InputError(format!("{name}: a PEM key requires --account, the e-mail address of the service account")))
        }
        Some(email) => ServiceAccount::from_pem(email, &text).map_err(|error| wrong(file, &error)),
    }
}

fn wrong(file: &Path, error: &dyn std::fmt::Display) -> InputError {
    InputError(format!("{}: {error}", input::name(file)))
}

/// The time of `--now`, or the current time.
pub(super) fn now(option: Option<&str>) -> Result<Timestamp, InputError> {
    let Some(text) = option else { return Ok(std::time::SystemTime::now().into()) };
    let time = match text.parse() {
        Ok(seconds) => Timestamp::from_secs(seconds),
        Err(_) => text.parse(),
    };
    time.map_err(|error| InputError(format!("--now `{text}`: {error}; expected seconds since 1970 or RFC 3339")))
}
