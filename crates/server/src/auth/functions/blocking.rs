//! Blocking functions, called over HTTP: the engine makes the payload and reads the response.

use std::time::{Duration, Instant};

use axum::http::{Request, Uri, header};
use bytes::Bytes;
use firewarden::auth::{
    SecondFactor,
    blocking::{Details, Event, Flow, FunctionResponse, Profile, Simulation, UserUpdates, request_body},
};
use http_body_util::Full;
use serde_json::{Value as Json, json};

use crate::{
    auth::{account::Account, call::Call, error::Refusal, ids},
    client,
};

use super::discover::Trigger;

/// The largest response of a function, in bytes.
const MAX_RESPONSE: usize = 1 << 20;

/// The blocking functions of a flow.
pub struct Blocking<'c> {
    /// The request.
    pub call: &'c Call,
    /// How the user signs in.
    pub flow: &'c Flow,
    /// What is known of the sign-in.
    pub details: &'c Details,
    /// The second factor.
    pub second_factor: Option<&'c SecondFactor>,
}

impl Blocking<'_> {
    /// Asks the function of an event, if there is one. No lock is held meanwhile: a function may call this server.
    ///
    /// # Errors
    ///
    /// The function refuses, does not answer in time, or answers what makes no sense.
    pub async fn ask(&self, event: Event, account: &Account) -> Result<UserUpdates, Refusal> {
        let call = self.call;
        let registered = {
            let scope = call.lock();
            let settings = scope.settings();
            let url = settings.function(event.name()).map(str::to_owned);
            url.map(|url| (url, self.forwarded(|credential| settings.forwards(credential))))
        };
        let (url, details) = match registered {
            Some(registered) => registered,
            // What was registered by name precedes what is found.
            None => match call.auth.functions.hosted(call, event.name()).await? {
                Some(Trigger { url, options, .. }) => (url, self.forwarded(|credential| options.forwards(credential))),
                None => return Ok(UserUpdates::default()),
            },
        };
        let mut simulation = Simulation::new(&call.project.id, self.flow.clone(), call.clock.now())
            .profile(Profile::Emulator)
            .details(details)
            .url(&url)
            .event_id(ids::base64url(16));
        if let Some(tenant) = &call.tenant {
            simulation = simulation.tenant(tenant);
        }
        if let Some(factor) = self.second_factor {
            simulation = simulation.second_factor(factor.clone());
        }
        let payload = simulation.payload(event, &account.record());
        let body = request_body(&call.auth.sign(&payload)?).to_string();
        let response = post(&url, body, Profile::Emulator.deadline()).await;
        let answered = match &response {
            Ok(response) => json!({ "status": response.status, "body": shown(&response.body) }),
            Err(refusal) => json!({ "error": refusal.message() }),
        };
        call.trace
            .function(json!({ "event": event.name(), "url": url, "payload": payload.as_object(), "answer": answered }));
        Ok(simulation.read_response(event, &response?)?)
    }
}

impl Blocking<'_> {
    /// The details with those credentials of the provider that the function gets.
    fn forwarded(&self, forwards: impl Fn(&str) -> bool) -> Details {
        let mut details = self.details.clone();
        let oauth = &mut details.oauth;
        if !forwards("idToken") {
            oauth.id_token = None;
        }
        if !forwards("accessToken") {
            (oauth.access_token, oauth.token_secret, oauth.expires_in) = (None, None, None);
        }
        if !forwards("refreshToken") {
            oauth.refresh_token = None;
        }
        details
    }
}

/// A body as JSON, or else as a text.
fn shown(body: &str) -> Json {
    serde_json::from_str(body).unwrap_or_else(|_| json!(body))
}

/// Sends a payload to a function.
async fn post(url: &str, body: String, deadline: Duration) -> Result<FunctionResponse, Refusal> {
    let begun = Instant::now();
    // The engine refuses a response that comes later.
    let late = || FunctionResponse::new(200, "").after(deadline + Duration::from_secs(1));
    match tokio::time::timeout(deadline, send(url, body)).await {
        Err(_) => Ok(late()),
        Ok(Ok((status, body))) => Ok(FunctionResponse::new(status, body).after(begun.elapsed())),
        Ok(Err(_)) => {
            let why = format!("BLOCKING_FUNCTION_ERROR_RESPONSE : ((Failed to make request to {url}.))");
            Err(Refusal::internal(why))
        }
    }
}

async fn send(url: &str, body: String) -> Result<(u16, String), firewarden::BoxError> {
    let uri: Uri = url.parse()?;
    if uri.scheme_str() != Some("http") {
        return Err("only http:// can be called".into());
    }
    let authority = uri.authority().ok_or("the address has no host")?;
    let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let response = client::exchange(&address, request, MAX_RESPONSE).await?;
    let status = response.status().as_u16();
    Ok((status, String::from_utf8_lossy(response.body()).into_owned()))
}
