//! The settings of a project, the paths below `/emulator/v1`, and answers that are always the same.

use serde_json::{Map, Value as Json, json};

use super::{
    account::Account,
    answer::Answer,
    call::Call,
    codes::{EmailCode, MessageCode},
    error::{Refusal, refuse},
    fields::{Nothing, is_absolute},
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

/// `GET …/v2/projects/P/config`
pub async fn get(call: Call, _: Nothing) -> Result<Answer, Refusal> {
    call.check_admin()?;
    Ok(shown(call.lock().settings(), true))
}

/// `PATCH …/v2/projects/P/config?updateMask=a.b,c`. The official answer has no name, which the Admin SDKs take for an
/// error.
pub async fn update(call: Call, request: Map<String, Json>) -> Result<Answer, Refusal> {
    call.check_admin()?;
    let request = Json::Object(request);
    check_functions(request.get("blockingFunctions"))?;
    let mut state = call.project.lock();
    let Settings(settings) = &mut state.settings;
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
pub fn update_emulator_config(settings: &mut Settings, request: &Json) -> Answer {
    for path in ["signIn.allowDuplicateEmails", "emailPrivacyConfig.enableImprovedEmailPrivacy"] {
        copy(request, &mut settings.0, path);
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
fn check_functions(functions: Option<&Json>) -> Result<(), Refusal> {
    let triggers = functions.and_then(|functions| functions.get("triggers")).and_then(Json::as_object);
    for (event, trigger) in triggers.into_iter().flatten() {
        if !matches!(event.as_str(), "beforeCreate" | "beforeSignIn") {
            return refuse("INVALID_BLOCKING_FUNCTION : ((Event type is invalid.))");
        }
        let uri = trigger.get("functionUri").and_then(Json::as_str);
        if !uri.is_some_and(is_absolute) {
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
