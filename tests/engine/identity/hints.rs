//! What is said beside the official texts when a token is refused: rows of `hints.jsonl`, in a snapshot to read.

use std::fmt::Write as _;

use firewarden::auth::{EmulatorVerifier, TokenKind, Verifier, session_cookie, token_hint, unsigned_token};
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, at, claims, id_token, signed};

const CUSTOM: &str = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";

/// The tokens that rows name in braces.
fn tokens() -> Vec<(&'static str, String)> {
    let account = json!({
        "aud": CUSTOM, "iss": keys::ACCOUNT, "sub": keys::ACCOUNT, "uid": "u1", "iat": NOW, "exp": NOW + 3600,
    });
    let of_issuer = |issuer: &str| signed(&id_token(json!({ "iss": issuer })));
    let cookie = session_cookie(&id_token(json!({})), PROJECT, std::time::Duration::from_secs(3600), at(NOW));
    let wrapped = |token: &str, by: &str| {
        let lines: Vec<_> =
            token.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        lines.join(by)
    };
    let id = signed(&id_token(json!({})));
    let custom = signed(&claims(account.clone()));
    let unsigned = unsigned_token(&id_token(json!({})));
    let first_two = id.rsplit_once('.').unwrap().0.to_owned();
    vec![
        ("lines", wrapped(&id, "\n")),
        ("spaced", id.replace('.', ". ")),
        ("padded", id.replacen('.', "=.", 1)),
        ("plain", format!("{first_two}.{}", "ab+/".repeat(64))),
        ("encoded", id.replace('.', "%2E")),
        ("two", first_two),
        ("cut", id.get(..90).unwrap().to_owned()),
        ("four", format!("{id}.x")),
        ("unsigned custom", unsigned_token(&claims(account))),
        ("unsigned", unsigned),
        ("cookie", signed(&cookie.unwrap())),
        ("app", of_issuer("https://firebaseappcheck.googleapis.com/1")),
        ("event", signed(&id_token(json!({ "event_type": "beforeSignIn" })))),
        ("google", of_issuer("https://accounts.google.com")),
        ("account", of_issuer("sa@demo-x.iam.gserviceaccount.com")),
        ("foreign", of_issuer("https://example.eu.auth0.com/")),
        ("nameless", signed(&id_token(json!({ "iss": null })))),
        ("custom", custom),
        ("id", id),
    ]
}

fn kind(name: &str) -> TokenKind {
    match name {
        "id" => TokenKind::IdToken,
        "cookie" => TokenKind::SessionCookie,
        "app" => TokenKind::AppCheck,
        "custom" => TokenKind::CustomToken,
        "event" => TokenKind::BlockingToken,
        "any" => TokenKind::Foreign,
        other => panic!("{other}"),
    }
}

#[test]
fn texts_that_are_no_token_of_the_kind_are_told_by_name() {
    let tokens = tokens();
    let mut told = String::new();
    for line in include_str!("hints.jsonl").lines() {
        let [expected, text]: [String; 2] = serde_json::from_str(line).unwrap();
        let whole = tokens.iter().fold(text.clone(), |text, (name, token)| text.replace(&format!("{{{name}}}"), token));
        let hint = token_hint(kind(&expected), &whole);
        let shown = hint.as_deref().unwrap_or("(nothing)");
        // Nothing of the token is repeated: not even a few characters of its payload or signature.
        for (name, token) in &tokens {
            let part = token.get(40..56).unwrap();
            assert!(!shown.contains(part), "{name}: {shown}");
        }
        writeln!(told, "{expected:<7}{text:?}\n       {shown}").unwrap();
    }
    insta::assert_snapshot!("hints", told);
}

#[test]
fn good_tokens_have_no_hint() {
    let tokens = tokens();
    let token = |name: &str| tokens.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
    for (kind, name) in [
        (TokenKind::IdToken, "id"),
        (TokenKind::IdToken, "unsigned"),
        (TokenKind::IdToken, "nameless"),
        (TokenKind::SessionCookie, "cookie"),
        (TokenKind::CustomToken, "custom"),
        (TokenKind::CustomToken, "unsigned custom"),
        (TokenKind::AppCheck, "app"),
        (TokenKind::BlockingToken, "event"),
        (TokenKind::Foreign, "foreign"),
        (TokenKind::Foreign, "custom"),
    ] {
        assert_eq!(token_hint(kind, token(name)), None, "{name}");
    }
}

