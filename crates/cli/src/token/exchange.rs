//! `firewarden token exchange`.

use serde_json::json;

use super::{
    Refusal,
    account::StoredAccount,
    lint,
    options::{ExchangeOptions, Format},
    read, refuse,
};
use crate::{
    exit::Exit,
    input::{self, InputError},
    output::Output,
    report::pretty,
};
use firewarden::auth::{Algorithm, Exchange, TokenKind, UserRecord, Verifier, token_hint, unsigned_token};

pub(super) fn run(options: &ExchangeOptions, output: &mut Output) -> Result<Exit, InputError> {
    let format = options.common.format;
    let now = read::now(options.common.now.as_deref())?;
    let token = read::token(&options.token)?;
    let stored = match &options.user {
        Some(user) => Some(StoredAccount::read(input::json("--user", user)?)?),
        None => None,
    };
    stored.iter().for_each(|user| lint(&user.custom_claims, output));
    // The account of `--user` belongs to whoever signs in.
    let find = |uid: &str| stored.map(|user| UserRecord { uid: uid.to_owned(), ..user });
    let mut exchange = Exchange::new(options.project.as_str());
    if let Some(tenant) = &options.tenant {
        exchange = exchange.tenant(tenant.as_str());
    }
    let signed_in = match (&options.keys, &options.account) {
        (Some(keys), Some(account)) => {
            let verifier = Verifier::custom_tokens(account.as_str(), read::keys(keys, None)?);
            match verifier.verify(&token, now) {
                Ok(verified) => exchange.verified(&verified, find, now),
                Err(error) => return Ok(refuse(output, format, &(&error).into())),
            }
        }
        _ => exchange.unsigned(&token, find, now),
    };
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let hint = token_hint(TokenKind::CustomToken, &token);
            let refusal = Refusal { code: error.client_code(), message: error.message().to_owned(), hint };
            return Ok(refuse(output, format, &refusal));
        }
    };
    let id_token = match &options.sign_with {
        Some(key) => {
            let mut signer = read::signer(key)?;
            if signer.algorithm() != Algorithm::Rs256 {
                let name = input::name(key);
                return Err(InputError(format!("{name}: expected an RSA key: RS256 signs ID tokens")));
            }
            match &options.kid {
                Some(id) => signer = signer.key_id(id.as_str()),
                None => output.warning("verifiers refuse ID tokens without a key id; name it with --kid"),
            }
            Some(signer.sign(&signed_in.claims).map_err(|error| InputError(error.to_string()))?)
        }
        None if options.emulator_token => Some(unsigned_token(&signed_in.claims)),
        None => None,
    };
    match (format, &id_token) {
        (Format::Plain, Some(token)) => output.raw(token),
        (Format::Plain, None) => output.raw(&pretty(&json!(signed_in.claims.as_object()))),
        (Format::Json, token) => {
            let mut answer = json!({
                "uid": signed_in.user.uid,
                "isNewUser": signed_in.is_new,
                "claims": signed_in.claims.as_object(),
            });
            if let (Some(token), Some(fields)) = (token, answer.as_object_mut()) {
                fields.insert("idToken".to_owned(), json!(token));
            }
            output.raw(&pretty(&answer));
        }
    }
    Ok(Exit::Ok)
}
