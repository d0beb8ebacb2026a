//! The gate before callable functions, beyond the recorded cases.

use std::sync::Arc;

use firewarden::{
    auth::{
        Algorithm, ErrorCode, Issuer, KeySet, Keys, Signer, Trust, Verifier,
        callable::{Call, CallableAuth, Gate, Generation, TokenStatus},
        mock_token, unsigned_token,
    },
    storage::{Request, Ruleset},
};
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, at, id_token, signed};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn gate() -> Gate {
    Gate::new(Verifier::id_tokens(PROJECT, keys::known()).cached(10)).unwrap()
}

#[test]
fn good_tokens_pass_and_others_do_not() {
    let gate = gate();
    let good = signed(&id_token(json!({ "uid": "evil" })));
    let unsigned = mock_token(&json!({ "sub": "u1", "iat": NOW }), PROJECT).unwrap();
    for (authorization, passes) in [
        (format!("Bearer {good}"), true),
        (format!("BEARER {good}"), true),
        (format!("Bearer {good} "), false),
        (format!("Bearer  {good}"), false),
        (format!("Basic {good}"), false),
        (good.clone(), false),
        ("Bearer ".to_owned(), false),
        ("Bearer".to_owned(), false),
        (format!("Bearer {unsigned}"), false),
        (format!("Bearer {}", signed(&id_token(json!({ "exp": NOW })))), false),
        (format!("Bearer {}", signed(&id_token(json!({ "aud": "other" })))), false),
    ] {
        let call = Call::new("POST", [JSON, ("authorization", authorization.as_str())], br#"{"data": 1}"#);
        match gate.admit(&call, at(NOW)) {
            Ok(context) => {
                assert!(passes, "{authorization}");
                let auth = context.auth.unwrap();
                assert_eq!((auth.uid(), auth.token().text("uid")), (Some("u1"), Some("u1")));
                assert_eq!((auth.trust(), auth.raw_token()), (Trust::Verified, good.as_str()));
                assert!(!format!("{auth:?}").contains(&good));
                assert_eq!(auth.auth().unwrap().trust(), Trust::Verified);
            }
            Err(error) => {
                assert!(!passes, "{authorization}");
                assert_eq!((error.code(), error.message()), (ErrorCode::Unauthenticated, "Unauthenticated"));
            }
        }
    }
}

#[test]
fn a_call_has_one_form() {
    let gate = gate();
    for (method, content_type, body, passes) in [
        ("POST", "application/json", r#"{"data": null}"#, true),
        ("POST", "Application/JSON; charset=utf-8", r#"{"data": {}}"#, true),
        ("POST", "application/json ; charset=utf-8", r#"{"data": {}}"#, true),
        ("POST", " application/json", r#"{"data": {}}"#, false),
        ("POST", "application/jsonp", r#"{"data": {}}"#, false),
        ("POST", "text/plain", r#"{"data": {}}"#, false),
        ("POST", "", r#"{"data": {}}"#, false),
        ("post", "application/json", r#"{"data": {}}"#, false),
        ("GET", "application/json", r#"{"data": {}}"#, false),
        ("POST", "application/json", r#"{"data": 1, "x": 1}"#, false),
        ("POST", "application/json", r#"[{"data": 1}]"#, false),
        ("POST", "application/json", "null", false),
        ("POST", "application/json", "", false),
        ("POST", "application/json", "{", false),
    ] {
        let admitted = gate.admit(&Call::new(method, [("content-type", content_type)], body.as_bytes()), at(NOW));
        assert_eq!(admitted.is_ok(), passes, "{method} {content_type} {body}");
        if let Err(error) = admitted {
            assert_eq!((error.status(), error.message()), (400, "Bad Request"));
        }
    }
    // Two headers that differ: nobody knows which one counts.
    let good = format!("Bearer {}", signed(&id_token(json!({}))));
    let twice = [JSON, ("Authorization", good.as_str()), ("authorization", "Bearer x")];
    assert!(gate.admit(&Call::new("POST", twice, br#"{"data": 1}"#), at(NOW)).is_err());
}

#[test]
fn app_check_is_enforced_where_it_is_asked_for() {
    let app = json!({
        "iss": "https://firebaseappcheck.googleapis.com/1", "aud": ["projects/demo-x"], "sub": "1:1:web:a",
        "auth_time": null, "user_id": null, "firebase": null,
    });
    let good = signed(&id_token(app));
    let checked = || gate().app_check(Arc::new(Verifier::app_check(PROJECT, keys::known()))).unwrap();
    for (gate, token, enforce, status) in [
        (checked(), Some(good.as_str()), true, Ok(TokenStatus::Valid)),
        (checked(), Some(good.as_str()), false, Ok(TokenStatus::Valid)),
        (checked(), Some("bad"), false, Ok(TokenStatus::Invalid)),
        (checked(), Some("bad"), true, Err(401)),
        (checked(), None, false, Ok(TokenStatus::Missing)),
        (checked(), None, true, Err(401)),
        // No keys, no trust.
        (gate(), Some(good.as_str()), false, Ok(TokenStatus::Invalid)),
        (gate(), Some(good.as_str()), true, Err(401)),
    ] {
        let mut headers = vec![JSON];
        headers.extend(token.map(|token| ("X-Firebase-AppCheck", token)));
        let admitted = gate.enforce_app_check(enforce).admit(&Call::new("POST", headers, br#"{"data": 1}"#), at(NOW));
        assert_eq!(admitted.as_ref().map(|context| context.app_check).map_err(|error| error.status()), status);
        let app = admitted.ok().and_then(|context| context.app);
        if let Some(app) = &app {
            assert_eq!(app.token.text("app_id"), Some(app.app_id.as_str()));
        }
        let app = app.map(|app| app.app_id);
        assert_eq!(app.is_some(), status == Ok(TokenStatus::Valid));
    }
    assert!(Gate::new(Verifier::app_check(PROJECT, keys::known())).is_err());
    assert!(gate().app_check(Verifier::id_tokens(PROJECT, keys::known())).is_err());
}

#[test]
fn the_first_generation_takes_a_stated_user_in_the_emulator_only() {
    let stated = "%7B%22uid%22%3A%22alice%22%2C%22token%22%3A%7B%22admin%22%3Atrue%7D%7D";
    let call = |header| {
        let headers = [JSON, ("X-Callable-Context-Auth", header)];
        Call::new("POST", headers, br#"{"data": 1}"#)
    };
    let first = Gate::emulator().generation(Generation::First);
    let auth = first.admit(&call(stated), at(NOW)).unwrap().auth.unwrap();
    assert_eq!((auth.uid(), auth.trust()), (Some("alice"), Trust::Given));
    assert_eq!(auth.token().get("admin"), Some(&json!(true)));
    let seen = auth.auth().unwrap();
    assert_eq!((seen.uid(), seen.trust()), (Some("alice"), Trust::Given));
    for header in ["%7", "%zz", "{", "%ff"] {
        assert_eq!(first.admit(&call(header), at(NOW)).unwrap_err().status(), 500, "{header}");
    }
    for nobody in ["null", "0", "false"] {
        assert!(first.admit(&call(nobody), at(NOW)).unwrap().auth.is_none(), "{nobody}");
    }
    for unnamed in ["{}", r#"{"uid": ""}"#, r#"{"uid": 5, "token": {"sub": "bob", "user_id": "bob"}}"#] {
        let auth = first.admit(&call(unnamed), at(NOW)).unwrap().auth.unwrap();
        assert_eq!((auth.uid(), auth.auth()), (None, None), "{unnamed}");
    }
    let stated = r#"{"uid": "alice", "token": {"sub": "bob", "user_id": "bob"}}"#;
    let auth = first.admit(&call(stated), at(NOW)).unwrap().auth.unwrap();
    assert_eq!((auth.uid(), auth.auth().unwrap().uid()), (Some("alice"), Some("alice")));
    for other in [Gate::emulator(), gate().generation(Generation::First)] {
        assert!(other.admit(&call(stated), at(NOW)).unwrap().auth.is_none());
    }
}

/// What a gate makes of a token.
fn by(gate: &Gate, token: &str) -> Result<CallableAuth, ErrorCode> {
    let authorization = format!("Bearer {token}");
    let headers = [JSON, ("Authorization", authorization.as_str())];
    let context = gate.admit(&Call::new("POST", headers, br#"{"data": 1}"#), at(NOW)).map_err(|error| error.code())?;
    Ok(context.auth.unwrap())
}

#[test]
fn a_verified_token_that_names_nobody_is_refused() {
    let secret = [9; 32];
    let shared = Keys::new(KeySet::from_secret("", &secret).unwrap());
    let gate = Gate::new(Verifier::issuer(Issuer::signed_only(Algorithm::Hs256), shared)).unwrap();
    let token = |claims: Json| {
        let mut claims = keys::claims(claims);
        claims.set("exp", NOW + 60);
        Signer::from_secret(&secret).unwrap().sign(&claims).unwrap()
    };
    assert_eq!(by(&gate, &token(json!({ "sub": "u1" }))).unwrap().uid(), Some("u1"));
    for claims in [json!({}), json!({ "sub": 5 }), json!({ "sub": "" }), json!({ "user_id": "u1", "uid": "u1" })] {
        assert_eq!(by(&gate, &token(claims.clone())), Err(ErrorCode::Unauthenticated), "{claims}");
    }
}

#[test]
fn an_emulator_user_without_id_is_nobody_to_rules() {
    for claims in [json!({}), json!({ "sub": 5 }), json!({ "sub": "" }), json!({ "user_id": "u1", "uid": "u1" })] {
        let auth = by(&Gate::emulator(), &unsigned_token(&keys::claims(claims.clone()))).unwrap();
        assert_eq!((auth.uid(), auth.auth()), (None, None), "{claims}");
    }
    let auth = by(&Gate::emulator(), &unsigned_token(&keys::claims(json!({ "sub": "u1" })))).unwrap();
    let seen = auth.auth().unwrap();
    assert_eq!((auth.uid(), seen.uid(), seen.trust()), (Some("u1"), Some("u1"), Trust::Unsigned));
}

#[test]
fn the_emulator_reads_payloads_alone() {
    let gate = Gate::emulator();
    for (token, uid) in [
        ("x.eyJzdWIiOiJhIn0.", Some("a")),
        ("x.eyJzdWIiOiJhIn0.=", Some("a")),
        ("=.eyJzdWIiOiJhIn0=.x", Some("a")),
        ("x.eyJzdWIiOiJhIn0=eyJ.x", Some("a")),
        ("x.eyJzdWIiOiJhIn0.x y", None),
        ("!!.eyJzdWIiOiJhIn0.", None),
        (".eyJzdWIiOiJhIn0.", None),
        ("x.eyJzdWIiOiJhIn0", None),
        ("x.eyJzdWIiOiJhIn0A.x", None),
        ("x.5.x", None),
        ("x.NQ.x", None),
        ("x.ZmFsc2U.x", None),
        ("x.WzFd.", None),
        ("a.b.c.d", None),
    ] {
        assert_eq!(by(&gate, token).unwrap().uid(), uid, "{token}");
        let call = Call::new("POST", [JSON, ("X-Firebase-AppCheck", token)], br#"{"data": 1}"#);
        let context = gate.admit(&call, at(NOW)).unwrap();
        assert_eq!(context.app_check, TokenStatus::Valid, "{token}");
        assert_eq!(context.app.unwrap().app_id, uid.unwrap_or_default(), "{token}");
    }
    // Null is the one payload that cannot hold an id.
    let null = "x.bnVsbA.x";
    assert_eq!(by(&gate, null), Err(ErrorCode::Unauthenticated));
    let call = Call::new("POST", [JSON, ("X-Firebase-AppCheck", null)], br#"{"data": 1}"#);
    let context = gate.admit(&call, at(NOW)).unwrap();
    assert_eq!((context.app_check, context.app), (TokenStatus::Invalid, None));
    assert_eq!(gate.enforce_app_check(true).admit(&call, at(NOW)).unwrap_err().status(), 401);
}

#[test]
fn rules_see_the_claims_of_the_token_and_no_added_uid() {
    let rules: Ruleset = "rules_version = '2'; service firebase.storage { match /b/{b}/o/{name} {
        allow read: if request.auth.uid == 'u1' && request.auth.token.get('uid', 'none') == name; } }"
        .parse()
        .unwrap();
    for (claims, uid) in [(json!({}), "none"), (json!({ "uid": "custom" }), "custom")] {
        let claims = id_token(claims);
        let verified = signed(&claims);
        let kept = by(&gate(), &verified).unwrap();
        // Handlers see the user's id under that name, as from the SDK.
        assert_eq!(kept.token().text("uid"), Some("u1"));
        let seen = Verifier::id_tokens(PROJECT, keys::known()).verify(&verified, at(NOW)).unwrap().auth().cloned();
        assert_eq!(kept.auth(), seen.as_ref());
        for auth in [kept, by(&Gate::emulator(), &unsigned_token(&claims)).unwrap()] {
            let read = Request::get("b", uid).auth(auth.auth().unwrap());
            assert!(rules.permits(&read, &()).unwrap(), "{claims} {:?}", auth.trust());
        }
    }
}

#[test]
fn wide_integers_reach_the_handler_as_doubles() {
    let body = json!({ "data": { "n": { "@type": "type.googleapis.com/google.protobuf.Int64Value", "value": "7" } } });
    let body = body.to_string();
    let context = gate().admit(&Call::new("POST", [JSON], body.as_bytes()), at(NOW)).unwrap();
    assert_eq!(context.data, json!({ "n": 7.0 }));
    let other = json!({ "data": { "@type": "x" } }).to_string();
    assert_eq!(gate().admit(&Call::new("POST", [JSON], other.as_bytes()), at(NOW)).unwrap_err().status(), 500);
}

#[test]
fn mock_tokens_are_those_of_the_official_test_library() {
    use firewarden::auth::{MockTokenError, decode};
    let payload = |options| decode(&mock_token(&options, PROJECT).unwrap()).unwrap().payload().clone();
    assert_eq!(
        payload(json!({ "sub": "u1" })),
        json!({ "iss": "https://securetoken.google.com/demo-x", "aud": "demo-x", "iat": 0, "exp": 3600, "auth_time": 0,
                "sub": "u1", "user_id": "u1", "firebase": { "sign_in_provider": "custom", "identities": {} } })
    );
    let replaced = payload(json!({ "user_id": "u2", "firebase": { "tenant": "t" }, "iat": 100 }));
    assert_eq!((&replaced["sub"], &replaced["exp"]), (&json!("u2"), &json!(3700)));
    assert_eq!(replaced["firebase"], json!({ "tenant": "t" }));
    assert_eq!(mock_token(&json!({ "uid": "x", "sub": "x" }), PROJECT), Err(MockTokenError::Uid));
    assert_eq!(mock_token(&json!({ "email": "x" }), PROJECT), Err(MockTokenError::NoSubject));
    assert_eq!(mock_token(&json!(null), PROJECT), Err(MockTokenError::NotAnObject));
}
