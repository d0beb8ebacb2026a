//! Keys, checks, cache and revocation, beyond what is recorded.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use firewarden::{
    Auth,
    auth::{
        Algorithm, CustomToken, DecodeError, EmulatorVerifier, Issuer, KeyError, KeySet, Keys, MAX_TOKEN, Profile,
        SignError, Signer, TokenError, TokenFault, TokenKind, TokenPart, Trust, UserRecord, VerifiedToken, Verifier,
        max_age,
    },
};
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, at, id_token, part, signed, signed_under, unsigned};

/// Compiles only if it holds.
const _: () = {
    const fn shared<T: Send + Sync + 'static>() {}
    shared::<Verifier>();
    shared::<Keys>();
    shared::<VerifiedToken>();
    shared::<Signer>();
    shared::<TokenError>();
};

fn verifier() -> Verifier {
    Verifier::id_tokens(PROJECT, keys::known())
}

fn fault(token: &str) -> TokenFault {
    verifier().verify(token, at(NOW)).unwrap_err().fault().clone()
}

fn header(more: Json) -> Json {
    let mut header = json!({ "alg": "RS256", "kid": "ka", "typ": "JWT" });
    for (name, value) in more.as_object().unwrap() {
        header[name] = value.clone();
    }
    header
}

#[test]
fn keys_are_read_in_every_form_they_are_published_in() {
    let token = signed(&id_token(json!({})));
    for (form, text) in [
        ("certificates", json!({ "ka": keys::CERTIFICATE }).to_string()),
        ("public keys", json!({ "ka": keys::PUBLIC }).to_string()),
        ("PKCS#1", json!({ "ka": include_str!("keys/test-rsa-a.pkcs1-public.pem") }).to_string()),
        ("JWK set", keys::JWKS.to_owned()),
    ] {
        let keys = Keys::new(KeySet::parse(&text).unwrap());
        let verified = Verifier::id_tokens(PROJECT, keys).verify(&token, at(NOW));
        assert_eq!(verified.map(|user| user.uid().to_owned()).as_deref(), Ok("u1"), "{form}");
    }
    let one = Keys::new(KeySet::from_pem("ka", keys::PUBLIC).unwrap());
    assert!(Verifier::id_tokens(PROJECT, one).verify(&token, at(NOW)).is_ok());
}

