//! Custom tokens, ID tokens and session cookies.

use std::{collections::HashMap, time::Duration};

use firewarden::auth::{
    Claims, CustomToken, EmulatorVerifier, Exchange, MintError, Minting, Profile, TokenError, TokenKind, UserRecord,
    Verifier, session_cookie as make_cookie,
};
use serde_json::{Value as Json, json};

use super::{
    cases::{Case, same},
    claims::user,
    keys::{self, NOW, at},
};

pub fn mint(case: &Case) -> Result<(), String> {
    let node = minted(case, Minting::NodeCompatible);
    // What Node lets pass against the documentation is refused by the strict minter, everything else is the same.
    let strict = minted(case, Minting::Strict);
    if case.id.starts_with("mint-node-allows") {
        assert!(matches!(strict, Err(MintError::Reserved(_))), "{}", case.id);
    } else {
        assert_eq!(node.as_deref().ok().map(payload), strict.as_deref().ok().map(payload), "{}", case.id);
    }
    match node {
        Err(error) => case.error(error.code(), &error.to_string()),
        Ok(token) => {
            let verifier = Verifier::custom_tokens(keys::ACCOUNT, keys::known());
            match verifier.verify(&token, at(case.input["now"].as_i64().unwrap())) {
                Ok(verified) => assert_eq!(verified.kind(), TokenKind::CustomToken),
                Err(error) => assert!(case.id.starts_with("mint-node-allows"), "{}: {error}", case.id),
            }
            same("the payload", payload(&token), &case.expect["ok"]["payload"])
        }
    }
}

fn payload(token: &str) -> Json {
    firewarden::auth::decode(token).unwrap().payload().clone()
}

fn minted(case: &Case, minting: Minting) -> Result<String, MintError> {
    let mut token = CustomToken::new(case.input["uid"].clone()).minting(minting);
    if let Some(claims) = case.input.get("developer_claims") {
        token = token.claims(claims.clone());
    }
    if let Some(tenant) = case.input.get("tenant_id") {
        token = token.tenant(tenant.clone());
    }
    assert_eq!(case.text("service_account"), keys::ACCOUNT);
    token.sign(&keys::account(), at(case.input["now"].as_i64().unwrap()))
}

pub fn exchange(case: &Case) -> Result<(), String> {
    let token = keys::unsigned(&case.input["header"], &case.input["payload"].to_string());
    let stored = case.input.get("existing_user").map(|stored| {
        let uid = case.input["payload"]["uid"].as_str().unwrap();
        let mut stored = stored.clone();
        stored["uid"] = json!(uid);
        user(&stored)
    });
    let find = |uid: &str| stored.filter(|user| user.uid == uid);
    match Exchange::new(case.text("project")).unsigned(&token, find, at(NOW)) {
        Err(error) => case.http(error.status(), error.message()),
        Ok(signed_in) => issued(case, &signed_in.claims),
    }
}

/// The recorded claims are all there are, but for the times.
pub fn issued(case: &Case, claims: &Claims) -> Result<(), String> {
    for (name, expected) in [("iat", NOW), ("exp", NOW + 3600), ("auth_time", NOW)] {
        assert_eq!(claims.get(name), Some(&json!(expected)), "{}: {name}", case.id);
    }
    let mut others = claims.clone();
    for name in ["iat", "exp", "auth_time"] {
        others.remove(name);
    }
    same("the token", others.into_json(), &case.expect["claims"])
}

pub fn verify(case: &Case) -> Result<(), String> {
    verified(case, TokenKind::IdToken)
}

pub fn session_cookie(case: &Case) -> Result<(), String> {
    if case.text("op") == "verify_session_cookie" {
        return verified(case, TokenKind::SessionCookie);
    }
    let seconds = case.input["valid_duration_seconds"].as_u64().unwrap();
    let lifetime = Duration::from_secs(seconds);
    match make_cookie(&keys::id_token(json!({})), keys::PROJECT, lifetime, at(NOW)) {
        Err(error) => case.http(error.status(), error.message()),
        Ok(claims) => {
            let verifier = Verifier::session_cookies(keys::PROJECT, keys::known());
            assert!(verifier.verify(&keys::signed(&claims), at(NOW)).is_ok());
            let lifetime = claims.number("exp").unwrap() - claims.number("iat").unwrap();
            same("the lifetime", json!(lifetime as i64), &case.expect["ok"]["lifetime"])
        }
    }
}

fn verified(case: &Case, kind: TokenKind) -> Result<(), String> {
    let found = if case.text("mode") == "emulator" {
        let claims = in_emulator(case, kind).map(|token| token.claims());
        claims.map(|claims| claims.subject().unwrap().to_owned())
    } else {
        let strict = in_production(case, kind, Profile::Strict);
        let node = in_production(case, kind, Profile::NodeCompatible);
        if case.is_lax() {
            assert!(strict.is_err(), "{}: accepted by the strict profile", case.id);
        } else {
            assert_eq!(strict, node, "{}", case.id);
        }
        node
    };
    match found {
        Err(error) => case.error(error.code(), &error.to_string()),
        Ok(uid) => same("the uid", json!(uid), &case.expect["ok"]["uid"]),
    }
}

fn token(case: &Case) -> String {
    let (header, payload) = (&case.input["header"], case.input["claims"].to_string());
    match case.text("signed_with") {
        "known" => keys::signed_under(header, &payload, keys::PRIVATE),
        "other" => keys::signed_under(header, &payload, keys::OTHER_PRIVATE),
        _ => keys::unsigned(header, &payload),
    }
}

fn in_emulator(case: &Case, kind: TokenKind) -> Result<firewarden::auth::UnsignedToken, TokenError> {
    let project = case.text("project");
    let verifier = match kind {
        TokenKind::IdToken => EmulatorVerifier::id_tokens(project),
        _ => EmulatorVerifier::session_cookies(project),
    };
    verifier.verify(&token(case), at(case.input["now"].as_i64().unwrap()))
}

fn in_production(case: &Case, kind: TokenKind, profile: Profile) -> Result<String, TokenError> {
    let project = case.text("project");
    assert_eq!(case.input["known_kids"], json!(["ka"]));
    let verifier = match kind {
        TokenKind::IdToken => Verifier::id_tokens(project, keys::known()),
        _ => Verifier::session_cookies(project, keys::known()),
    };
    let mut verifier = verifier.profile(profile).cached(10);
    if let Some(tenant) = case.input.get("tenant_id") {
        verifier = verifier.tenant(tenant.as_str().unwrap());
    }
    let (token, now) = (token(case), at(case.input["now"].as_i64().unwrap()));
    let once = || {
        if case.input["check_revoked"] == true {
            let stated = &case.input["user"];
            let user = UserRecord {
                disabled: stated["disabled"] == true,
                valid_since: stated["valid_since"].as_i64().map(at),
                ..UserRecord::new("u1")
            };
            return verifier.verify_and_check_revoked(&token, now, &HashMap::from([("u1".to_owned(), user)]));
        }
        verifier.verify(&token, now)
    };
    let first = once().map(|verified| verified.decoded().text("uid").unwrap().to_owned());
    // The cache answers the same.
    assert_eq!(first, once().map(|verified| verified.uid().to_owned()), "{}", case.id);
    first
}
