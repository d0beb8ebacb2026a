//! Blocking functions, hosted by a small server of their own.

use std::sync::{Arc, Mutex};

use axum::{
    Json as JsonBody, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use super::Fixture;

/// What functions were sent.
type Log = Arc<Mutex<Vec<Json>>>;

/// A host of two functions: one refuses addresses of a domain, after asking Auth whether the address is known; the other
/// adds claims of the session.
async fn host(auth: std::net::SocketAddr) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let log = Log::default();
    let payload = |body: &Json| -> Json {
        let token = body["data"]["jwt"].as_str().unwrap().to_owned();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
    };
    let sent = Arc::clone(&log);
    let check =
        async move |JsonBody(body): JsonBody<Json>| -> Response {
            let payload = payload(&body);
            sent.lock().unwrap().push(payload.clone());
            let email = payload["user_record"]["email"].as_str().unwrap().to_owned();
            // A lock over this call would never end.
            let lookup = json!({ "email": [email] }).to_string();
            let headers = [("authorization", "Bearer owner"), ("content-type", "application/json")];
            let path = "/identitytoolkit.googleapis.com/v1/projects/demo-fw/accounts:lookup";
            let known = crate::http::send(auth, "POST", path, &headers, lookup).await.json();
            assert!(known.get("users").is_none(), "the account is not stored yet");
            match email.ends_with("@evil.com") {
                true => (StatusCode::BAD_REQUEST, r#"{"error":{"message":"no","status":"INVALID_ARGUMENT"}}"#)
                    .into_response(),
                false => JsonBody(json!({ "userRecord": { "displayName": "Ann", "updateMask": "displayName" } }))
                    .into_response(),
            }
        };
    let claim = async |_: JsonBody<Json>| {
        JsonBody(json!({ "userRecord": { "sessionClaims": { "level": 1 }, "updateMask": "sessionClaims" } }))
    };
    let backends = async || {
        JsonBody(json!({ "backends": [{ "functionTriggers": [{ "name": "claim", "region": "here",
            "blockingTrigger": { "eventType": "providers/cloud.auth/eventTypes/user.beforeSignIn" } }] }] }))
    };
    let router = Router::new()
        .route("/check", post(check))
        .route("/demo-fw/here/claim", post(claim))
        .route("/backends", get(backends));
    tokio::spawn(async move { axum_serve(listener, router).await });
    (address, log)
}

/// Serves a router on a listener.
async fn axum_serve(listener: TcpListener, router: Router) {
    use hyper_util::{rt::TokioIo, service::TowerToHyperService};
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service));
    }
}

async fn register(fixture: &Fixture, event: &str, url: &str) {
    let path = "/identitytoolkit.googleapis.com/v2/projects/demo-fw/config?updateMask=blockingFunctions";
    let body = json!({ "blockingFunctions": { "triggers": { event: { "functionUri": url } } } });
    let reply = fixture.send("PATCH", path, &[("authorization", "Bearer owner")], &body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn user(email: &str) -> Json {
    json!({ "email": email, "password": "password" })
}

#[tokio::test]
async fn a_function_refuses_a_sign_up_and_may_ask_auth_meanwhile() {
    let fixture = Fixture::start().await;
    let (address, log) = host(fixture.address).await;
    let url = format!("http://{address}/check");
    register(&fixture, "beforeCreate", &url).await;
    let refused = fixture.key("signUp", user("joe@evil.com")).await;
    assert_eq!(refused.status, 400);
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    let expected = format!("BLOCKING_FUNCTION_ERROR_RESPONSE : ((HTTP request to {url} returned HTTP error 400: ");
    assert!(message.starts_with(&expected), "{message}");
    let unknown = fixture.key("signInWithPassword", user("joe@evil.com")).await.json();
    assert_eq!(unknown["error"]["message"], "EMAIL_NOT_FOUND");

    let both = tokio::join!(fixture.key("signUp", user("a@x.y")), fixture.key("signUp", user("b@x.y")));
    assert_eq!((both.0.status, both.1.status), (200, 200));
    assert_eq!(both.0.json()["displayName"], "Ann");
    let sent = log.lock().unwrap();
    assert_eq!(sent[0]["aud"], json!(url));
    assert_eq!(sent[0]["event_type"], "beforeCreate");
    assert_eq!(sent[0]["sign_in_method"], "password");
}

#[tokio::test]
async fn functions_of_an_emulator_are_found_in_its_list() {
    let fixture = Fixture::start().await;
    let (address, _) = host(fixture.address).await;
    fixture.server.call_functions_of(address);
    let signed_up = fixture.key("signUp", user("a@x.y")).await.json();
    let token = signed_up["idToken"].as_str().unwrap();
    let payload: Json =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert_eq!(payload["level"], 1);
    // Claims of a session are not the account's.
    let list = crate::http::send(fixture.address, "GET", "/firewarden/accounts", &[], "").await.json();
    assert!(list[0]["claims"].get("level").is_none());
}

#[tokio::test]
async fn a_function_that_cannot_be_reached_lets_nobody_in() {
    let fixture = Fixture::start().await;
    register(&fixture, "beforeCreate", "http://127.0.0.1:1/check").await;
    let refused = fixture.key("signUp", user("a@x.y")).await;
    assert_eq!(refused.status, 500);
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(message, "BLOCKING_FUNCTION_ERROR_RESPONSE : ((Failed to make request to http://127.0.0.1:1/check.))");
    let fixture = Fixture::start().await;
    fixture.server.call_functions_of("127.0.0.1:1");
    assert_eq!(fixture.key("signUp", user("a@x.y")).await.status, 500);
    // Anonymous users call no function.
    assert_eq!(fixture.key("signUp", json!({})).await.status, 200);
}
