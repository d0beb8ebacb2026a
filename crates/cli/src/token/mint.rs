//! `firewarden token mint`.

use std::time::Duration;

use serde_json::json;

use super::{
    Refusal, lint,
    options::{Format, MintOptions},
    read, refuse,
};
use crate::{
    exit::Exit,
    input::{self, InputError},
    output::Output,
    report::pretty,
};
use firewarden::auth::{CustomToken, Minting, decode};

pub(super) fn run(options: &MintOptions, output: &mut Output) -> Result<Exit, InputError> {
    let now = read::now(options.common.now.as_deref())?;
    let minting = if options.node_compatible { Minting::NodeCompatible } else { Minting::Strict };
    // A negative lifetime is refused like zero.
    let lifetime = Duration::from_secs(u64::try_from(options.lifetime).unwrap_or(0));
    let mut token = CustomToken::new(options.uid.as_str()).lifetime(lifetime).minting(minting);
    if let Some(claims) = &options.claims {
        let claims = input::json("--claims", claims)?;
        claims.as_object().into_iter().for_each(|claims| lint(claims, output));
        token = token.claims(claims);
    }
    if let Some(tenant) = &options.tenant {
        token = token.tenant(tenant.as_str());
    }
    let minted = match &options.key {
        Some(key) => token.sign(&read::account(key, options.account.as_deref())?, now),
        None => token.unsigned(now),
    };
    match minted {
        Err(error) => {
            let refusal = Refusal { code: error.code(), message: error.to_string(), hint: None };
            Ok(refuse(output, options.common.format, &refusal))
        }
        Ok(token) => {
            match options.common.format {
                Format::Plain => output.raw(&token),
                Format::Json => {
                    let payload = decode(&token).map(|token| token.payload().clone()).unwrap_or_default();
                    output.raw(&pretty(&json!({ "token": token, "payload": payload })));
                }
            }
            Ok(Exit::Ok)
        }
    }
}
