//! Refusals: the errors of the Auth emulator, and how they are written.

use std::borrow::Cow;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use firewarden::auth::ServerError;
use serde_json::{Map, Value as Json, json};

use crate::answer::json_answer;

/// An error for the client: `{"error": {"code", "message", "errors": […], "status"?}}`.
#[derive(Clone, Debug)]
pub struct Refusal {
    code: StatusCode,
    /// The name of the kind; refusals of operations have none.
    status: Option<&'static str>,
    reason: Cow<'static, str>,
    is_global: bool,
    message: Cow<'static, str>,
}

impl Refusal {
    fn new(code: StatusCode, status: Option<&'static str>, reason: &'static str, message: Cow<'static, str>) -> Self {
        Refusal { code, status, reason: Cow::Borrowed(reason), is_global: true, message }
    }

    /// 400: the operation refuses the request with `CODE` or `CODE : words`.
    pub fn new_400(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, None, "invalid", message.into())
    }

    /// 400: the body has not the form of the operation's requests.
    pub fn malformed(why: &str) -> Self {
        let message = format!("Invalid JSON payload received. {why}").into();
        Self::new(StatusCode::BAD_REQUEST, Some("INVALID_ARGUMENT"), "invalid", message)
    }

    /// 400: the body is no JSON.
    pub fn parse_error(why: &str) -> Self {
        Refusal { reason: "parseError".into(), ..Self::malformed(why) }
    }

    /// 400: the body has a type that the operation does not take.
    pub fn content_type(given: &str) -> Self {
        let message = format!("Invalid content-type: {given}").into();
        Self { is_global: false, ..Self::new(StatusCode::BAD_REQUEST, None, "unknown", message) }
    }

    /// 413: the body is too large.
    pub fn too_large() -> Self {
        let message = Cow::Borrowed("request entity too large");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Some("INVALID_ARGUMENT"), "invalid", message)
    }

    /// 401: the bearer token is not that of an owner.
    pub fn unauthenticated() -> Self {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                       other valid authentication credential. See \
                       https://developers.google.com/identity/sign-in/web/devconsole-project.";
        Self::new(StatusCode::UNAUTHORIZED, Some("UNAUTHENTICATED"), "authError", Cow::Borrowed(message))
    }

    /// 403: there is no credential at all.
    pub fn no_key() -> Self {
        let message = Cow::Borrowed("The request is missing a valid API key.");
        Self::new(StatusCode::FORBIDDEN, Some("PERMISSION_DENIED"), "forbidden", message)
    }

    /// 404: there is no such path.
    pub fn not_found() -> Self {
        let message = Cow::Borrowed("Not Found");
        Self { is_global: false, ..Self::new(StatusCode::NOT_FOUND, Some("NOT_FOUND"), "notFound", message) }
    }

    /// 501: neither the official emulator nor this server does it.
    pub fn unimplemented(message: impl Into<Cow<'static, str>>) -> Self {
        let code = StatusCode::NOT_IMPLEMENTED;
        Self { is_global: false, ..Self::new(code, Some("NOT_IMPLEMENTED"), "unimplemented", message.into()) }
    }

    /// 500: a function or the server failed.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        let reason = message.clone();
        let code = StatusCode::INTERNAL_SERVER_ERROR;
        Self { is_global: false, reason, ..Self::new(code, Some("INTERNAL"), "", message) }
    }

    /// The text, such as `EMAIL_EXISTS`.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn to_json(&self) -> Json {
        let is_bearer = self.code == StatusCode::UNAUTHORIZED;
        let mut detail = Map::new();
        detail.insert("message".to_owned(), json!(if is_bearer { "Invalid Credentials" } else { &self.message }));
        detail.insert("reason".to_owned(), json!(self.reason));
        if self.is_global {
            detail.insert("domain".to_owned(), json!("global"));
        }
        if is_bearer {
            detail.insert("location".to_owned(), json!("Authorization"));
            detail.insert("locationType".to_owned(), json!("header"));
        }
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code.as_u16()));
        error.insert("message".to_owned(), json!(self.message));
        error.insert("errors".to_owned(), json!([detail]));
        if let Some(status) = self.status {
            error.insert("status".to_owned(), json!(status));
        }
        json!({ "error": error })
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        match error.status() {
            500 => Refusal::internal(error.message().to_owned()),
            _ => Refusal::new_400(error.message().to_owned()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json_answer(self.code, &self.to_json())
    }
}

/// An `Err` with status 400.
pub fn refuse<T>(message: impl Into<Cow<'static, str>>) -> Result<T, Refusal> {
    Err(Refusal::new_400(message))
}
