//! The functions of `examples/callables`, without HTTP: a table of who gets what.

use firewarden::{
    Timestamp,
    auth::{
        ErrorCode, Verifier,
        callable::{Call, Gate},
    },
};
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, at, id_token, signed};

#[path = "../../../examples/callables/src/chat.rs"]
mod chat;
#[path = "../../../examples/callables/src/functions.rs"]
mod functions;

use functions::Functions;

fn functions() -> Functions {
    Functions::new([5; 32]).unwrap()
}

fn call(functions: &Functions, name: &str, token: Option<&str>, data: Json, now: Timestamp) -> Result<Json, ErrorCode> {
    let gate = Gate::new(Verifier::id_tokens(PROJECT, keys::known())).unwrap();
    let authorization = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
    let body = json!({ "data": data }).to_string();
    let context = gate.admit(&Call::new("POST", headers, body.as_bytes()), now).map_err(|error| error.code())?;
    functions.run(name, &context, now).map_err(|error| error.code())
}

#[test]
fn guests_and_bad_tokens_get_the_code_that_each_function_chose() {
    let functions = functions();
    let good = signed(&id_token(json!({ "name": "Ada", "email": "a@example.com" })));
    let expired = signed(&id_token(json!({ "exp": NOW })));
    let elsewhere = signed(&id_token(json!({ "aud": "other" })));
    let text = json!({ "text": "hi" });
    for (name, guest) in [
        ("addMessage", ErrorCode::Unauthenticated),
        ("createChatUser", ErrorCode::FailedPrecondition),
        ("getChatToken", ErrorCode::FailedPrecondition),
        ("revokeChatToken", ErrorCode::FailedPrecondition),
    ] {
        assert_eq!(call(&functions, name, None, text.clone(), at(NOW)), Err(guest), "{name}");
        for token in [&expired, &elsewhere, &"garbage".to_owned()] {
            let refused = call(&functions, name, Some(token), text.clone(), at(NOW));
            assert_eq!(refused, Err(ErrorCode::Unauthenticated), "{name}");
        }
    }
    let added = call(&functions, "addMessage", Some(&good), text, at(NOW)).unwrap();
    let author = json!({ "uid": "u1", "name": "Ada", "picture": null, "email": "a@example.com" });
    assert_eq!(added, json!({ "text": "hi", "author": author }));
    for data in [json!({}), json!({ "text": "" }), json!({ "text": 5 }), json!(null)] {
        assert_eq!(call(&functions, "addMessage", Some(&good), data, at(NOW)), Err(ErrorCode::InvalidArgument));
    }
    assert_eq!(call(&functions, "other", Some(&good), json!(null), at(NOW)), Err(ErrorCode::NotFound));
}

#[test]
fn in_the_emulator_a_user_without_id_is_a_guest() {
    let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer owner")];
    let context = Gate::emulator().admit(&Call::new("POST", headers, br#"{"data": {"text": "hi"}}"#), at(NOW)).unwrap();
    assert!(context.auth.is_some());
    assert_eq!(functions().run("addMessage", &context, at(NOW)).unwrap_err().code(), ErrorCode::Unauthenticated);
}

#[test]
fn chat_tokens_are_for_the_same_user_and_end_with_him() {
    let functions = functions();
    let good = signed(&id_token(json!({})));
    let run = |name, now| call(&functions, name, Some(&good), json!(null), now);
    let admits = |token: &Json, now| functions.chat().admits(token.as_str().unwrap(), now);
    assert_eq!(run("getChatToken", at(NOW)), Err(ErrorCode::NotFound));
    let first = run("createChatUser", at(NOW)).unwrap();
    // The id is the same on both sides.
    assert_eq!(admits(&first, at(NOW)).as_deref(), Some("u1"));
    assert_eq!(admits(&first, at(NOW + 3600)), None);
    assert_eq!(run("revokeChatToken", at(NOW + 1)), Ok(Json::Null));
    assert_eq!(admits(&first, at(NOW + 1)), None);
    let second = run("getChatToken", at(NOW + 2)).unwrap();
    assert_eq!(admits(&second, at(NOW + 2)).as_deref(), Some("u1"));
    functions.user_deleted("u1", at(NOW + 3));
    assert_eq!(admits(&second, at(NOW + 3)), None);
    // Nobody else's secret will do.
    let forged = Functions::new([6; 32]).unwrap();
    let foreign = call(&forged, "createChatUser", Some(&good), json!(null), at(NOW)).unwrap();
    let other = Functions::new([5; 32]).unwrap();
    call(&other, "createChatUser", Some(&good), json!(null), at(NOW)).unwrap();
    assert_eq!(other.chat().admits(foreign.as_str().unwrap(), at(NOW)), None);
}

#[test]
fn a_deleted_user_stays_deleted_whatever_tokens_are_left() {
    let functions = functions();
    let run = |name, token: &str, now| call(&functions, name, Some(token), json!(null), now);
    let admits = |token: &Json, now| functions.chat().admits(token.as_str().unwrap(), now);
    let before = signed(&id_token(json!({})));
    let chat_token = run("createChatUser", &before, at(NOW)).unwrap();
    functions.user_deleted("u1", at(NOW + 5));
    functions.user_deleted("u1", at(NOW + 4));
    // The ID token of the deleted account has not expired, yet it makes no new user.
    for name in ["createChatUser", "getChatToken", "revokeChatToken"] {
        assert_eq!(run(name, &before, at(NOW + 6)), Err(ErrorCode::Unauthenticated), "{name}");
    }
    // A new account of the same id is another matter, and revives no token of the old one.
    let after = signed(&id_token(json!({ "iat": NOW + 7, "auth_time": NOW + 7 })));
    assert_eq!(run("getChatToken", &after, at(NOW + 8)), Err(ErrorCode::NotFound));
    assert_eq!(run("revokeChatToken", &after, at(NOW + 8)), Err(ErrorCode::NotFound));
    let fresh = run("createChatUser", &after, at(NOW + 8)).unwrap();
    assert_eq!(admits(&fresh, at(NOW + 8)).as_deref(), Some("u1"));
    assert_eq!(admits(&chat_token, at(NOW + 8)), None);
    assert_eq!(run("getChatToken", &before, at(NOW + 8)), Err(ErrorCode::Unauthenticated));
    // Nobody who was never there is kept in mind.
    functions.user_deleted("u2", at(NOW + 9));
    let second = signed(&id_token(json!({ "sub": "u2", "user_id": "u2" })));
    assert!(run("createChatUser", &second, at(NOW + 10)).is_ok());
}

#[test]
fn a_header_that_is_not_text_is_a_bad_one() {
    let gate = Gate::new(Verifier::id_tokens(PROJECT, keys::known())).unwrap();
    let lossy = String::from_utf8_lossy(b"Bearer \xff");
    let headers = [("Content-Type", "application/json"), ("Authorization", &*lossy)];
    let refused = gate.admit(&Call::new("POST", headers, br#"{"data": null}"#), at(NOW)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unauthenticated);
}
