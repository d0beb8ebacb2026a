//! What rules see of a token.

use firewarden::{
    Auth, Value,
    auth::{Credential, Product, credential, database_handshake},
    firestore,
    value::json::to_plain,
};
use serde_json::{Value as Json, json};

use super::{
    cases::{Case, same},
    keys::{part, unsigned},
};

pub fn mapped(case: &Case) -> Result<(), String> {
    let product = match case.text("product") {
        "firestore" => Product::Firestore,
        "storage" => Product::Storage,
        _ => Product::Database,
    };
    let header = header(case);
    let found = match credential(product, header.as_deref()) {
        Err(error) => {
            same("the status", json!(error.status()), &case.expect["http"])?;
            return same("the message", json!(error.to_string()), &case.expect["message"]);
        }
        Ok(found) => found,
    };
    let is_admin = case.expect["admin"] == true;
    if (found == Credential::Admin) != is_admin {
        return Err(format!("{found:?}"));
    }
    let auth = match &found {
        Credential::User(token) => Some(token.auth(product)),
        Credential::Anonymous | Credential::Admin => None,
    };
    if let Some(expression) = case.input.get("expression") {
        return evaluated(expression.as_str().unwrap(), auth.as_ref(), &case.expect["expression"]);
    }
    let Some(auth) = auth else {
        return if is_admin { Ok(()) } else { same("auth", json!(null), case.expect.get("auth").unwrap_or(&json!(0))) };
    };
    if case.expect.get("auth") == Some(&json!(null)) {
        return Err(format!("{auth:?}"));
    }
    if product == Product::Database { database(case, &auth) } else { service(case, &auth) }
}

fn header(case: &Case) -> Option<String> {
    if let Some(header) = case.input.get("authorization") {
        return header.as_str().map(str::to_owned);
    }
    let payload = match case.input.get("claims_json") {
        Some(text) => text.as_str().unwrap().to_owned(),
        None => case.input["claims"].to_string(),
    };
    let none = json!({ "alg": "none" });
    let mut token = unsigned(case.input.get("header").unwrap_or(&none), &payload);
    if case.input["authorization_missing_third_part"] == true {
        token.pop();
    }
    Some(format!("Bearer {token}"))
}

fn service(case: &Case, auth: &Auth) -> Result<(), String> {
    let uid = seen(auth, "request.auth.uid");
    if let Some(expected) = case.expect.get("uid") {
        same("the uid", uid, expected)?;
    }
    if let Some(expected) = case.expect.get("token") {
        same("the token", to_plain(auth.token().view()), expected)?;
    }
    if case.expect.get("auth_keys").is_some() || case.expect.get("uid_key_present").is_some() {
        evaluated(
            "request.auth.keys().hasOnly(['token', 'uid']) && request.auth.size() == 2",
            Some(auth),
            &json!(true),
        )?;
    }
    let Value::Map(claims) = auth.token() else { return Err("the token is no map".to_owned()) };
    for (name, expected) in case.expect["types"].as_object().into_iter().flatten() {
        let found = claims.get(name).unwrap().type_of().unwrap().to_string();
        same(&format!("the type of {name}"), json!(found), expected)?;
    }
    for (name, expected) in case.expect["values"].as_object().into_iter().flatten() {
        let found = to_plain(claims.get(name).unwrap().view());
        same(name, json!(found.to_string()), expected)?;
    }
    Ok(())
}

fn seen(auth: &Auth, what: &str) -> Json {
    use firewarden::value::Record as _;
    let field = what.strip_prefix("request.auth.").unwrap();
    to_plain(auth.field(field).unwrap())
}

fn database(case: &Case, auth: &Auth) -> Result<(), String> {
    let found = to_plain(database_handshake(auth).view());
    if let Some(expected) = case.expect.get("auth") {
        return same("auth", found, expected);
    }
    let missing = |path: &str, expected: &Json| format!("{path} is not {expected} in {found}");
    let expected = &case.expect["auth_subset"];
    for name in ["uid", "provider"] {
        if found[name] != expected[name] {
            return Err(missing(name, &expected[name]));
        }
    }
    for (name, claim) in expected["token"].as_object().unwrap() {
        if found["token"][name] != *claim {
            return Err(missing(name, claim));
        }
    }
    Ok(())
}

/// A condition on the user in Firestore rules: true, false or an error.
fn evaluated(condition: &str, auth: Option<&Auth>, expected: &Json) -> Result<(), String> {
    let rules = format!(
        "rules_version = '2'; service cloud.firestore {{ match /{{document=**}} {{ allow get: if {condition}; }} }}"
    );
    let rules: firestore::Ruleset = rules.parse().map_err(|error: firewarden::Error| error.to_string())?;
    let mut request = firestore::Request::get("notes/n1");
    if let Some(auth) = auth {
        request = request.auth(auth);
    }
    let decision = rules.evaluate(&request, &()).unwrap();
    let found = if decision.error().is_some() { json!("error") } else { json!(decision.is_allowed()) };
    same(condition, found, expected)
}

#[test]
fn schemes_are_those_of_each_emulator() {
    let token = unsigned(&json!({ "alg": "none" }), r#"{"sub":"u1","user_id":"u1"}"#);
    let kind = |product, header: &str| match credential(product, Some(header)) {
        Ok(Credential::Admin) => "admin",
        Ok(Credential::Anonymous) => "nobody",
        Ok(Credential::User(_)) => "user",
        Err(error) if error.status() == 400 => "400",
        Err(error) if error.status() == 401 => "401",
        Err(_) => "500",
    };
    for (header, firestore, storage, database) in [
        ("Bearer owner", "admin", "admin", "admin"),
        ("bearer OWNER", "admin", "nobody", "admin"),
        ("Firebase owner", "500", "admin", "401"),
        ("Bearer ya29.x", "admin", "nobody", "admin"),
        ("Bearer", "400", "nobody", "401"),
        ("", "500", "nobody", "401"),
        (&format!("Bearer {token}"), "user", "user", "user"),
        (&format!("Basic {token}"), "500", "user", "401"),
        (&format!("Bearer {}.{}.", part(&json!({})), part(&json!([1]))), "400", "user", "401"),
        (&format!("Bearer {}.{}.", part(&json!({})), part(&json!(1))), "400", "nobody", "401"),
    ] {
        let found = [Product::Firestore, Product::Storage, Product::Database].map(|product| kind(product, header));
        assert_eq!(found, [firestore, storage, database], "{header}");
    }
}

#[test]
fn what_rules_see_tells_who_vouches_for_it() {
    use firewarden::auth::{Trust, database_auth, decode};
    let token = decode(&unsigned(&json!({}), r#"{"sub":"u1","firebase":{"sign_in_provider":"google.com"}}"#)).unwrap();
    let auth = token.auth(Product::Database);
    assert_eq!(auth.trust(), Trust::Unsigned);
    assert_eq!(Auth::user("u1").trust(), Trust::Given);
    assert_eq!(token.clone().into_given().auth().trust(), Trust::Given);
    let seen = to_plain(database_auth(&auth).view());
    assert_eq!(seen["provider"], "google.com");
    assert_eq!(seen.as_object().unwrap().keys().collect::<Vec<_>>(), ["uid", "provider", "token"]);
    let nobody = to_plain(database_auth(&Auth::user("u2")).view());
    assert_eq!((&nobody["uid"], &nobody["provider"]), (&json!("u2"), &json!(null)));
}
