//! The functions of `examples/callables`, without HTTP: a table of who gets what.

use firewarden::auth::{
    ErrorCode, Verifier,
    callable::{Call, Gate},
};
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, id_token, signed};

#[path = "../../examples/callables/chat.rs"]
mod chat;
#[path = "../../examples/callables/functions.rs"]
mod functions;

use functions::Functions;

fn functions() -> Functions {
    Functions::new([5; 32]).unwrap()
}

fn call(functions: &Functions, name: &str, token: Option<&str>, data: Json, now: i64) -> Result<Json, ErrorCode> {
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
        assert_eq!(call(&functions, name, None, text.clone(), NOW), Err(guest), "{name}");
        for token in [&expired, &elsewhere, &"garbage".to_owned()] {
            let refused = call(&functions, name, Some(token), text.clone(), NOW);
            assert_eq!(refused, Err(ErrorCode::Unauthenticated), "{name}");
        }
    }
    let added = call(&functions, "addMessage", Some(&good), text, NOW).unwrap();
    let author = json!({ "uid": "u1", "name": "Ada", "picture": null, "email": "a@example.com" });
    assert_eq!(added, json!({ "text": "hi", "author": author }));
    for data in [json!({}), json!({ "text": "" }), json!({ "text": 5 }), json!(null)] {
        assert_eq!(call(&functions, "addMessage", Some(&good), data, NOW), Err(ErrorCode::InvalidArgument));
    }
    assert_eq!(call(&functions, "other", Some(&good), json!(null), NOW), Err(ErrorCode::NotFound));
}

#[test]
fn in_the_emulator_a_user_without_id_is_a_guest() {
    let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer owner")];
    let context = Gate::emulator().admit(&Call::new("POST", headers, br#"{"data": {"text": "hi"}}"#), NOW).unwrap();
    assert!(context.auth.is_some());
    assert_eq!(functions().run("addMessage", &context, NOW).unwrap_err().code(), ErrorCode::Unauthenticated);
}

#[test]
fn chat_tokens_are_for_the_same_user_and_end_with_him() {
    let functions = functions();
    let good = signed(&id_token(json!({})));
    let run = |name, now| call(&functions, name, Some(&good), json!(null), now);
    let admits = |token: &Json, now| functions.chat().admits(token.as_str().unwrap(), now);
    assert_eq!(run("getChatToken", NOW), Err(ErrorCode::NotFound));
    let first = run("createChatUser", NOW).unwrap();
    // The id is the same on both sides.
    assert_eq!(admits(&first, NOW).as_deref(), Some("u1"));
    assert_eq!(admits(&first, NOW + 3600), None);
    assert_eq!(run("revokeChatToken", NOW + 1), Ok(Json::Null));
    assert_eq!(admits(&first, NOW + 1), None);
    let second = run("getChatToken", NOW + 2).unwrap();
    assert_eq!(admits(&second, NOW + 2).as_deref(), Some("u1"));
    functions.user_deleted("u1");
    assert_eq!(admits(&second, NOW + 2), None);
    assert_eq!(run("getChatToken", NOW + 2), Err(ErrorCode::NotFound));
    // Nobody else's secret will do.
    let forged = Functions::new([6; 32]).unwrap();
    let foreign = call(&forged, "createChatUser", Some(&good), json!(null), NOW).unwrap();
    run("createChatUser", NOW).unwrap();
    assert_eq!(admits(&foreign, NOW), None);
}
