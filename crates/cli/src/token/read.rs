//! Tokens, keys and times from files and options.

use std::path::Path;

use crate::input::{self, Unreadable};
use firewarden::{
    auth::{KeySet, Keys, ServiceAccount, Signer},
    value::Timestamp,
};

/// A token's text, without the line's end.
pub(super) fn token(file: &Path) -> Result<String, Unreadable> {
    Ok(input::text(file)?.trim().to_owned())
}

/// Public keys: JSON as it is published, or PEM under an id.
pub(super) fn keys(file: &Path, id: Option<&str>) -> Result<std::sync::Arc<Keys>, Unreadable> {
    let text = input::text(file)?;
    let set = if text.trim_start().starts_with(['{', '[']) {
        KeySet::parse(&text)
    } else {
        KeySet::from_pem(id.unwrap_or_default(), &text)
    };
    set.map(Keys::new).map_err(|error| wrong(file, &error))
}

/// A private key in PEM.
pub(super) fn signer(file: &Path) -> Result<Signer, Unreadable> {
    Signer::from_pem(&input::text(file)?).map_err(|error| wrong(file, &error))
}

/// A service account: its key file, or its key and its address.
pub(super) fn account(file: &Path, email: Option<&str>) -> Result<ServiceAccount, Unreadable> {
    let text = input::text(file)?;
    if text.trim_start().starts_with('{') {
        let account = ServiceAccount::from_json(&text).map_err(|error| wrong(file, &error))?;
        return match email.filter(|email| *email != account.email()) {
            None => Ok(account),
            Some(email) => {
                Err(Unreadable(format!("{}: the key is {}'s, not {email}'s", input::name(file), account.email())))
            }
        };
    }
    match email {
        None => {
            let name = input::name(file);
            Err(Unreadable(format!("{name}: a key in PEM needs --account, the service account's e-mail address")))
        }
        Some(email) => ServiceAccount::from_pem(email, &text).map_err(|error| wrong(file, &error)),
    }
}

fn wrong(file: &Path, error: &dyn std::fmt::Display) -> Unreadable {
    Unreadable(format!("{}: {error}", input::name(file)))
}

/// The time that `--now` states, or that of this machine.
pub(super) fn now(option: Option<&str>) -> Result<Timestamp, Unreadable> {
    let Some(text) = option else { return Ok(std::time::SystemTime::now().into()) };
    let time = match text.parse() {
        Ok(seconds) => Timestamp::from_secs(seconds),
        Err(_) => text.parse(),
    };
    time.map_err(|error| Unreadable(format!("--now {text:?}: {error}; give seconds since 1970 or RFC 3339")))
}
