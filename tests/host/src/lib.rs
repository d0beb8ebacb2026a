//! What holds in the build of a host: numbers mean the same where `serde_json` keeps them as texts, and the stack suffices
//! where nothing is optimised.

#[cfg(test)]
mod stack;

#[cfg(test)]
mod tests {
    use firewarden::{
        Auth, Timestamp,
        auth::{Algorithm, Claims, Issuer, KeySet, Keys, Signer, Verifier},
        database::{Data, Request, Ruleset},
        storage,
    };
    use serde_json::{Value as Json, json};

    fn parsed(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    fn allows(condition: &str, written: &str) -> bool {
        let rules: Ruleset = json!({ "rules": { ".write": condition } }).to_string().parse().unwrap();
        let stored = Data::from_json(&json!({ "a": 1 })).unwrap();
        rules.permits(&Request::write("/", parsed(written)), &stored).unwrap()
    }

    #[test]
    fn the_feature_is_on() {
        assert_eq!(parsed("1.00").to_string(), "1.00");
    }

    #[test]
    fn a_number_beyond_the_doubles_is_no_delete() {
        assert!(!allows("!newData.exists()", "1e400"));
        assert!(!allows("true", "1e400"));
        assert!(!allows("true", r#"{"x": -1e999}"#));
        assert!(Data::from_json(&parsed("1e400")).is_err());
    }

    #[test]
    fn numbers_of_all_forms_are_written() {
        for text in ["7", "-0", "1.0", "1E2", "123456789012345678901234567890", "9007199254740993", "0.1"] {
            let number: f64 = text.parse().unwrap();
            assert!(allows(&format!("newData.isNumber() && newData.val() == {number:?}"), text), "{text}");
        }
    }

    #[test]
    fn tokens_with_numbers_are_verified() {
        let signer = Signer::from_pem(include_str!("../../engine/identity/keys/test-ec.private.pem")).unwrap();
        let claims = json!({ "iss": "i", "aud": "a", "sub": "u", "exp": 2_000_000_000, "level": 7, "half": 0.5 });
        let token = signer.sign(&Claims::from_json(claims).unwrap()).unwrap();
        let keys = KeySet::from_pem("", include_str!("../../engine/identity/keys/test-ec.public.pem")).unwrap();
        let verifier = Verifier::issuer(Issuer::new(Algorithm::Es256, "i", "a"), Keys::new(keys));
        assert_eq!(
            verifier.verify(&token, Timestamp::from_secs(1_700_000_000).unwrap()).unwrap().claims().number("half"),
            Some(0.5)
        );
    }

    #[test]
    fn claims_are_ints_where_they_are_whole() {
        let rules: storage::Ruleset = "rules_version = '2'; service firebase.storage { match /b/{b} {
            match /o/{o} { allow get: if request.auth.token.level is int && request.auth.token.level == 7; } } }"
            .parse()
            .unwrap();
        for level in ["7", "7.0", "70e-1"] {
            let auth = Auth::user("u").claims(parsed(&format!(r#"{{"level": {level}}}"#)));
            assert!(rules.permits(&storage::Request::get("b", "o").auth(auth), &()).unwrap(), "{level}");
        }
    }
}
