//! `firewarden token verify`.

use std::time::Duration;

use serde_json::json;

use super::{
    options::{Format, Kind, VerifyOptions},
    read, refuse,
};
use crate::{exit::Exit, input::InputError, output::Output, report::pretty};
use firewarden::{
    auth::{Claims, EmulatorVerifier, TokenError, Verifier},
    value::Timestamp,
};

pub(super) fn run(options: &VerifyOptions, output: &mut Output) -> Result<Exit, InputError> {
    let now = read::now(options.common.now.as_deref())?;
    let token = read::token(&options.token)?;
    match claims(options, &token, now)? {
        Err(error) => Ok(refuse(output, options.common.format, &(&error).into())),
        Ok(claims) => {
            let uid = claims.subject().unwrap_or_default();
            output.raw(&match options.common.format {
                Format::Plain => pretty(&json!(claims.as_object())),
                Format::Json => {
                    pretty(&json!({ "verified": !options.emulator, "uid": uid, "claims": claims.as_object() }))
                }
            });
            if options.emulator {
                output.note("the token is unsigned: only its claims were checked");
            }
            Ok(Exit::Ok)
        }
    }
}

fn claims(options: &VerifyOptions, token: &str, now: Timestamp) -> Result<Result<Claims, TokenError>, InputError> {
    if options.kind != Kind::CustomToken && options.keys.project.is_none() {
        return Err(InputError("missing --project, the project of the token".to_owned()));
    }
    let project = options.keys.project.as_deref().unwrap_or_default();
    let Some(keys) = &options.keys.file else {
        let verifier = match options.kind {
            Kind::IdToken => EmulatorVerifier::id_tokens(project),
            Kind::SessionCookie => EmulatorVerifier::session_cookies(project),
            _ => return Err(InputError("--emulator only applies to ID tokens and session cookies".to_owned())),
        };
        return Ok(verifier.verify(token, now).map(|token| token.claims()));
    };
    let keys = read::keys(keys, options.keys.kid.as_deref())?;
    let account = options.account.as_deref().unwrap_or_default();
    let verifier = match options.kind {
        Kind::IdToken => Verifier::id_tokens(project, keys),
        Kind::SessionCookie => Verifier::session_cookies(project, keys),
        Kind::BlockingToken => Verifier::blocking_tokens(project, keys),
        Kind::BlockingTokenV2 => Verifier::blocking_tokens_v2(project, keys),
        Kind::AppCheck => Verifier::app_check(project, keys),
        Kind::CustomToken => Verifier::custom_tokens(account, keys),
    };
    let mut verifier = verifier.profile(options.profile.into()).skew(Duration::from_secs(options.skew));
    if let Some(tenant) = &options.tenant {
        verifier = verifier.tenant(tenant.as_str());
    }
    Ok(verifier.verify(token, now).map(|token| token.claims().clone()))
}
