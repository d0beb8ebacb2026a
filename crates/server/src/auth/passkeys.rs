//! `/v2/accounts/passkeyEnrollment:…` and `passkeySignIn:…`. No signature is checked: the id of a credential is enough.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firewarden::auth::blocking::{Details, Flow};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{
    account::Passkey,
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Nothing, Text, given},
    ids,
    token::SignIn,
};

/// The host for which browsers keep the credentials.
const HOST: &str = "localhost";

/// The beginning of an enrolment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartEnrollment {
    id_token: Option<Text>,
}

/// What the user's device says.
#[derive(Debug, Deserialize, JsonSchema)]
struct Response {
    id: Option<Text>,
}

/// The end of an enrolment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeEnrollment {
    id_token: Option<Text>,
    authenticator_registration_response: Option<Response>,
    name: Option<Text>,
    display_name: Option<Text>,
}

/// The end of a sign-in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeSignIn {
    authenticator_authentication_response: Option<Response>,
}

fn challenge() -> String {
    STANDARD.encode(ids::alphanumeric(32))
}

/// The id of the credential.
fn credential(response: Option<&Response>) -> Result<&str, Refusal> {
    match response {
        None => refuse("MISSING_AUTHENTICATOR_RESPONSE"),
        Some(response) => given(&response.id).ok_or_else(|| Refusal::new_400("INVALID_CREDENTIAL_ID")),
    }
}

/// What a browser needs to make a credential.
pub async fn start_enrollment(call: Call, request: StartEnrollment) -> Result<Answer, Refusal> {
    let scope = call.lock_enabled()?;
    let (id, _) = call.required_user(&scope, &request.id_token)?;
    let account = scope.account(&id)?;
    let name = account.email.as_ref().or(account.phone_number.as_ref()).unwrap_or(&id);
    let user = json!({
        "id": STANDARD.encode(&id), "name": name, "displayName": account.display_name.as_ref().unwrap_or(name),
    });
    Ok(Answer::new().with(
        "credentialCreationOptions",
        json!({
            "rp": { "name": HOST, "id": HOST },
            "user": user,
            "challenge": challenge(),
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 }],
            "timeout": 60_000,
            "attestation": "none",
        }),
    ))
}

/// Adds a credential to the account of the ID token.
pub async fn finalize_enrollment(call: Call, request: FinalizeEnrollment) -> Result<Answer, Refusal> {
    let mut scope = call.lock_enabled()?;
    if given(&request.id_token).is_none() {
        return refuse("MISSING_ID_TOKEN");
    }
    let credential = credential(request.authenticator_registration_response.as_ref())?;
    let (id, _) = call.signed_in(&scope)?;
    if scope.pool().with_passkey(credential).is_some() {
        return refuse("CREDENTIAL_ALREADY_IN_USE");
    }
    let name = given(&request.name).or(given(&request.display_name)).unwrap_or("Unnamed Passkey");
    let passkey = Passkey { credential_id: credential.to_owned(), name: name.to_owned() };
    scope.change(&id, |account| account.passkey_info.get_or_insert_default().push(passkey))?;
    let tokens = call.issue(&mut scope, &id, &SignIn::new("passkey"))?;
    Ok(Answer::new().with("localId", id).bare_tokens(tokens))
}

/// What a browser needs to use a credential.
pub async fn start_sign_in(call: Call, _: Nothing) -> Result<Answer, Refusal> {
    call.lock_enabled()?;
    let options = json!({ "challenge": challenge(), "rpId": HOST, "userVerification": "required" });
    Ok(Answer::new().with("credentialRequestOptions", options))
}

/// Signs in with a credential.
pub async fn finalize_sign_in(call: Call, request: FinalizeSignIn) -> Result<Answer, Refusal> {
    let id = {
        let scope = call.lock_enabled()?;
        let credential = credential(request.authenticator_authentication_response.as_ref())?;
        match scope.pool().with_passkey(credential) {
            Some(account) => account.local_id.clone(),
            None => return refuse("PASSKEY_CREDENTIAL_NOT_FOUND"),
        }
    };
    let sign_in = SignIn::new("passkey");
    // The official emulator calls no function here.
    let (_, tokens) = call.start_session(&id, &Flow::CustomToken, &Details::default(), sign_in).await?;
    Ok(Answer::new().bare_tokens(tokens))
}