#[test]
fn refusals_say_how_far_times_lie_off() {
    let verifier = Verifier::id_tokens(PROJECT, keys::known());
    let mut told = String::new();
    for more in [
        json!({ "exp": NOW }),
        json!({ "exp": NOW - 1 }),
        json!({ "exp": NOW - 7500 }),
        json!({ "iat": 0, "exp": 3600, "auth_time": 0 }),
        json!({ "iat": NOW + 200 }),
        json!({ "iat": NOW + 301 }),
        json!({ "auth_time": NOW + 90_000 }),
        json!({ "iat": NOW * 1000, "exp": NOW * 1000 + 3_600_000 }),
        json!({ "nbf": NOW + 60 }),
        json!({ "nbf": "soon" }),
        json!({ "exp": "1700003600" }),
        json!({ "exp": null }),
        json!({ "iat": "1700003600" }),
        json!({ "auth_time": true }),
        json!({ "aud": ["demo-x"] }),
        json!({ "aud": "Demo-X" }),
        json!({ "aud": "other" }),
    ] {
        let error = verifier.verify(&signed(&id_token(more.clone())), at(NOW)).unwrap_err();
        writeln!(told, "{more}\n       {error}\n       {}", error.hint().unwrap_or("(nothing)")).unwrap();
    }
    let skewed = Verifier::id_tokens(PROJECT, keys::known()).skew(std::time::Duration::from_secs(60));
    let error = skewed.verify(&signed(&id_token(json!({ "iat": NOW + 100 }))), at(NOW)).unwrap_err();
    writeln!(told, "with a skew of a minute\n       {}", error.hint().unwrap()).unwrap();
    let custom = json!({ "aud": CUSTOM, "iss": keys::ACCOUNT, "sub": keys::ACCOUNT, "uid": "u1", "iat": NOW, "exp": NOW + 7200 });
    let verifier = Verifier::custom_tokens(keys::ACCOUNT, keys::known());
    let error = verifier.verify(&signed(&claims(custom)), at(NOW)).unwrap_err();
    writeln!(told, "a custom token of two hours\n       {}", error.hint().unwrap()).unwrap();
    insta::assert_snapshot!("times", told);
}

/// Which verifier refuses, with which token, and a word of the hint.
#[test]
fn refusals_name_the_kind_of_the_token() {
    let tokens = tokens();
    let token = |name: &str| tokens.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
    let id_tokens = Verifier::id_tokens(PROJECT, keys::known());
    let hint = |name: &str| id_tokens.verify(token(name), at(NOW)).unwrap_err().hint().unwrap_or_default().to_owned();
    for (name, words) in [
        ("custom", "this is a custom token"),
        ("unsigned custom", "this is a custom token"),
        ("unsigned", "nobody signed this token"),
        ("cookie", "this is a session cookie"),
        ("app", "this is an App Check token"),
        ("google", "an ID token of Google"),
        ("lines", "line breaks"),
    ] {
        assert!(hint(name).contains(words), "{name}: {}", hint(name));
    }
    let emulator = EmulatorVerifier::id_tokens(PROJECT);
    let hint = |name: &str| emulator.verify(token(name), at(NOW)).unwrap_err().hint().unwrap_or_default().to_owned();
    for (name, words) in [
        ("unsigned custom", "this is a custom token"),
        ("custom", "this is a custom token"),
        ("id", "somebody signed this token"),
        ("cookie", "this is a session cookie"),
    ] {
        assert!(hint(name).contains(words), "{name}: {}", hint(name));
    }
    let custom = Verifier::custom_tokens(keys::ACCOUNT, keys::known());
    assert!(
        custom.verify(token("id"), at(NOW)).unwrap_err().hint().unwrap().contains("this is an ID token of the project")
    );
    let other_keys = Verifier::id_tokens(
        PROJECT,
        firewarden::auth::Keys::new(firewarden::auth::KeySet::from_pem("kb", keys::PUBLIC).unwrap()),
    );
    assert!(other_keys.verify(token("id"), at(NOW)).unwrap_err().hint().unwrap().contains("fetch them again"));
    let tenant = Verifier::id_tokens(PROJECT, keys::known()).tenant("t1");
    assert!(tenant.verify(token("id"), at(NOW)).unwrap_err().hint().unwrap().contains("no tenant"));
}

#[test]
fn any_text_has_a_hint_or_none_and_nothing_panics() {
    let token = signed(&id_token(json!({})));
    for cut in (0..token.len()).step_by(7) {
        let (before, after) = token.split_at(cut);
        for text in
            [before.to_owned(), after.to_owned(), format!("{before}é\u{feff}{after}"), format!("%{before}%{after}%e")]
        {
            for kind in [TokenKind::IdToken, TokenKind::CustomToken] {
                token_hint(kind, &text);
            }
        }
    }
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let many = "eyJ.".repeat(50_000);
    let odd: [Json; 2] = [json!({ "a": deep }), json!(["eyJ", "eyJ.eyJ."])];
    for text in [deep, many, odd[0].to_string(), odd[1].to_string(), "eyJ ".repeat(20_000), "\"".repeat(200_000)] {
        token_hint(TokenKind::IdToken, &text);
    }
}
