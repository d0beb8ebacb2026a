//! Tokens that are no ID tokens: of App Check, of service accounts, of other issuers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use firewarden::auth::{
    Algorithm, Claims, CustomToken, Exchange, Issuer, KeySet, Keys, Profile, ServiceAccount, SignError, Signer,
    TokenFault, Trust, UserRecord, Verifier,
};
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, at, id_token, signed};

fn id_tokens() -> Verifier {
    Verifier::id_tokens(PROJECT, keys::known())
}

#[test]
fn app_check_tokens_name_the_app() {
    let verifier = Verifier::app_check("demo-x", keys::known());
    let claims = |more: Json| {
        let all = json!({
            "iss": "https://firebaseappcheck.googleapis.com/123", "aud": ["projects/123", "projects/demo-x"],
            "auth_time": null, "user_id": null, "firebase": null, "sub": "1:123:web:abc",
        });
        let mut all = id_token(all);
        for (name, value) in more.as_object().unwrap() {
            all.set(name, value.clone());
        }
        signed(&all)
    };
    let app = verifier.verify(&claims(json!({})), at(NOW)).unwrap();
    assert_eq!((app.uid(), app.auth()), ("1:123:web:abc", None));
    for (more, fault) in [
        (json!({ "aud": "projects/demo-x" }), TokenFault::WrongAudience),
        (json!({ "aud": ["demo-x"] }), TokenFault::WrongAudience),
        (json!({ "iss": "https://example.com" }), TokenFault::WrongIssuer),
        (json!({ "sub": "" }), TokenFault::EmptySubject),
    ] {
        assert_eq!(verifier.verify(&claims(more), at(NOW)).unwrap_err().fault(), &fault);
    }
    let said = |more: Json| verifier.verify(&claims(more), at(NOW)).unwrap_err();
    let expired = said(json!({ "exp": NOW }));
    assert_eq!(expired.code(), "app-check/app-check-token-expired");
    for (more, ends) in [
        (json!({ "exp": NOW }), "has expired. Get a fresh App Check token from your client app and try again."),
        (
            json!({ "aud": ["x"] }),
            "comes from the same Firebase project as the service account used to authenticate this SDK.",
        ),
        (json!({ "iss": "https://example.com" }), "token has incorrect \"iss\" (issuer) claim."),
        (json!({ "sub": "" }), "has an empty string \"sub\" (subject) claim."),
        (json!({ "sub": 5 }), "has no \"sub\" (subject) claim."),
    ] {
        let error = said(more).to_string();
        assert!(error.starts_with("The provided App Check token ") && error.ends_with(ends), "{error}");
    }
    // The id of an app is no user's.
    assert!(verifier.verify(&claims(json!({ "sub": "1".repeat(200) })), at(NOW)).is_ok());
}

#[test]
fn a_tenant_is_looked_for_where_tokens_of_a_kind_name_it() {
    let account = "sa@demo.iam.gserviceaccount.com";
    let token = CustomToken::new("alice").tenant("t1").payload(account, at(NOW)).unwrap();
    let verifier = |tenant: &str| Verifier::custom_tokens(account, keys::known()).tenant(tenant);
    let verified = verifier("t1").verify(&signed(&token), at(NOW)).unwrap();
    assert_eq!(verifier("t2").verify(&signed(&token), at(NOW)).unwrap_err().fault(), &TokenFault::WrongTenant);
    // Nobody signs in with a tenant's token elsewhere.
    assert!(Exchange::new(PROJECT).tenant("t1").verified(&verified, |_| None, at(NOW)).is_ok());
    for other in [Exchange::new(PROJECT), Exchange::new(PROJECT).tenant("t2")] {
        assert_eq!(other.verified(&verified, |_| None, at(NOW)).unwrap_err().to_string(), "TENANT_ID_MISMATCH");
    }
}

#[test]
fn what_is_kept_passed_the_checks_of_its_verifier() {
    let token = signed(&id_token(json!({ "firebase": { "tenant": "a" } })));
    let verifier = id_tokens().cached(10);
    verifier.verify(&token, at(NOW)).unwrap();
    assert!(verifier.tenant("b").verify(&token, at(NOW)).is_err());
    let lax = signed(&id_token(json!({ "exp": null })));
    let verifier = id_tokens().profile(Profile::NodeCompatible).cached(10);
    verifier.verify(&lax, at(NOW)).unwrap();
    assert!(verifier.profile(Profile::Strict).verify(&lax, at(NOW)).is_err());
}

