//! Events of accounts, for functions of the first generation: `auth.user().onCreate` and `onDelete`.

use std::time::Duration;

use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::{Value as Json, json};

use crate::{
    auth::{
        account::{Account, ProviderInfo},
        answer::Answer,
        call::Call,
    },
    client,
    clock::iso_time,
};

use super::Functions;

/// The time that the Functions emulator has to take an event.
const DEADLINE: Duration = Duration::from_secs(60);

/// The largest answer, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// It is new.
    Create,
    /// It is gone.
    Delete,
}

impl Functions {
    /// Tells the Functions emulator of an event, if one is known. Nobody waits for it.
    pub fn report(&self, call: &Call, event: AccountEvent, account: &Account) {
        let Some(address) = self.emulator() else { return };
        let project = call.project.id.clone();
        let name = match event {
            AccountEvent::Create => "create",
            AccountEvent::Delete => "delete",
        };
        let body = json!({
            "eventId": uuid::Uuid::new_v4().to_string(),
            "eventType": format!("providers/firebase.auth/eventTypes/user.{name}"),
            "resource": { "name": format!("projects/{project}"), "service": "firebaseauth.googleapis.com" },
            "params": {},
            "timestamp": iso_time(call.clock.now()),
            "data": user(account),
        });
        tokio::spawn(async move {
            // Without an answer the function has not run; the official emulator only notes that in its log.
            let _ = tokio::time::timeout(DEADLINE, send(&address, &project, &body)).await;
        });
    }
}

async fn send(address: &str, project: &str, body: &Json) -> Result<(), firewarden::BoxError> {
    let request = Request::post(format!("/functions/projects/{project}/trigger_multicast"))
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    client::exchange(address, request, MAX_ANSWER).await?;
    Ok(())
}

/// The user as a function sees it.
fn user(account: &Account) -> Json {
    let record = account.record();
    let metadata = Answer::new()
        .some("creationTime", record.created_at.map(iso_time))
        .some("lastSignInTime", record.last_sign_in_at.map(iso_time));
    let user = Answer::new()
        .with("uid", account.local_id.clone())
        .some("email", account.email.clone())
        .some("emailVerified", account.email_verified)
        .some("displayName", account.display_name.clone())
        .some("photoURL", account.photo_url.clone())
        .some("phoneNumber", account.phone_number.clone())
        .some("disabled", account.disabled)
        .data("metadata", metadata.fields())
        .with("customClaims", account.claims())
        .with("providerData", account.providers().iter().map(provider).collect::<Vec<_>>())
        .some("tenantId", account.tenant_id.clone())
        .data("mfaInfo", &account.factors());
    json!(user.fields())
}

fn provider(info: &ProviderInfo) -> Json {
    let provider = Answer::new()
        .some("rawId", info.raw_id.clone())
        .with("providerId", info.provider_id.clone())
        .some("displayName", info.display_name.clone())
        .some("email", info.email.clone())
        .some("federatedId", info.federated_id.clone())
        .some("phoneNumber", info.phone_number.clone())
        .some("photoURL", info.photo_url.clone())
        .some("screenName", info.screen_name.clone());
    json!(provider.fields())
}
