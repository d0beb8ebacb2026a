//! Custom claims, and the claims of issued tokens.

use firewarden::auth::{
    Claims, ProviderAccount, SecondFactor, Session, UserRecord,
    custom_claims::{self, ClaimsWarning},
};
use serde_json::{Map, Value as Json, json};

use super::{
    cases::{Case, same},
    keys::{NOW, at},
    tokens::issued,
};

pub fn set(case: &Case) -> Result<(), String> {
    let mut user = UserRecord::new("u1");
    user.custom_claims = Map::from_iter([("before".to_owned(), json!(true))]);
    let claims = &case.input["claims"];
    match custom_claims::set(&mut user, claims) {
        Err(error) => {
            assert_eq!(json!(user.custom_claims), json!({ "before": true }), "{}: changed all the same", case.id);
            case.error(error.code(), &error.to_string())
        }
        Ok(()) => same("what is stored", json!(user.custom_claims), &case.expect["stored"]),
    }
}

pub fn merge(case: &Case) -> Result<(), String> {
    let mut session = Session::new(case.text("sign_in_provider"), at(NOW));
    let text = |json: &Json| json.as_str().map(str::to_owned);
    session.tenant = text(&case.input["tenant_id"]);
    session.sign_in_attributes = case.input.get("sign_in_attributes").cloned();
    session.second_factor = case.input.get("second_factor").map(|factor| SecondFactor {
        provider: text(&factor["provider"]).unwrap(),
        identifier: text(&factor["identifier"]).unwrap(),
    });
    session.claims = case.input["extra_claims"].as_object().cloned().unwrap_or_default();
    let user = user(&case.input["user"]);
    issued(case, &session.id_token(&user, case.text("project"), at(NOW)).map_err(|error| error.to_string())?)
}

/// An account as the cases state it.
pub fn user(json: &Json) -> UserRecord {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    UserRecord {
        uid: text("uid").unwrap(),
        email: text("email"),
        email_verified: json["emailVerified"].as_bool(),
        phone_number: text("phoneNumber"),
        display_name: text("displayName"),
        photo_url: text("photoUrl"),
        custom_claims: json["customClaims"].as_object().cloned().unwrap_or_default(),
        providers: json["providers"].as_array().into_iter().flatten().map(provider).collect(),
        ..UserRecord::default()
    }
}

fn provider(json: &Json) -> ProviderAccount {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    ProviderAccount { provider_id: text("providerId").unwrap(), raw_id: text("rawId"), ..ProviderAccount::default() }
}

#[test]
fn a_change_of_claims_shows_in_the_next_token() {
    let mut user = UserRecord::new("alice");
    let session = Session::new("password", at(NOW));
    custom_claims::set(&mut user, &json!({ "role": "viewer", "team": "red" })).unwrap();
    let before = session.id_token(&user, "demo-x", at(NOW)).unwrap();
    custom_claims::merge(&mut user, &json!({ "role": "editor", "level": null })).unwrap();
    custom_claims::delete(&mut user, ["team", "absent"]);
    let after = session.id_token(&user, "demo-x", at(NOW + 60)).unwrap();
    let role = |claims: &Claims| claims.text("role").unwrap().to_owned();
    assert_eq!((role(&before), role(&after)), ("viewer".to_owned(), "editor".to_owned()));
    assert_eq!(before.get("team"), Some(&json!("red")));
    assert_eq!((after.get("team"), after.get("level")), (None, Some(&json!(null))));
    assert_eq!(after.get("auth_time"), before.get("auth_time"));
    assert_eq!(after.number("exp"), Some((NOW + 3660) as f64));
}

#[test]
fn a_merge_is_held_to_the_rules_of_what_results() {
    let mut user = UserRecord::new("alice");
    custom_claims::set(&mut user, &json!({ "a": "x".repeat(600) })).unwrap();
    let error = custom_claims::merge(&mut user, &json!({ "b": "y".repeat(600) })).unwrap_err();
    assert_eq!(error.code(), "auth/claims-too-large");
    assert_eq!(user.custom_claims.len(), 1);
    assert_eq!(custom_claims::merge(&mut user, &json!({ "sub": 1 })).unwrap_err().code(), "auth/reserved-claim");
    assert_eq!(custom_claims::merge(&mut user, &json!(null)).unwrap_err().code(), "auth/argument-error");
    user.uid = "u".repeat(129);
    assert_eq!(custom_claims::set(&mut user, &json!({})).unwrap_err().code(), "auth/invalid-uid");
}

#[test]
fn claims_that_mislead_are_warned_of() {
    let warnings = |claims: Json| custom_claims::lint(claims.as_object().unwrap());
    assert_eq!(warnings(json!({ "admin": true, "x": { "email": 1 } })), []);
    assert_eq!(
        warnings(json!({ "email": "x", "uid": "y" })),
        [ClaimsWarning::Overwritten("email".to_owned()), ClaimsWarning::Shadows("uid".to_owned())]
    );
    assert_eq!(warnings(json!({ "k": "a".repeat(793) })), [ClaimsWarning::NearlyFull(801)]);
    assert_eq!(warnings(json!({ "k": "a".repeat(792) })), []);
    assert_eq!(
        warnings(json!({ "k": "é".repeat(992) })),
        [ClaimsWarning::ManyBytes(1992), ClaimsWarning::NearlyFull(1000)]
    );
}

#[test]
fn the_size_is_that_of_javascript() {
    // JavaScript writes 1.0 as 1.
    assert_eq!(custom_claims::length(&serde_json::from_str(r#"{"a": 1.0}"#).unwrap()), r#"{"a":1}"#.len());
}

#[test]
fn session_claims_that_the_signer_refuses_end_in_500() {
    let user = UserRecord::new("alice");
    for name in ["iss", "aud", "sub", "exp"] {
        let mut session = Session::new("password", at(NOW));
        session.claims.insert(name.to_owned(), json!("x"));
        assert_eq!(session.id_token(&user, "demo-x", at(NOW)).unwrap_err().status(), 500, "{name}");
    }
    let mut session = Session::new("password", at(NOW));
    session.claims.insert("iat".to_owned(), json!(1000));
    let claims = session.id_token(&user, "demo-x", at(NOW)).unwrap();
    assert_eq!((claims.number("iat"), claims.number("exp")), (Some(1000.0), Some(4600.0)));
}