#[test]
fn a_token_without_a_name_tries_only_so_many_keys() {
    let secret = |n: usize| json!({ "kty": "oct", "kid": n.to_string(), "k": "A".repeat(43) });
    let set = |n: usize| json!({ "keys": (0..n).map(secret).collect::<Vec<_>>() }).to_string();
    let token = Signer::from_secret(&[0; 32]).unwrap().sign(&keys::claims(json!({ "sub": "u" }))).unwrap();
    let verify = |n: usize| {
        let keys = Keys::new(KeySet::parse(&set(n)).unwrap());
        Verifier::issuer(Issuer::signed_only(Algorithm::Hs256), keys)
            .verify(&token, at(NOW))
            .map_err(|error| error.fault().clone())
    };
    assert_ne!(verify(32).err(), Some(TokenFault::NoKeyId));
    assert_eq!(verify(33).err(), Some(TokenFault::NoKeyId));
}

#[test]
fn tokens_of_other_issuers_are_verified_by_their_own_rules() {
    let claims = keys::claims(json!({ "iss": "chat", "aud": "app", "sub": "u1", "exp": NOW + 60 }));
    let ec = Keys::new(KeySet::parse(keys::JWKS).unwrap());
    let issuer = |name: &str, audience: &str| Issuer::new(Algorithm::Es256, name, audience).with_subject();
    let token = Signer::from_pem(keys::EC_PRIVATE).unwrap().key_id("ec").sign(&claims).unwrap();
    let nobody = keys::claims(json!({ "iss": "chat", "aud": "app", "user_id": "u1", "exp": NOW + 60 }));
    let nobody = Signer::from_pem(keys::EC_PRIVATE).unwrap().key_id("ec").sign(&nobody).unwrap();
    let unnamed = Verifier::issuer(Issuer::signed_only(Algorithm::Es256), ec.clone()).verify(&nobody, at(NOW)).unwrap();
    assert!(unnamed.auth().is_none(), "a token that names nobody is no credential");
    let verifier = Verifier::issuer(issuer("chat", "app"), ec.clone());
    assert_eq!(verifier.verify(&token, at(NOW)).unwrap().auth().unwrap().trust(), Trust::Verified);
    assert_eq!(verifier.verify(&token, at(NOW + 60)).unwrap_err().fault(), &TokenFault::Expired);
    for other in [issuer("x", "app"), issuer("chat", "x")] {
        assert!(Verifier::issuer(other, ec.clone()).verify(&token, at(NOW)).is_err());
    }
    let rs = Verifier::issuer(Issuer::signed_only(Algorithm::Rs256), ec);
    assert_eq!(rs.verify(&token, at(NOW)).unwrap_err().fault(), &TokenFault::WrongAlgorithm);

    let secret = [9; 32];
    let shared = Keys::new(KeySet::from_secret("", &secret).unwrap());
    let chat = Verifier::issuer(Issuer::signed_only(Algorithm::Hs256), shared);
    let token = Signer::from_secret(&secret).unwrap().sign(&claims).unwrap();
    assert!(chat.verify(&token, at(NOW)).is_ok());
    assert!(chat.verify(&Signer::from_secret(&secret).unwrap().key_id("any").sign(&claims).unwrap(), at(NOW)).is_ok());
    let other = Signer::from_secret(&[8; 32]).unwrap().sign(&claims).unwrap();
    assert_eq!(chat.verify(&other, at(NOW)).unwrap_err().fault(), &TokenFault::BadSignature);
    let unlimited = Signer::from_secret(&secret).unwrap().sign(&keys::claims(json!({ "sub": "u1" }))).unwrap();
    assert_eq!(chat.verify(&unlimited, at(NOW)).unwrap_err().fault(), &TokenFault::MissingClaim("exp"));
    let octets = json!({ "keys": [{ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret) }] }).to_string();
    let chat = Verifier::issuer(Issuer::signed_only(Algorithm::Hs256), Keys::new(KeySet::parse(&octets).unwrap()));
    assert!(chat.verify(&token, at(NOW)).is_ok());
}

