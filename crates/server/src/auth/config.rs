//! The settings of a project, the paths below `/emulator/v1`, and answers that are always the same.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    account::Account,
    answer::Answer,
    call::Call,
    codes::{EmailCode, MessageCode},
    error::{Refusal, refuse},
    fields::{Nothing, Text, is_absolute},
    project::Settings,
};

/// `GET /`
pub fn root() -> Answer {
    Answer::new().with(
        "authEmulator",
        json!({
            "ready": true,
            "docs": "https://firebase.google.com/docs/emulator-suite",
            "apiSpec": "/emulator/openapi.json",
        }),
    )
}

/// What a client of the project needs to know of it.
pub async fn project(_: Call, _: Nothing) -> Result<Answer, Refusal> {
    Ok(Answer::new().with("projectId", "12345").with("authorizedDomains", json!(["localhost"])))
}

/// What a client needs for reCAPTCHA, which is never asked.
pub async fn recaptcha_params(_: Call, _: Nothing) -> Result<Answer, Refusal> {
    Ok(Answer::of_kind("GetRecaptchaParamResponse")
        .with(
            "recaptchaStoken",
            "This-is-a-fake-token__Dont-send-this-to-the-Recaptcha-service__The-Auth-Emulator-does-not-support-Recaptcha",
        )
        .with("recaptchaSiteKey", "Fake-key__Do-not-send-this-to-Recaptcha_"))
}

fn shown(settings: &Settings, with_functions: bool) -> Answer {
    let part = |name: &str| settings.0.get(name).cloned();
    Answer::new()
        .some("signIn", part("signIn"))
        .some("emailPrivacyConfig", part("emailPrivacyConfig"))
        .some("blockingFunctions", part("blockingFunctions").filter(|_| with_functions))
}

/// A change of settings: what is absent stays.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<SignIn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_privacy_config: Option<EmailPrivacy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocking_functions: Option<BlockingFunctions>,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct SignIn {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_duplicate_emails: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct EmailPrivacy {
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_improved_email_privacy: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct BlockingFunctions {
    /// By event: `beforeCreate`, `beforeSignIn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    triggers: Option<BTreeMap<String, Trigger>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forward_inbound_credentials: Option<ForwardedCredentials>,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct Trigger {
    #[serde(skip_serializing_if = "Option::is_none")]
    function_uri: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_time: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct ForwardedCredentials {
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<bool>,
}

impl ConfigChange {
    fn to_json(&self) -> Json {
        // No part has a form that JSON lacks.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// `GET …/v2/projects/P/config`
pub async fn get(call: Call, _: Nothing) -> Result<Answer, Refusal> {
    call.check_admin()?;
    Ok(shown(call.lock().settings(), true))
}

/// `PATCH …/v2/projects/P/config?updateMask=a.b,c`. The official answer has no name, which the Admin SDKs take for an
/// error.
pub async fn update(call: Call, request: ConfigChange) -> Result<Answer, Refusal> {
    call.check_admin()?;
    check_functions(request.blocking_functions.as_ref())?;
    let request = request.to_json();
    let mut state = call.project.lock();
    let Settings(settings) = state.settings_mut();
    match call.query("updateMask") {
        None => {
            let Settings(mut new) = Settings::default();
            for path in
                ["signIn.allowDuplicateEmails", "emailPrivacyConfig.enableImprovedEmailPrivacy", "blockingFunctions"]
            {
                copy(&request, &mut new, path);
            }
            *settings = new;
        }
        Some(mask) => mask.split(',').for_each(|path| copy(&request, settings, path)),
    }
    Ok(shown(&state.settings, true).with("name", format!("projects/{}/config", call.project.id)))
}

/// `GET /emulator/v1/projects/P/config`
pub fn emulator_config(settings: &Settings) -> Answer {
    shown(settings, false)
}

/// `PATCH /emulator/v1/projects/P/config`
pub fn update_emulator_config(settings: &mut Settings, request: &ConfigChange) -> Answer {
    let request = request.to_json();
    for path in ["signIn.allowDuplicateEmails", "emailPrivacyConfig.enableImprovedEmailPrivacy"] {
        copy(&request, &mut settings.0, path);
    }
    shown(settings, false)
}

/// Copies what a path of names with dots leads to, if it is one of the settings and is there.
fn copy(from: &Json, to: &mut Json, path: &str) {
    let known = ["signIn", "emailPrivacyConfig", "blockingFunctions"];
    if !known.contains(&path.split('.').next().unwrap_or_default()) {
        return;
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    let Some(value) = from.pointer(&pointer) else { return };
    let mut place = to;
    for name in path.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        let Json::Object(fields) = place else { return };
        place = fields.entry(name).or_insert(Json::Null);
    }
    *place = value.clone();
}

/// Refuses blocking functions of unknown events and without addresses.
fn check_functions(functions: Option<&BlockingFunctions>) -> Result<(), Refusal> {
    let triggers = functions.and_then(|functions| functions.triggers.as_ref());
    for (event, trigger) in triggers.into_iter().flatten() {
        if !matches!(event.as_str(), "beforeCreate" | "beforeSignIn") {
            return refuse("INVALID_BLOCKING_FUNCTION : ((Event type is invalid.))");
        }
        if !trigger.function_uri.as_deref().is_some_and(is_absolute) {
            return refuse("INVALID_BLOCKING_FUNCTION : ((Expected an absolute URI with valid scheme and host.))");
        }
    }
    Ok(())
}

/// `GET …/oobCodes`
pub fn email_codes<'c>(codes: impl Iterator<Item = &'c EmailCode>) -> Answer {
    Answer::new().data("oobCodes", &codes.collect::<Vec<_>>())
}

/// `GET …/verificationCodes`
pub fn message_codes<'c>(codes: impl Iterator<Item = &'c MessageCode>) -> Answer {
    Answer::new().data("verificationCodes", &codes.collect::<Vec<_>>())
}

/// The accounts in the form of an export.
pub fn exported<'a>(accounts: impl Iterator<Item = &'a Account>) -> Answer {
    Answer::of_kind("DownloadAccountResponse").data("users", &accounts.collect::<Vec<_>>())
}