#[test]
fn what_is_no_key_set_is_refused() {
    let error = |text: &str| KeySet::parse(text).unwrap_err();
    let jwks = |keys: Json| json!({ "keys": keys }).to_string();
    assert_eq!(error("[]"), KeyError::NotJson);
    assert_eq!(error("{}"), KeyError::Empty);
    assert_eq!(error(r#"{"ka": "a", "ka": "b"}"#), KeyError::DuplicateName);
    assert_eq!(error(r#"{"error": "backend"}"#), KeyError::ErrorResponse("backend".to_owned()));
    assert_eq!(error(r#"{"keys": 1}"#), KeyError::Format);
    assert_eq!(error(r#"{"ka": 1}"#), KeyError::Format);
    assert_eq!(error(r#"{"ka": "no PEM"}"#), KeyError::Unreadable("ka".to_owned()));
    assert_eq!(error(&json!({ "ka": keys::PRIVATE }).to_string()), KeyError::Unreadable("ka".to_owned()));
    let rsa = serde_json::from_str::<Json>(keys::JWKS).unwrap()["keys"][0].clone();
    assert_eq!(error(&jwks(json!([rsa, rsa]))), KeyError::DuplicateId("ka".to_owned()));
    let mut broken = rsa.clone();
    broken["n"] = json!("%");
    assert_eq!(error(&jwks(json!([broken]))), KeyError::Unreadable("ka".to_owned()));
    let mut encrypts = rsa.clone();
    encrypts["use"] = json!("enc");
    assert_eq!(error(&jwks(json!([encrypts, { "kty": "OKP", "kid": "x" }]))), KeyError::Empty);
    assert!(KeySet::parse(&jwks(json!([encrypts, rsa, { "kty": "new", "kid": "x" }]))).is_ok());
    assert_eq!(KeySet::from_secret("s", b"short").unwrap_err(), KeyError::Unreadable("s".to_owned()));
}

#[test]
fn keys_that_verify_nothing_are_refused_with_a_reason() {
    let octets = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    let rsa = |n: &[u8], e: &[u8]| json!({ "kty": "RSA", "kid": "k", "n": octets(n), "e": octets(e) });
    let point = |x: &[u8], y: &[u8]| json!({ "kty": "EC", "crv": "P-256", "kid": "k", "x": octets(x), "y": octets(y) });
    let odd = |bytes: usize| vec![0xFF; bytes];
    for (jwk, reason) in [
        (rsa(&odd(128), &[1, 0, 1]), "its modulus has 1024 bits"),
        (rsa(&[vec![0; 200], odd(128)].concat(), &[1, 0, 1]), "its modulus has 1024 bits"),
        (rsa(&odd(2048), &[1, 0, 1]), "its modulus has 16384 bits"),
        (rsa(&[0xFE; 256], &[1, 0, 1]), "its modulus is even"),
        (rsa(&odd(256), &[1]), "its exponent is not an odd number from 3"),
        (rsa(&odd(256), &[2]), "its exponent is not an odd number from 3"),
        (rsa(&odd(256), &[]), "its exponent is not an odd number from 3"),
        (rsa(&odd(256), &[0xFF; 9]), "its exponent is not an odd number from 3"),
        (point(&[1; 32], &[1; 32]), "its point is not on the curve P-256"),
        (point(&[0; 32], &[0; 32]), "its point is not on the curve P-256"),
    ] {
        // Beside a key that is right.
        let mut set = serde_json::from_str::<Json>(keys::JWKS).unwrap();
        set["keys"].as_array_mut().unwrap().push(jwk);
        match KeySet::parse(&set.to_string()) {
            Err(KeyError::Unusable { id, why }) => assert!(id == "k" && why.contains(reason), "{why}"),
            other => panic!("{reason}: {other:?}"),
        }
    }
    let short = include_str!("keys/test-rsa-short.public.pem");
    let refused = KeySet::from_pem("ka", short).unwrap_err().to_string();
    assert!(refused.contains("cannot use the key `ka`: its modulus has 1024 bits"), "{refused}");
    assert_eq!(KeySet::parse(&json!({ "ka": short }).to_string()).unwrap_err().to_string(), refused);
    let short = include_str!("keys/test-rsa-short.private.pem");
    assert!(matches!(Signer::from_pem(short), Err(SignError::Refused)));
    // The last octets of a public key in PEM are those of its point.
    let body: String = keys::EC_PUBLIC.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = STANDARD.decode(body).unwrap();
    *der.last_mut().unwrap() ^= 1;
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
    let refused = KeySet::from_pem("ec", &pem).unwrap_err().to_string();
    assert!(refused.contains("its point is not on the curve"), "{refused}");
}

#[test]
fn a_key_signs_by_its_own_algorithm_only() {
    let keys = Keys::new(KeySet::parse(keys::JWKS).unwrap());
    let claims = id_token(json!({}));
    let verifier = Verifier::issuer(Issuer::signed_only(Algorithm::Es256), keys);
    let ec = Signer::from_pem(keys::EC_PRIVATE).unwrap();
    for (kid, expected) in [("ec", None), ("ka", Some(&TokenFault::BadSignature))] {
        let verified = verifier.verify(&ec.clone().key_id(kid).sign(&claims).unwrap(), at(NOW));
        assert_eq!(verified.as_ref().err().map(TokenError::fault), expected, "{kid}");
    }
}

#[test]
fn the_claims_of_a_verified_token_are_all_it_has_in_their_order() {
    let mut claims =
        id_token(json!({ "sub": "u\n\u{e9}\u{1f600}", "level": 1.5, "big": 18_446_744_073_709_551_615_u64,
        "low": -1, "none_of": [null, true, { "aud": "x", "sub": 1 }], "kid": "\"", "e": 1e300 }));
    claims.set("nothing", Json::Null);
    for n in 0..60 {
        claims.set(format!("claim{n}"), n);
    }
    let verified = verifier().verify(&signed(&claims), at(NOW)).unwrap();
    assert_eq!(verified.uid(), "u\n\u{e9}\u{1f600}");
    // What rules see is the same whether claims were asked for before or not.
    let auth = verified.auth().cloned();
    assert_eq!(verified.claims(), &claims);
    assert_eq!(verified.claims().to_string(), claims.to_string());
    let given = verified.clone().into_given().assume_verified(TokenKind::IdToken);
    assert_eq!((given.uid(), given.auth().cloned()), (verified.uid(), auth));
    assert!(given.auth().is_some_and(|auth| auth.trust() == Trust::Verified));
}

#[test]
fn an_algorithm_is_never_taken_from_a_token() {
    let payload = id_token(json!({})).to_string();
    // The public key as the secret of an HMAC.
    for public in [keys::PUBLIC.to_owned(), keys::PUBLIC.trim().to_owned(), keys::CERTIFICATE.to_owned()] {
        let claims = id_token(json!({}));
        let forged = Signer::from_secret(public.as_bytes()).unwrap().key_id("ka").sign(&claims).unwrap();
        assert_eq!(fault(&forged), TokenFault::WrongAlgorithm);
        // And under a header that says RS256.
        let (_, signature) = forged.rsplit_once('.').unwrap();
        let message = format!("{}.{}", part(&header(json!({}))), URL_SAFE_NO_PAD.encode(&payload));
        assert_eq!(fault(&format!("{message}.{signature}")), TokenFault::BadSignature);
    }
    for alg in ["none", "None", "NONE", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "", "rs256"] {
        let header = header(json!({ "alg": alg }));
        for token in [unsigned(&header, &payload), signed_under(&header, &payload, keys::PRIVATE)] {
            assert_eq!(fault(&token), TokenFault::WrongAlgorithm, "{alg}");
        }
    }
    for alg in [json!(null), json!(["RS256"]), json!({ "RS256": 1 }), json!(256)] {
        let token = signed_under(&header(json!({ "alg": alg })), &payload, keys::PRIVATE);
        assert_eq!(fault(&token), TokenFault::WrongAlgorithm, "{alg}");
    }
    // A key of another family under the right id.
    let ec = Keys::new(KeySet::from_pem("ka", keys::EC_PUBLIC).unwrap());
    let error = Verifier::id_tokens(PROJECT, ec).verify(&signed(&id_token(json!({}))), at(NOW)).unwrap_err();
    assert_eq!(error.fault(), &TokenFault::BadSignature);
}

#[test]
fn a_key_id_is_a_name_and_nothing_else() {
    let payload = id_token(json!({})).to_string();
    let token = |kid: Json| signed_under(&header(json!({ "kid": kid })), &payload, keys::PRIVATE);
    for kid in ["KA", "ka ", "../ka", "ka\u{0}", "' OR 1=1", "__proto__", "constructor", "https://example.com/jwks"] {
        assert_eq!(fault(&token(json!(kid))), TokenFault::UnknownKeyId, "{kid}");
    }
    for kid in [json!(1), json!(["ka"]), json!({ "ka": 1 }), json!(null), json!(true), json!("")] {
        assert_eq!(fault(&token(kid.clone())), TokenFault::NoKeyId, "{kid}");
    }
    // Keys that a token brings along are not looked at.
    let jwk = serde_json::from_str::<Json>(keys::JWKS).unwrap()["keys"][0].clone();
    let other = header(json!({ "jwk": jwk, "jku": "https://example.com", "x5u": "https://example.com", "kid": "ka" }));
    assert_eq!(fault(&signed_under(&other, &payload, keys::OTHER_PRIVATE)), TokenFault::BadSignature);
    let node = verifier().profile(Profile::NodeCompatible).verify(&token(json!(5)), at(NOW));
    assert_eq!(node.unwrap_err().fault(), &TokenFault::UnknownKeyId);
}

#[test]
fn tokens_that_two_readers_may_read_differently_are_refused() {
    let good = id_token(json!({})).to_string();
    let twice = format!(r#"{{"sub":"admin",{}"#, good.strip_prefix('{').unwrap());
    let deep = format!(r#"{{"x":{}1{}"#, "[".repeat(100), "]".repeat(100)) + "," + good.strip_prefix('{').unwrap();
    let malformed = |token: &str| match fault(token) {
        TokenFault::Malformed(why) => why,
        other => panic!("{other:?}"),
    };
    let token = |payload: &str| signed_under(&header(json!({})), payload, keys::PRIVATE);
    assert_eq!(malformed(&token(&twice)), DecodeError::DuplicateName(TokenPart::Payload));
    assert_eq!(malformed(&token(&deep)), DecodeError::TooDeep(TokenPart::Payload));
    assert_eq!(malformed(&token("[]")), DecodeError::NotAnObject(TokenPart::Payload));
    assert_eq!(malformed(&token("{")), DecodeError::Json(TokenPart::Payload));
    let large = format!(r#"{{"x":"{}"}}"#, "a".repeat(MAX_TOKEN));
    assert_eq!(malformed(&token(&large)), DecodeError::TooLarge);
    let good = signed(&id_token(json!({})));
    let parts: Vec<_> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    for (token, why) in [
        (String::new(), DecodeError::PartCount),
        ("x".to_owned(), DecodeError::PartCount),
        (format!("{header}.{payload}"), DecodeError::PartCount),
        (format!("{good}."), DecodeError::PartCount),
        (format!(".{payload}.{signature}"), DecodeError::PartCount),
        (format!("{good}="), DecodeError::Encoding(TokenPart::Signature)),
        (format!(" {good}"), DecodeError::Encoding(TokenPart::Header)),
        (format!("{good}\n"), DecodeError::Encoding(TokenPart::Signature)),
        (format!("{header}.{payload}+.{signature}"), DecodeError::Encoding(TokenPart::Payload)),
        (format!("{}.{payload}.{signature}", part(&json!([]))), DecodeError::NotAnObject(TokenPart::Header)),
    ] {
        assert_eq!(malformed(&token), why, "{token}");
    }
    assert_eq!(fault(&format!("{header}.{payload}.")), TokenFault::BadSignature);
}

#[test]
fn every_flipped_bit_is_refused() {
    let token = signed(&id_token(json!({ "admin": true })));
    let verifier = verifier().cached(10);
    assert!(verifier.verify(&token, at(NOW)).is_ok());
    let mut flipped = 0;
    for octet in 0..token.len() {
        for bit in 0..7 {
            let mut octets = token.clone().into_bytes();
            octets[octet] ^= 1 << bit;
            let other = String::from_utf8(octets).unwrap();
            assert!(verifier.verify(&other, at(NOW)).is_err(), "octet {octet}, bit {bit}");
            flipped += 1;
        }
    }
    assert_eq!(flipped, token.len() * 7);
    assert!(verifier.verify(&token, at(NOW)).is_ok());
}

#[test]
fn the_strict_profile_demands_what_the_documentation_demands() {
    for (claims, expected) in [
        (json!({ "exp": null }), TokenFault::MissingClaim("exp")),
        (json!({ "iat": null }), TokenFault::MissingClaim("iat")),
        (json!({ "iat": "1" }), TokenFault::MissingClaim("iat")),
        (json!({ "auth_time": null }), TokenFault::MissingClaim("auth_time")),
        (json!({ "iat": NOW + 1 }), TokenFault::InFuture("iat")),
        (json!({ "auth_time": NOW + 1 }), TokenFault::InFuture("auth_time")),
        (json!({ "exp": [] }), TokenFault::InvalidTime),
        (json!({ "nbf": "1" }), TokenFault::InvalidTime),
        (json!({ "nbf": NOW + 1 }), TokenFault::NotYetValid),
        (json!({ "exp": 1e-300 }), TokenFault::Expired),
        (json!({ "exp": -1 }), TokenFault::Expired),
    ] {
        assert_eq!(fault(&signed(&id_token(claims.clone()))), expected, "{claims}");
    }
    let critical = signed_under(&header(json!({ "crit": ["x"] })), &id_token(json!({})).to_string(), keys::PRIVATE);
    assert_eq!(fault(&critical), TokenFault::CriticalHeader);
    assert!(verifier().profile(Profile::NodeCompatible).verify(&critical, at(NOW)).is_ok());
    // Only the profile of Node spares events of e-mail and SMS.
    let event = signed(&id_token(json!({ "event_type": "beforeSendSms", "sub": null })));
    assert_eq!(fault(&event), TokenFault::NoSubject);
    assert!(verifier().profile(Profile::NodeCompatible).verify(&event, at(NOW)).is_ok());
    assert!(verifier().verify(&signed(&id_token(json!({ "exp": 1e300, "iat": 0.5 }))), at(NOW)).is_ok());
}

#[test]
fn clocks_may_differ_by_what_is_configured() {
    let token = |more| signed(&id_token(more));
    for (claims, skew, accepted) in [
        (json!({ "exp": NOW - 59 }), 60, true),
        (json!({ "exp": NOW - 60 }), 60, false),
        (json!({ "iat": NOW + 60 }), 60, true),
        (json!({ "iat": NOW + 61 }), 60, false),
        (json!({ "auth_time": NOW + 60, "nbf": NOW + 60 }), 60, true),
        (json!({ "exp": NOW - 299 }), u64::MAX, true),
        (json!({ "exp": NOW - 300 }), u64::MAX, false),
    ] {
        assert_eq!(
            verifier().skew(Duration::from_secs(skew)).verify(&token(claims.clone()), at(NOW)).is_ok(),
            accepted,
            "{claims} {skew}"
        );
    }
    for now in ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"] {
        let now = now.parse().unwrap();
        assert!(verifier().verify(&token(json!({})), now).is_err(), "{now}");
    }
}

#[test]
fn keys_expire_and_are_replaced_under_way() {
    let set = || KeySet::from_pem("ka", keys::PUBLIC).unwrap();
    assert_eq!(max_age("no-cache"), None);
    assert_eq!(max_age("public, MAX-AGE=\"60\", max-age=30"), Some(Duration::from_secs(30)));
    assert_eq!(max_age("max-age=99999999999999999999, max-age=x"), None);
    let keys = Keys::new(set().fetched(at(NOW), Some("public, max-age=100")));
    let verifier = Verifier::id_tokens(PROJECT, keys.clone()).cached(10);
    let token = signed(&id_token(json!({})));
    assert!(verifier.verify(&token, at(NOW + 100)).is_ok());
    // A cached token does not outlive the keys either, but errors of its contents come first.
    let error = verifier.verify(&token, at(NOW + 101)).unwrap_err();
    assert_eq!((error.fault(), error.code()), (&TokenFault::KeysExpired, "auth/argument-error"));
    let error = verifier.verify(&signed(&id_token(json!({ "aud": "x" }))), at(NOW + 101)).unwrap_err();
    assert_eq!(error.fault(), &TokenFault::WrongAudience);
    keys.replace(set().fetched(at(NOW), None));
    assert!(verifier.verify(&token, at(NOW)).is_ok() && verifier.verify(&token, at(NOW + 1)).is_err());
    // The cache knows nothing of a key that is no longer published.
    keys.replace(set());
    assert!(verifier.verify(&token, at(NOW)).is_ok());
    keys.replace(KeySet::from_pem("kb", keys::PUBLIC).unwrap());
    assert_eq!(verifier.verify(&token, at(NOW)).unwrap_err().fault(), &TokenFault::UnknownKeyId);
}

#[test]
fn readers_go_on_while_keys_are_replaced() {
    let keys = keys::known();
    let verifier = Arc::new(Verifier::id_tokens(PROJECT, keys.clone()).cached(4));
    let token = signed(&id_token(json!({})));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (verifier, token) = (verifier.clone(), &token);
            scope.spawn(move || (0..200).all(|_| verifier.verify(token, at(NOW)).unwrap().uid() == "u1"));
        }
        for _ in 0..50 {
            keys.replace(KeySet::from_pem("ka", keys::PUBLIC).unwrap());
        }
    });
}

#[test]
fn a_cached_token_still_ends_and_its_user_is_asked_about_again() {
    let verifier = verifier().cached(10);
    let token = signed(&id_token(json!({})));
    assert!(verifier.verify(&token, at(NOW)).is_ok());
    let error = verifier.verify(&token, at(NOW + 3590)).unwrap_err();
    assert_eq!(error.code(), "auth/id-token-expired");
    // A clock that went back: issued in the future again.
    assert_eq!(verifier.verify(&token, at(NOW - 11)).unwrap_err().fault(), &TokenFault::InFuture("iat"));
    let mut users = HashMap::from([("u1".to_owned(), UserRecord::new("u1"))]);
    assert!(verifier.verify_and_check_revoked(&token, at(NOW), &users).is_ok());
    users.get_mut("u1").unwrap().disabled = true;
    assert_eq!(verifier.verify_and_check_revoked(&token, at(NOW), &users).unwrap_err().code(), "auth/user-disabled");
    users.clear();
    assert_eq!(verifier.verify_and_check_revoked(&token, at(NOW), &users).unwrap_err().code(), "auth/user-not-found");
}

#[test]
fn accounts_that_cannot_be_read_refuse_and_cookies_have_their_own_codes() {
    struct Down;
    impl firewarden::auth::Accounts for Down {
        fn status(
            &self,
            _: &str,
        ) -> Result<Option<firewarden::auth::AccountStatus>, Box<dyn std::error::Error + Send + Sync>> {
            Err("down".into())
        }
    }
    let token = signed(&id_token(json!({})));
    let error = verifier().verify_and_check_revoked(&token, at(NOW), &Down).unwrap_err();
    assert_eq!(error.fault(), &TokenFault::AccountsUnavailable);
    let cookie = firewarden::auth::session_cookie(&id_token(json!({})), PROJECT, Duration::ZERO, at(NOW)).unwrap();
    assert_eq!(cookie.number("exp"), Some((NOW + 1_209_600) as f64));
    let users = HashMap::from([("u1".to_owned(), UserRecord { valid_since: Some(at(NOW)), ..UserRecord::new("u1") })]);
    let cookies = Verifier::session_cookies(PROJECT, keys::known());
    let error = cookies.verify_and_check_revoked(&signed(&cookie), at(NOW), &users).unwrap_err();
    assert_eq!(error.code(), "auth/session-cookie-revoked");
    assert!(error.to_string().starts_with("The Firebase session cookie has been revoked"));
    let emulated = unsigned(&json!({ "alg": "none" }), &id_token(json!({})).to_string());
    let error = EmulatorVerifier::id_tokens(PROJECT).verify_and_check_revoked(&emulated, at(NOW), &users).unwrap_err();
    assert_eq!(error.code(), "auth/id-token-revoked");
}

#[test]
fn what_is_no_id_token_is_no_credential_for_rules() {
    let cookie =
        firewarden::auth::session_cookie(&id_token(json!({})), PROJECT, Duration::from_secs(300), at(NOW)).unwrap();
    let cookies = Verifier::session_cookies(PROJECT, keys::known());
    assert!(cookies.verify(&signed(&cookie), at(NOW)).unwrap().auth().is_none());
    let user = verifier().verify(&signed(&id_token(json!({ "admin": true }))), at(NOW)).unwrap();
    let auth = user.auth().unwrap();
    assert_eq!((auth.uid(), auth.trust()), (Some("u1"), Trust::Verified));
    // What is changed is no longer vouched for.
    assert_eq!(auth.clone().claim("admin", false).trust(), Trust::Given);
    assert_eq!(auth.clone().claims(json!({})).trust(), Trust::Given);
    assert_eq!(user.clone().into_given().auth().trust(), Trust::Given);
    // Only a statement makes it so again.
    let assumed = user.into_given().assume_verified(TokenKind::IdToken);
    assert_eq!(assumed.auth().map(Auth::trust), Some(Trust::Verified));
}

#[test]
fn the_kinds_of_tokens_are_not_taken_for_one_another() {
    let token = CustomToken::new("alice").sign(&keys::account(), at(NOW)).unwrap();
    let given = verifier().verify(&token, at(NOW)).unwrap_err();
    assert_eq!(given.fault(), &TokenFault::CustomTokenGiven);
    assert!(given.to_string().starts_with("verifyIdToken() expects an ID token, but was given a custom token. See "));
    let legacy = json!({ "v": 0, "d": { "uid": "alice" }, "iat": NOW });
    let legacy = Signer::from_secret(&[7; 32]).unwrap().sign(&keys::claims(legacy)).unwrap();
    assert_eq!(fault(&legacy), TokenFault::LegacyCustomTokenGiven);
    let blocking = Verifier::blocking_tokens(PROJECT, keys::known());
    assert_eq!(
        blocking.verify(&signed(&id_token(json!({}))), at(NOW)).unwrap_err().fault(),
        &TokenFault::WrongAudience
    );
    let event = json!({ "aud": format!("https://us-central1-{PROJECT}.cloudfunctions.net/f"), "auth_time": null });
    assert!(blocking.verify(&signed(&id_token(event.clone())), at(NOW)).is_ok());
    assert_eq!(fault(&signed(&id_token(event))), TokenFault::WrongAudience);
    let second = Verifier::blocking_tokens_v2(PROJECT, keys::known());
    assert!(second.verify(&signed(&id_token(json!({ "aud": "https://f-x.a.run.app" }))), at(NOW)).is_ok());
    let expired =
        blocking.verify(&signed(&id_token(json!({ "aud": "demo-x.cloudfunctions.net/", "exp": 1 }))), at(NOW));
    assert_eq!(expired.unwrap_err().code(), "auth/auth-blocking-token-expired");
}

#[test]
fn errors_of_a_token_do_not_repeat_it() {
    let token = signed(&id_token(json!({ "exp": 1 })));
    let error = verifier().verify(&token, at(NOW)).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(token.rsplit('.').next().unwrap()));
    assert_eq!(
        error.to_string(),
        "Firebase ID token has expired. Get a fresh ID token from your client app and try again \
         (auth/id-token-expired). See https://firebase.google.com/docs/auth/admin/verify-id-tokens for details on how \
         to retrieve an ID token."
    );
}