#[test]
fn custom_tokens_are_verified_before_they_are_exchanged() {
    let verifier = Verifier::custom_tokens(keys::ACCOUNT, keys::known());
    let minted = CustomToken::new("alice").claims(json!({ "premiumAccount": true }));
    let token = verifier.verify(&minted.sign(&keys::account(), at(NOW)).unwrap(), at(NOW)).unwrap();
    let exchange = Exchange::new(PROJECT);
    let signed_in = exchange.verified(&token, |_| None, at(NOW + 5)).unwrap();
    assert!(signed_in.is_new);
    let user = id_tokens().verify(&signed(&signed_in.claims), at(NOW + 5)).unwrap();
    assert_eq!((user.uid(), user.claims().get("premiumAccount")), ("alice", Some(&json!(true))));
    let disabled = |uid: &str| Some(UserRecord { disabled: true, ..UserRecord::new(uid) });
    assert_eq!(exchange.verified(&token, disabled, at(NOW)).unwrap_err().message(), "USER_DISABLED");
    assert_eq!(exchange.verified(&user, |_| None, at(NOW)).unwrap_err().client_code(), "auth/invalid-custom-token");
    let tenant = Exchange::new(PROJECT).tenant("t1");
    assert_eq!(tenant.verified(&token, |_| None, at(NOW)).unwrap_err().message(), "TENANT_ID_MISMATCH");
    let token = minted.tenant("t1").sign(&keys::account(), at(NOW)).unwrap();
    let signed_in = tenant.verified(&verifier.verify(&token, at(NOW)).unwrap(), |_| None, at(NOW)).unwrap();
    assert_eq!(signed_in.claims.firebase("tenant"), Some(&json!("t1")));

    let forged = |more: Json| {
        let mut payload = CustomToken::new("alice").payload(keys::ACCOUNT, at(NOW)).unwrap();
        for (name, value) in more.as_object().unwrap() {
            payload.set(name, value.clone());
        }
        let token = Signer::from_pem(keys::PRIVATE).unwrap().sign(&payload).unwrap();
        verifier.verify(&token, at(NOW)).unwrap_err().fault().clone()
    };
    for (more, fault) in [
        (json!({ "exp": NOW + 3601 }), TokenFault::LifetimeTooLong),
        (json!({ "exp": NOW }), TokenFault::Expired),
        (json!({ "iat": NOW + 1 }), TokenFault::InFuture("iat")),
        (json!({ "aud": PROJECT }), TokenFault::WrongAudience),
        (json!({ "iss": "other@x" }), TokenFault::WrongIssuer),
        (json!({ "sub": "other@x" }), TokenFault::NoSubject),
        (json!({ "uid": "" }), TokenFault::InvalidContent),
        (json!({ "uid": 5 }), TokenFault::InvalidContent),
        (json!({ "uid": "u".repeat(129) }), TokenFault::InvalidContent),
        (json!({ "claims": [] }), TokenFault::InvalidContent),
        (json!({ "claims": { "sub": "x" } }), TokenFault::InvalidContent),
        (json!({ "tenant_id": 5 }), TokenFault::InvalidContent),
    ] {
        assert_eq!(forged(more.clone()), fault, "{more}");
    }
    let lax = Verifier::custom_tokens(keys::ACCOUNT, keys::known()).profile(Profile::NodeCompatible);
    let mut payload = CustomToken::new("alice").payload(keys::ACCOUNT, at(NOW)).unwrap();
    payload.remove("exp");
    assert!(lax.verify(&Signer::from_pem(keys::PRIVATE).unwrap().sign(&payload).unwrap(), at(NOW)).is_err());
}

#[test]
fn service_accounts_are_read_and_never_printed() {
    let file = json!({
        "type": "service_account", "project_id": PROJECT, "private_key_id": "1",
        "private_key": keys::PRIVATE, "client_email": keys::ACCOUNT,
    });
    let account = ServiceAccount::from_json(&file.to_string()).unwrap();
    assert_eq!((account.email(), account.project()), (keys::ACCOUNT, Some(PROJECT)));
    let secret = keys::PRIVATE.lines().nth(1).unwrap();
    assert!(!format!("{account:?}").contains(secret.get(..20).unwrap()));
    assert!(!format!("{:?}", Signer::from_secret(b"0123456789abcdef0123456789abcdef").unwrap()).contains("0123"));
    assert_eq!(ServiceAccount::from_json("{").unwrap_err(), SignError::NotJson);
    let missing = |name: &str| {
        let mut file = file.clone();
        file.as_object_mut().unwrap().remove(name);
        ServiceAccount::from_json(&file.to_string()).unwrap_err().to_string()
    };
    assert!(missing("private_key").contains("private_key") && missing("client_email").contains("client_email"));
    assert_eq!(ServiceAccount::from_pem("x", keys::EC_PRIVATE).unwrap_err(), SignError::Key);
    assert_eq!(Signer::from_pem(keys::PUBLIC).unwrap_err(), SignError::Key);
    let pkcs1 = Signer::from_pem(include_str!("keys/test-rsa-a.pkcs1.pem")).unwrap().key_id("ka");
    assert!(id_tokens().verify(&pkcs1.sign(&id_token(json!({}))).unwrap(), at(NOW)).is_ok());
    assert_eq!(Signer::from_secret(b"short").unwrap_err(), SignError::Secret);
    let claims = Claims::new();
    assert_eq!(Signer::from_pem(keys::EC_PRIVATE).unwrap().sign(&claims).unwrap().split('.').count(), 3);
}
