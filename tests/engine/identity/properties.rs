//! No text that nobody signed verifies, and none panics.

use firewarden::auth::{Claims, UserRecord};
use firewarden::auth::{
    EmulatorVerifier, Exchange, KeySet, Product, Profile, ServiceAccount, Signer, Verifier,
    blocking::{Event, Flow, FunctionResponse, Simulation},
    callable::{Call, Gate},
    credential, decode,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, at, id_token, part, signed};

fn verifiers() -> Vec<Verifier> {
    let all = [
        Verifier::id_tokens(PROJECT, keys::known()),
        Verifier::session_cookies(PROJECT, keys::known()),
        Verifier::blocking_tokens(PROJECT, keys::known()),
        Verifier::app_check(PROJECT, keys::known()),
        Verifier::custom_tokens(keys::ACCOUNT, keys::known()),
    ];
    let lax = Verifier::id_tokens(PROJECT, keys::known()).profile(Profile::NodeCompatible);
    all.into_iter().chain([lax]).map(|verifier| verifier.cached(4)).collect()
}

fn refused_by_all(token: &str) {
    for verifier in verifiers() {
        for _ in 0..2 {
            assert!(verifier.verify(token, at(NOW)).is_err(), "{:?}: {token}", verifier.kind());
        }
    }
    // The emulators' readers believe, but do not panic.
    let _ = EmulatorVerifier::id_tokens(PROJECT).verify(token, at(NOW));
    let _ = decode(token).map(|token| [Product::Firestore, Product::Storage, Product::Database].map(|p| token.auth(p)));
    let _ = Exchange::new(PROJECT).unsigned(token, |_| None, at(NOW));
    for product in [Product::Firestore, Product::Storage, Product::Database] {
        let _ = credential(product, Some(token));
        let _ = credential(product, Some(&format!("Bearer {token}")));
    }
}

/// JSON of some depth.
fn json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
        Just(json!(PROJECT)),
        Just(json!("u1")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// A claim or a parameter of a header, and what it may be replaced by.
fn claim() -> impl Strategy<Value = (String, Json)> {
    const NAMES: [&str; 12] =
        ["iss", "aud", "sub", "exp", "iat", "auth_time", "nbf", "firebase", "event_type", "kid", "alg", "crit"];
    let name = prop_oneof![proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), ".{0,6}"];
    (name, json_value())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_verify(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        refused_by_all(&String::from_utf8_lossy(&octets));
    }

    #[test]
    fn no_three_parts_verify(parts in "[A-Za-z0-9_=+/-]{0,40}\\.[A-Za-z0-9_=+/-]{0,60}\\.[A-Za-z0-9_=+/-]{0,40}(\\..{0,4})?") {
        refused_by_all(&parts);
    }

    #[test]
    fn no_json_without_a_signature_verifies(header in claim(), payload in claim(), signature in "[A-Za-z0-9_-]{0,342}") {
        let mut head = json!({ "alg": "RS256", "kid": "ka", "typ": "JWT" });
        head[header.0] = header.1;
        let mut claims = id_token(json!({}));
        claims.set(payload.0, payload.1);
        refused_by_all(&format!("{}.{}.{signature}", part(&head), part(&claims.into_json())));
    }

    #[test]
    fn a_signature_holds_for_its_contents_only(name in "[a-z]{1,8}", value in json_value()) {
        let token = signed(&id_token(json!({})));
        let mut claims = id_token(json!({}));
        prop_assume!(claims.set(name, value.clone()) != Some(value));
        let (_, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let header = token.split('.').next().unwrap();
        refused_by_all(&format!("{header}.{}.{signature}", part(&claims.into_json())));
    }

    #[test]
    fn good_signatures_do_not_excuse_odd_claims(claims in proptest::collection::vec(claim(), 1..4)) {
        let mut all = id_token(json!({}));
        for (name, value) in claims {
            all.set(name, value);
        }
        let token = signed(&all);
        if let Ok(user) = Verifier::id_tokens(PROJECT, keys::known()).verify(&token, at(NOW)) {
            prop_assert_eq!(user.claims(), &all);
            prop_assert_eq!(all.text("aud"), Some(PROJECT));
            prop_assert!(all.number("exp").unwrap() > NOW as f64 && all.number("iat").unwrap() <= NOW as f64);
            prop_assert_eq!(user.auth().unwrap().uid(), all.subject());
        }
    }

    #[test]
    fn no_text_panics_as_a_key(text in ".{0,80}", der in proptest::collection::vec(any::<u8>(), 0..60)) {
        use base64::Engine as _;
        let der = base64::engine::general_purpose::STANDARD.encode(der);
        for label in ["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY"] {
            let pem = format!("-----BEGIN {label}-----\n{der}\n-----END {label}-----");
            let _ = (Signer::from_pem(&pem).is_ok(), KeySet::from_pem("x", &pem).is_ok());
            if let Ok(set) = KeySet::from_pem("ka", &pem) {
                let verifier = Verifier::id_tokens(PROJECT, firewarden::auth::Keys::new(set));
                let token = signed(&id_token(json!({})));
                prop_assert!(verifier.verify(&token, at(NOW)).is_err());
            }
        }
        let _ = (KeySet::parse(&text).is_ok(), ServiceAccount::from_json(&text).is_ok());
    }

    #[test]
    fn no_call_panics(method in "POST|GET", header in ".{0,30}", body in ".{0,60}", data in json_value()) {
        let gates = [Gate::emulator(), Gate::new(Verifier::id_tokens(PROJECT, keys::known())).unwrap()];
        for (gate, body) in gates.iter().flat_map(|gate| [(gate, body.clone()), (gate, json!({ "data": data }).to_string())]) {
            let headers = [
                ("content-type", "application/json"),
                ("authorization", header.as_str()),
                ("x-firebase-appcheck", header.as_str()),
                ("x-callable-context-auth", header.as_str()),
            ];
            let _ = gate.admit(&Call::new(&method, headers, body.as_bytes()), at(NOW));
        }
    }

    #[test]
    fn no_answer_of_a_function_panics(status in any::<u16>(), record in json_value(), mask in "[a-zA-Z,]{0,30}", more in claim()) {
        let mut record = if record.is_object() { record } else { json!({}) };
        record["updateMask"] = json!(format!("displayName,customClaims,sessionClaims,{mask}"));
        record[more.0] = more.1;
        let body = json!({ "userRecord": record }).to_string();
        let mut handlers = |_: Event, _: &Claims| Some(FunctionResponse::new(status, body.clone()));
        let report = Simulation::new(PROJECT, Flow::PasswordSignUp, at(NOW)).run(UserRecord::new("u1"), &mut handlers);
        if let Ok(Some(signed_in)) = report.outcome {
            prop_assert_eq!(signed_in.claims.subject(), Some("u1"));
        }
    }
}
