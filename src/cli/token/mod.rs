//! `firewarden token`: custom tokens and what becomes of them, ID tokens and other signed tokens.
//!
//! Keys and tokens are read from files or standard input, never from the arguments, and no key is printed.

mod exchange;
mod mint;
mod options;
mod read;
mod user;
mod verify;

use std::path::Path;

use serde_json::{Map, Value as Json, json};

pub(in crate::cli) use options::TokenCommand;

use super::{exit::Exit, input::Unreadable, output::Output, report::pretty};
use crate::{auth, value::Timestamp};

pub(super) fn run(command: &TokenCommand, output: &mut Output) -> Result<Exit, Unreadable> {
    match command {
        TokenCommand::Mint(options) => mint::run(options, output),
        TokenCommand::Exchange(options) => exchange::run(options, output),
        TokenCommand::Verify(options) => verify::run(options, output),
        TokenCommand::Decode(options) => {
            let decoded = auth::decode(&read::token(&options.token)?);
            let decoded = decoded.map_err(|why| Unreadable(format!("{}: {why}", options.token.display())))?;
            output.raw(&pretty(&json!({ "header": decoded.header(), "payload": decoded.payload() })));
            output.note("decoded only: neither the signature nor any claim was checked");
            Ok(Exit::Ok)
        }
    }
}

/// The user of an ID token at that time, as rules see him, or why the token is refused.
pub(super) fn signed_in(
    token: &Path,
    keys: &Path,
    project: &str,
    now: Timestamp,
) -> Result<Result<auth::Auth, auth::TokenError>, Unreadable> {
    let verifier = auth::Verifier::id_tokens(project, read::keys(keys, None)?);
    let verified = verifier.verify(&read::token(token)?, now);
    match verified.map(|user| user.auth().cloned()) {
        Ok(Some(user)) => Ok(Ok(user)),
        Ok(None) => Err(Unreadable("the token names no user".to_owned())),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Warnings about custom claims that are accepted.
fn lint(claims: &Map<String, Json>, output: &mut Output) {
    for warning in auth::custom_claims::lint(claims) {
        output.warning(&warning.to_string());
    }
}

/// A refusal: as JSON on standard output, or in words on standard error.
fn refuse(output: &mut Output, format: options::Format, code: &str, message: &str) -> Exit {
    match format {
        options::Format::Json => output.raw(&pretty(&json!({ "error": { "code": code, "message": message } }))),
        options::Format::Plain => output.quoted_error(&format!("{message} ({code})")),
    }
    Exit::Denied
}
