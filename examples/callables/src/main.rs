//! Two callable functions behind the gate, on loopback: an authenticated message, and tokens for a third-party chat
//! service, which end when their user is deleted.
//!
//! `cargo run -p firewarden-callables` calls each of them and prints what comes back.
//! `cargo run -p firewarden-callables serve` keeps serving and prints a call to try.
//!
//! For demonstration on loopback only: the keys are those of this package's tests and protect nothing, and the route
//! `DELETE /accounts/UID`, which stands in for the event of a deleted user, asks nobody who he is.

mod chat;
mod client;
mod functions;

use std::{net::SocketAddr, sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Json, Response},
    routing::{any, delete},
};
use firewarden::{
    Timestamp,
    auth::{
        CustomToken, Exchange, KeySet, Keys, ServiceAccount, Signer, Verifier,
        callable::{Call, Gate, success},
    },
};
use functions::Functions;
use serde_json::json;

const PROJECT: &str = "demo-app";
const ACCOUNT: &str = "sa@demo-app.iam.gserviceaccount.com";
const PRIVATE_KEY: &str = include_str!("../../../tests/engine/identity/keys/test-rsa-a.private.pem");
const PUBLIC_KEYS: &str = include_str!("../../../tests/engine/identity/keys/test-jwks.json");

type Failure = Box<dyn std::error::Error>;

/// What the server shares: the gate and the functions behind it.
struct App {
    gate: Gate,
    functions: Functions,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let serve = std::env::args().nth(1).as_deref() == Some("serve");
    // A host fetches these keys from Google and replaces them as they expire.
    let verifier = Verifier::id_tokens(PROJECT, Keys::new(KeySet::parse(PUBLIC_KEYS)?)).cached(1_000);
    let app =
        Arc::new(App { gate: Gate::new(verifier)?, functions: Functions::new(*b"the chat service's secret, 32 up")? });
    let router = Router::new()
        .route("/functions/{name}", any(call))
        .route("/accounts/{uid}", delete(user_deleted))
        .with_state(app);
    let address = SocketAddr::from(([127, 0, 0, 1], if serve { 8787 } else { 0 }));
    let listener = tokio::net::TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let token = id_token("alice")?;
    if serve {
        println!("curl -X POST http://{address}/functions/addMessage -H 'Content-Type: application/json' \\");
        println!("  -H 'Authorization: Bearer {token}' -d '{{\"data\": {{\"text\": \"hi\"}}}}'");
        axum::serve(listener, router).await?;
        return Ok(());
    }
    let tour = tokio::task::spawn_blocking(move || client::tour(address, &token).map_err(|error| error.to_string()));
    tokio::select! {
        served = axum::serve(listener, router).into_future() => served?,
        toured = tour => toured??,
    }
    Ok(())
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Signs a user in: a server of one's own mints a custom token, Firebase exchanges it and signs. Both are played here.
fn id_token(uid: &str) -> Result<String, Failure> {
    let account = ServiceAccount::from_pem(ACCOUNT, PRIVATE_KEY)?;
    let custom = CustomToken::new(uid).claims(json!({ "name": "Alice" })).sign(&account, now())?;
    let verifier = Verifier::custom_tokens(ACCOUNT, Keys::new(KeySet::parse(PUBLIC_KEYS)?));
    let signed_in = Exchange::new(PROJECT).verified(&verifier.verify(&custom, now())?, |_| None, now())?;
    Ok(Signer::from_pem(PRIVATE_KEY)?.key_id("ka").sign(&signed_in.claims)?)
}

/// A call: the gate first, then the function.
async fn call(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // A value that is not text counts as a bad one, never as none.
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers: Vec<_> = headers.iter().map(text).collect();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let call = Call::new(method.as_str(), headers, &body);
    let result = app.gate.admit(&call, now()).and_then(|context| app.functions.run(&name, &context, now()));
    match result {
        Ok(result) => Json(success(&result)).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(error.to_json())).into_response()
        }
    }
}

/// What a background function does when a user is deleted. A real host gets the event from Firebase; as a route that
/// anybody may call, it is fit for loopback alone.
async fn user_deleted(State(app): State<Arc<App>>, Path(uid): Path<String>) -> StatusCode {
    app.functions.user_deleted(&uid, now());
    StatusCode::NO_CONTENT
}
