//! `firewarden token`: custom tokens, ID tokens and other signed tokens.
//!
//! Options name the files of keys and tokens, or `-` for standard input; no key is printed. Only `token callable` also
//! takes a token as an argument, in a header as a client sends it.

mod account;
mod callable;
mod exchange;
mod mint;
mod options;
mod read;
mod verify;

use std::path::Path;

use serde_json::{Map, Value as Json, json};

pub(crate) use options::TokenCommand;

use super::{
    exit::Exit,
    input::{self, InputError},
    output::Output,
    report::pretty,
};
use firewarden::{auth, value::Timestamp};

pub(super) fn run(command: &TokenCommand, output: &mut Output) -> Result<Exit, InputError> {
    match command {
        TokenCommand::Mint(options) => mint::run(options, output),
        TokenCommand::Exchange(options) => exchange::run(options, output),
        TokenCommand::Verify(options) => verify::run(options, output),
        TokenCommand::Callable(options) => callable::run(options, output),
        TokenCommand::Decode(options) => {
            let token = read::token(&options.token)?;
            let decoded = match auth::decode(&token) {
                Ok(decoded) => decoded,
                Err(why) => {
                    output.error(&format!("{}: {why}", input::name(&options.token)));
                    auth::token_hint(auth::TokenKind::Foreign, &token).iter().for_each(|hint| output.hint(hint));
                    return Ok(Exit::Usage);
                }
            };
            output.raw(&pretty(&json!({ "header": decoded.header(), "payload": decoded.payload() })));
            output.note("decoded only: neither the signature nor any claim was checked");
            Ok(Exit::Ok)
        }
    }
}

/// The user of an ID token at the given time, or the error if the token is refused.
pub(super) fn signed_in(
    token: &Path,
    keys: &Path,
    project: &str,
    now: Timestamp,
) -> Result<Result<auth::Auth, auth::TokenError>, InputError> {
    let verifier = auth::Verifier::id_tokens(project, read::keys(keys, None)?);
    let verified = verifier.verify(&read::token(token)?, now);
    match verified.map(|user| user.auth().cloned()) {
        Ok(Some(user)) => Ok(Ok(user)),
        Ok(None) => Err(InputError("the token names no user".to_owned())),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Prints warnings about custom claims that are accepted.
fn lint(claims: &Map<String, Json>, output: &mut Output) {
    for warning in auth::custom_claims::lint(claims) {
        output.warning(&warning.to_string());
    }
}

/// Prints a refusal: as JSON on standard output, or as text on standard error.
fn refuse(output: &mut Output, format: options::Format, refusal: &Refusal<'_>) -> Exit {
    let Refusal { code, message, hint } = refusal;
    match format {
        options::Format::Json => {
            let mut error = json!({ "code": code, "message": message });
            if let (Some(hint), Some(error)) = (hint, error.as_object_mut()) {
                error.insert("hint".to_owned(), json!(hint));
            }
            output.raw(&pretty(&json!({ "error": error })));
        }
        options::Format::Plain => {
            output.quoted_error(&format!("{message} ({code})"));
            hint.iter().for_each(|hint| output.hint(hint));
        }
    }
    Exit::Denied
}

/// A refusal: the official code and message, and a hint of firewarden.
struct Refusal<'r> {
    code: &'r str,
    message: String,
    hint: Option<String>,
}

impl<'r> From<&'r auth::TokenError> for Refusal<'r> {
    fn from(error: &'r auth::TokenError) -> Self {
        Refusal { code: error.code(), message: error.to_string(), hint: error.hint().map(str::to_owned) }
    }
}
