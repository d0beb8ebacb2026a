//! `firewarden token callable`: the recorded calls through the command, and what it says of calls and tokens.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use super::{NOW, folder, id_token, run, run_with, write};

const KEYS: [&str; 4] = ["--keys", "test-jwks.json", "--project", "demo-x"];

fn call(folder: &Path, more: &[&str]) -> super::Ran {
    run(folder, &[&["token", "callable", "--now", NOW], more].concat())
}

/// The text of a recorded header: of pieces, one of them may be the claims of an unsigned token.
fn header(recorded: &Json) -> String {
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let piece = |piece: &Json| match piece.get("unsigned_claims") {
        Some(claims) => format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims)),
        None => piece.as_str().unwrap().to_owned(),
    };
    match recorded {
        Json::Array(pieces) => pieces.iter().map(piece).collect::<Vec<_>>().join(" "),
        one => piece(one),
    }
}

#[test]
fn recorded_calls_come_out_as_recorded() {
    let folder = folder("called");
    let cases = include_str!("../../../../../tests/engine/identity/cases.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let cases: Vec<_> = cases.filter(|case| case["section"] == "callable").collect();
    assert_eq!(cases.len(), 17);
    for case in &cases {
        let (id, input, expect) = (&case["id"], &case["input"], &case["expect"]);
        let headers = input["headers"].as_object().unwrap().iter();
        let lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {}", header(value))).collect();
        write(&folder, "headers.txt", &lines.join("\n"));
        write(&folder, "body.json", &input["body"].to_string());
        let mut arguments = vec!["--format", "json", "-H", "@headers.txt", "--body", "@body.json", "--generation"];
        arguments.push(if input["generation"] == 1 { "1" } else { "2" });
        match input["mode"].as_str().unwrap() {
            "emulator" => arguments.push("--emulator"),
            _ => arguments.extend(KEYS),
        }
        if input["options"]["enforceAppCheck"] == true {
            arguments.push("--enforce-app-check");
        }
        let ran = call(&folder, &arguments);
        let answer = ran.json();
        // What a handler makes of the call is its own affair: the command tells only that it runs.
        let runs = expect["http"] == 200 || input["handler"] != "echo";
        assert_eq!((ran.status, &answer["admitted"]), (i32::from(!runs), &json!(runs)), "{id}: {}", ran.all());
        if !runs {
            assert_eq!((&answer["status"], &answer["body"]), (&expect["http"], &expect["body"]), "{id}");
            assert!(answer["reason"].is_string(), "{id}");
        } else if let Some(expected) = expect["auth"].as_object() {
            let auth = &answer["auth"];
            assert!(auth.is_object(), "{id}: {answer}");
            assert_eq!(auth["uid"], expected["uid"], "{id}");
            assert_eq!(auth["token"].get("uid").unwrap_or(&Json::Null), &expected["token_uid"], "{id}");
        } else {
            assert_eq!(answer["auth"], Json::Null, "{id}");
        }
    }
}

#[test]
fn a_verified_user_reaches_the_function() {
    let folder = folder("admitted");
    let token = id_token(&folder);
    let data = ["--data", r#"{"text": "hi"}"#];
    let ran = call(&folder, &[&KEYS[..], &["--token", "id.jwt", "--format", "json"], &data].concat());
    assert_eq!(ran.status, 0, "{}", ran.all());
    let answer = ran.json();
    assert_eq!((&answer["auth"]["uid"], &answer["auth"]["trust"]), (&json!("alice"), &json!("verified")));
    // With the id under `uid`, as the SDK hands claims to a function; the token itself is not printed.
    assert_eq!((&answer["auth"]["token"]["uid"], &answer["data"]["text"]), (&json!("alice"), &json!("hi")));
    assert!(!ran.all().contains(&token));
    // The same from standard input.
    let arguments = [&["token", "callable", "--now", NOW, "--token", "-"], &KEYS[..]].concat();
    let words = run_with(&folder, &token, &arguments);
    assert!(words.status == 0 && words.out.starts_with("ADMITTED"), "{}", words.all());
    assert!(
        words.out.contains("request.auth.uid          \"alice\"")
            && words.out.contains("request.data              null")
    );
    assert!(words.err.is_empty(), "{}", words.err);
    let first = call(&folder, &[&KEYS[..], &["--token", "id.jwt", "--generation", "v1"]].concat());
    assert!(first.out.contains("context.auth.uid") && first.out.contains("\n  data "), "{}", first.out);
    let guest = call(&folder, &KEYS);
    assert!(guest.status == 0 && guest.out.contains("request.auth              undefined: nobody is signed in"));
}

#[test]
fn a_refused_call_is_answered_and_the_reason_is_told() {
    let folder = folder("refusals");
    let token = id_token(&folder);
    write(&folder, "authorization", &format!("Authorization: Bearer \"{token}\""));
    write(&folder, "bare", &format!("Authorization: {token}"));
    write(&folder, "two", &format!("Authorization: Bearer {token}\nAuthorization: Bearer x"));
    for (more, status, reason, hint) in [
        (&["--method", "GET"][..], "400 invalid-argument", "the method is `GET`", ""),
        (&["-H", "Content-Type:"], "400 invalid-argument", "the header `Content-Type` is missing", ""),
        (&["-H", "content-type: text/plain"], "400 invalid-argument", "`Content-Type` is `text/plain`", ""),
        (&["--body", ""], "400 invalid-argument", "the body is empty", ""),
        (&["--body", "{"], "400 invalid-argument", "the body is not JSON", ""),
        (&["--body", "[1]"], "400 invalid-argument", "not a JSON object", ""),
        (&["--body", "{}"], "400 invalid-argument", "no member `data`", ""),
        (&["--body", r#"{"data": 1, "user": 2}"#], "400 invalid-argument", "the member `user`", ""),
        (&["--data", r#"{"@type": "x"}"#], "500 internal", "`@type`", ""),
        (&["-H", "@two"], "400 invalid-argument", "`authorization` is repeated", ""),
        (&["-H", "Authorization: Basic eA=="], "401 unauthenticated", "not `Bearer`", ""),
        (&["-H", "@bare"], "401 unauthenticated", "not `Bearer`", ""),
        (&["-H", "@authorization"], "401 unauthenticated", "the ID token is refused: Decoding", "quotation marks"),
        (&["--token", "custom.jwt"], "401 unauthenticated", "was given a custom token", "signInWithCustomToken"),
        (&["--token", "id.jwt", "--now", "1700007200"], "401 unauthenticated", "id-token-expired", "1 hour ago"),
        (&["--enforce-app-check"], "401 unauthenticated", "X-Firebase-AppCheck", ""),
        (
            &["--enforce-app-check", "--app-check-token", "id.jwt"],
            "401 unauthenticated",
            "no verifier for App Check tokens",
            "",
        ),
        (
            &["--enforce-app-check", "--app-check-token", "id.jwt", "--app-check-keys", "test-jwks.json"],
            "401 unauthenticated",
            "the App Check token is refused",
            "this is an ID token",
        ),
    ] {
        let base: &[&str] =
            if more.contains(&"--now") { &["token", "callable"] } else { &["token", "callable", "--now", NOW] };
        let ran = run(&folder, &[base, &KEYS, more].concat());
        assert_eq!(ran.status, 1, "{more:?}: {}", ran.all());
        let out = &ran.out;
        assert!(out.starts_with(&format!("REFUSED  {status}\n")) && out.contains(reason), "{more:?}: {out}");
        assert!(out.contains(hint) && (hint.is_empty() || out.contains("  hint ")), "{more:?}: {out}");
        // The client is told none of it, and nothing quotes the token.
        let answer = out.lines().find(|line| line.trim_start().starts_with("answer")).unwrap();
        assert!(answer.contains("\"error\"") && !answer.contains(reason) && !out.contains(&token), "{out}");
    }
    // Not enforced, the call goes on, and the reason is told all the same.
    let app = ["--app-check-token", "id.jwt", "--app-check-keys", "test-jwks.json"];
    let lenient = call(&folder, &[&KEYS[..], &app].concat());
    assert!(lenient.status == 0 && lenient.out.contains("App Check is not enforced"), "{}", lenient.all());
}

#[test]
fn users_of_the_emulator_are_warned_of() {
    let folder = folder("believed");
    let owner = call(&folder, &["--emulator", "-H", "Authorization: Bearer owner"]);
    assert!(owner.status == 0 && owner.out.contains("request.auth.uid          undefined"), "{}", owner.all());
    assert!(owner.err.contains("test auth.uid"), "{}", owner.err);
    // A custom token is believed there, and refused in production.
    id_token(&folder);
    let custom = call(&folder, &["--emulator", "--token", "custom.jwt"]);
    assert!(custom.status == 0 && custom.err.contains("warning: this is a custom token"), "{}", custom.all());
    let stated = "X-Callable-Context-Auth: %7B%22uid%22%3A%22bob%22%7D";
    let first = call(&folder, &["--emulator", "--generation", "1", "-H", stated]);
    assert!(first.out.contains("\"bob\"") && first.err.contains("the user is unverified"), "{}", first.all());
    assert!(call(&folder, &["--emulator", "-H", stated]).out.contains("nobody is signed in"));
}

#[test]
fn calls_that_cannot_be_read_are_wrong_usage() {
    let folder = folder("unreadable");
    id_token(&folder);
    for (more, words) in [
        (&[][..], "--keys"),
        (&["--keys", "test-jwks.json"], "--project"),
        (&["--emulator", "--keys", "test-jwks.json"], "--emulator"),
        (&["--emulator", "-H", "Authorization"], "not a header; write the name, a colon and the value"),
        (&["--emulator", "-H", "A: b\nAuthorization: Bearer x"], "not a header; write the name, a colon and the value"),
        (&["--emulator", "-H", "@gone"], "gone"),
        (&["--emulator", "--body", "@gone"], "gone"),
        (&["--emulator", "--data", "{"], "--data: not JSON"),
        (&["--emulator", "--data", "1", "--body", "1"], "--body"),
        (&["--emulator", "--token", "id.jwt", "-H", "authorization: Bearer x"], "stated, too"),
    ] {
        let ran = call(&folder, more);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{more:?}: {}", ran.all());
        assert!(ran.err.contains(words), "{more:?}: {}", ran.err);
    }
}
